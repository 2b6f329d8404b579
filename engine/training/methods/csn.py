"""Conditional Similarity Networks for parts (Hashizume et al. 2024, 2025): one vector for a piece, cut by fixed masks
into one sub-space for each part; pseudo-mixes that share exactly one part are near under that part's mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.encoder.config import EarConfig
from engine.encoder.heads import unit
from engine.training.config import TrainConfig
from engine.training.methods.method import Method
from engine.training.methods.pooled import PooledNetwork
from engine.training.parts import PARTS, PseudoMixes
from engine.training.phrase_bank import PhraseBank

PART_DIMENSION = 128
MARGIN = 0.2
"""Of the triplets of unit sub-vectors. The papers' own was not at hand."""


class CsnNetwork(PooledNetwork):
    """A vector of five sub-spaces; the fixed masks are its equal slices, in the order of `PARTS`."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__(config, dimension=PART_DIMENSION * len(PARTS))

    def parts(self, log_mel: Tensor) -> Tensor:
        """Unit vector of each part of a mixture: [batch, parts, PART_DIMENSION]."""
        return unit(self.pool(log_mel)[:, 0].unflatten(1, (len(PARTS), PART_DIMENSION)))


@dataclass(frozen=True)
class PseudoMixBatch:
    """Groups of an anchor, a mix for each part that shares it with the anchor, and each part of the anchor by itself.

    waveform : float32 [groups + 2 * groups * parts, samples], anchors, sharing mixes and parts behind one another.
    """

    waveform: Tensor
    groups: int

    def split(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A network's part vectors of the waveforms, [clips, parts, dimension].

        Returns
        -------
        anchors [groups, parts, dimension]; sharing [groups, parts shared, parts, dimension]; each part alone under its
        own mask [groups, parts, dimension].
        """
        sharing, alone = vectors[self.groups :].unflatten(0, (2, self.groups, len(PARTS)))
        return vectors[: self.groups], sharing, alone.diagonal(dim1=1, dim2=2).transpose(1, 2)


class Csn(Method):
    """Triplets under masks, and the auxiliary loss that pulls a masked mixture to the masked part by itself."""

    network: CsnNetwork
    # At equal weights the pull of the auxiliary loss made all vectors one within 500 batches.
    weights: ClassVar = {"auxiliary": 0.1}

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        self.network = CsnNetwork(ear)
        self._pseudo_mixes = PseudoMixes(bank)

    @property
    def clips_each(self) -> int:
        return self.config.mixtures * (1 + 2 * len(PARTS))

    def draw(self, rng: np.random.Generator) -> PseudoMixBatch:
        samples = self.source.samples(self.config.crop_cells)
        groups = [self._pseudo_mixes.draw(rng, samples) for _ in range(self.config.mixtures)]
        anchors, sharing, alone = (np.stack(column) for column in zip(*groups, strict=True))
        waveform = np.concatenate([anchors, sharing.reshape(-1, samples), alone.reshape(-1, samples)])
        return PseudoMixBatch(torch.from_numpy(waveform), len(groups))

    def losses(self, batch: PseudoMixBatch, generator: torch.Generator) -> dict[str, Tensor]:
        vectors = self.network.parts(self.features(batch.waveform, generator))
        anchors, sharing, alone = batch.split(vectors)
        with torch.autocast(self.device.type, enabled=False):
            return {
                "triplet": masked_triplet(anchors, sharing),
                "auxiliary": torch.linalg.vector_norm(anchors - alone + 1e-6, dim=-1).mean(),
            }


def masked_triplet(anchors: Tensor, sharing: Tensor, margin: float = MARGIN) -> Tensor:
    """Mean hinge of distance(anchor, positive) - distance(anchor, negative) + margin under every mask: the positive is
    the mix that shares the mask's part, the negatives are the anchor's other mixes, which share another part.

    Parameters
    ----------
    anchors : [groups, parts, dimension]; sharing : [groups, parts shared, parts, dimension].
    """
    distance = torch.linalg.vector_norm(anchors[:, None] - sharing + 1e-6, dim=-1)  # [groups, shared, mask]
    positive = torch.diagonal(distance, dim1=1, dim2=2)[:, None]
    negative = ~torch.eye(sharing.shape[1], dtype=torch.bool, device=anchors.device)
    return F.relu(positive - distance + margin)[:, negative].mean()
