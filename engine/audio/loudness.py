"""How loud a sound is, by ITU-R BS.1770."""

from __future__ import annotations

import functools
import math

import numpy as np
import pyloudnorm
import scipy.signal

_STEP_SECONDS = 0.1
_STEPS_OF_BLOCK = 4
_BLOCK_SECONDS = _STEPS_OF_BLOCK * _STEP_SECONDS
_CHANNEL_GAINS = np.array([1.0, 1.0, 1.0, 1.41, 1.41])
_OFFSET_DB = -0.691
_AUDIBLE = 10.0 ** ((-70.0 - _OFFSET_DB) / 10.0)
_RELATIVE_GATE = 0.1
"""Powers below which a block does not count: of any sound, and relative to the mean of those that do."""
_LOWEST_RATE = 8_000
_SILENT = 1e-6


def loudness(samples: np.ndarray, rate: int) -> float | None:
    """Integrated loudness of float32 [channels, n] in LUFS; None for silence.

    A sound shorter than one measuring block (0.4 s) is followed by silence up to that length, as it would be heard.
    What lies below the gate of the standard, has more channels than it knows, or a rate too low for its filter, is
    measured by its mean square alone.
    """
    if float(np.max(np.abs(samples))) <= _SILENT:
        return None
    block = math.ceil(_BLOCK_SECONDS * rate) + 1
    if samples.shape[1] < block:
        samples = np.pad(samples, ((0, 0), (0, block - samples.shape[1])))
    if samples.shape[0] <= len(_CHANNEL_GAINS) and rate >= _LOWEST_RATE:
        power = _gated_power(samples, rate)
        if power > 0.0:
            return _OFFSET_DB + 10.0 * math.log10(power)
    energy = float(np.square(samples, dtype=np.float64).sum())
    return _OFFSET_DB + 10.0 * math.log10(energy / samples.shape[1])


def _gated_power(samples: np.ndarray, rate: int) -> float:
    """Weighted mean power of the blocks that are loud enough to count; 0 where none is.

    pyloudnorm measures the same, and takes three times as long: it squares every block anew, of which four overlap.
    """
    blocks = max(1, round((samples.shape[1] / rate - _BLOCK_SECONDS) / _STEP_SECONDS) + 1)
    edges = (np.arange(blocks + _STEPS_OF_BLOCK) * _STEP_SECONDS * rate).astype(int)
    weighted = scipy.signal.sosfilt(_weighting(rate), samples[:, : edges[-1]])
    steps = np.add.reduceat(np.square(weighted), edges[:-1], axis=1)
    energies = np.convolve(_CHANNEL_GAINS[: len(samples)] @ steps, np.ones(_STEPS_OF_BLOCK), mode="valid")
    powers = energies / (_BLOCK_SECONDS * rate)
    audible = powers[powers >= _AUDIBLE]
    return float(audible[audible > _RELATIVE_GATE * audible.mean()].mean()) if len(audible) else 0.0


@functools.lru_cache(maxsize=16)
def _weighting(rate: int) -> np.ndarray:
    """The standard's two filters, K-weighting, as second-order sections [2, 6]."""
    shelf = pyloudnorm.IIRfilter(4.0, 1.0 / math.sqrt(2.0), 1_500.0, rate, "high_shelf")
    high_pass = pyloudnorm.IIRfilter(0.0, 0.5, 38.0, rate, "high_pass")
    return np.stack([np.concatenate([section.b, section.a]) for section in (shelf, high_pass)])
