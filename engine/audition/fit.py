"""Which change of pitch and tempo makes a sound fit a song."""

from __future__ import annotations

import math
from dataclasses import dataclass

LONGEST_CHANGED_SECONDS = 60.0
"""Longer sounds are played as they are."""

_LEAST_SPEED_CHANGE = 0.002


@dataclass(frozen=True)
class Change:
    """What is done to a sound.

    Attributes
    ----------
    semitones : up, or down where negative.
    speed : how many times as fast, its pitch untouched; 1.0 leaves it.
    """

    semitones: int = 0
    speed: float = 1.0

    def __bool__(self) -> bool:
        return self.semitones != 0 or self.speed != 1.0


UNCHANGED = Change()


def semitones_between(sound_hz: float, slot_hz: float) -> int:
    """The fewest whole semitones, -6 to 6, that bring a sound to the note of a slot in whichever octave is nearest.

    Whole ones, because that is what a sampler is set to; what is left is less than half a semitone. Of a tritone up or
    down it is the one towards the slot.
    """
    interval = round(12.0 * math.log2(slot_hz / sound_hz))
    nearest = (interval + 6) % 12 - 6
    return 6 if nearest == -6 and interval > 0 else nearest


def speed_between(loop_bpm: float, song_bpm: float) -> float:
    """How many times as fast a loop has to go for the tempo of a song, or its half or double: 0.70 to 1.42."""
    octaves = math.log2(song_bpm / loop_bpm)
    speed = 2.0 ** (octaves - round(octaves))
    return 1.0 if abs(speed - 1.0) < _LEAST_SPEED_CHANGE else speed
