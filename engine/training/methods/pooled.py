"""The network of the published systems, on Earshot's backbone: the whole clip pooled into one or several vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.encoder.backbone import Backbone
from engine.encoder.config import EarConfig
from engine.encoder.heads import SingleHead, unit
from engine.encoder.mel import LogMel


class PooledNetwork(nn.Module):
    """Log-mel -> backbone -> pooling -> `outputs` vectors of `dimension`; with one output, the same for any sound."""

    def __init__(self, config: EarConfig, *, dimension: int, outputs: int = 1) -> None:
        super().__init__()
        self.config, self.outputs = config, outputs
        self.log_mel = LogMel(config)
        self.backbone = Backbone(config)
        self.head = SingleHead(config, dimension=dimension * outputs)
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def pool(self, log_mel: Tensor) -> Tensor:
        """Vectors of any length [batch, outputs, dimension]."""
        cells, _, sounding = self.backbone(log_mel)
        return self.head.pool(cells, sounding).unflatten(1, (self.outputs, -1))

    def embed(self, log_mel: Tensor) -> Tensor:
        """Single sounds: unit vectors [batch, dimension]."""
        return unit(self.pool(log_mel)[:, 0])

    def hear(self, log_mel: Tensor) -> Tensor:
        """Mixtures: unit vectors [batch, outputs, dimension]."""
        return unit(self.pool(log_mel))
