"""What the producer changes about slots by hand: two that are one, a family that was mistaken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.families import FAMILIES
from engine.matching.slots import DEFAULT_RULES, Slot, SlotRules, active_stretches


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
    )


def same_instrument(slot: Slot, other: Slot, rules: SlotRules = DEFAULT_RULES) -> bool:
    """Whether two slots, of whatever hearings by one ear, are so alike that they are the same instrument."""
    first, second = slot.vectors.mean(axis=0), other.vectors.mean(axis=0)
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return length > 0 and float(first @ second) / length >= rules.duplicate_similarity
