"""Mel scale and pitch classes, against the library of reference, which is too large to ship for them."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from engine.audio.scales import mel_frequencies, pitch_classes

RATE = 22_050


@pytest.mark.parametrize(("low", "high"), [(30.0, 16_000.0), (20.0, 900.0), (1_500.0, 8_000.0), (0.0, 11_025.0)])
def test_mel_frequencies(low: float, high: float) -> None:
    expected = librosa.mel_frequencies(130, fmin=low, fmax=high)
    np.testing.assert_allclose(mel_frequencies(130, low, high), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seconds", [1.0, 7.3])
@pytest.mark.parametrize("notes", [(57,), (60, 64, 67), (45, 57, 61, 76), (38, 90)])
def test_pitch_classes_of_chords(notes: tuple[int, ...], seconds: float) -> None:
    times = np.arange(round(seconds * RATE)) / RATE
    rng = np.random.default_rng(0)
    chord = sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * k * times) / k for note in notes for k in (1, 2, 3))
    mono = (0.1 * chord + 0.01 * rng.standard_normal(len(times))).astype(np.float32)
    expected = librosa.feature.chroma_stft(y=mono, sr=RATE, n_fft=8_192, hop_length=4_096, tuning=0.0).mean(axis=1)
    found = pitch_classes(mono, RATE)
    assert found.argmax() in {note % 12 for note in notes}
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_silence_has_no_pitch_class() -> None:
    assert not pitch_classes(np.zeros(RATE, np.float32), RATE).any()
