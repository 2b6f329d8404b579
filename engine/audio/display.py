"""Pictures of sound, as arrays for a window to draw."""

from __future__ import annotations

import functools

import librosa
import numpy as np
import scipy.fft
import scipy.signal

SPECTROGRAM_TILT_DB_PER_OCTAVE = 4.5
"""Music falls towards the treble at about this slope; lifted by it, high detail is as visible as low."""

_FLOOR_DB = -120.0
_WINDOW_SECONDS = 0.085
_FRAMES_AT_ONCE = 512


def waveform_peaks(mono: np.ndarray, bins: int) -> np.ndarray:
    """float32 [bins, 3]: minimum, maximum and root mean square of each of `bins` equal parts of float32 [n].

    Parts shorter than one sample repeat their sample.
    """
    edges = np.linspace(0, len(mono), bins + 1).astype(np.int64)
    starts = np.minimum(edges[:-1], len(mono) - 1)
    lengths = np.maximum(edges[1:] - edges[:-1], 1)
    # reduceat gives the sample itself where the next start is no later, which is what a part without samples shows.
    minimum, maximum = np.minimum.reduceat(mono, starts), np.maximum.reduceat(mono, starts)
    squares = np.add.reduceat(np.square(mono, dtype=np.float64), starts)
    return np.stack([minimum, maximum, np.sqrt(squares / lengths)], axis=1).astype(np.float32)


def below_loudest(decibels: np.ndarray, loudest: float) -> np.ndarray:
    """Levels of `mel_decibels` relative to the loudest one, 0 to -120; all at the floor where that is -inf."""
    if not np.isfinite(loudest):
        return np.full(decibels.shape, _FLOOR_DB, np.float32)
    return np.clip(decibels - loudest, _FLOOR_DB, 0.0).astype(np.float32)


def loudest_level(decibels: np.ndarray, *, low_hz: float = 30, high_hz: float = 16_000) -> float:
    """The greatest level of `mel_decibels` with the tilt taken away again; -inf for silence.

    What is loud to the ear sets the scale; the tilt then only lifts the treble towards it.
    """
    tilt = _tilt(len(decibels), low_hz, high_hz)
    return float((decibels.max(axis=1, initial=-np.inf) - tilt).max())


def _tilt(bands: int, low_hz: float, high_hz: float) -> np.ndarray:
    """float32 [bands]: dB added to each band, 0 at 1 kHz."""
    centres = librosa.mel_frequencies(bands + 2, fmin=low_hz, fmax=high_hz)[1:-1]
    return (SPECTROGRAM_TILT_DB_PER_OCTAVE * np.log2(centres / 1_000.0)).astype(np.float32)


def mel_decibels(
    mono: np.ndarray,
    rate: int,
    *,
    frames_per_second: float = 50,
    bands: int = 128,
    low_hz: float = 30,
    high_hz: float = 16_000,
) -> np.ndarray:
    """float32 [bands, frames], lowest band first: mel spectrogram in dB, -inf for silence.

    Absolute, so that pictures of neighbouring stretches fit together. Tilted by `SPECTROGRAM_TILT_DB_PER_OCTAVE`.
    There are `ceil(seconds * frames_per_second)` frames, the first centred on the start; bands above half of `rate`
    stay dark. Memory beyond the picture does not grow with the sound.
    """
    hop = rate / frames_per_second
    # A hop of whole samples comes back from frames a second a hair shorter, and would make one frame too many.
    count = max(1, int(np.ceil(round(len(mono) / hop, 6))))
    length = max(256, 1 << int(np.ceil(np.log2(_WINDOW_SECONDS * rate))))
    padded = np.pad(mono, (length // 2, length))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    starts = np.round(np.arange(count) * hop).astype(np.int64)
    taper = scipy.signal.get_window("hann", length).astype(np.float32)
    filters = _mel_filters(rate, length, bands, low_hz, high_hz)
    power = np.empty((bands, count), np.float32)
    for first in range(0, count, _FRAMES_AT_ONCE):
        part = slice(first, first + _FRAMES_AT_ONCE)
        spectra = scipy.fft.rfft(windows[starts[part]] * taper, axis=1)
        power[:, part] = filters @ np.square(np.abs(spectra)).T
    decibels = 10.0 * np.log10(np.maximum(power, 1e-20))
    decibels += _tilt(bands, low_hz, high_hz)[:, None]
    decibels[power <= 0] = -np.inf
    return decibels


@functools.lru_cache(maxsize=4)
def _mel_filters(rate: int, length: int, bands: int, low_hz: float, high_hz: float) -> np.ndarray:
    """float32 [bands, length // 2 + 1], not to be written to. A band narrower than the grid takes its nearest bin, so
    that none is dark."""
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    edges = librosa.mel_frequencies(bands + 2, fmin=low_hz, fmax=high_hz)
    below, centre, above = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = np.maximum(
        0.0, np.minimum((frequencies - below) / (centre - below), (above - frequencies) / (above - centre))
    )
    empty = np.flatnonzero((filters.sum(axis=1) == 0) & (edges[1:-1] < rate / 2))
    filters[empty, np.round(edges[1:-1][empty] * length / rate).astype(int)] = 1.0
    # Equal weight for every band: white noise comes out level before the tilt, as librosa's "slaney" norm has it.
    return (filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)
