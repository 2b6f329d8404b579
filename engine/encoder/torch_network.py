"""The network run by PyTorch, on a graphics card or the processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.encoder import checkpoint
from engine.encoder.device import device_words, half_precision_pays, pick_device
from engine.encoder.model import EarNetwork
from engine.encoder.stored import StoredModel
from engine.errors import ModelError

_NO_ROOM = (
    "The graphics card has no memory left for the ear. Close other programs that use it, or start Earshot with "
    "--device cpu."
)


class TorchNetwork:
    """See `engine.encoder.network.Network`."""

    def __init__(self, network: EarNetwork, device: str = "cpu") -> None:
        self.config, self.device = network.config, device
        self._network = network.to(device).eval()
        self._half = half_precision_pays(device)

    @classmethod
    def load(cls, stored: StoredModel, *, device: str | None = None, threads: int | None = None) -> TorchNetwork:
        """Raises ModelError: the device is not there or has no room, or the weights do not fit their config."""
        if threads is not None:
            torch.set_num_threads(threads)
        chosen = pick_device(device)
        try:
            return cls(checkpoint.load(stored), chosen)
        except torch.OutOfMemoryError as error:
            raise ModelError(_NO_ROOM) from error

    @property
    def runtime(self) -> str:
        return f"{device_words(self.device)}, torch {torch.__version__}"

    def sounds(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        return self._ask(self._network.sounds_of, waveforms)

    def windows(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        network = self._network
        return self._ask(lambda *field: (*network.windows_of(*field), network.parts_of(*field)), waveforms)

    def parts(self, waveforms: np.ndarray) -> np.ndarray:
        return self._ask(lambda *field: (self._network.parts_of(*field),), waveforms)[0]

    def _ask(self, answer: Callable[..., tuple[Tensor, ...]], waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        """What a head says to the field that the backbone makes of waveforms. Raises ModelError: the card is full."""
        try:
            waveform = torch.from_numpy(np.ascontiguousarray(waveforms, np.float32)).to(self.device)
            with torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self._half):
                found = answer(*self._network.backbone(self._network.log_mel(waveform)))
            return tuple(value.float().cpu().numpy() for value in found)
        except torch.OutOfMemoryError as error:
            raise ModelError(_NO_ROOM) from error
