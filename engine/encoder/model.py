"""The ear as a network: log-mel, backbone and heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.encoder.backbone import Backbone
from engine.encoder.config import EarConfig
from engine.encoder.heads import DenseHead, PartHead, SingleHead, SlotHead
from engine.encoder.mel import LogMel


class EarNetwork(nn.Module):
    """One model for single sounds and mixtures; see the heads for shapes."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        self.config = config
        self.log_mel = LogMel(config)
        self.backbone = Backbone(config)
        self.single = SingleHead(config)
        self.dense = DenseHead(config)
        self.slots = SlotHead(config)
        self.parts = PartHead(config)
        # Convolutions run several times faster on processors when channels lie together in memory.
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def embed(self, log_mel: Tensor) -> tuple[Tensor, Tensor]:
        """Single sounds: unit vectors [batch, dimension] and family logits [batch, families]."""
        cells, _, sounding = self.backbone(log_mel)
        return self.single(cells, sounding)

    def hear(self, log_mel: Tensor) -> dict[str, Tensor]:
        """Mixtures: the slots of `SlotHead`, with `dense` vectors and `dominance` logits of the cells."""
        return self._slots(*self.backbone(log_mel))

    def _slots(self, cells: Tensor, detail: Tensor, sounding: Tensor) -> dict[str, Tensor]:
        dense, dominance = self.dense(cells)
        slots = self.slots(cells, detail, sounding, dense, dominance)
        return slots | {"dense": dense, "dominance": dominance, "sounding": sounding}

    # What the ear answers, from what the backbone makes of a log-mel: float32, probabilities instead of logits.

    def sounds_of(self, cells: Tensor, detail: Tensor, sounding: Tensor) -> tuple[Tensor, Tensor]:
        """Single sounds: unit vectors [batch, dimension] and family probabilities [batch, families]."""
        vectors, logits = self.single(cells, sounding)
        return vectors, logits.float().softmax(-1)

    def windows_of(self, cells: Tensor, detail: Tensor, sounding: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Mixtures: unit vectors [batch, slots, dimension], presence [batch, slots], family probabilities
        [batch, slots, families] and activity [batch, slots, 2 * steps], all but the vectors 0..1."""
        slots = self._slots(cells, detail, sounding)
        return slots["vectors"], slots["presence"].sigmoid(), slots["family"].softmax(-1), slots["activity"].sigmoid()

    def parts_of(self, cells: Tensor, detail: Tensor, sounding: Tensor) -> Tensor:
        """Mixtures: a unit vector for each part [batch, parts, dimension]."""
        return self.parts(cells, sounding)
