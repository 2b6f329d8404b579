"""Measured figures with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Figure:
    """A measured figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Answer:
    """What a protocol says of a system.

    Attributes
    ----------
    figures : what is tabled, by name.
    curves : what is drawn, by name: (nested) lists of numbers.
    """

    figures: dict[str, Figure]
    curves: dict[str, list[Any]] = field(default_factory=dict)


def bootstrap(items: int, measure: Callable[[np.ndarray], float], rounds: int = 200, seed: int = 0) -> Figure:
    """`measure` of all items, and of resamples of them with replacement (Efron 1979)."""
    rng = np.random.default_rng(seed)
    values = [measure(rng.integers(0, items, items)) for _ in range(rounds)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Figure(measure(np.arange(items)), float(low), float(high))


def share(hits: np.ndarray) -> Figure:
    """How often something was hit; hits : bool [items, ...]."""
    return bootstrap(len(hits), lambda picked: float(hits[picked].mean()))
