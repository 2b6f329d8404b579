"""An ear which knows six instruments, all of them sine tones: exact, so that tests of matching test matching alone."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from engine.encoder.heard import HeardWindows
from engine.families import FAMILIES, PARTS, part_of_family

RATE = 8000
TONES_HZ = (200.0, 330.0, 540.0, 880.0, 1430.0, 2310.0)
TONE_FAMILIES = ("bass", "organ", "keys", "lead", "hat", "pad")
DIMENSION = 32
PLAYS = np.array([[part_of_family(family) == part for part in PARTS] for family in TONE_FAMILIES], np.float32)
"""[tones, parts]"""


def tone(number: int, seconds: float, level: float = 0.2) -> np.ndarray:
    """float32 [n]: instrument `number` playing."""
    return (level * np.sin(2 * np.pi * TONES_HZ[number] * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


class ToneEar:
    """The interface of `engine.encoder.ear.Ear`; every window costs it some noise on its vectors."""

    rate = RATE
    window_seconds = 5.0
    calibration = None
    dimension = DIMENSION
    steps = 25
    fingerprint = "tones"
    name = "tones"
    device = "cpu"

    def __init__(self, noise: float = 0.3, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._noise = noise
        self.vectors = np.linalg.qr(self._random.standard_normal((DIMENSION, DIMENSION)))[0][: len(TONES_HZ)]
        self.largest_batch = 0
        self.windows = 0

    def hear(self, windows: np.ndarray) -> HeardWindows:
        assert windows.shape[1] == round(self.window_seconds * self.rate)
        assert windows.dtype == np.float32
        self.largest_batch = max(self.largest_batch, len(windows))
        self.windows += len(windows)
        levels = np.stack([self._levels(window) for window in windows])  # [n, tones, steps]
        activity = np.clip(levels / 0.1, 0, 1)
        # Which query answers for which instrument differs from window to window.
        order = self._random.permuted(np.tile(np.arange(len(TONES_HZ)), (len(windows), 1)), axis=1)
        rows = np.arange(len(windows))[:, None]
        return HeardWindows(
            vectors=self._noisy(self.vectors[order]),
            presence=np.where(activity.max(axis=2) > 0.5, 0.9, 0.02)[rows, order].astype(np.float32),
            families=self._families(order),
            activity=activity[rows, order].astype(np.float32),
            parts=self._noisy(_unit((levels.max(axis=2)[:, None] * PLAYS.T) @ self.vectors)),
        )

    def embed(self, sounds: Sequence[np.ndarray]) -> SimpleNamespace:
        loudest = np.array([int(self._levels(sound, steps=1)[:, 0].argmax()) for sound in sounds])
        return SimpleNamespace(vectors=self._noisy(self.vectors[loudest]), families=self._families(loudest))

    def _levels(self, samples: np.ndarray, steps: int | None = None) -> np.ndarray:
        steps = steps or self.steps
        length = len(samples) // steps
        cut = samples[: length * steps].reshape(steps, length) * np.hanning(length)
        waves = np.exp(-2j * np.pi * np.outer(TONES_HZ, np.arange(length)) / RATE)
        return 4 * np.abs(waves @ cut.T) / length

    def _families(self, numbers: np.ndarray) -> np.ndarray:
        index = np.array([FAMILIES.index(name) for name in TONE_FAMILIES])[numbers]
        return (0.8 * np.eye(len(FAMILIES))[index] + 0.2 / len(FAMILIES)).astype(np.float32)

    def _noisy(self, vectors: np.ndarray) -> np.ndarray:
        noise = self._random.standard_normal(vectors.shape)
        noisy = vectors + self._noise * noise / np.linalg.norm(noise, axis=-1, keepdims=True)
        return (noisy / np.linalg.norm(noisy, axis=-1, keepdims=True)).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
