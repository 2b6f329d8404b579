"""Copies: the same sound in several files, byte for byte or encoded, levelled or cut anew; and notes of one instrument.

Sample packs overlap, and a producer who looks for a kick does not want the same one five times. Sounds are the same
where their files hold the same, or where length, note, outline and what the ear heard agree. The limits were chosen on
150 one-shots and loops of three packs, each also as MP3 (99 % recognised), Ogg Vorbis (95 %), at a quarter of the level
(100 %) and 20 ms later (61 %); of the 11,175 pairs of different files they took three for the same, all of them strokes
of one instrument.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.library.catalog import Catalog, Sound
from engine.library.drives import are_there
from engine.library.results import OVERVIEW_BINS

_SAME_COSINE = 0.93
_NOTES_COMPARED = 64
"""Of an instrument so many notes are looked for among others: of one that is owned twice each of them is there."""
_SAME_OUTLINE = 0.04
"""Mean difference of two overviews, each relative to its own peak."""

_SAME_PITCH_OCTAVES = 0.5 / 12
_SHIFTED = (np.arange(OVERVIEW_BINS) - np.arange(-2, 3)[:, None]) % OVERVIEW_BINS
"""int [5, OVERVIEW_BINS], where the points of an overview come from that is moved by up to two."""
_ENCODERS_ADD_SECONDS, _SAME_LENGTH = 0.06, 0.02
_ANSWER_SECONDS = 0.2
"""So long a drive may hold up a ranking, once."""


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


class Originals:
    """The first of each group of copies: another sound is compared with all of them at once.

    Thousands of sounds that are much alike are millions of pairs; one by one they took a minute.

    capacity : how many there may be.
    """

    def __init__(self, capacity: int, dimension: int) -> None:
        self._count = 0
        self._places: dict[tuple[bytes | None, str | None], int] = {}
        self._seconds = np.empty(capacity)
        self._octaves = np.empty(capacity)
        self._overviews = np.empty((capacity, OVERVIEW_BINS), np.float32)
        self._vectors = np.empty((capacity, dimension), np.float32)

    def add(self, look: Look) -> int:
        """Another original; its place."""
        place, self._count = self._count, self._count + 1
        if look.content[0] is not None:
            self._places.setdefault(look.content, place)
        self._seconds[place], self._octaves[place] = look.seconds, _octaves(look)
        self._overviews[place], self._vectors[place] = look.overview, look.vector
        return place

    def first_of(self, look: Look) -> int | None:
        """The place of the first one of which this is a copy."""
        found = self._places.get(look.content)
        near = self._alike(look)
        if near.size and (found is None or near[0] < found):
            return int(near[0])
        return found

    def _alike(self, look: Look) -> np.ndarray:
        """int [n]: places of those that have its length, note, sound and outline."""
        seconds = self._seconds[: self._count]
        longer = np.maximum(seconds, look.seconds)
        same = np.abs(seconds - look.seconds) <= _ENCODERS_ADD_SECONDS + _SAME_LENGTH * longer
        # Another note of the same instrument looks and sounds much the same; a note that is not known may be any.
        same &= ~(np.abs(self._octaves[: self._count] - _octaves(look)) > _SAME_PITCH_OCTAVES)
        near = np.flatnonzero(same)
        near = near[self._vectors[near] @ look.vector >= _SAME_COSINE]
        differences = np.abs(self._overviews[near, None] - look.overview[_SHIFTED]).mean(axis=2)
        return near[differences.min(axis=1, initial=1.0) <= _SAME_OUTLINE]


def _octaves(look: Look) -> float:
    """Its pitch; NaN where it is not known, from which nothing differs."""
    return math.log2(look.pitch_hz) if look.pitch_hz else math.nan


def fold_copies(
    sounds: Sequence[Sound], catalog: Catalog, fingerprint: str, *, most: int | None = None
) -> list[list[Sound]]:
    """Sounds in groups of copies, or of notes of one instrument; groups and what is in them in the order given.

    Of two instruments that share a sound all notes are one group: it is the same instrument, owned twice.

    fingerprint : of the model whose vectors are compared; a sound that it did not hear shares a group only with other
        notes of its instrument.
    most : only so many groups, the first.
    """
    looks = _looks(sounds, catalog, fingerprint)
    dimension = next((look.vector.size for look in looks.values()), 0)
    originals = Originals(len(looks), dimension)
    numbers_of_originals: list[int] = []
    instruments: dict[str, int] = {}
    # Some join later, by way of an instrument; without a limit all that come would be compared with ever more of them.
    most_founders = None if most is None else most + _NOTES_COMPARED
    # Of each sound the number of one in the same group, an earlier one unless it leads; a later sound may join two.
    joined = list(range(len(sounds)))

    def leader(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    compared: Counter[str] = Counter()
    founders = 0
    taken: list[int] = []
    for number, sound in enumerate(sounds):
        same, look = [], looks.get(sound.id)
        if sound.instrument is not None:
            if sound.instrument in instruments:
                same.append(leader(instruments[sound.instrument]))
            compared[sound.instrument] += 1
            if compared[sound.instrument] > _NOTES_COMPARED:
                look = None
        if look is not None and (original := originals.first_of(look)) is not None:
            same.append(leader(numbers_of_originals[original]))
            look = None
        if not same:
            if founders == most_founders:
                continue
            founders += 1
            same = [number]
        if look is not None:
            originals.add(look)
            numbers_of_originals.append(number)
        if sound.instrument is not None:
            instruments.setdefault(sound.instrument, number)
        for other in (number, *same):
            joined[other] = min(same)
        taken.append(number)
    groups: dict[int, list[Sound]] = {}
    for number in taken:
        groups.setdefault(leader(number), []).append(sounds[number])
    return list(groups.values())[:most]


def lead_by_what_is_there(groups: Sequence[Sequence[Sound]]) -> list[list[Sound]]:
    """The groups with those sounds first whose root is there now, else in the order given.

    After a root was renamed, or a pack copied from a drive that is unplugged, every sound has a copy that cannot be
    played, and that one was known first. A drive that is asleep counts as unplugged.
    """
    roots = [{sound.root for sound in group} for group in groups]
    # Where all are of one root there is nothing to choose, and no drive has to answer.
    there = are_there(set().union(*(inside for inside in roots if len(inside) > 1)), _ANSWER_SECONDS)
    return [sorted(group, key=lambda sound: not there.get(sound.root)) for group in groups]


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
