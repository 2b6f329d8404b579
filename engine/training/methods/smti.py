"""Show Me the Instruments (Kim et al. 2022): a classifier of single sounds, whose penultimate activation is the
embedding, and a second encoder that answers nine of them for a mixture, trained permutation-invariantly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional as F

from engine.encoder.config import EarConfig
from engine.encoder.device import half_precision_pays
from engine.training import objectives
from engine.training.config import TrainConfig
from engine.training.methods.method import Method, is_of
from engine.training.methods.pooled import PooledNetwork
from engine.training.mixtures import Mixtures
from engine.training.phrase_bank import PhraseBank

DIMENSION, OUTPUTS = 1024, 9


class SmtiSingle(Method):
    """The Single-Instrument Encoder f (section 3.1): cross-entropy over the training instruments."""

    network: PooledNetwork

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        self.network = PooledNetwork(ear, dimension=DIMENSION)
        self.classify = nn.Linear(DIMENSION, len(bank.instruments))

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        labels = self.source.random_labels(self.config.singles, rng)
        samples = self.source.samples(self.config.crop_cells)
        return self.source.singles(labels, samples, rng), torch.from_numpy(labels)

    def losses(self, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        waveform, labels = batch
        activation = self.network.pool(self.features(waveform, generator))[:, 0]
        return {"classification": F.cross_entropy(self.classify(activation).float(), labels.to(self.device))}


class SmtiNetwork(PooledNetwork):
    """The Multi-Instrument Encoder g for mixtures, with the f that it was taught by for single sounds."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__(config, dimension=DIMENSION, outputs=OUTPUTS)
        self.single = PooledNetwork(config, dimension=DIMENSION).requires_grad_(False)

    def train(self, mode: bool = True) -> SmtiNetwork:
        super().train(mode)
        self.single.eval()
        return self

    def embed(self, log_mel: Tensor) -> Tensor:
        return self.single.embed(log_mel)


@dataclass(frozen=True)
class SmtiBatch:
    """targets : float32 [batch, stems, dimension], f of each stem alone; arbitrary where a mixture has fewer."""

    mixtures: Mixtures
    targets: Tensor


class Smti(Method):
    """The Multi-Instrument Encoder (section 3.2): random mixtures on the fly, f of every stem's phrase the target."""

    network: SmtiNetwork

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        self.network = SmtiNetwork(ear)
        self._bank = bank
        self._targets: Tensor | None = None

    def begin_with(self, state: Mapping[str, Tensor]) -> None:
        """Take f, and let g begin with its backbone, from a run of `SmtiSingle`; or both from one of this."""
        super().begin_with(state)
        if is_of(self, state):
            return
        prefix = "network."
        self.network.single.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        )

    def draw(self, rng: np.random.Generator) -> SmtiBatch:
        config = self.config
        if self._targets is None:
            self._targets = self._embed_phrases()
        mixtures = self.source.mixtures(config.mixtures, config.stems, rng, config.crop_cells)
        return SmtiBatch(mixtures, self._targets[mixtures.rows.clamp_min(0)].float())

    @torch.inference_mode()
    def _embed_phrases(self) -> Tensor:
        """f of every phrase of the bank, [rows, dimension]; f never changes, so once is enough."""
        single, parts = self.network.single, []
        for start in range(0, len(self._bank.phrases), 32):
            samples = torch.from_numpy(np.array(self._bank.samples[start : start + 32])).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=half_precision_pays(self.device.type)):
                parts.append(single.embed(single.log_mel(samples / 32767.0)).half().cpu())
        return torch.cat(parts).clone()

    def losses(self, batch: SmtiBatch, generator: torch.Generator) -> dict[str, Tensor]:
        outputs = self.network.hear(self.features(batch.mixtures.waveform, generator))
        asked = objectives.audible(batch.mixtures.labels, batch.mixtures.energy)
        return {"cosine": permutation_invariant_cosine(outputs, batch.targets.to(self.device), asked)}


def permutation_invariant_cosine(outputs: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
    """The loss of section 3.2: the sum of 1 - cosine over a mixture's stems under the best injective assignment of
    outputs to them, averaged over the mixtures. Outputs without a stem are free.

    Parameters
    ----------
    outputs : unit [batch, outputs, dimension]; targets : unit [batch, stems, dimension].
    asked : bool [batch, stems], which stems there are.
    """
    cosine = torch.einsum("bmd,bkd->bmk", outputs, targets)
    losses = []
    for row, present in zip(cosine, asked.cpu(), strict=True):
        among = row[:, torch.nonzero(present).flatten().to(row.device)]
        output, stem = linear_sum_assignment(among.detach().float().cpu().numpy(), maximize=True)
        losses.append((1 - among[output, stem]).sum())
    return torch.stack(losses).mean()
