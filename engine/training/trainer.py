"""The trainer: two stages, one loop, exact resumption.

Stage "sounds" teaches the backbone, the single head and the dense head on short clips; stage "mixtures" adds the slot
head, on fuller mixtures. Batches follow from the step number alone, and checkpoints hold weights, averages, optimiser
and step, so an interrupted run continues as if it had not been.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.encoder.config import EarConfig
from engine.encoder.model import EarNetwork
from engine.training import objectives
from engine.training.mixtures import BatchSource, Mixtures
from engine.training.phrase_bank import PhraseBank

logger = logging.getLogger(__name__)

AVERAGE_EVERY = 10


@dataclass(frozen=True)
class TrainConfig:
    """One stage of training.

    Attributes
    ----------
    stage : "sounds" or "mixtures".
    steps : batches; the learning rate follows a cosine to zero over them.
    singles, mixtures : clips and mixtures in a batch.
    average_decay : of the running average of the weights, taken every `AVERAGE_EVERY` batches.
    crop_cells : length of clips and mixtures in cells of time; None for whole windows.
    stems : fewest and most instruments of a mixture.
    """

    stage: str = "sounds"
    steps: int = 5000
    singles: int = 48
    mixtures: int = 16
    crop_cells: int | None = 8
    stems: tuple[int, int] = (2, 4)
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 0.02
    average_decay: float = 0.98
    cells_each: int = 32
    seed: int = 1
    checkpoint_seconds: float = 180.0


@dataclass(frozen=True)
class Batch:
    single_waveform: Tensor
    single_labels: Tensor
    mixtures: Mixtures


class Trainer:
    """One stage of training of one network on one phrase bank."""

    def __init__(
        self,
        bank: PhraseBank,
        directory: Path,
        config: TrainConfig,
        *,
        device: str = "cpu",
        ear: EarConfig | None = None,
    ) -> None:
        self.config, self.directory, self.device = config, directory, torch.device(device)
        ear = ear or EarConfig()
        self.source = BatchSource(bank, ear)
        torch.manual_seed(config.seed)
        self.network = EarNetwork(ear).to(self.device)
        self.proxies = objectives.Proxies(len(bank.instruments), self.network.config.dimension).to(self.device)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        decayed = [p for p in self._parameters() if p.ndim > 1]
        plain = [p for p in self._parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.families = torch.from_numpy(self.source.families).to(self.device)
        self.step = 0
        self.history: list[dict[str, float]] = []

    def _parameters(self) -> list[torch.nn.Parameter]:
        return [*self.network.parameters(), *self.proxies.parameters()]

    def start_from(self, checkpoint: Path) -> None:
        """Take weights and proxies, not the schedule, from a checkpoint of an earlier stage."""
        state = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["average"])
        self.proxies.load_state_dict(state["proxies"])
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}

    def resume(self) -> bool:
        """Continue from this directory's checkpoint, if there is one."""
        path = self.directory / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.proxies.load_state_dict(state["proxies"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step = state["average"], state["step"]
        return True

    def save(self) -> None:
        """Write the checkpoint, by way of a temporary name."""
        self.directory.mkdir(parents=True, exist_ok=True)
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average,
            "proxies": self.proxies.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        torch.save(state, self.directory / "checkpoint.part")
        (self.directory / "checkpoint.part").replace(self.directory / "checkpoint.pt")
        (self.directory / "config.json").write_text(json.dumps(asdict(self.config), indent=1))
        with (self.directory / "history.jsonl").open("a") as log:
            log.writelines(json.dumps(entry) + "\n" for entry in self.history)
        self.history.clear()

    def run(self, *, seconds: float | None = None, progress: bool = True) -> None:
        """Train to the end of the schedule, or for `seconds`; the checkpoint is written either way."""
        from tqdm import tqdm

        started = saved = time.monotonic()
        bar = tqdm(total=self.config.steps, initial=self.step, unit="batch", disable=not progress, mininterval=5)
        for batch in self._batches():
            losses = self._train(batch)
            self.step += 1
            bar.update()
            if self.step % 20 == 0:
                entry = {name: value.item() for name, value in losses.items()}
                self.history.append({"step": self.step, "seconds": time.monotonic() - started} | entry)
                bar.set_postfix({name: f"{value:.2f}" for name, value in entry.items()}, refresh=False)
            now = time.monotonic()
            if now - saved > self.config.checkpoint_seconds:
                self.save()
                saved = now
            if seconds is not None and now - started > seconds:
                break
        bar.close()
        self.save()

    def _batches(self) -> Iterator[Batch]:
        """Batches from the current step on, prepared a few ahead by a thread."""
        ready: queue.Queue[Batch | Exception | None] = queue.Queue(maxsize=3)
        stop = threading.Event()

        def prepare() -> None:
            try:
                for step in range(self.step, self.config.steps):
                    if stop.is_set():
                        return
                    ready.put(self.draw(step))
                ready.put(None)
            except Exception as error:  # handed to the training thread, which raises it
                ready.put(error)

        thread = threading.Thread(target=prepare, name="batches", daemon=True)
        thread.start()
        try:
            while (batch := ready.get()) is not None:
                if isinstance(batch, Exception):
                    raise batch
                yield batch
        finally:
            stop.set()
            while not ready.empty():
                ready.get_nowait()

    def draw(self, step: int) -> Batch:
        """The batch of a step."""
        config = self.config
        rng = np.random.default_rng([config.seed, step, len(config.stage)])
        mixtures = self.source.mixtures(config.mixtures, config.stems, rng, config.crop_cells)
        if config.stage == "mixtures":
            # Clips of the very instruments in the mixtures, for the slots to be compared with.
            heard = np.unique(mixtures.labels[mixtures.labels >= 0].numpy())
            labels = rng.choice(heard, size=config.singles, replace=config.singles > len(heard))
        else:
            labels = self.source.random_labels(config.singles, rng)
        clips = self.source.singles(labels, mixtures.waveform.shape[1], rng)
        return Batch(clips, torch.from_numpy(labels), mixtures)

    def _train(self, batch: Batch) -> dict[str, Tensor]:
        config = self.config
        rate = learning_rate(self.step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        with torch.autocast(self.device.type, torch.bfloat16):
            losses = self._losses(batch, generator)
        weights = {"single": 1.0, "single_family": 0.3, "dense": 1.0, "dominance": 0.2, "slot": 1.0, "presence": 1.0}
        weights |= {"family": 0.3, "cover": 1.0, "activity": 0.5, "contrast": 0.5}
        total = sum((losses[name] * weights[name] for name in losses), torch.zeros((), device=self.device))
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters(), 2.0)
        self.optimiser.step()
        if (self.step + 1) % AVERAGE_EVERY == 0:
            self._update_average()
        return losses

    def _losses(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Clips and mixtures in one pass, so that normalisation sees both."""
        network, config = self.network, self.config
        waveform = torch.cat([batch.single_waveform, batch.mixtures.waveform]).to(self.device)
        cells, detail, sounding = network.backbone(self._features(waveform, generator))
        count = len(batch.single_waveform)
        single_labels = batch.single_labels.to(self.device)
        labels, energy = batch.mixtures.labels.to(self.device), batch.mixtures.energy.to(self.device)
        vectors, family = network.single(cells[:count], sounding[:count])
        dense, dominance = network.dense(cells[count:])
        slots: dict[str, Tensor] | None = None
        if config.stage == "mixtures":
            slots = network.slots(cells[count:], detail[count:], sounding[count:], dense, dominance)
        with torch.autocast(self.device.type, enabled=False):
            classified, separated = objectives.dense_loss(
                dense, dominance, labels, energy, self.proxies, config.cells_each, generator
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
                rows, slot, stem = objectives.matched(pairs)
                losses["contrast"] = objectives.info_nce(
                    slots["vectors"][rows, slot], vectors, labels[rows, stem], single_labels
                )
        return losses

    def _features(self, waveform: Tensor, generator: torch.Generator) -> Tensor:
        """Log-mel under a random smooth equaliser of up to about +-6 dB: the cheapest of all effects."""
        log_mel = self.network.log_mel
        power = log_mel.power(waveform)
        knots = torch.randn((len(waveform), 1, 5), generator=generator).to(self.device) * 2.5
        curve = torch.nn.functional.interpolate(knots, size=power.shape[2], mode="linear", align_corners=True)
        return log_mel.normalise(power * 10 ** (curve / 10))

    @torch.no_grad()
    def _update_average(self) -> None:
        updates = self.step // AVERAGE_EVERY
        decay = min(self.config.average_decay, (1 + updates) / (10 + updates))
        current = self.network.state_dict()
        floating = [name for name, value in current.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.average[name] for name in floating], [current[name] for name in floating], 1 - decay)
        for name in current.keys() - set(floating):
            self.average[name].copy_(current[name])


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.learning_rate * (0.01 + 0.99 * (0.5 + 0.5 * float(np.cos(np.pi * min(done, 1.0)))))


SOUNDS = TrainConfig(steps=1200)
MIXTURES = replace(SOUNDS, stage="mixtures", steps=12_000, singles=40, mixtures=72, stems=(1, 9))
"""The two stages of the shipped ear."""


def averaged_network(directory: Path, ear: EarConfig | None = None) -> EarNetwork:
    """The network of a run with its averaged weights, on the CPU."""
    state = torch.load(directory / "checkpoint.pt", map_location="cpu", weights_only=True)
    network = EarNetwork(ear or EarConfig())
    network.load_state_dict(state["average"])
    return network.eval()
