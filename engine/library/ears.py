"""The ear that a worker hears with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.encoder.heard import Listener


class Ear(Listener, Protocol):
    """What a worker needs of `engine.encoder.ear.Ear`; it hears windows of loops and longer sounds, for their parts."""

    @property
    def fingerprint(self) -> str:
        """Which model it is: vectors of two can not be compared."""


EarLoader = Callable[[Path | None], Ear]
"""Loads the ear in the worker's process; None stands for the shipped model. Must be importable by name."""


def load_ear(model: Path | None) -> Ear:
    """The ear on one thread of the CPU: there are as many workers as cores to use."""
    from engine.encoder.ear import Ear as TrainedEar

    return TrainedEar.load(model, device="cpu", threads=1)
