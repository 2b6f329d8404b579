"""What the ear answers, as arrays: known without loading it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    probabilities; activity : [n, slots, steps], 0..1 in steps of `ACTIVITY_SECONDS` over the window.
    """

    vectors: np.ndarray
    presence: np.ndarray
    families: np.ndarray
    activity: np.ndarray
