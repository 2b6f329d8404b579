"""Instruments drawn from numbers: the demo's sounds, a share of the training set, and the tests' material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from engine.families import FAMILY_INDEX
from engine.synth.recipes import kit, percussion, struck, sustained
from engine.synth.signals import Samples


class Voice(Protocol):
    """What makes the sound: a frozen set of parameters that can play a note."""

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The note, float32 [n]."""


_RECIPES: dict[str, tuple[Callable[[np.random.Generator], Voice], int, int]] = {
    "kick": (kit.kick, 36, 84),
    "snare": (kit.snare, 36, 84),
    "hat": (kit.hat, 36, 84),
    "cymbal": (kit.cymbal, 36, 84),
    "tom": (kit.tom, 36, 84),
    "percussion": (percussion.percussion, 36, 84),
    "bass": (struck.bass, 26, 55),
    "guitar": (struck.guitar, 40, 84),
    "keys": (struck.keys, 30, 96),
    "organ": (sustained.organ, 36, 90),
    "mallet": (struck.mallet, 48, 96),
    "strings": (sustained.strings, 36, 90),
    "brass": (sustained.brass, 38, 84),
    "woodwind": (sustained.woodwind, 50, 94),
    "lead": (sustained.lead, 45, 92),
    "pad": (sustained.pad, 36, 84),
    "pluck": (struck.pluck, 40, 92),
    "voice": (sustained.voice, 43, 81),
    "fx": (percussion.fx, 36, 84),
}
"""Family: how to draw it, and its sensible range of MIDI notes."""


@dataclass(frozen=True)
class ProceduralInstrument:
    """One instrument: the same family and seed are the same sound, always.

    Attributes
    ----------
    low, high : the sensible range of MIDI notes, both playable. Drums and effects follow the note only by a gentle
        tuning around middle C (60), their natural pitch.
    """

    name: str
    family: str
    seed: int
    low: int
    high: int
    voice: Voice = field(repr=False)

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """One note, float32 [n], peak at most 1, ending in silence.

        Parameters
        ----------
        midi : note number, 0..127.
        velocity : 0..1.
        seconds : how long the key is held; the release follows. Drums and effects ring as long as they do.
        rate : samples per second.
        """
        return self.voice.render(int(midi), float(velocity), float(seconds), int(rate))


def random_instrument(family: str, seed: int) -> ProceduralInstrument:
    """The instrument of `family` number `seed` (0 or more). Raises KeyError for a family there is not."""
    recipe, low, high = _RECIPES[family]
    rng = np.random.default_rng([FAMILY_INDEX[family], seed])
    return ProceduralInstrument(f"{family} {seed:05d}", family, seed, low, high, recipe(rng))
