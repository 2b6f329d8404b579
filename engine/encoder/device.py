"""Where PyTorch runs the ear."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

from engine.errors import ModelError

_log = logging.getLogger(__name__)


def pick_device(wanted: str | None = None) -> str:
    """'cuda', 'mps' or 'cpu': the one asked for, else the fastest there is. Raises ModelError if it is not there."""
    is_there: dict[str, Callable[[], bool]] = {
        "cuda": _cuda_computes,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if wanted is None:
        return next(name for name, asked in is_there.items() if asked())
    if wanted not in is_there or not is_there[wanted]():
        there = ", ".join(name for name, asked in is_there.items() if asked())
        raise ModelError(f"device {wanted!r} is not available on this machine; there is {there}")
    return wanted


def _cuda_computes() -> bool:
    """Whether a graphics card is there that computes: PyTorch sees old ones too, but has no kernels for them."""
    if not torch.cuda.is_available():
        return False
    try:
        return float(torch.ones(1, device="cuda").sum()) == 1.0
    except RuntimeError as error:
        _log.warning("the graphics card cannot be used: %s", error)
        return False


def half_precision_pays(device: str) -> bool:
    """Whether bfloat16 arithmetic is native: on CUDA, and on processors with AMX tiles."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device == "cpu" and torch.cpu._is_amx_tile_supported()


def device_words(device: str) -> str:
    """The device as `earshot doctor` names it."""
    if device == "cuda":
        return f"cuda ({torch.cuda.get_device_name()})"
    return f"{device} ({torch.get_num_threads()} threads)"
