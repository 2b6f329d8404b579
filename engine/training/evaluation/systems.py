"""The rows of every table: each turns sounds into vectors and mixtures into sets of vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine.encoder import clips, weights
from engine.encoder.device import half_precision_pays
from engine.encoder.ear import Ear
from engine.encoder.heard import ReferenceListener
from engine.encoder.model import EarNetwork
from engine.encoder.torch_network import TorchNetwork
from engine.matching.slots import DEFAULT_RULES
from engine.training.instruments import RATE
from engine.training.methods.csn import CsnNetwork
from engine.training.methods.pooled import PooledNetwork
from engine.training.parts import PARTS
from engine.training.trainer import CHECKPOINT


@dataclass(frozen=True)
class HeardMixture:
    """What a system hears in one mixture: unit vectors [outputs, dimension], the surest first, with confidences."""

    vectors: np.ndarray
    confidence: np.ndarray


class System(Protocol):
    """One row.

    Attributes
    ----------
    method : how it was taught; "" for what is not.
    identity : differs where the weights, or what else its answers rest on, do.
    clips_seen : how many clips and mixtures it was taught with, 0 for what is not taught or not known.
    """

    name: str
    method: str
    identity: str
    clips_seen: int

    @property
    def ear(self) -> ReferenceListener | None:
        """What hears whole songs, for a system that tells more than vectors."""

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        """Unit vectors [n, dimension] of single sounds (mono float32 at 32 kHz)."""

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        """What is heard in mixtures [n, samples]."""

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        """One unit vector for each of `PARTS` of mixtures [n, samples]: [n, parts, dimension]."""


class EarSystem:
    """Earshot: slots of the mixture, and the part head."""

    method = "Earshot"

    def __init__(self, ear: Ear, name: str = "Earshot", clips_seen: int = 0) -> None:
        self.ear, self.name, self.clips_seen = ear, name, clips_seen
        # Calibration and rules decide which slots of a song are shown.
        self.identity = f"{ear.fingerprint} {ear.calibration} {DEFAULT_RULES}"

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        return self.ear.embed(sounds).vectors

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        heard = self.ear.hear(mixtures)
        found = []
        for vectors, presence in zip(heard.vectors, heard.presence, strict=True):
            order = np.argsort(-presence)
            found.append(HeardMixture(vectors[order], presence[order]))
        return found

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        return self.ear.parts(mixtures)


class PooledSystem:
    """A published system, re-implemented and trained here."""

    ear = None

    def __init__(self, network: PooledNetwork, name: str, method: str, identity: str, clips_seen: int) -> None:
        self._network, self.name, self.method = network, name, method
        self.identity, self.clips_seen = identity, clips_seen

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        return clips.through(sounds, self._network.config, lambda clip: [self._ask(self._network.embed, clip)])[0]

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        heard = self._ask(self._network.hear, mixtures)
        return [HeardMixture(vectors, np.ones(len(vectors), np.float32)) for vectors in heard]

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        if isinstance(self._network, CsnNetwork):
            return self._ask(self._network.parts, mixtures)
        return _same_for_every_part(self.embed(list(mixtures)))

    def _ask(self, answer: Callable[[Tensor], Tensor], waveforms: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half_precision_pays("cpu")):
            batches = torch.from_numpy(waveforms).split(16)
            return torch.cat([answer(self._network.log_mel(batch)).float() for batch in batches]).numpy()


class MfccSystem:
    """Mean and deviation of 20 MFCCs (librosa), standardised over the first sounds it sees; a mixture is one vector."""

    name = identity = "MFCC"
    method, clips_seen, ear = "", 0, None

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

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        return _same_for_every_part(self.embed(list(mixtures)))


class ChanceSystem:
    """Random vectors: what a table shows when nothing is heard."""

    name = identity = "Chance"
    method, clips_seen, ear = "", 0, None

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        return _unit(self._rng.standard_normal((len(sounds), 64)))

    def hear(self, mixtures: np.ndarray) -> list[HeardMixture]:
        return [HeardMixture(_unit(self._rng.standard_normal((9, 64))), np.full(9, 0.5)) for _ in mixtures]

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        return _unit(self._rng.standard_normal((len(mixtures), len(PARTS), 64)))


def trained_system(directory: Path) -> System:
    """A row for the run in `directory`, named after it."""
    from engine.training.stages import trained_network

    trained = trained_network(directory)
    identity = weights.fingerprint(directory / CHECKPOINT)
    if isinstance(trained.network, EarNetwork):
        ear = Ear(TorchNetwork(trained.network), name=directory.name, fingerprint=identity)
        return EarSystem(ear, directory.name, trained.clips_seen)
    return PooledSystem(trained.network, directory.name, trained.method, identity, trained.clips_seen)


def _same_for_every_part(vectors: np.ndarray) -> np.ndarray:
    return np.repeat(vectors[:, None], len(PARTS), axis=1)


def _mfcc(sound: np.ndarray) -> np.ndarray:
    import librosa

    if len(sound) < 2048:
        sound = np.pad(sound, (0, 2048 - len(sound)))
    bands = librosa.feature.mfcc(y=sound, sr=RATE, n_mfcc=20, n_fft=2048, hop_length=640)
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1)])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-9)).astype(np.float32)
