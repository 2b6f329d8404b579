"""What the ear answers, as arrays: known without loading it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.encoder.calibration import Calibration

ACTIVITY_SECONDS = 0.1


@dataclass(frozen=True)
class Embeddings:
    """vectors : float32 [n, dimension], unit rows; families : float32 [n, families], probabilities."""

    vectors: np.ndarray
    families: np.ndarray


@dataclass(frozen=True)
class HeardWindows:
    """Slots of n windows.

    vectors : float32 [n, slots, dimension], unit; presence : [n, slots], 0..1; families : [n, slots, families],
    probabilities; activity : [n, slots, steps], 0..1 in steps of `ACTIVITY_SECONDS` over the window; parts : float32
    [n, parts, dimension], unit, in the order of `engine.families.PARTS`, also of parts that do not sound; None where
    they are not told apart.
    """

    vectors: np.ndarray
    presence: np.ndarray
    families: np.ndarray
    activity: np.ndarray
    parts: np.ndarray | None = None

    def between(self, start: int, end: int) -> HeardWindows:
        """The windows from number `start` to before `end`."""
        return HeardWindows(
            self.vectors[start:end],
            self.presence[start:end],
            self.families[start:end],
            self.activity[start:end],
            None if self.parts is None else self.parts[start:end],
        )


class Listener(Protocol):
    """What hears sounds and windows: `engine.encoder.ear.Ear`, or whatever answers like it."""

    @property
    def rate(self) -> int:
        """Sample rate in Hz of all audio that enters."""

    @property
    def window_seconds(self) -> float:
        """Length of a window."""

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        """Vectors of single sounds, mono float32 at `rate`, any lengths."""

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Slots of windows, float32 [n, window_seconds * rate]; n at least 1."""


class ReferenceListener(Listener, Protocol):
    """What hears a reference."""

    @property
    def calibration(self) -> Calibration | None:
        """What its answers are worth, where that was measured."""
