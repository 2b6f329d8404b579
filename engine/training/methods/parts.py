"""Earshot's part head, taught on the finished ear: similarity by part without a network of its own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.encoder.config import EarConfig
from engine.encoder.model import EarNetwork
from engine.training.config import TrainConfig
from engine.training.methods.csn import PseudoMixBatch, PseudoMixMethod
from engine.training.parts import PARTS
from engine.training.phrase_bank import PhraseBank

TEMPERATURE = 0.1


class PartsMethod(PseudoMixMethod):
    """Under each part the anchor is to find the mix that shares it among all mixes of the batch (InfoNCE), from the
    mixture as from the part alone. Everything but the part head stays as it is."""

    network: EarNetwork

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        if ear.parts != len(PARTS):
            raise ValueError(f"the ear has {ear.parts} parts, the pseudo-mixes have {len(PARTS)}")
        self.network = EarNetwork(ear).requires_grad_(False)
        self.network.parts.requires_grad_(True)

    def train(self, mode: bool = True) -> PartsMethod:
        super().train(mode)
        self.network.eval()
        return self

    def begin_with(self, state: Mapping[str, Tensor]) -> None:
        own = {name: value for name, value in self.state_dict().items() if name.startswith("network.parts.")}
        taught = {name: value for name, value in state.items() if name.startswith("network.")}
        self.load_state_dict(taught | own)

    def losses(self, batch: PseudoMixBatch, generator: torch.Generator) -> dict[str, Tensor]:
        with torch.no_grad():
            cells, _, sounding = self.network.backbone(self.features(batch.waveform, generator))
        anchors, sharing, alone = batch.split(self.network.parts(cells, sounding))
        with torch.autocast(self.device.type, enabled=False):
            return {"mixture": part_info_nce(anchors, sharing), "alone": part_info_nce(alone, sharing)}


def part_info_nce(queries: Tensor, sharing: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Cross-entropy, under each part, of a query's similarities with all mixes, its own sharing one being right.

    Parameters
    ----------
    queries : unit [groups, parts, dimension]; sharing : unit [groups, parts shared, parts, dimension].
    """
    groups, parts = queries.shape[:2]
    similarity = torch.einsum("gpd,hspd->pghs", queries, sharing).flatten(2) / temperature
    right = torch.arange(groups, device=queries.device)[None] * parts
    right = right + torch.arange(parts, device=queries.device)[:, None]
    return F.cross_entropy(similarity.flatten(0, 1), right.flatten())
