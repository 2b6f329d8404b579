"""Draws of one parameter, shared by all recipes."""

from __future__ import annotations

from numpy.random import Generator


def between(rng: Generator, low: float, high: float) -> float:
    """Uniform in low..high."""
    return float(rng.uniform(low, high))


def around(rng: Generator, low: float, high: float) -> float:
    """Uniform on a logarithmic scale in low..high, both above zero."""
    return float(low * (high / low) ** rng.uniform())


def chance(rng: Generator, probability: float) -> bool:
    """True with `probability`."""
    return bool(rng.uniform() < probability)


def number(rng: Generator) -> int:
    """A seed for something drawn later."""
    return int(rng.integers(2**31))
