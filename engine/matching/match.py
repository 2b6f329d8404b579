"""Ranks the library's sounds for a slot."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.encoder.calibration import Calibration
from engine.matching.slots import Slot

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.library.library import Library


NOTHING_ALIKE = 0.05
"""Chance of being the very sound under which even the best match is said to be unlike what was heard."""


@dataclass(frozen=True)
class Match:
    """A sound, and how near it is to the slot it was ranked for.

    Attributes
    ----------
    similarity : cosine of the two vectors, -1..1.
    rank : 1 for the best.
    chance : that it is the very sound that was heard, 0..1, by what calibration saw of songs whose sounds were all in
        a library of 2,000, unfiltered; None without calibration.
    """

    sound: Sound
    similarity: float
    rank: int
    chance: float | None = None


def rank(
    slot: Slot,
    library: Library,
    *,
    calibration: Calibration | None = None,
    top: int = 50,
    any_family: bool = False,
    kinds: Collection[str] | None = None,
    text: str = "",
) -> list[Match]:
    """The sounds of the library nearest to the slot, best first.

    Parameters
    ----------
    calibration : of the ear that heard the slot, for the chance of each match.
    top : at most this many; fewer only where the library holds no more that fit.
    any_family : also sounds for which none of the slot's likely families is likely.
    kinds : only these of 'one-shot', 'loop' and 'long'.
    text : only sounds which this text search finds.
    """
    families = None if any_family else slot.likely_families
    found = library.search(slot.vectors, top=top, families=families, kinds=kinds, text=text)
    ranks = np.arange(1, len(found) + 1)
    chances: Iterable[float | None] = itertools.repeat(None)
    if calibration is not None:
        chances = map(float, calibration.match_confidence(np.array([similarity for _, similarity in found]), ranks))
    return [Match(*known, int(number), chance) for known, number, chance in zip(found, ranks, chances, strict=False)]


def nothing_alike(matches: Sequence[Match]) -> bool:
    """Whether even the first of the ranked matches is hardly what was heard; not known without calibration."""
    return bool(matches) and matches[0].chance is not None and matches[0].chance < NOTHING_ALIKE
