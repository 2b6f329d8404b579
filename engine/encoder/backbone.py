"""The shared backbone: log-mel -> a field of cells in time and frequency, each aware of the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.encoder.attention import attend, silence
from engine.encoder.config import EarConfig


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al., 'Deep Residual Learning', 2016); stride 2 halves both axes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(y)) + self.shortcut(x))


class AttentionLayer(nn.Module):
    """Pre-norm self-attention and feed-forward layer; cells that are silent are not attended to."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def begin_silent(self) -> None:
        """Add nothing at first, so that a backbone that grows by this layer answers as before."""
        silence(self.out, self.feed[-1])

    def forward(self, x: Tensor, sounding: Tensor) -> Tensor:
        batch, cells, width = x.shape
        qkv = self.qkv(self.norm(x)).view(batch, cells, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        x = x + self.out(attend(query, key, value, sounding))
        return x + self.feed(self.feed_norm(x))


class Backbone(nn.Module):
    """Log-mel [batch, frames, bands] -> (cells, detail, sounding).

    cells : [batch, steps * cell_bands, width], time-major.
    detail : [batch, 2 * steps, 2 * cell_bands, its width], the stage before, for activity over time and slots.
    sounding : bool [batch, steps * cell_bands], False where the whole time step is silent.
    """

    pitch_axis: Tensor

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        self._config = config
        widths = config.widths
        self.stem = nn.Sequential(
            nn.Conv2d(2, config.stem_width, 5, 2, 2, bias=False),
            nn.BatchNorm2d(config.stem_width),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.stem_width, widths[0], 3, 2, 1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        stages, inputs = [], widths[0]
        for number, (width, blocks) in enumerate(zip(widths, config.blocks, strict=True)):
            stage = []
            for block in range(blocks):
                stage.append(ResidualBlock(inputs, width, 2 if block == 0 and number > 0 else 1))
                inputs = width
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)
        self.band_embedding = nn.Parameter(torch.zeros(config.cell_bands, widths[-1]))
        nn.init.normal_(self.band_embedding, std=0.02)
        self.layers = nn.ModuleList(AttentionLayer(widths[-1], config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(widths[-1])
        self.register_buffer("pitch_axis", torch.linspace(-1, 1, config.bands), persistent=False)

    def forward(self, log_mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        axis = self.pitch_axis.to(log_mel.dtype).expand_as(log_mel)
        x = torch.stack([log_mel, axis], dim=1).contiguous(memory_format=torch.channels_last)
        x = self.stem(x)
        for stage in self.stages[:-1]:
            x = stage(x)
        detail = x
        x = self.stages[-1](x)
        sounding = self.sounding_steps(log_mel)[..., None].expand(-1, -1, self._config.cell_bands).flatten(1)
        cells = x.permute(0, 2, 3, 1) + self.band_embedding
        cells = cells.flatten(1, 2)
        for layer in self.layers:
            cells = layer(cells, sounding)
        return self.norm(cells), detail.permute(0, 2, 3, 1), sounding

    def sounding_steps(self, log_mel: Tensor) -> Tensor:
        """Bool [batch, steps]: within 55 dB of the clip's loudest cell; the first step where nothing is."""
        loudest = log_mel.amax(dim=2).unflatten(1, (-1, self._config.cell_frames)).amax(dim=2)
        threshold = 1 - 55.0 / (-self._config.floor_db / 2)
        steps = loudest > threshold
        nothing = ~steps.any(dim=1, keepdim=True)
        return torch.cat([steps[:, :1] | nothing, steps[:, 1:]], dim=1)
