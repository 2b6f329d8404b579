"""What the producer changes about slots by hand: two that are one, one that is two, a family that was mistaken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.families import FAMILIES, likely_families
from engine.matching.slots import CELL_SECONDS, DEFAULT_RULES, Slot, SlotRules, active_stretches, most_exposed

_ROUNDS = 10
"""Of 2-means; a slot has some ten passages."""


def of_family(slot: Slot, family: str) -> Slot:
    """The slot as one of this family alone. Raises ValueError where `family` is none of `engine.families.FAMILIES`."""
    if family not in FAMILIES:
        raise ValueError(f"{family!r} is no family")
    return replace(slot, family=family, likely_families=(family,))


def merged(slot: Slot, other: Slot, rules: SlotRules = DEFAULT_RULES) -> Slot:
    """Both as one, with the id and family of `slot`; heard wherever one of them was, best where the surer one is."""
    cells = max(len(slot.exposure), len(other.exposure))
    exposure = np.maximum(*(np.pad(part.exposure, (0, cells - len(part.exposure))) for part in (slot, other)))
    surer = slot if slot.confidence >= other.confidence else other
    return replace(
        slot,
        vectors=np.concatenate((slot.vectors, other.vectors)),
        likely_families=tuple(dict.fromkeys((*slot.likely_families, *other.likely_families))),
        confidence=surer.confidence,
        exposure=exposure,
        activity=active_stretches(exposure, rules),
        exposed_seconds=surer.exposed_seconds,
        evidence=surer.evidence,
        passages=slot.passages + other.passages,
    )


def can_be_split(slot: Slot) -> bool:
    """Whether a slot was heard in more than one passage."""
    return 1 < len(slot.passages) == len(slot.vectors)


def split(slot: Slot, rules: SlotRules = DEFAULT_RULES) -> tuple[Slot, Slot]:
    """Two instruments that were taken for one, both with the id of `slot`; the first has its surest passage.

    The passages fall into two groups by how they sound, around the two that are least alike; each moment belongs to the
    group of the passage that is nearest to it in time. How sure the ear is was told of both together, and stays.

    Raises
    ------
    ValueError : it was heard in one passage only.
    """
    if not can_be_split(slot):
        raise ValueError("a slot that was heard in one passage cannot be split")
    second = _second_group(slot.vectors)
    cells = (np.arange(len(slot.exposure)) + 0.5) * CELL_SECONDS
    middles = np.array([passage.middle_seconds for passage in slot.passages])
    belongs_to_second = second[np.abs(cells[:, None] - middles).argmin(axis=1)]
    exposures = np.stack([np.where(belongs_to_second == which, slot.exposure, 0) for which in (False, True)])
    best = most_exposed(exposures, rules)
    first_half, second_half = (
        _half(slot, second == which, exposures[int(which)], best[int(which)], rules) for which in (False, True)
    )
    return first_half, second_half


def _second_group(vectors: np.ndarray) -> np.ndarray:
    """bool [n]: which of at least two vectors lie apart from the first one, by spherical 2-means."""
    similarity = vectors @ vectors.T
    seeds = list(divmod(int(similarity.argmin()), len(vectors)))
    if seeds[0] == seeds[1]:  # all alike
        seeds = [0, len(vectors) - 1]
    centres = vectors[seeds]
    second = np.zeros(len(vectors), bool)
    for _ in range(_ROUNDS):
        nearer = vectors @ centres.T
        second = nearer[:, 1] > nearer[:, 0]
        second[seeds[0]], second[seeds[1]] = False, True  # neither is ever empty
        centres = np.stack([vectors[second == which].mean(axis=0) for which in (False, True)])
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return second ^ second[0]


def _half(slot: Slot, passages: np.ndarray, exposure: np.ndarray, best: tuple[float, float], rules: SlotRules) -> Slot:
    """What some of a slot's passages (bool [n]) heard."""
    numbers = np.flatnonzero(passages)
    kept = tuple(slot.passages[number] for number in numbers)
    likely = likely_families(np.mean([passage.families for passage in kept], axis=0))
    return replace(
        slot,
        vectors=slot.vectors[numbers],
        family=likely[0],
        likely_families=likely,
        exposure=exposure,
        activity=active_stretches(exposure, rules),
        exposed_seconds=best,
        passages=kept,
    )


def same_instrument(slot: Slot, other: Slot, rules: SlotRules = DEFAULT_RULES) -> bool:
    """Whether two slots, of whatever hearings by one ear, are so alike that they are the same instrument."""
    first, second = slot.vectors.mean(axis=0), other.vectors.mean(axis=0)
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return length > 0 and float(first @ second) / length >= rules.duplicate_similarity
