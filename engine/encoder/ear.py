"""The ear as the rest of Earshot sees it: sounds in, vectors out; windows in, slots out. NumPy on both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.encoder import calibration, checkpoint, clips, weights
from engine.encoder.calibration import Calibration
from engine.encoder.device import half_precision_pays, pick_device
from engine.encoder.heard import ACTIVITY_SECONDS, Embeddings, HeardWindows
from engine.encoder.model import EarNetwork

Answer = TypeVar("Answer")


class Ear:
    """A loaded model on a device. Calls from several threads take turns."""

    def __init__(
        self,
        network: EarNetwork,
        *,
        name: str,
        fingerprint: str,
        device: str,
        calibrated: Calibration | None = None,
    ) -> None:
        self.name, self.fingerprint, self.device, self.calibration = name, fingerprint, device, calibrated
        self.config = network.config
        self._network = network.to(device).eval()
        self._half = half_precision_pays(device)
        self._turn = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None, *, device: str | None = None, threads: int | None = None) -> Ear:
        """Load a model; None is the shipped one, and the fastest device.

        Raises
        ------
        ModelError : the model or the device cannot be used.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        chosen = pick_device(device)
        path = path or weights.shipped_model()
        network, name, fingerprint = checkpoint.load(path)
        calibrated = calibration.load(path, fingerprint)
        return cls(network, name=name, fingerprint=fingerprint, device=chosen, calibrated=calibrated)

    @classmethod
    def untrained(cls, seed: int = 0) -> Ear:
        """A small ear that has learned nothing, for tests."""
        network = checkpoint.untrained(seed)
        return cls(network, name="untrained", fingerprint=f"untrained{seed:07d}", device="cpu")

    @property
    def rate(self) -> int:
        """Sample rate in Hz of all audio that enters."""
        return self.config.rate

    @property
    def window_seconds(self) -> float:
        return self.config.window_seconds

    @property
    def dimension(self) -> int:
        return self.config.dimension

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        """Vectors of single sounds.

        Parameters
        ----------
        sounds : mono float32 at `rate`, any lengths; of what is longer than 10 s the loudest 10 s count.
        """
        if not sounds:
            return Embeddings(
                np.zeros((0, self.config.dimension), np.float32), np.zeros((0, self.config.families), np.float32)
            )
        return Embeddings(*clips.through(sounds, self.config, self._embed))

    def _embed(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        vectors, logits = self._ask(self._network.embed, waveform)
        return vectors, logits.float().softmax(-1)

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Slots of windows, float32 [n, window_seconds * rate]; n at least 1."""
        parts: list[tuple[np.ndarray, ...]] = []
        for batch in self._batches(windows):
            slots = self._ask(self._network.hear, batch)
            found = (
                slots["vectors"],
                slots["presence"].sigmoid(),
                slots["family"].softmax(-1),
                self._on_even_steps(slots["activity"].sigmoid()),
            )
            parts.append(tuple(value.float().cpu().numpy() for value in found))
        return HeardWindows(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def parts(self, windows: np.ndarray) -> np.ndarray:
        """A unit vector for each part of windows [n, window samples]: float32 [n, parts, dimension].

        The parts are drums, bass, keys, guitar and other; their vectors are in the space of sounds and slots.
        """
        found = [self._ask(self._network.describe_parts, batch).float() for batch in self._batches(windows)]
        return torch.cat(found).cpu().numpy()

    def _batches(self, windows: np.ndarray) -> Iterator[Tensor]:
        at_once = max(1, int(clips.BATCH_SECONDS / self.window_seconds))
        for start in range(0, len(windows), at_once):
            yield torch.from_numpy(np.ascontiguousarray(windows[start : start + at_once], np.float32))

    def _ask(self, answer: Callable[[Tensor], Answer], waveform: Tensor) -> Answer:
        """What a part of the network says to the log-mel of waveforms; one question at a time."""
        with self._turn, torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self._half):
            return answer(self._network.log_mel(waveform.to(self.device)))

    def _on_even_steps(self, activity: Tensor) -> Tensor:
        """Activity in the network's steps, which run past the window's end, on steps of `ACTIVITY_SECONDS`."""
        steps = round(self.window_seconds / ACTIVITY_SECONDS)
        times = (torch.arange(steps, device=activity.device) + 0.5) * ACTIVITY_SECONDS / self.config.activity_seconds
        return activity[..., times.long().clamp_max(activity.shape[-1] - 1)]
