"""The process in which files that nobody trusts are decoded, measured and embedded.

A file that makes a decoder crash or hang takes this process with it and nothing else; see `watched.py` for the other
end of the pipe.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from engine import presets
from engine.audio.declared import NOTHING, Declared, declared
from engine.audio.decode import Audio, resample
from engine.audio.display import waveform_peaks
from engine.audio.facts import Facts
from engine.audio.hearable import decode_to_hear, refuse_silence
from engine.audio.measure import LONGEST_LOOP_SECONDS, measure
from engine.audio.suffixes import is_preset_file
from engine.encoder.parts import hear_parts
from engine.errors import AudioError, EarshotError
from engine.families import likely_families
from engine.library.content import can_be_read, content_digest
from engine.library.ears import Ear, EarLoader
from engine.library.messages import Decoding, Done, Embedding, Message, Ready, Unusable
from engine.library.queue import Pending
from engine.library.results import OVERVIEW_BINS, WITH_PARTS, Failed, Heard, Outcome, Parts, PartsHeard
from engine.processes import settle_in

logger = logging.getLogger(__name__)


def run(connection: Connection, loader: EarLoader, model: Path | None) -> None:
    """The worker's main function: load the ear, then take tasks (lists of `Pending`) until the pipe closes."""
    settle_in()
    try:
        try:
            ear = loader(model)
        except EarshotError as error:
            connection.send(Unusable(error))
            return
        connection.send(Ready(ear.fingerprint))
        while True:
            task: list[Pending] = connection.recv()
            hear(task, ear, connection.send)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the scan is over, or its process is gone


@dataclass(frozen=True)
class _Waiting:
    """A sound that is measured and waits for the model; `sounds` are float32 [n] each, at the ear's rate. `heard` is
    None where its parts alone are asked for."""

    sound_id: int
    heard: Heard | None
    sounds: list[np.ndarray]

    @property
    def has_parts(self) -> bool:
        return self.heard is None or self.heard.facts.kind in WITH_PARTS


def hear(task: Sequence[Pending], ear: Ear, tell: Callable[[Message], None]) -> None:
    """Decode and measure the sounds of a task one by one, then embed them as one batch."""
    waiting: list[_Waiting] = []
    for pending in task:
        tell(Decoding(pending.sound_id, time.process_time()))
        try:
            if pending.parts_only:
                waiting.append(_decode_for_parts(pending, ear.rate))
            elif is_preset_file(pending.path):
                waiting.append(_play_and_measure(pending, ear.rate))
            else:
                waiting.append(_decode_and_measure(pending, ear.rate))
        except AudioError as error:
            tell(Done((pending.given_up(error.reason, unread=not can_be_read(pending.path)),)))
        except Exception as error:  # a defect of ours must cost one row, not the scan
            logger.exception("cannot measure %s", pending.path)
            reason = f"It could not be measured ({type(error).__name__}: {error})."
            tell(Done((pending.given_up(reason, unread=not can_be_read(pending.path)),)))
    if not waiting:
        return
    tell(Embedding())
    to_embed = [item for item in waiting if item.heard is not None]
    embeddings = ear.embed([sound for item in to_embed for sound in item.sounds])
    ends = np.cumsum([len(item.sounds) for item in to_embed])[:-1]
    rows = iter(zip(np.split(embeddings.vectors, ends), np.split(embeddings.families, ends), strict=True))
    parts = iter(hear_parts([item.sounds[0] for item in waiting if item.has_parts], ear))
    outcomes = [
        _outcome(item, next(parts) if item.has_parts else {}, None if item.heard is None else next(rows))
        for item in waiting
    ]
    tell(Done(tuple(outcomes)))


def _decode_for_parts(pending: Pending, rate: int) -> _Waiting:
    audio, _ = decode_to_hear(pending.path)
    return _Waiting(pending.sound_id, None, [resample(audio.mono(), audio.rate, rate)])


def _decode_and_measure(pending: Pending, rate: int) -> _Waiting:
    audio, seconds = decode_to_hear(pending.path)
    facts = replace(_measured(pending, audio, declared(pending.path)), duration_seconds=seconds)
    if seconds > LONGEST_LOOP_SECONDS:  # though little may be left behind the silence of a stem
        facts = replace(facts, kind="long")
    mono = audio.mono()
    return _Waiting(pending.sound_id, _heard(pending, facts, mono), [resample(mono, audio.rate, rate)])


def _play_and_measure(pending: Pending, rate: int) -> _Waiting:
    """A preset is measured by the note that shows it best, and heard by several."""
    root = Path(pending.root) if pending.root else None
    notes = presets.hear(Path(pending.path), pending.preset, rate=rate, root=root)
    facts = replace(_measured(pending, notes[0], NOTHING), kind="preset", tempo_bpm=None, key=None)
    monos = [note.mono() for note in notes]
    note = presets.without_samples(Path(pending.path), pending.preset, root=root)
    return _Waiting(pending.sound_id, replace(_heard(pending, facts, monos[0]), note=note), monos)


def _measured(pending: Pending, audio: Audio, said: Declared) -> Facts:
    refuse_silence(pending.path, audio)
    return measure(audio, said)


def _heard(pending: Pending, facts: Facts, mono: np.ndarray) -> Heard:
    """What is known before the model has heard it."""
    peaks = np.abs(waveform_peaks(mono, OVERVIEW_BINS)[:, :2]).max(axis=1)
    overview = np.round(255.0 * peaks / max(float(peaks.max()), 1e-9)).astype(np.uint8)
    try:
        content = content_digest(pending.path, pending.root)
    except OSError as error:
        raise AudioError(pending.path, f"It could not be read to its end ({error.strerror}).") from error
    return Heard(pending.sound_id, facts, "", 0.0, (), (), overview.tobytes(), content)


def _outcome(item: _Waiting, parts: dict[str, np.ndarray], embedded: tuple[np.ndarray, np.ndarray] | None) -> Outcome:
    """embedded : vectors [n, dimension] and families [n, families] of each of the sounds by which this one was heard;
    None where its parts alone were asked for."""
    stored: Parts = tuple(
        (part, np.asarray(vector, np.float16).tobytes()) for part, vector in parts.items() if np.isfinite(vector).all()
    )
    if item.heard is None or embedded is None:
        return PartsHeard(item.sound_id, stored)
    if not all(np.isfinite(values).all() for values in embedded):
        return Failed(item.sound_id, "The model made nothing of it.")
    vectors, families = embedded
    probabilities = families.mean(axis=0)
    likely = likely_families(probabilities)
    return replace(
        item.heard,
        family=likely[0],
        family_confidence=float(probabilities.max()),
        likely_families=likely,
        vectors=tuple(np.asarray(vector, np.float16).tobytes() for vector in vectors),
        parts=stored,
    )
