"""Any audio file -> float32 samples at a known rate.

Nothing is allocated on the word of a header: samples are read in blocks until there are no more, so that a lying header
costs nothing.

Arrays are [channels, samples] unless said otherwise; times are seconds from the start of the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from engine.audio.downmix import Downmix
from engine.audio.sources import AUDIO_SUFFIXES, DECODING_ERRORS, AudioInfo, Source, open_source
from engine.errors import AudioError

__all__ = [
    "AUDIO_SUFFIXES",
    "Audio",
    "AudioInfo",
    "decode",
    "decode_beginning",
    "first_above",
    "probe",
    "resample",
    "stream",
]

_LARGEST_SAMPLE = 1e6
"""Float files in the scale of integers exist and are kept; beyond this a value is damage."""


@dataclass(frozen=True)
class Audio:
    """Decoded sound.

    Attributes
    ----------
    samples : float32 [channels, n], n >= 1, finite; full scale is +-1, float files may exceed it.
    rate : samples per second.
    """

    samples: np.ndarray
    rate: int

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def duration_seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)

    def mono(self) -> np.ndarray:
        """float32 [n]: the mean of the channels, or the loudest one where they cancel each other."""
        downmix = Downmix(self.rate)
        mono = downmix(self.samples)
        return mono if self.channels == 1 else np.concatenate([mono, downmix.rest()])


def probe(path: str | Path) -> AudioInfo:
    """What the header says, without decoding.

    Raises
    ------
    AudioError : missing, unreadable, empty or not audio.
    """
    with open_source(path) as source:
        return source.info


def decode(path: str | Path, *, rate: int | None = None, start: float = 0.0, end: float | None = None) -> Audio:
    """Decode a file, or the part from `start` to `end`, at its own rate or at `rate`.

    A file that was cut short gives what is there. Values that are not numbers become 0.

    Raises
    ------
    AudioError : missing, unreadable, empty, not audio, without a single valid sample, or nothing in that part.
    """
    with open_source(path) as source:
        audio = _decoded(source, Path(path), start, end)
    if rate is None or rate == audio.rate:
        return audio
    return Audio(np.stack([resample(channel, audio.rate, rate) for channel in audio.samples]), rate)


def decode_beginning(path: str | Path, *, seconds: float, most_samples: int) -> tuple[Audio, float]:
    """The first `seconds` of a file, fewer where that is more than so many samples over all channels, at its own rate;
    and how many seconds the whole lasts, by its header where it was cut.

    Raises
    ------
    AudioError : as `decode`.
    """
    with open_source(path) as source:
        longest = min(seconds, most_samples / (source.info.rate * source.info.channels))
        audio = _decoded(source, Path(path), 0.0, longest)
        whole = audio.duration_seconds
        return audio, max(whole, source.info.duration_seconds) if whole > 0.99 * longest else whole


def first_above(path: str | Path, level: float, *, after: float) -> float | None:
    """The second in which a file, from `after` on, first has a sample of at least this absolute value; None for never.

    Raises
    ------
    AudioError : as `decode`.
    """
    with open_source(path) as source:
        frames = round(after * source.info.rate)
        for block in _checked_blocks(source, Path(path), after, None):
            loud = np.abs(block).max(axis=0) >= level
            if loud.any():
                return (frames + int(loud.argmax())) / source.info.rate
            frames += block.shape[1]
    return None


def stream(
    path: str | Path, *, rate: int, block_seconds: float, start: float = 0.0, end: float | None = None
) -> Iterator[np.ndarray]:
    """Decode to mono at `rate`, block by block, in memory that does not grow with the file.

    Yields
    ------
    float32 [round(block_seconds * rate)], the last one shorter; joined they are what one resampling of the whole gives.

    Raises
    ------
    AudioError : as `decode`, at the first block.
    """
    block_length = max(1, round(block_seconds * rate))
    with open_source(path) as source:
        own_rate = source.info.rate
        downmix = Downmix(own_rate)
        resampler = None if own_rate == rate else soxr.ResampleStream(own_rate, rate, 1, dtype="float32")
        pending: list[np.ndarray] = []
        pending_length = 0
        is_empty = True
        blocks = _checked_blocks(source, Path(path), start, end)
        for block in itertools.chain(blocks, [None]):
            mono = downmix.rest() if block is None else downmix(block)
            if resampler is not None:
                mono = resampler.resample_chunk(mono, last=block is None)
            pending.append(mono)
            pending_length += len(mono)
            if pending_length >= block_length or block is None:
                joined = np.concatenate(pending)
                whole = pending_length - pending_length % block_length
                for offset in range(0, whole, block_length):
                    yield joined[offset : offset + block_length]
                    is_empty = False
                pending, pending_length = [joined[whole:]], pending_length - whole
        if pending_length:
            yield pending[0]
        elif is_empty:  # a few samples at a high rate are less than one at a low rate
            yield np.zeros(1, np.float32)


def resample(mono: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """float32 [n] at `rate` -> float32 [about n * new_rate / rate, at least 1] at `new_rate`."""
    if rate == new_rate:
        return mono
    resampled = soxr.resample(mono, rate, new_rate)
    return resampled if len(resampled) else np.zeros(1, np.float32)


def _decoded(source: Source, path: Path, start: float, end: float | None) -> Audio:
    blocks = list(_checked_blocks(source, path, start, end))
    return Audio(blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1), source.info.rate)


def _checked_blocks(source: Source, path: Path, start: float, end: float | None) -> Iterator[np.ndarray]:
    """The blocks of a part, cleaned. Damage after the first of them ends the sound; before it, there is none."""
    info = source.info
    if start < 0 or (end is not None and end <= start):
        raise AudioError(path, f"There is no such part: {start:g} s to {end} s.")
    first = round(start * info.rate)
    last = None if end is None else max(first + 1, round(end * info.rate))
    frames = valid_samples = 0
    blocks = source.blocks(first, last)
    while True:
        try:
            block = next(blocks, None)
        except DECODING_ERRORS as error:
            if not frames:
                raise AudioError(path, "Damaged: nothing in it can be decoded.") from error
            break
        if block is None:
            break
        valid = np.abs(block) <= _LARGEST_SAMPLE
        valid_samples += int(np.count_nonzero(valid))
        if not valid.all():
            block[~valid] = 0.0
        frames += block.shape[1]
        yield block
    if not frames:
        if start > 0:
            raise AudioError(path, f"Nothing is there after {start:g} s: it lasts {info.duration_seconds:.1f} s.")
        if info.duration_seconds > 0:
            raise AudioError(path, f"Cut short: nothing of its {info.duration_seconds:.1f} s is there.")
        raise AudioError(path, "There is not a single sample in it.")
    if not valid_samples:
        raise AudioError(path, "Not one of its samples is a number.")
