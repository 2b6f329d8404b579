"""The note bank: a few rendered notes of every instrument, in one memory-mapped file with a manifest.

Everything that training hears is cut from it, so rendering happens once and a run needs none of the synthesizers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.training.instruments import RATE, Instrument, Note

logger = logging.getLogger(__name__)

TRIM_DB = -66.0
SILENCE_PEAK = 1e-4


@dataclass(frozen=True)
class StoredNote:
    """Where a note lies in the bank's samples."""

    midi: int
    velocity: float
    gate_seconds: float
    offset: int
    length: int


class NoteBank:
    """Notes of many instruments.

    Attributes
    ----------
    instruments : in the order that class numbers follow.
    notes : for each instrument its stored notes, at least one.
    samples : int16, all notes behind one another; each instrument is scaled to full range as a whole, so that the
        loudness between its notes is kept.
    """

    def __init__(self, instruments: list[Instrument], notes: list[list[StoredNote]], samples: np.ndarray) -> None:
        self.instruments, self.notes, self.samples = instruments, notes, samples

    @classmethod
    def load(cls, directory: Path) -> NoteBank:
        """Open a bank written by `write`; samples stay on disk until touched."""
        manifest = json.loads((directory / "notes.json").read_text())
        return cls(
            [Instrument(**entry["instrument"]) for entry in manifest],
            [[StoredNote(**note) for note in entry["notes"]] for entry in manifest],
            np.memmap(directory / "notes.i16", np.int16, "r"),
        )

    def read(self, note: StoredNote) -> np.ndarray:
        """One note as float32, -1..1."""
        return self.samples[note.offset : note.offset + note.length].astype(np.float32) / 32767.0


def exists(directory: Path) -> bool:
    """Whether a bank was written there to its end."""
    return (directory / "notes.json").exists()


def write(directory: Path, rendered: Iterable[tuple[Instrument, list[Note]]]) -> int:
    """Write a bank; instruments without an audible note are left out. Returns how many were kept."""
    directory.mkdir(parents=True, exist_ok=True)
    manifest, offset = [], 0
    with (directory / "notes.i16.part").open("wb") as samples_file:
        for instrument, notes in rendered:
            trimmed = [(note, _trim(note.samples)) for note in notes]
            trimmed = [(note, samples) for note, samples in trimmed if len(samples)]
            peak = max((float(np.abs(samples).max()) for _, samples in trimmed), default=0.0)
            if peak < SILENCE_PEAK:
                logger.info("silent: %s", instrument.key)
                continue
            stored = []
            for note, samples in trimmed:
                samples_file.write((samples * (32767.0 * 0.98 / peak)).astype(np.int16).tobytes())
                stored.append(StoredNote(note.midi, note.velocity, note.gate_seconds, offset, len(samples)))
                offset += len(samples)
            manifest.append({"instrument": asdict(instrument), "notes": [asdict(note) for note in stored]})
    (directory / "notes.i16.part").replace(directory / "notes.i16")
    (directory / "notes.json").write_text(json.dumps(manifest))
    return len(manifest)


def _trim(samples: np.ndarray) -> np.ndarray:
    """Cut the silence before and after a note."""
    loud = np.flatnonzero(np.abs(samples) > max(np.abs(samples).max() * 10 ** (TRIM_DB / 20), SILENCE_PEAK / 10))
    if not len(loud):
        return samples[:0]
    start = max(loud[0] - int(0.002 * RATE), 0)
    return samples[start : loud[-1] + 1]
