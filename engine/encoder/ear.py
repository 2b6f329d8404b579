"""The ear as the rest of Earshot sees it: sounds in, vectors out; windows in, slots out. NumPy on both sides."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from engine.encoder import checkpoint, weights
from engine.encoder.device import half_precision_pays, pick_device
from engine.encoder.heard import ACTIVITY_SECONDS, Embeddings, HeardWindows
from engine.encoder.model import EarNetwork

LONGEST_SOUND_SECONDS = 10.0
BATCH_SECONDS = 80.0
"""Audio in one pass through the network: enough to keep it busy, little enough to stay in the processor's cache."""


class Ear:
    """A loaded model on a device. Calls from several threads take turns."""

    def __init__(self, network: EarNetwork, *, name: str, fingerprint: str, device: str) -> None:
        self.name, self.fingerprint, self.device = name, fingerprint, device
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
        network, name, fingerprint = checkpoint.load(path or weights.shipped_model())
        return cls(network, name=name, fingerprint=fingerprint, device=chosen)

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
        clips = [self._prepare(sound) for sound in sounds]
        vectors = np.zeros((len(clips), self.config.dimension), np.float32)
        families = np.zeros((len(clips), self.config.families), np.float32)
        for members, length in self._buckets([len(clip) for clip in clips]):
            batch = np.zeros((len(members), length), np.float32)
            for row, member in enumerate(members):
                batch[row, : len(clips[member])] = clips[member]
            with self._turn, torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self._half):
                log_mel = self._network.log_mel(torch.from_numpy(batch).to(self.device))
                found, logits = self._network.embed(log_mel)
            vectors[members] = found.float().cpu().numpy()
            families[members] = logits.float().softmax(-1).cpu().numpy()
        return Embeddings(vectors, families)

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Slots of windows, float32 [n, window_seconds * rate]; n at least 1."""
        parts: list[tuple[np.ndarray, ...]] = []
        at_once = max(1, int(BATCH_SECONDS / self.window_seconds))
        for start in range(0, len(windows), at_once):
            batch = torch.from_numpy(np.ascontiguousarray(windows[start : start + at_once], np.float32)).to(self.device)
            with self._turn, torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self._half):
                slots = self._network.hear(self._network.log_mel(batch))
            found = (
                slots["vectors"],
                slots["presence"].sigmoid(),
                slots["family"].softmax(-1),
                self._on_even_steps(slots["activity"].sigmoid()),
            )
            parts.append(tuple(value.float().cpu().numpy() for value in found))
        return HeardWindows(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _on_even_steps(self, activity: torch.Tensor) -> torch.Tensor:
        """Activity in the network's steps, which run past the window's end, on steps of `ACTIVITY_SECONDS`."""
        steps = round(self.window_seconds / ACTIVITY_SECONDS)
        times = (torch.arange(steps, device=activity.device) + 0.5) * ACTIVITY_SECONDS / self.config.activity_seconds
        return activity[..., times.long().clamp_max(activity.shape[-1] - 1)]

    def _prepare(self, sound: np.ndarray) -> np.ndarray:
        """At least one cell and at most the loudest ten seconds of a sound."""
        sound = np.asarray(sound, np.float32)
        longest = int(LONGEST_SOUND_SECONDS * self.rate)
        if len(sound) <= longest:
            return sound
        second = self.rate
        energy = np.add.reduceat(np.square(sound), np.arange(0, len(sound), second))
        seconds = longest // second
        sums = np.convolve(energy, np.ones(seconds), "valid")
        start = int(sums.argmax()) * second
        return sound[start : start + longest]

    def _buckets(self, lengths: list[int]) -> list[tuple[list[int], int]]:
        """Groups of clips with the length in samples to which each group is padded.

        A clip is always padded to the same length, whole cells with a silent one behind, whatever company it keeps:
        what a convolution sees past a sound's end would change its vector.
        """
        cell = self.config.cell_frames * self.config.hop
        cells = [-(-length // cell) + 1 for length in lengths]
        groups: list[tuple[list[int], int]] = []
        for number in sorted(range(len(lengths)), key=cells.__getitem__):
            length = cells[number] * cell
            full = not groups or (len(groups[-1][0]) + 1) * length > BATCH_SECONDS * self.rate
            if full or groups[-1][1] != length:
                groups.append(([], length))
            groups[-1][0].append(number)
        return groups
