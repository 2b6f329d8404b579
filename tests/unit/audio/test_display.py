"""Pictures of sound."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.display import (
    SPECTROGRAM_TILT_DB_PER_OCTAVE,
    below_loudest,
    loudest_level,
    mel_decibels,
    waveform_peaks,
)

RATE = 44_100


def picture(sound: np.ndarray, rate: int, frames_per_second: float = 50) -> np.ndarray:
    """Decibels below the loudest point, [bands, frames]."""
    decibels = mel_decibels(sound, rate, frames_per_second=frames_per_second)
    return below_loudest(decibels, float(decibels.max()))


@settings(max_examples=50)
@given(length=st.integers(1, 5_000), bins=st.integers(1, 300), seed=st.integers(0, 99))
def test_peaks_hold_the_whole_sound(length: int, bins: int, seed: int) -> None:
    sound = np.random.default_rng(seed).normal(0, 0.3, length).astype(np.float32)
    peaks = waveform_peaks(sound, bins)
    assert peaks.shape == (bins, 3)
    assert peaks[:, 0].min() == sound.min()
    assert peaks[:, 1].max() == sound.max()
    assert (peaks[:, 2] <= np.abs(peaks[:, :2]).max(axis=1) + 1e-6).all()
    if length % bins == 0:
        parts = sound.reshape(bins, -1)
        np.testing.assert_array_equal(peaks[:, 0], parts.min(axis=1))
        np.testing.assert_array_equal(peaks[:, 1], parts.max(axis=1))
        np.testing.assert_allclose(peaks[:, 2], np.sqrt((parts.astype(float) ** 2).mean(axis=1)), rtol=1e-5)


@pytest.mark.parametrize("hz", [60.0, 440.0, 3_000.0, 12_000.0])
def test_a_tone_lights_its_band(hz: float) -> None:
    image = picture(np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32), RATE)
    assert image.shape == (128, 50)
    assert image.dtype == np.float32
    assert image.max() == 0.0
    centres = librosa.mel_frequencies(130, fmin=30, fmax=16_000)[1:-1]
    brightest = centres[image[:, 25].argmax()]
    assert abs(12 * np.log2(brightest / hz)) < max(1.0, 12 * np.log2(1 + 25 / hz))


def test_a_click_lights_its_frame() -> None:
    sound = np.zeros(2 * RATE, np.float32)
    sound[RATE] = 1.0
    image = picture(sound, RATE, frames_per_second=20)
    assert image.shape == (128, 40)
    assert image.mean(axis=0).argmax() == 20


def test_the_tilt_lifts_the_treble() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE).astype(np.float32)
    image = picture(noise, RATE).mean(axis=1)
    octaves = np.log2(librosa.mel_frequencies(130, fmin=30, fmax=16_000)[1:-1])
    wide = octaves > np.log2(500)  # narrower bands hold too few bins to be level
    slope = np.polyfit(octaves[wide], image[wide], 1)[0]
    assert slope == pytest.approx(SPECTROGRAM_TILT_DB_PER_OCTAVE, abs=0.5)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 192_000])
@pytest.mark.parametrize("length", [1, 100, 30_000])
def test_any_length_and_rate(length: int, rate: int) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
    image = picture(sound, rate)
    assert image.shape == (128, int(np.ceil(length / rate * 50)))
    assert np.isfinite(image).all()
    assert image.max() == 0.0
    assert image.min() >= -120.0


def test_silence_is_dark() -> None:
    assert (picture(np.zeros(RATE, np.float32), RATE) == -120.0).all()


def test_pictures_of_neighbouring_stretches_fit_together() -> None:
    rng = np.random.default_rng(0)
    sound = (rng.normal(0, 0.1, 4 * RATE) * np.linspace(0.1, 1, 4 * RATE)).astype(np.float32)
    whole = mel_decibels(sound, RATE)
    halves = np.concatenate([mel_decibels(sound[: 2 * RATE], RATE), mel_decibels(sound[2 * RATE :], RATE)], axis=1)
    away_from_the_seam = np.r_[0:95, 105:195]
    np.testing.assert_allclose(halves[:, away_from_the_seam], whole[:, away_from_the_seam], atol=1e-3)


def test_the_loudest_level_is_that_of_the_sound_not_of_the_tilt() -> None:
    t = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (100.0, 10_000.0))
    levels = [loudest_level(mel_decibels(sound, RATE)) for sound in (low, 0.5 * low, high)]
    assert levels[1] - levels[0] == pytest.approx(-6.02, abs=0.01)
    picture = below_loudest(mel_decibels(0.5 * low, RATE), levels[0])
    assert picture.max() < -6.0
    assert loudest_level(mel_decibels(np.zeros(RATE, np.float32), RATE)) == -np.inf
    assert (below_loudest(mel_decibels(low, RATE), -np.inf) == -120.0).all()
