"""What training calls an instrument: a named source of notes, its family, and how to reach it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

RATE = 32_000
"""Sample rate in Hz of all training audio, and of the ear."""


@dataclass(frozen=True)
class Instrument:
    """One instrument before it is rendered.

    Attributes
    ----------
    key : unique and stable over runs, such as "fluid/0/24"; splits hash its cluster's first key.
    source : the collection it comes from; whole sources are kept out of training.
    family : one of `engine.families.FAMILIES`, or None where its name does not tell.
    location : what the source needs to find it again (a path, or bank and program).
    drum : one hit rather than a pitched instrument.
    """

    key: str
    source: str
    name: str
    family: str | None
    location: str = ""
    drum: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Note:
    """One rendered note: gate then release, mono float32 at `RATE`; `midi` is 60 for unpitched hits."""

    midi: int
    velocity: float
    gate_seconds: float
    samples: np.ndarray = field(repr=False)


_CENTRE = {"bass": 36, "guitar": 52, "strings": 60, "brass": 58, "woodwind": 67, "mallet": 67, "organ": 57, "voice": 60}
_OFFSETS = (0, 7, -5, 12, -10, 3, 16, -14)


def notes_to_play(instrument: Instrument, count: int = 7) -> list[tuple[int, float]]:
    """(MIDI number, velocity 0..1) pairs that show a pitched instrument: spread about two octaves round its centre."""
    centre = _CENTRE.get(instrument.family or "", 60)
    velocities = (0.8, 0.6, 0.95, 0.75, 0.85, 0.5, 0.7, 0.9)
    if instrument.drum:
        return [(60, 0.9), (60, 0.7), (48, 0.8), (36, 0.9), (72, 0.8)][:count]
    return [(centre + offset, velocity) for offset, velocity in zip(_OFFSETS, velocities, strict=True)][:count]
