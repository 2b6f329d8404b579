"""Earshot's own method: stage "sounds" teaches the backbone, the single head and the dense head on short clips; stage
"mixtures" adds the slot and the part head, on fuller mixtures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engine.encoder.backbone import AttentionLayer
from engine.encoder.config import EarConfig
from engine.encoder.heads import SlotLayer
from engine.encoder.model import EarNetwork
from engine.training import objectives
from engine.training.config import TrainConfig
from engine.training.methods.method import Method
from engine.training.mixtures import Mixtures
from engine.training.parts import part_of_family
from engine.training.phrase_bank import PhraseBank

_PROXIES = "proxies.weight"
_FINE_NORM = ("network.slots.fine_norm.weight", "network.slots.fine_norm.bias")
"""What nothing but layers that add nothing looks through at first."""
_CLIPS_EACH, _CLIPS_AT_ONCE = 8, 16
"""Clips from which a proxy is heard, and instruments at once."""


@dataclass(frozen=True)
class EarshotBatch:
    """clips : float32 [singles, samples], of the instruments `labels` [singles]."""

    clips: Tensor
    labels: Tensor
    mixtures: Mixtures


class EarshotMethod(Method):
    """Proxies for clips, cells and slots alike, which keeps their spaces one; slots matched to stems."""

    network: EarNetwork
    weights: ClassVar = {
        "single_family": 0.3,
        "dominance": 0.2,
        "family": 0.3,
        "activity": 0.5,
        "contrast": 0.5,
        "part": 0.5,
    }
    families: Tensor
    part_of: Tensor

    def __init__(self, bank: PhraseBank, config: TrainConfig, ear: EarConfig) -> None:
        super().__init__(bank, config, ear)
        self.network = EarNetwork(ear)
        self.proxies = objectives.Proxies(len(bank.instruments), ear.dimension)
        self.register_buffer("families", torch.from_numpy(self.source.families), persistent=False)
        parts = torch.tensor([part_of_family(instrument.family) for instrument in bank.instruments])
        self.register_buffer("part_of", parts, persistent=False)

    def begin_with(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of an earlier run, or those of a network alone.

        Proxies that are missing, as of instruments that joined behind the earlier ones, are heard; layers that are
        missing begin by adding nothing.
        """
        taught = state.get(_PROXIES, self.proxies.weight[:0])
        joined = [number for number in self.source.sounding if number >= len(taught)]
        if len(taught) < len(self.proxies.weight):
            state = {**state, _PROXIES: torch.cat([taught, self.proxies.weight[len(taught) :].detach()])}
        found = self.load_state_dict(state, strict=False)
        missing = set(found.missing_keys)
        for name, module in self.named_modules():
            if not isinstance(module, AttentionLayer | SlotLayer):
                continue
            own = {f"{name}.{key}" for key in module.state_dict()}
            if own <= missing:
                module.begin_silent()
                missing -= own
        if found.unexpected_keys or not missing <= set(_FINE_NORM):
            self.load_state_dict(state)  # which says what does not fit
        if joined:
            self._hear_proxies(joined)

    @torch.no_grad()
    def _hear_proxies(self, instruments: list[int]) -> None:
        """Make each of these proxies the mean vector of clips of its instrument, as long as a proxy is at first."""
        rng = np.random.default_rng(self.config.seed)
        self.network.eval()
        for labels in torch.tensor(instruments, dtype=torch.int64).split(_CLIPS_AT_ONCE):
            numbers = labels.numpy().repeat(_CLIPS_EACH)
            clips = self.source.singles(numbers, self.source.samples(self.config.crop_cells), rng)
            vectors, _ = self.network.embed(self.network.log_mel(clips.to(self.device)))
            mean = nn.functional.normalize(vectors.unflatten(0, (-1, _CLIPS_EACH)).mean(dim=1), dim=-1)
            self.proxies.weight[labels] = mean * self.proxies.weight[labels].norm(dim=-1, keepdim=True)

    def draw(self, rng: np.random.Generator) -> EarshotBatch:
        config = self.config
        mixtures = self.source.mixtures(config.mixtures, config.stems, rng, config.crop_cells, config.rough)
        if config.method == "sounds":
            labels = self.source.random_labels(config.singles, rng)
        else:
            # Clips of the very instruments in the mixtures, for the slots to be compared with.
            heard = np.unique(mixtures.labels[mixtures.labels >= 0].numpy())
            labels = rng.choice(heard, size=config.singles, replace=config.singles > len(heard))
        clips = self.source.singles(labels, mixtures.waveform.shape[1], rng)
        return EarshotBatch(clips, torch.from_numpy(labels), mixtures)

    def losses(self, batch: EarshotBatch, generator: torch.Generator) -> dict[str, Tensor]:
        """Clips and mixtures in one pass, so that normalisation sees both."""
        network = self.network
        waveform = torch.cat([batch.clips, batch.mixtures.waveform])
        cells, detail, sounding = network.backbone(self.features(waveform, generator))
        count = len(batch.clips)
        single_labels = batch.labels.to(self.device)
        labels, energy = batch.mixtures.labels.to(self.device), batch.mixtures.energy.to(self.device)
        vectors, family = network.single(cells[:count], sounding[:count])
        dense, dominance = network.dense(cells[count:])
        slots: dict[str, Tensor] | None = None
        if self.config.method != "sounds":
            slots = network.slots(cells[count:], detail[count:], sounding[count:], dense, dominance)
            parts = network.parts(cells[count:], sounding[count:])
        with torch.autocast(self.device.type, enabled=False):
            classified, separated = objectives.dense_loss(
                dense, dominance, labels, energy, self.proxies, self.config.cells_each, generator
            )
            losses = {
                "single": self.proxies.hard(vectors, single_labels),
                "single_family": objectives.family_loss(family, self.families[single_labels]),
                "dense": classified,
                "dominance": separated,
            }
            if slots is not None:
                slots["sounding"] = sounding[count:]
                pairs = objectives.match(slots, labels, energy, self.proxies)
                losses |= objectives.slot_losses(slots, labels, energy, self.families, self.proxies, pairs)
                losses["part"] = objectives.part_loss(parts, labels, energy, self.part_of, self.proxies)
                rows, slot, stem = objectives.matched(pairs)
                losses["contrast"] = objectives.info_nce(
                    slots["vectors"][rows, slot], vectors, labels[rows, stem], single_labels
                )
        return losses
