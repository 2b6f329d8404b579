"""The ear as the rest of Earshot sees it: sounds in, vectors out; windows in, slots out. NumPy on both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.encoder import calibration, clips, network, stored, weights
from engine.encoder.calibration import Calibration
from engine.encoder.heard import ACTIVITY_SECONDS, Embeddings, HeardWindows
from engine.encoder.network import Network

Answer = TypeVar("Answer")


class Ear:
    """A loaded model on a device. Calls from several threads take turns."""

    def __init__(self, network: Network, *, name: str, fingerprint: str, calibrated: Calibration | None = None) -> None:
        self.name, self.fingerprint, self.calibration = name, fingerprint, calibrated
        self.config, self.device, self.runtime = network.config, network.device, network.runtime
        self._network = network
        self._turn = threading.Lock()

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        device: str | None = None,
        threads: int | None = None,
        calibrated: bool = True,
    ) -> Ear:
        """Load a model; None is the shipped one, and the fastest device.

        Parameters
        ----------
        calibrated : with the calibration that lies beside the weights, if there is one; else it is not looked at.

        Raises
        ------
        ModelError : the model or the device cannot be used.
        """
        path = path or weights.shipped_model()
        found = stored.read(path)
        fitted = calibration.load(path, found.fingerprint) if calibrated else None
        loaded = network.load(found, device=device, threads=threads)
        return cls(loaded, name=found.name, fingerprint=found.fingerprint, calibrated=fitted)

    @classmethod
    def untrained(cls, seed: int = 0) -> Ear:
        """A small ear that has learned nothing, for tests."""
        from engine.encoder import checkpoint
        from engine.encoder.torch_network import TorchNetwork

        return cls(TorchNetwork(checkpoint.untrained(seed)), name="untrained", fingerprint=f"untrained{seed:07d}")

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
        return Embeddings(*clips.through(sounds, self.config, lambda batch: self._ask(self._network.sounds, batch)))

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Slots of windows, float32 [n, window_seconds * rate]; n at least 1."""
        found = [self._ask(self._network.windows, batch) for batch in self._batches(windows)]
        vectors, presence, families, activity, parts = (np.concatenate(column) for column in zip(*found, strict=True))
        return HeardWindows(vectors, presence, families, self._on_even_steps(activity), parts)

    def parts(self, windows: np.ndarray) -> np.ndarray:
        """A unit vector for each part of windows [n, window samples]: float32 [n, parts, dimension].

        The parts are drums, bass, keys, guitar and other; their vectors are in the space of sounds and slots.
        """
        return np.concatenate([self._ask(self._network.parts, batch) for batch in self._batches(windows)])

    def _batches(self, windows: np.ndarray) -> Iterator[np.ndarray]:
        at_once = max(1, int(clips.BATCH_SECONDS / self.window_seconds))
        for start in range(0, len(windows), at_once):
            yield windows[start : start + at_once]

    def _ask(self, answer: Callable[[np.ndarray], Answer], waveforms: np.ndarray) -> Answer:
        """What the network answers for waveforms [batch, samples]; one question at a time."""
        with self._turn:
            return answer(waveforms)

    def _on_even_steps(self, activity: np.ndarray) -> np.ndarray:
        """Activity in the network's steps, which run past the window's end, on steps of `ACTIVITY_SECONDS`."""
        steps = round(self.window_seconds / ACTIVITY_SECONDS)
        times = (np.arange(steps) + 0.5) * ACTIVITY_SECONDS / self.config.activity_seconds
        return activity[..., np.minimum(times.astype(int), activity.shape[-1] - 1)]
