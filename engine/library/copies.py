"""Copies: the same sound in several files, byte for byte or encoded, levelled or cut anew; and notes of one instrument.

Sample packs overlap, and a producer who looks for a kick does not want the same one five times. Sounds are the same
where their files hold the same, or where length, note, outline and what the ear heard agree. The limits were chosen on
150 one-shots and loops of three packs, each also as MP3 (99 % recognised), Ogg Vorbis (95 %), at a quarter of the level
(100 %) and 20 ms later (61 %); of the 11,175 pairs of different files they took three for the same, all of them strokes
of one instrument.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.library.catalog import Catalog, Sound
from engine.library.records import OVERVIEW_BINS

_SAME_COSINE = 0.93
_SAME_OUTLINE = 0.04
"""Mean difference of two overviews, each relative to its own peak."""

_SAME_PITCH_OCTAVES = 0.5 / 12
_SHIFTED = (np.arange(OVERVIEW_BINS) - np.arange(-2, 3)[:, None]) % OVERVIEW_BINS
"""int [5, OVERVIEW_BINS], where the points of an overview come from that is moved by up to two: all shifts are compared
in one go, since thousands of pairs are, and meanwhile the thread of the window waits for Python."""
_ENCODERS_ADD_SECONDS, _SAME_LENGTH = 0.06, 0.02


@dataclass(frozen=True)
class Look:
    """What tells whether two sounds are the same.

    Attributes
    ----------
    content : digest of the file and name of the preset.
    overview : float32 [64], 0 to 1.
    vector : float32 [dimension], of unit length; the first where there are several.
    """

    content: tuple[bytes | None, str | None]
    seconds: float
    pitch_hz: float | None
    overview: np.ndarray
    vector: np.ndarray

    def same_as(self, other: Look) -> bool:
        """Whether one is a copy of the other."""
        if self.content == other.content and self.content[0] is not None:
            return True
        if abs(self.seconds - other.seconds) > _ENCODERS_ADD_SECONDS + _SAME_LENGTH * max(self.seconds, other.seconds):
            return False
        if self.pitch_hz and other.pitch_hz and abs(math.log2(self.pitch_hz / other.pitch_hz)) > _SAME_PITCH_OCTAVES:
            return False  # another note of the same instrument looks and sounds much the same
        if float(self.vector @ other.vector) < _SAME_COSINE:
            return False
        differences = np.abs(self.overview[_SHIFTED] - other.overview).mean(axis=1)
        return bool(differences.min() <= _SAME_OUTLINE)


def fold_copies(sounds: Sequence[Sound], catalog: Catalog, fingerprint: str) -> list[list[Sound]]:
    """Sounds in groups of copies, or of notes of one instrument; groups and what is in them in the order given.

    fingerprint : of the model whose vectors are compared; a sound that it did not hear is in a group of its own.
    """
    looks = _looks(sounds, catalog, fingerprint)
    groups: list[list[Sound]] = []
    for sound in sounds:
        look = looks.get(sound.id)
        group = next((group for group in groups if _are_one(sound, look, group[0], looks.get(group[0].id))), None)
        if group is None:
            groups.append([sound])
        else:
            group.append(sound)
    return groups


def _are_one(sound: Sound, look: Look | None, other: Sound, other_look: Look | None) -> bool:
    if sound.instrument is not None and sound.instrument == other.instrument:
        return True
    return look is not None and other_look is not None and other_look.same_as(look)


def _looks(sounds: Sequence[Sound], catalog: Catalog, fingerprint: str) -> dict[int, Look]:
    stored = catalog.looks([sound.id for sound in sounds], fingerprint)
    looks = {}
    for sound in sounds:
        if sound.id in stored and sound.duration_seconds is not None:
            content, overview, vector = stored[sound.id]
            looks[sound.id] = Look(
                (content, sound.preset),
                sound.duration_seconds,
                sound.pitch_hz,
                overview.astype(np.float32) / 255.0,
                vector,
            )
    return looks
