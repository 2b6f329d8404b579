"""What the trainer needs to know of a method: its network, its batches, its losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engine.encoder.config import EarConfig
from engine.encoder.model import EarNetwork
from engine.training.config import TrainConfig
from engine.training.methods.pooled import PooledNetwork
from engine.training.mixtures import BatchSource
from engine.training.phrase_bank import PhraseBank


class Method(nn.Module, ABC):
    """A network with what teaches it. Subclasses draw batches, and turn them into losses.

    Attributes
    ----------
    network : what remains when training is over.
    weights : of the losses, by name; 1 for those not named.
    """

    network: EarNetwork | PooledNetwork
    weights: ClassVar[Mapping[str, float]] = {}

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.config, self.ear = config, ear
        self.source = BatchSource(bank, ear)

    def begin_with(self, state: Mapping[str, Tensor]) -> None:
        """Take the averaged weights of an earlier run: all of them where it was of this method, else its backbone's."""
        if is_of(self, state):
            self.load_state_dict(state)
            return
        prefix = "network.backbone."
        self.network.backbone.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        )

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Any:
        """A batch, whatever `losses` understands."""

    @abstractmethod
    def losses(self, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Losses by name; called under autocast."""

    @property
    def clips_each(self) -> int:
        """Clips and mixtures in a batch."""
        return self.config.singles + self.config.mixtures

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def features(self, waveform: Tensor, generator: torch.Generator) -> Tensor:
        """Log-mel under a random smooth equaliser of up to about +-6 dB: the cheapest of all effects."""
        log_mel = self.network.log_mel
        power = log_mel.power(waveform.to(self.device))
        knots = torch.randn((len(waveform), 1, 5), generator=generator).to(self.device) * 2.5
        curve = nn.functional.interpolate(knots, size=power.shape[2], mode="linear", align_corners=True)
        return log_mel.normalise(power * 10 ** (curve / 10))


def is_of(method: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Whether weights are those of a method, by their names and shapes."""
    own = method.state_dict()
    return own.keys() == state.keys() and all(own[name].shape == state[name].shape for name in own)
