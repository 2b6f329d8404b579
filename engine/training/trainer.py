"""The trainer: one loop for every method, with exact resumption.

Batches follow from the step number, the config and the data alone, and checkpoints hold weights, averages, optimiser
and step, so an interrupted run continues as if it had not been.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.encoder import checkpoint
from engine.encoder.device import half_precision_pays
from engine.encoder.stored import StoredModel
from engine.training.config import TrainConfig
from engine.training.methods.method import Method

AVERAGE_EVERY = 10
CHECKPOINT = "checkpoint.pt"
NETWORK = "network."
"""What the names of a method's weights begin with where they are the network's."""


class Trainer:
    """A run of one method, kept in a directory."""

    def __init__(self, method: Method, directory: Path, *, device: str = "cpu") -> None:
        self.method, self.directory, self.device = method.to(device), directory, torch.device(device)
        self.config = method.config
        self.average = self._weights()
        learned = self._parameters()
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in learned if p.ndim > 1], "weight_decay": self.config.weight_decay},
                {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=self.config.learning_rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.step, self.clips_seen = 0, 0
        self.history: list[dict[str, float]] = []

    def _parameters(self) -> list[torch.nn.Parameter]:
        return [parameter for parameter in self.method.parameters() if parameter.requires_grad]

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.method.state_dict().items()}

    def begin_with(self, directory: Path) -> None:
        """Begin with the averaged weights, not the schedule, of another run."""
        state = _load(directory / CHECKPOINT, self.device)
        self.method.begin_with(state["average"])
        self.average, self.clips_seen = self._weights(), state["clips_seen"]

    def begin_with_model(self, model: StoredModel) -> None:
        """Begin with the weights of a model whose run is no more. Raises ModelError where they do not fit."""
        network = checkpoint.load(model)
        self.method.begin_with({f"{NETWORK}{name}": value for name, value in network.state_dict().items()})
        self.average, self.clips_seen = self._weights(), checkpoint.clips_seen(model.path)

    def resume(self) -> bool:
        """Continue from this directory's checkpoint, if there is one."""
        path = self.directory / CHECKPOINT
        if not path.exists():
            return False
        state = _load(path, self.device)
        self.method.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step, self.clips_seen = state["average"], state["step"], state["clips_seen"]
        return True

    def save(self) -> None:
        """Write the checkpoint, by way of a temporary name."""
        self.directory.mkdir(parents=True, exist_ok=True)
        state = {
            "weights": self.method.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "clips_seen": self.clips_seen,
        }
        part = self.directory / (CHECKPOINT + ".part")
        torch.save(state, part)
        (self.directory / "config.json").write_text(
            json.dumps(asdict(self.config) | {"ear": asdict(self.method.ear)}, indent=1)
        )
        part.replace(self.directory / CHECKPOINT)
        with (self.directory / "history.jsonl").open("a") as log:
            log.writelines(json.dumps(entry) + "\n" for entry in self.history)
        self.history.clear()

    def run(self, *, seconds: float | None = None, progress: bool = True) -> None:
        """Train to the end of the schedule, or for `seconds`; the checkpoint is written either way."""
        from tqdm import tqdm

        started = saved = time.monotonic()
        bar = tqdm(total=self.config.steps, initial=self.step, unit="batch", disable=not progress, mininterval=5)
        for batch in self._batches():
            losses = self.train(batch)
            self.step += 1
            self.clips_seen += self.method.clips_each
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

    def _batches(self) -> Iterator[Any]:
        """Batches from the current step on, prepared a few ahead by a thread."""
        ready: queue.Queue[Any] = queue.Queue(maxsize=3)
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

    def draw(self, step: int) -> Any:
        """The batch of a step."""
        method = zlib.crc32(self.config.method.encode())
        return self.method.draw(np.random.default_rng([self.config.seed, step, method]))

    def train(self, batch: Any) -> dict[str, Tensor]:
        """One step of the optimiser; returns the losses before it."""
        method, config = self.method, self.config
        rate = learning_rate(self.step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        method.train()
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half_precision_pays(self.device.type)):
            losses = method.losses(batch, generator)
        total = sum(
            (losses[name] * method.weights.get(name, 1.0) for name in losses), torch.zeros((), device=self.device)
        )
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters(), 2.0)
        self.optimiser.step()
        if (self.step + 1) % AVERAGE_EVERY == 0:
            self._update_average()
        return losses

    @torch.no_grad()
    def _update_average(self) -> None:
        updates = self.step // AVERAGE_EVERY
        decay = min(self.config.average_decay, (1 + updates) / (10 + updates))
        current = self.method.state_dict()
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


def averaged_weights(directory: Path) -> tuple[dict[str, Tensor], int]:
    """The averaged weights of a run's network, on the CPU, and how many clips and mixtures taught it."""
    state = _load(directory / CHECKPOINT, torch.device("cpu"))
    average = {
        name.removeprefix(NETWORK): value for name, value in state["average"].items() if name.startswith(NETWORK)
    }
    return average, state["clips_seen"]


def _load(path: Path, device: torch.device) -> dict[str, Any]:
    return torch.load(path, map_location=device, weights_only=True)
