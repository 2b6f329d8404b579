"""Where a frequency lies on the mel axis (Slaney's scale: linear below 1 kHz, logarithmic above)."""

from __future__ import annotations

import math

from app.theme import tokens

LOW_HZ, HIGH_HZ = tokens()["rules"]["spectrogram_range_hz"]
FLOOR_DB, CEILING_DB = tokens()["rules"]["spectrogram_db_below_loudest"]

_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(hz: float) -> float:
    """Mel of a frequency."""
    return _KNEE_MEL + math.log(hz / _KNEE_HZ) / _LOG_STEP if hz >= _KNEE_HZ else hz * _KNEE_MEL / _KNEE_HZ


def mel_to_hz(mel: float) -> float:
    """Frequency of a mel."""
    return _KNEE_HZ * math.exp((mel - _KNEE_MEL) * _LOG_STEP) if mel >= _KNEE_MEL else mel * _KNEE_HZ / _KNEE_MEL


def height_of(hz: float) -> float:
    """0 at the bottom of the picture, 1 at its top."""
    low, high = hz_to_mel(LOW_HZ), hz_to_mel(HIGH_HZ)
    return (hz_to_mel(hz) - low) / (high - low)


def hz_at(height: float) -> float:
    """The frequency at a height 0..1 of the picture."""
    low, high = hz_to_mel(LOW_HZ), hz_to_mel(HIGH_HZ)
    return mel_to_hz(low + (high - low) * height)
