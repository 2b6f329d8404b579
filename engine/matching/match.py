"""Ranks the library's sounds for a slot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """

    sound: Sound
    similarity: float
    rank: int


def rank(
    slot: Slot,
    library: Library,
    *,
    top: int = 50,
    any_family: bool = False,
    kinds: Collection[str] | None = None,
    text: str = "",
) -> list[Match]:
    """The sounds of the library nearest to the slot, best first.

    Parameters
    ----------
    top : at most this many; fewer only where the library holds no more that fit.
    any_family : also sounds for which none of the slot's likely families is likely.
    kinds : only these of 'one-shot', 'loop' and 'long'.
    text : only sounds which this text search finds.
    """
    families = None if any_family else slot.likely_families
    found = library.search(slot.vectors, top=top, families=families, kinds=kinds, text=text)
    return [Match(sound, similarity, number) for number, (sound, similarity) in enumerate(found, start=1)]


def nothing_alike(matches: Sequence[Match], calibration: Calibration | None) -> bool:
    """Whether even the first of the ranked matches is hardly what was heard; not known without calibration."""
    if not matches or calibration is None:
        return False
    return bool(calibration.match_confidence(matches[0].similarity) < NOTHING_ALIKE)
