"""Pictures of whole files: a song drawn piece by piece while it is read, and short stretches drawn finely."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.decode import Audio, resample, stream

RATE = 32_000
"""Samples a second of what is drawn."""

_FRAMES_PER_SECOND = 50
_CLOSE_UP_FRAMES_PER_SECOND = 100.0
_MOST_FRAMES = 60_000
"""A longer song is drawn with fewer frames a second: memory stays the same."""
_BANDS = 128
_PARTIAL_ABOVE_BAND_DB = 6.0
"""The scale counts from the loudest partial; a band is the mean of its bins and stays this much below."""
_OVERLAP_FRAMES = 8
_BLOCK_SECONDS = 40.0
_PEAKS_PER_SECOND = 40
_PEAK_SAMPLES = RATE // _PEAKS_PER_SECOND


@dataclass(frozen=True)
class Picture:
    """Mel levels to be coloured.

    Attributes
    ----------
    decibels : float32 [bands, frames], lowest band first, 0 for the loudest down to -120.
    frames_per_second : of the second axis.
    """

    decibels: np.ndarray
    frames_per_second: float


@dataclass(frozen=True)
class Drawing:
    """A song, as far as it is drawn.

    Attributes
    ----------
    peaks : float32 [bins, 3] (min, max, rms) over the whole duration, zero where not drawn yet.
    picture : of as much as was drawn; None before the first of it.
    """

    peaks: np.ndarray
    picture: Picture | None
    drawn_seconds: float


def draw(path: Path, duration: float, *, low_hz: float, high_hz: float) -> Iterator[Drawing]:
    """Draw a song of this many seconds piece by piece, the waveform of each piece first; bounded memory for any length.

    Raises AudioError.
    """
    hop = max(RATE // _FRAMES_PER_SECOND, math.ceil(duration * RATE / _MOST_FRAMES))
    per_second = RATE / hop
    overlap = _OVERLAP_FRAMES * hop
    peaks: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    drawn, tail, begun = 0, np.zeros(0, np.float32), np.zeros(0, np.float32)
    picture: Picture | None = None
    for samples in stream(path, rate=RATE, block_seconds=math.ceil(_BLOCK_SECONDS * per_second) * hop / RATE):
        # Blocks end with a frame, not with a peak: one that is only begun is measured again with the next block.
        drawn += len(samples)
        begun = np.concatenate((begun, samples))
        whole_peaks = len(begun) - len(begun) % _PEAK_SAMPLES
        peaks.append(_peaks(begun[:whole_peaks]))
        begun = begun[whole_peaks:]
        known = np.concatenate([*peaks, _peaks(begun)])
        missing = max(0, round(duration * _PEAKS_PER_SECOND) - len(known))
        all_peaks = np.concatenate([known, np.zeros((missing, 3), np.float32)])
        yield Drawing(all_peaks, picture, drawn / RATE)
        # The waveform is on the screen before this is imported.
        from engine.audio.display import mel_decibels

        # A frame at the edge of a block lacks its neighbourhood: it is drawn again with the next block.
        part = np.concatenate((tail, samples))
        image = mel_decibels(part, RATE, frames_per_second=per_second, bands=_BANDS, low_hz=low_hz, high_hz=high_hz)
        if levels:
            levels[-1] = levels[-1][:, : levels[-1].shape[1] - _OVERLAP_FRAMES // 2]
            image = image[:, _OVERLAP_FRAMES - _OVERLAP_FRAMES // 2 :]
        levels.append(image.astype(np.float16))
        tail = part[-overlap:] if len(part) >= overlap else part
        whole = np.concatenate(levels, axis=1).astype(np.float32)
        picture = Picture(_below_loudest(whole, low_hz, high_hz), per_second)
        yield Drawing(all_peaks, picture, drawn / RATE)


def close_up(audio: Audio, *, low_hz: float, high_hz: float) -> Picture:
    """A short sound, drawn finely."""
    from engine.audio.display import mel_decibels

    mono, per_second = resample(audio.mono(), audio.rate, RATE), _CLOSE_UP_FRAMES_PER_SECOND
    image = mel_decibels(mono, RATE, frames_per_second=per_second, bands=_BANDS, low_hz=low_hz, high_hz=high_hz)
    return Picture(_below_loudest(image, low_hz, high_hz), per_second)


def _below_loudest(decibels: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    from engine.audio.display import below_loudest, loudest_level

    return below_loudest(decibels, loudest_level(decibels, low_hz=low_hz, high_hz=high_hz) + _PARTIAL_ABOVE_BAND_DB)


def _peaks(samples: np.ndarray) -> np.ndarray:
    """float32 [bins, 3]: min, max and rms of each fortieth of a second, the last one filled up with silence."""
    parts = np.pad(samples, (0, -len(samples) % _PEAK_SAMPLES)).reshape(-1, _PEAK_SAMPLES)
    rms = np.sqrt(np.mean(np.square(parts), axis=1))
    return np.stack((parts.min(axis=1), parts.max(axis=1), rms), axis=1).astype(np.float32)
