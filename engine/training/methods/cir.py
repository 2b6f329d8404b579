"""Contrastive Instrument Retrieval (Le Vaillant & Molle 2026): one encoder for single sounds and mixtures; a mixture is
a positive of each of its stems' sounds. The losses follow the authors' public code: margin 1 and Euclidean distance for
the full triplet loss, temperature 0.1 and each sound against the batch's mixtures for InfoNCE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.encoder.config import EarConfig
from engine.training.config import TrainConfig
from engine.training.methods.method import Method
from engine.training.methods.pooled import PooledNetwork
from engine.training.phrase_bank import PhraseBank

DIMENSION = 768
MARGIN, TEMPERATURE = 1.0, 0.1


@dataclass(frozen=True)
class CirBatch:
    """sounds : float32 [mixtures * stems, samples], one sound of each stem's instrument, mixture by mixture;
    mixtures : [mixtures, samples]."""

    sounds: Tensor
    mixtures: Tensor


class Cir(Method):
    """One vector for everything; the config's method ends in the loss, "triplet" or "infonce"."""

    network: PooledNetwork

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        if config.stems[0] != config.stems[1]:
            raise ValueError(f"every mixture needs as many stems as the next, not {config.stems}")
        self.network = PooledNetwork(ear, dimension=DIMENSION)

    def draw(self, rng: np.random.Generator) -> CirBatch:
        config = self.config
        mixtures = self.source.mixtures(config.mixtures, config.stems, rng, config.crop_cells)
        sounds = self.source.singles(mixtures.labels.flatten().numpy(), mixtures.waveform.shape[1], rng)
        return CirBatch(sounds, mixtures.waveform)

    def losses(self, batch: CirBatch, generator: torch.Generator) -> dict[str, Tensor]:
        vectors = self.network.pool(self.features(torch.cat([batch.sounds, batch.mixtures]), generator))[:, 0].float()
        sounds, mixtures = vectors[: len(batch.sounds)], vectors[len(batch.sounds) :]
        with torch.autocast(self.device.type, enabled=False):
            if self.config.method.endswith("triplet"):
                return {"triplet": full_triplet(sounds, mixtures)}
            return {"infonce": mixture_info_nce(sounds, mixtures)}


def full_triplet(sounds: Tensor, mixtures: Tensor, margin: float = MARGIN) -> Tensor:
    """Mean hinge of distance(anchor, positive) - distance(anchor, negative) + margin over every triplet.

    Sounds and mixtures are anchors in turn; the only positives are a mixture and the sounds of its stems, everything
    else in the batch is negative, other stems of the mixture included.

    Parameters
    ----------
    sounds : [mixtures * stems, dimension], mixture by mixture; mixtures : [mixtures, dimension].
    """
    vectors = torch.cat([sounds, mixtures])
    distance = torch.linalg.vector_norm(vectors[:, None] - vectors[None] + 1e-6, dim=-1)
    owner = torch.arange(len(mixtures), device=vectors.device)
    owner = torch.cat([owner.repeat_interleave(len(sounds) // len(mixtures)), owner])
    is_mixture = torch.arange(len(vectors), device=vectors.device) >= len(sounds)
    positive = (owner[:, None] == owner) & (is_mixture[:, None] != is_mixture)
    other = ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    hinge = F.relu(distance[:, :, None] - distance[:, None, :] + margin)
    valid = positive[:, :, None] & (other & ~positive)[:, None, :]
    return hinge[valid].mean()


def mixture_info_nce(sounds: Tensor, mixtures: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Cross-entropy of each sound's cosines with all mixtures of the batch, its own being the right one.

    sounds : [mixtures * stems, dimension], mixture by mixture; mixtures : [mixtures, dimension].
    """
    similarity = F.normalize(sounds, dim=-1) @ F.normalize(mixtures, dim=-1).T / temperature
    owner = torch.arange(len(mixtures), device=sounds.device).repeat_interleave(len(sounds) // len(mixtures))
    return F.cross_entropy(similarity, owner)
