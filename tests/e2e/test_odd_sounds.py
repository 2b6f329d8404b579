"""What is not music, and what is badly recorded, through the shipped ear: nothing breaks, nothing is made up."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import iirpeak, lfilter

from engine.encoder.ear import Ear
from engine.matching import reference
from engine.matching.slots import Slot

RATE = 44_100
TIME = np.arange(8 * RATE) / RATE


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear.load(device="cpu")


def heard(ear: Ear, folder: Path, samples: np.ndarray, rate: int = RATE) -> tuple[Slot, ...]:
    path = folder / "sound.wav"
    soundfile.write(path, samples.astype(np.float32), rate, subtype="FLOAT")
    *_, last = reference.hear(path, ear)
    for slot in last.slots:
        assert 0.0 <= slot.confidence <= 1.0
        assert np.isfinite(slot.vectors).all()
        assert np.isfinite(slot.exposure).all()
        np.testing.assert_allclose(np.linalg.norm(slot.vectors, axis=1), 1.0, atol=1e-3)
    return last.slots


def tone(hertz: float, time: np.ndarray = TIME) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * hertz * time)


def noise(colour: float) -> np.ndarray:
    """Noise whose power falls with the frequency to the power of `colour`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(len(TIME)))
    shaped = np.fft.irfft(spectrum / np.maximum(np.fft.rfftfreq(len(TIME), 1 / RATE), 10) ** (colour / 2), len(TIME))
    return 0.2 * shaped / shaped.std()


def hit() -> np.ndarray:
    return np.exp(-TIME * 20) * np.sin(2 * np.pi * 60 * TIME)


def chord() -> np.ndarray:
    return sum(np.sign(tone(hertz)) * 0.1 for hertz in (220.0, 277.2, 329.6))


def speech() -> np.ndarray:
    """A voice that says vowels and hisses, four syllables a second: pulses through three formants, and noise."""
    rng = np.random.default_rng(0)
    pitch = 120 * 2 ** (np.interp(TIME, np.arange(0, 9), rng.uniform(-0.3, 0.3, 9)))
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0.0)
    spoken = np.zeros_like(TIME)
    formants = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
    for number, start in enumerate(range(0, len(TIME), RATE // 4)):
        syllable = slice(start, start + RATE // 5)
        voiced = pulses[syllable]
        for hertz in formants[rng.integers(4)]:
            b, a = iirpeak(hertz, hertz / 90, RATE)
            spoken[syllable] += lfilter(b, a, voiced)
        if number % 3 == 0:
            spoken[start : start + RATE // 12] = 0.02 * np.diff(rng.standard_normal(RATE // 12 + 1))
    return 0.3 * spoken / np.abs(spoken).max()


SILENT = {
    "silence": np.zeros_like(TIME),
    "dither": np.random.default_rng(0).integers(-1, 2, len(TIME)) / 32768,
}
SOUNDING = {
    "one tone": tone(440),
    "one low tone": tone(60),
    "clipped": np.clip(5 * tone(200) + noise(1), -1, 1),
    "one hit": hit(),
    "a tone on a constant": 0.5 + 0.5 * tone(330),
    "a chord": chord(),
    "speech": speech(),
}


@pytest.mark.parametrize("name", SILENT)
def test_silence_has_no_slots(ear: Ear, tmp_path: Path, name: str) -> None:
    assert heard(ear, tmp_path, SILENT[name]) == ()


@pytest.mark.parametrize("name", SOUNDING)
def test_what_sounds_has_few_slots(ear: Ear, tmp_path: Path, name: str) -> None:
    assert 1 <= len(heard(ear, tmp_path, SOUNDING[name])) <= 3


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_noise_is_no_instrument(ear: Ear, tmp_path: Path, colour: int) -> None:
    assert all(slot.confidence < 0.2 for slot in heard(ear, tmp_path, noise(colour)))


def test_channels_that_cancel_out_are_heard_nevertheless(ear: Ear, tmp_path: Path) -> None:
    inverted = np.stack([chord(), -chord()], axis=1)
    (mono, *_), (stereo, *_) = heard(ear, tmp_path, chord()), heard(ear, tmp_path, inverted)
    assert float((mono.vectors @ stereo.vectors.T).max()) > 0.9


def test_eight_kilohertz_are_heard(ear: Ear, tmp_path: Path) -> None:
    time = np.arange(8 * 8000) / 8000
    assert heard(ear, tmp_path, tone(440, time), 8000)


def test_level_and_a_constant_hardly_matter(ear: Ear) -> None:
    sound = chord()[:RATE]
    plain, quiet, shifted = ear.embed([sound, 0.01 * sound, 0.3 + sound]).vectors
    assert plain @ quiet > 0.98
    assert plain @ shifted > 0.9
