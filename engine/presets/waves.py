"""The waves that an SFZ can name in place of a sample."""

from __future__ import annotations

import numpy as np

WAVES = ("*sine", "*triangle", "*square", "*saw", "*noise", "*silence")

_MOST_HARMONICS = 64


def wave(name: str, hz: float, frames: int, rate: int) -> np.ndarray:
    """float32 [1, frames], peak about 1: one of `WAVES`, the pitched ones without harmonics above half the rate."""
    if name == "*silence":
        return np.zeros((1, frames), np.float32)
    if name == "*noise":
        return np.random.default_rng(0).uniform(-1.0, 1.0, (1, frames)).astype(np.float32)
    turns = np.arange(frames) * (2.0 * np.pi * hz / rate)
    samples = np.zeros(frames)
    for harmonic in range(1, min(_MOST_HARMONICS, int(rate / 2 / hz)) + 1):
        samples += _share(name, harmonic) * np.sin(harmonic * turns)
    return samples[np.newaxis].astype(np.float32)


def _share(name: str, harmonic: int) -> float:
    """Amplitude of a harmonic."""
    if name == "*saw":
        return 2.0 / (np.pi * harmonic)
    if harmonic % 2 == 0 or (name == "*sine" and harmonic > 1):
        return 0.0
    if name == "*square":
        return 4.0 / (np.pi * harmonic)
    if name == "*triangle":
        return 8.0 / (np.pi * harmonic) ** 2 * (-1.0 if harmonic % 4 == 3 else 1.0)
    return 1.0
