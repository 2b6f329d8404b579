"""What runs the network: PyTorch where it is installed, else ONNX Runtime on the graph made from the same weights.

NumPy on both sides, and the same answers to 1e-4, so that a library heard by the one is searched by the other.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.encoder.config import EarConfig
from engine.encoder.stored import StoredModel

if TYPE_CHECKING:
    from engine.encoder.onnx_network import OnnxNetwork
    from engine.encoder.torch_network import TorchNetwork


class Network(Protocol):
    """The ear's network on a device. Waveforms are float32 [batch, samples] at `config.rate`, all answers float32."""

    @property
    def config(self) -> EarConfig: ...

    @property
    def device(self) -> str:
        """'cpu', 'cuda' or 'mps'."""

    @property
    def runtime(self) -> str:
        """What computes, in words."""

    def sounds(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        """Single sounds: unit vectors [batch, dimension], family probabilities [batch, families]."""

    def windows(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        """Mixtures: unit vectors [batch, slots, dimension], presence [batch, slots], family probabilities
        [batch, slots, families], activity [batch, slots, steps of `config.activity_seconds`], and a unit vector for
        each part [batch, parts, dimension]."""

    def parts(self, waveforms: np.ndarray) -> np.ndarray:
        """Mixtures: a unit vector for each part [batch, parts, dimension]."""


def load(stored: StoredModel, *, device: str | None, threads: int | None) -> Network:
    """A network with stored weights.

    Parameters
    ----------
    device : None for the fastest.
    threads : of the processor; None for one per core.

    Raises
    ------
    ModelError : the device is not there, or the weights cannot be run.
    """
    return implementation().load(stored, device=device, threads=threads)


def implementation() -> type[TorchNetwork | OnnxNetwork]:
    """What runs networks here; importing it may take seconds."""
    if importlib.util.find_spec("torch") is not None:
        from engine.encoder.torch_network import TorchNetwork

        return TorchNetwork
    from engine.encoder.onnx_network import OnnxNetwork

    return OnnxNetwork
