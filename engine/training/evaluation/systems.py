"""The rows of every table: each turns sounds into vectors and mixtures into sets of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.encoder.ear import Ear
from engine.training.instruments import RATE


@dataclass(frozen=True)
class HeardMixture:
    """What a system hears in one mixture: unit vectors [outputs, dimension], the surest first, with confidences."""

    vectors: np.ndarray
    confidence: np.ndarray


class System(Protocol):
    """One row."""

    name: str

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        """Unit vectors [n, dimension] of single sounds (mono float32 at 32 kHz)."""

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        """What is heard in mixtures [n, samples]."""


class EarSystem:
    """Earshot: slots of the mixture."""

    name = "Earshot"

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        return self._ear.embed(sounds).vectors

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        heard = self._ear.hear(mixtures)
        found = []
        for vectors, presence in zip(heard.vectors, heard.presence, strict=True):
            order = np.argsort(-presence)
            found.append(HeardMixture(vectors[order], presence[order]))
        return found


class MfccSystem:
    """Mean and deviation of 20 MFCCs (librosa), standardised over the first sounds it sees; a mixture is one vector."""

    name = "MFCC"

    def __init__(self) -> None:
        self._centre: np.ndarray | None = None
        self._scale: np.ndarray | None = None

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        raw = np.stack([_mfcc(sound) for sound in sounds])
        if self._centre is None or self._scale is None:
            self._centre, self._scale = raw.mean(axis=0), raw.std(axis=0) + 1e-6
        return _unit((raw - self._centre) / self._scale)

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        return [HeardMixture(vector[None], np.ones(1, np.float32)) for vector in self.embed(list(mixtures))]


class ChanceSystem:
    """Random vectors: what a table shows when nothing is heard."""

    name = "Chance"

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        return _unit(self._rng.standard_normal((len(sounds), 64)))

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        return [HeardMixture(_unit(self._rng.standard_normal((9, 64))), np.full(9, 0.5)) for _ in mixtures]


def _mfcc(sound: np.ndarray) -> np.ndarray:
    import librosa

    if len(sound) < 2048:
        sound = np.pad(sound, (0, 2048 - len(sound)))
    bands = librosa.feature.mfcc(y=sound, sr=RATE, n_mfcc=20, n_fft=2048, hop_length=640)
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1)])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-9)).astype(np.float32)
