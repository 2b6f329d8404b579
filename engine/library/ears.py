"""The ear that a worker hears with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.encoder.heard import Embeddings, HeardWindows


class Ear(Protocol):
    """What a worker needs of `engine.encoder.ear.Ear`."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def rate(self) -> int: ...

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        """Of mono sounds, float32 [samples] each."""

    @property
    def window_seconds(self) -> float:
        """Length of a window."""

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Of windows, float32 [n, window_seconds * rate]; asked of loops and longer sounds alone, for their parts."""


EarLoader = Callable[[Path | None], Ear]
"""Loads the ear in the worker's process; None stands for the shipped model. Must be importable by name."""


def load_ear(model: Path | None) -> Ear:
    """The ear on one thread of the CPU: there are as many workers as cores to use."""
    from engine.encoder.ear import Ear as TrainedEar

    return TrainedEar.load(model, device="cpu", threads=1)
