"""Ranks the library's loops and songs by parts: drums like these, a bass like that.

Conditional similarity, as Hashizume et al. named it (2024, 2025): two pieces are near by one part, whatever else plays.
How well each part is told from the others `earshot eval --protocol parts` measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.families import PARTS
from engine.library.query import EVERYTHING, Query
from engine.matching.match import Match, folded

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.library.library import Library
    from engine.library.part_vectors import PartCounts


def rank_by_part(
    heard: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    library: Library,
    *,
    top: int = 50,
    query: Query = EVERYTHING,
    without: bytes | None = None,
) -> list[Match]:
    """The loops and longer sounds of the library that are nearest by some parts, best first.

    Parameters
    ----------
    heard : the parts of what is asked for, as `Hearing.parts` or `Library.parts` tell them: float32 [dimension] each.
    weights : how much each of the parts counts, above 0; all of them are in `heard`.
    top, query : as those of `engine.matching.match.rank`.
    without : the content of the reference, which is no match of itself, as `Hearing.content` tells it.

    Returns
    -------
    matches whose similarity is the weighted mean of the parts' cosines. Sounds without one of the parts are not found;
    no chance is told, since calibration is of slots.

    Raises
    ------
    ValueError : a part is none of `PARTS`, is not heard, or weighs nothing; or there is none.
    """
    if not weights or any(part not in PARTS or part not in heard or weight <= 0 for part, weight in weights.items()):
        raise ValueError(f"cannot rank by {dict(weights)} what has {sorted(heard)}")
    cosines: dict[int, tuple[tuple[str, float], ...]] = {}

    def nearest(asked: int) -> list[tuple[Sound, float]]:
        found = library.search_by_part(heard, weights, top=asked, query=query)
        cosines.update((sound.id, tuple(zip(weights, values, strict=True))) for sound, _, values in found)
        return [(sound, mean) for sound, mean, _ in found]

    matches = folded(nearest, library, top, without=without)
    return [replace(match, by_part=cosines[match.sound.id]) for match in matches]


def cannot_be_ranked(counts: PartCounts) -> str | None:
    """Why nothing of a library with so many loops can be ranked by part, in a sentence; None where something can."""
    if counts.heard:
        return None
    if counts.waiting:
        return "The library's loops were scanned before parts were told apart."
    return "The library holds no loops or longer sounds yet, and parts are compared among these alone."
