"""Ranks the library's sounds for a slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.encoder.calibration import Calibration
from engine.library.copies import fold_copies, lead_by_what_is_there
from engine.library.query import EVERYTHING, Query
from engine.matching.slots import Slot

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.library.library import Library


OTHER_FAMILY = 0.05
"""How much more similar a sound must be to go before one of a likely family. Families are often mistaken, of synthetic
sounds above all: on songs of validation instruments a filter by family costs 3.4 points of slot F1, this 0.5."""

NEVER_BEFORE = 2.0
"""More than two cosines can differ: whatever is of a likely family goes first."""

COPIES_ALLOWED_FOR = 50
"""So many more are looked at than are wanted, since copies fold into one; more still where that was not enough."""

LOOKED_AT = 6_400
"""Where copies fold, no more sounds than these are looked at: a sampled instrument has a few thousand notes at most."""

NOTHING_ALIKE = 0.1
"""Chance of being the very sound under which even the best match is said to be unlike what was heard: experiment 36."""


@dataclass(frozen=True)
class Match:
    """A sound, and how near it is to the slot it was ranked for.

    Attributes
    ----------
    similarity : cosine of the two vectors, -1..1; not always in the order of the ranks, see `rank`.
    rank : 1 for the best.
    chance : that it is the very sound that was heard, 0..1, by what calibration saw of songs whose sounds were all in
        a library of 2,000, unfiltered; None without calibration.
    by_part : where parts were compared, the cosine of each of them; `similarity` is their weighted mean then.
    copies : other sounds of the library that are the same, or other notes of the same sampled instrument.
    handicap : how much less than `similarity` it counted for its rank, being of another family than the slot; a
        difference of cosines, 0 for most, `NEVER_BEFORE` where all of the slot's family go first.
    """

    sound: Sound
    similarity: float
    rank: int
    chance: float | None = None
    copies: tuple[Sound, ...] = ()
    by_part: tuple[tuple[str, float], ...] = ()
    handicap: float = 0.0


def rank(
    slot: Slot,
    library: Library,
    *,
    calibration: Calibration | None = None,
    top: int = 50,
    any_family: bool = False,
    other_family: float = OTHER_FAMILY,
    query: Query = EVERYTHING,
) -> list[Match]:
    """The sounds of the library nearest to the slot, best first, without the reference itself.

    Parameters
    ----------
    calibration : of the ear that heard the slot, for the chance of each match.
    top : at most this many; fewer only where no more that fit are among the `LOOKED_AT` nearest.
    any_family : by similarity alone; else sounds for which one of the slot's likely families is likely go before
        others, unless those are `other_family` more similar.
    other_family : a difference of cosines; `NEVER_BEFORE` where the producer named the family, who is not mistaken.
    query : only sounds which this finds.
    """
    preferred: set[int] = set()

    def nearest(asked: int) -> list[tuple[Sound, float]]:
        found = library.search(slot.vectors, top=asked, query=query)
        if any_family:
            return found
        likely = library.search(slot.vectors, top=asked, query=query, families=slot.likely_families)
        preferred.update(sound.id for sound, _ in likely)
        others = [known for known in found if known[0].id not in preferred]
        return sorted([*likely, *others], key=lambda known: _place(known, preferred, other_family))

    matches = folded(nearest, library, top, without=slot.content)
    if not any_family:
        matches = [match if match.sound.id in preferred else replace(match, handicap=other_family) for match in matches]
    if calibration is None:
        return matches
    similarities = np.array([match.similarity for match in matches])
    chances = calibration.match_confidence(similarities).tolist()
    return [replace(match, chance=chance) for match, chance in zip(matches, chances, strict=True)]


def similar(sound: Sound, library: Library, *, top: int = 50, query: Query = EVERYTHING) -> list[Match]:
    """The sounds of the library nearest to one of its own, which leads where it passes; parameters as those of `rank`.

    No chance is told: calibration is of slots. Raises LibraryError where the sound was not heard yet.
    """
    vectors = library.vectors(sound.id)
    return folded(lambda asked: library.search(vectors, top=asked, query=query), library, top)


def folded(
    nearest: Callable[[int], Sequence[tuple[Sound, float]]], library: Library, top: int, *, without: bytes | None = None
) -> list[Match]:
    """The first of the ranked sounds with their similarities, copies of a sound as one match: the first of them, or the
    first that is there where that one's drive or folder is away.

    Parameters
    ----------
    nearest : given a number, so many sounds or more, ranked; fewer where there are no more. It is asked for more where
        so many fold into one that fewer than `top` are left.
    without : the content of files that are left out, wherever they lie: nobody looks for the reference itself.
    """
    itself = library.catalog.with_content(without) if without is not None else frozenset()
    asked = top + COPIES_ALLOWED_FOR
    while True:
        found = nearest(asked)
        others = [sound for sound, _ in found if sound.id not in itself]
        groups = fold_copies(others, library.catalog, library.fingerprint or "", most=top)
        if len(groups) >= top or len(found) < asked or asked >= LOOKED_AT:
            break
        asked = min(2 * asked, LOOKED_AT)
    similarities = {sound.id: similarity for sound, similarity in found}
    return [
        Match(first, similarities[first.id], number, copies=tuple(copies))
        for number, (first, *copies) in enumerate(lead_by_what_is_there(groups), 1)
    ]


def _place(known: tuple[Sound, float], preferred: set[int], other_family: float) -> float:
    sound, similarity = known
    return -(similarity if sound.id in preferred else similarity - other_family)


def nothing_alike(matches: Sequence[Match]) -> bool:
    """Whether even the first of the ranked matches is hardly what was heard; not known without calibration."""
    return bool(matches) and matches[0].chance is not None and matches[0].chance < NOTHING_ALIKE
