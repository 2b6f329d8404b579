"""Hears a reference: decodes it piece by piece, asks the ear, and tells the slots as they become known."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.audio import decode
from engine.encoder.clips import Loudest
from engine.encoder.heard import Listener, ReferenceListener
from engine.encoder.parts import PartsCollector
from engine.errors import AudioError
from engine.families import likely_families
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress
from engine.library.content import digest_if_readable
from engine.matching.slots import CELL_SECONDS, DEFAULT_RULES, Slot, SlotRules, active_stretches
from engine.matching.tracker import SlotTracker, WindowSlot, cells_of

_BATCHES = (1, 2, 4, 8)
"""Windows asked of the ear at once: the first answer comes soon, the later ones cheaply."""


@dataclass(frozen=True)
class Hearing:
    """What is known of a reference so far.

    Attributes
    ----------
    slots : the surest first; empty while nothing but silence was heard.
    heard_seconds : end of what was heard, from the start of the file.
    duration_seconds : of the whole file.
    done : True for the last one.
    parts : a unit vector float32 [dimension] for each of `engine.families.PARTS` that sounds, to rank loops and songs
        by (`engine.matching.parts`); none of a reference so short that it is one sound.
    part_passages : for each of these parts, and each choice of several that sound together, in the order of `PARTS`,
        the window, in seconds, in which they are heard most surely.
    content : as that of the slots.
    """

    slots: tuple[Slot, ...]
    heard_seconds: float
    duration_seconds: float
    done: bool
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)
    part_passages: Mapping[tuple[str, ...], tuple[float, float]] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class _Window:
    start_cell: int
    samples: np.ndarray  # float32 [window length], padded with silence
    sounding: np.ndarray  # bool [cells], without the padding
    end_seconds: float


def hear(
    path: str | Path,
    ear: ReferenceListener,
    *,
    start: float | None = None,
    end: float | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    rules: SlotRules = DEFAULT_RULES,
) -> Iterator[Hearing]:
    """Hear the instruments of a reference or of a region of it.

    Memory does not grow with its length, but for the slots' exposure curves.

    Parameters
    ----------
    start, end : seconds; the region to hear, by default the whole.

    Yields
    ------
    What is known after each batch of windows, and last a `Hearing` with `done`.

    Raises
    ------
    AudioError : not decodable, or nothing of it lies in the region.
    ModelError : the ear is a process of its own, and ended.
    Cancelled : by the token, between two batches.
    """
    path = Path(path)
    info = decode.probe(path)
    first = start or 0.0
    last = end if end is not None else (info.duration_seconds or None)
    if info.duration_seconds and last is not None:
        last = min(last, info.duration_seconds)
    if info.duration_seconds and first >= info.duration_seconds:
        raise AudioError(path, f"The region begins at {first:g} s, but it is {info.duration_seconds:.1f} s long.")
    if last is not None and last - first < rules.short_seconds:
        # Too short for a mixture.
        duration = info.duration_seconds
        slot = hear_as_one(path, ear, start=first, end=end, duration_seconds=duration, rules=rules)
        heard_seconds = slot.exposed_seconds[1] if slot is not None else last
        yield Hearing((slot,) if slot is not None else (), heard_seconds, max(duration, heard_seconds), True)
        return

    report = _Reporter(progress, first, last)
    tracker, parts = SlotTracker(rules, ear.calibration), PartsCollector()
    content = digest_if_readable(path)
    blocks = decode.stream(path, rate=ear.rate, block_seconds=rules.hop_seconds, start=first, end=end)
    windows = _windows(blocks, ear, first, rules)
    heard_seconds = first
    batch_sizes = iter(_BATCHES)
    size = 1
    done = False
    while not done:
        size = next(batch_sizes, size)
        batch = list(itertools.islice(windows, size))
        done = len(batch) < size
        if cancel is not None:
            cancel.raise_if_cancelled()
        _hear_batch(batch, ear, tracker, parts)
        heard_seconds = batch[-1].end_seconds if batch else heard_seconds
        # A header may lie about the length, or say nothing; what was decoded is true.
        whole = end is None and done
        duration = heard_seconds if whole else max(info.duration_seconds, heard_seconds)
        report(heard_seconds)
        slots = tuple(replace(slot, content=content) for slot in tracker.slots(cells_of(duration)))
        yield Hearing(slots, heard_seconds, duration, done, parts.parts(), parts.passages(), content)


def _hear_batch(batch: list[_Window], ear: Listener, tracker: SlotTracker, parts: PartsCollector) -> None:
    loud = [window for window in batch if window.sounding.any()]
    cells = round(ear.window_seconds / CELL_SECONDS)
    answers: Iterator[tuple[np.ndarray, ...]] = iter(())
    if loud:
        heard = ear.hear(np.stack([window.samples for window in loud]))
        parts.add(heard, [(window.start_cell * CELL_SECONDS, window.end_seconds) for window in loud])
        answers = zip(heard.vectors, heard.presence, heard.families, heard.activity, strict=True)
    for window in batch:
        slots = []
        if window.sounding.any():
            slots = [
                WindowSlot(
                    vector,
                    float(presence),
                    families,
                    _on_cells(activity, cells)[: len(window.sounding)] * window.sounding,
                )
                for vector, presence, families, activity in zip(*next(answers), strict=True)
            ]
        tracker.add(window.start_cell, slots, len(window.sounding))


def _on_cells(activity: np.ndarray, cells: int) -> np.ndarray:
    """Activity over the ear's steps -> float32 [cells] over the same window."""
    steps = (np.arange(len(activity)) + 0.5) / len(activity)
    return np.interp((np.arange(cells) + 0.5) / cells, steps, activity).astype(np.float32)


def _windows(blocks: Iterable[np.ndarray], ear: Listener, first: float, rules: SlotRules) -> Iterator[_Window]:
    """Cut blocks of samples into overlapping windows.

    The last window ends with the sound and is moved back for that rather than filled up with silence.
    """
    cell = round(ear.rate * CELL_SECONDS)
    length = round(ear.window_seconds / CELL_SECONDS) * cell
    hop = round(rules.hop_seconds / CELL_SECONDS) * cell
    first_cell = int(round(first / CELL_SECONDS, 6))
    position = 0  # of the buffer's first sample
    buffer = np.zeros(0, np.float32)
    kept_back = 0  # samples at the buffer's start which precede the next window

    def window(samples: np.ndarray, at: int) -> _Window:
        padded = np.zeros(length, np.float32)
        padded[: len(samples)] = samples
        rms = padded.reshape(-1, cell).std(axis=1)  # without the constant part, which nobody hears
        sounding = (rms > 10 ** (rules.silence_db / 20))[: -(-len(samples) // cell)]
        return _Window(first_cell + at // cell, padded, sounding, first + (at + len(samples)) / ear.rate)

    heard = 0
    for block in blocks:
        buffer = np.concatenate((buffer, block))
        while len(buffer) >= kept_back + length:
            yield window(buffer[kept_back : kept_back + length], position + kept_back)
            heard = position + kept_back + length
            # One hop more than needed stays, so that the last window can reach back.
            buffer = buffer[kept_back:]
            position += kept_back
            kept_back = hop
    total = position + len(buffer)
    if not heard or total - heard >= cell:
        missing = max(0, total - length - position)
        back = -(-missing // cell) * cell if heard else 0
        yield window(buffer[back:], position + back)


def hear_as_one(
    path: str | Path,
    ear: Listener,
    *,
    start: float = 0.0,
    end: float | None = None,
    duration_seconds: float = 0.0,
    rules: SlotRules = DEFAULT_RULES,
) -> Slot | None:
    """A stretch of a file as one instrument, in the words of the single head; None where it is silent.

    Memory does not grow with its length, but for the slot's exposure curve.

    Parameters
    ----------
    start, end : seconds; of what is longer than 10 s the loudest 10 s count.
    duration_seconds : of the whole file, as far as it is known: the exposure reaches so far.

    Raises
    ------
    AudioError : not decodable, or nothing of it lies in the stretch.
    ModelError : the ear is a process of its own, and ended.
    """
    cell = round(ear.rate * CELL_SECONDS)
    second = round(1.0 / CELL_SECONDS) * cell
    loudest, levels, length = Loudest(), [], 0
    for samples in decode.stream(path, rate=ear.rate, block_seconds=second / ear.rate, start=start, end=end):
        loudest.add(samples)
        length += len(samples)
        padded = np.pad(samples, (0, -len(samples) % cell)).reshape(-1, cell)
        levels.append(padded.std(axis=1))  # without the constant part, which nobody hears
    rms, heard_seconds = np.concatenate(levels), start + length / ear.rate
    if rms.max() <= 10 ** (rules.silence_db / 20):
        return None
    exposure = np.zeros(cells_of(max(duration_seconds, heard_seconds)), np.float32)
    at = int(round(start / CELL_SECONDS, 6))
    exposure = np.pad(exposure, (0, max(0, at + len(rms) - len(exposure))))
    exposure[at : at + len(rms)] = rms / rms.max()
    heard = ear.embed([loudest.samples()])
    likely = likely_families(heard.families[0])
    return Slot(
        id=1,
        vectors=heard.vectors.astype(np.float32),
        family=likely[0],
        likely_families=likely,
        confidence=1.0,
        exposure=exposure,
        activity=active_stretches(exposure, rules),
        exposed_seconds=(start, heard_seconds),
        content=digest_if_readable(path),
    )


class _Reporter:
    """Turns the place in the file into progress with a rate."""

    def __init__(self, progress: ProgressCallback, first: float, last: float | None) -> None:
        self._progress, self._first, self._last = progress, first, last
        self._began = time.monotonic()

    def __call__(self, heard_seconds: float) -> None:
        done = heard_seconds - self._first
        total = None if self._last is None else max(self._last - self._first, done)
        rate = done / max(time.monotonic() - self._began, 1e-6)
        left = None if total is None or rate <= 0 else (total - done) / rate
        self._progress(Progress("hearing", done, total, rate, left))
