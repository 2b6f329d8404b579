"""The networks of the published systems at their own sizes, with random weights: for the comparison of speed only.

What a paper leaves open is taken from the network it cites; every size stands here to be checked.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SmtiSmall(nn.Module):
    """Show Me the Instruments, small: four blocks of two 3x3 convolutions (Han et al. 2016), nine vectors of 1,024.

    Input [batch, 1, 501 frames, 128 bands]: 5 s at 10 ms.
    """

    shape, seconds = (1, 501, 128), 5.0

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for width in (32, 64, 128, 256):
            for _ in range(2):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.LeakyReLU(0.33)]
                inputs = width
            layers.append(nn.MaxPool2d(3))
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(256, 1024), nn.LeakyReLU(0.33), nn.Linear(1024, 9 * 1024))

    def forward(self, mel: Tensor) -> Tensor:
        return self.head(self.body(mel).amax(dim=(2, 3)))


class _ConvNextBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(self.norm(self.depthwise(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class SmtiLarge(nn.Module):
    """Show Me the Instruments, large: ConvNeXt-small (Liu et al. 2022), nine vectors of 1,024; input as `SmtiSmall`."""

    shape, seconds = (1, 501, 128), 5.0

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, 96, 4, stride=4)]
        inputs = 96
        for width, depth in zip((96, 192, 384, 768), (3, 3, 27, 3), strict=True):
            if width != inputs:
                layers.append(nn.Conv2d(inputs, width, 2, stride=2))
            layers += [_ConvNextBlock(width) for _ in range(depth)]
            inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(768, 9 * 1024)

    def forward(self, mel: Tensor) -> Tensor:
        return self.head(self.body(mel).mean(dim=(2, 3)))


class AstBase(nn.Module):
    """Contrastive Instrument Retrieval: the Audio Spectrogram Transformer, base (Gong et al. 2021): 16x16 patches every
    10, twelve layers of 768. Input [batch, 1, 1024 frames, 128 bands]: 10.24 s at 10 ms, shorter sounds padded."""

    shape, seconds = (1, 1024, 128), 10.24

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 768, 16, stride=10)
        tokens = (1 + (1024 - 16) // 10) * (1 + (128 - 16) // 10)
        self.position = nn.Parameter(torch.zeros(1, tokens, 768))
        layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)

    def forward(self, mel: Tensor) -> Tensor:
        tokens = self.patches(mel).flatten(2).transpose(1, 2) + self.position
        return self.layers(tokens).mean(dim=1)
