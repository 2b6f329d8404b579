"""Frequencies as they are heard: on the mel scale, and as pitch classes."""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal

_LINEAR_UP_TO_HZ, _HZ_PER_MEL, _MELS_PER_OCTAVE = 1_000.0, 200.0 / 3.0, 27.0 / np.log2(6.4)
_FRAME, _HOP = 8_192, 4_096
_C0_HZ = 440.0 * 2.0 ** (-57 / 12)
_CENTRE_HZ, _OCTAVES_EITHER_SIDE = 880.0, 2.0


def mel_frequencies(count: int, low_hz: float, high_hz: float) -> np.ndarray:
    """float64 [count]: frequencies in Hz, evenly spaced on the mel scale from `low_hz` to `high_hz`.

    The scale of Slaney's Auditory Toolbox (1998): linear up to 1 kHz, logarithmic from there on.
    """
    edge = _LINEAR_UP_TO_HZ / _HZ_PER_MEL
    low, high = (
        hz / _HZ_PER_MEL if hz < _LINEAR_UP_TO_HZ else edge + _MELS_PER_OCTAVE * np.log2(hz / _LINEAR_UP_TO_HZ)
        for hz in (low_hz, high_hz)
    )
    mels = np.linspace(low, high, count)
    above = _LINEAR_UP_TO_HZ * 2.0 ** (np.maximum(mels - edge, 0.0) / _MELS_PER_OCTAVE)
    return np.where(mels < edge, mels * _HZ_PER_MEL, above)


def pitch_classes(mono: np.ndarray, rate: int) -> np.ndarray:
    """float32 [12], from C up: how strongly each sounds in music, 0..1; the mean over frames of half a second or less,
    in each of which the strongest counts 1."""
    half = _FRAME // 2
    padded = np.pad(mono, half)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    spectra = scipy.fft.rfft(frames * scipy.signal.get_window("hann", _FRAME).astype(np.float32))
    classes = np.square(np.abs(spectra)) @ _class_weights(rate).T
    strongest = classes.max(axis=1, keepdims=True)
    return np.asarray(np.divide(classes, strongest, out=np.zeros_like(classes), where=strongest > 0).mean(axis=0))


def _class_weights(rate: int) -> np.ndarray:
    """float32 [12, bins]: how far each bin of a frame's spectrum belongs to each pitch class.

    A bin belongs to the classes in reach of its own width in semitones, in all to the same amount; those about 880 Hz
    count most (Ellis, 'Classifying music audio with timbral and chroma features', 2007).
    """
    hertz = scipy.fft.rfftfreq(_FRAME, 1 / rate)[1:]
    semitones = 12.0 * np.log2(hertz / _C0_HZ)
    width = np.maximum(np.diff(semitones, append=semitones[-1]), 1.0)
    apart = (semitones - np.arange(12)[:, None] + 6.0) % 12.0 - 6.0
    weights = np.exp(-0.5 * np.square(2.0 * apart / width))
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * np.square(np.log2(hertz / _CENTRE_HZ) / _OCTAVES_EITHER_SIDE))
    return np.pad(weights, ((0, 0), (1, 0))).astype(np.float32)
