"""A song drawn piece by piece looks as if it had been drawn at once."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.decode import Audio
from engine.audio.display import below_loudest, mel_decibels
from engine.audio.pictures import RATE, close_up, draw

SECONDS = 95.0
RANGE = {"low_hz": 30.0, "high_hz": 16_000.0}


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise that swells, with a click at 60 s, in three pieces."""
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(SECONDS * RATE)).astype(np.float32)
    samples *= np.linspace(0.1, 1.0, len(samples), dtype=np.float32)
    samples[60 * RATE] = 0.9
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


def test_pieces_fit_together(song: Path) -> None:
    drawings = list(draw(song, SECONDS, **RANGE))
    assert drawings[0].picture is None
    assert drawings[-1].drawn_seconds == pytest.approx(SECONDS)
    picture = drawings[-1].picture
    assert picture is not None
    samples, _ = soundfile.read(song, dtype="float32")
    at_once = mel_decibels(samples, RATE, frames_per_second=picture.frames_per_second, bands=128, **RANGE)
    assert picture.decibels.shape == at_once.shape == (128, SECONDS * 50)
    loudest = float((at_once - picture.decibels).mean())
    np.testing.assert_allclose(picture.decibels, below_loudest(at_once, loudest), atol=0.1)


def test_the_waveform_is_where_it_sounds(song: Path) -> None:
    peaks = list(draw(song, SECONDS, **RANGE))[-1].peaks
    assert peaks.shape == (SECONDS * 40, 3)
    assert np.argmax(peaks[:, 1]) == 60 * 40
    assert np.all(peaks[:, 0] <= peaks[:, 1])
    assert peaks[-1, 2] > 5 * peaks[0, 2]


@pytest.mark.parametrize("claimed", [1414.0, 7201.0, 36_000.0])
def test_a_longer_song_has_fewer_frames_all_in_their_place(tmp_path: Path, claimed: float) -> None:
    """Only the beginning is there; at 1414 s a hop is 755 samples, which is no multiple of anything."""
    samples = np.zeros(round(SECONDS * RATE), np.float32)
    samples[60 * RATE] = 0.9
    soundfile.write(tmp_path / "click.wav", samples, RATE, subtype="FLOAT")
    last = list(draw(tmp_path / "click.wav", claimed, **RANGE))[-1]
    assert last.picture is not None
    hop = math.ceil(claimed * RATE / 60_000)
    levels = last.picture.decibels
    assert last.picture.frames_per_second == pytest.approx(RATE / hop)
    assert levels.shape[1] == math.ceil(SECONDS * RATE / hop)
    assert int(np.argmax(levels.mean(axis=0))) == pytest.approx(60 * RATE / hop, abs=0.6)
    assert last.peaks.shape == (claimed * 40, 3)
    assert np.argmax(last.peaks[:, 1]) == 60 * 40
    assert np.count_nonzero(last.peaks[:, 1]) == 1


def test_silence_and_a_sound_of_another_rate() -> None:
    assert np.all(close_up(Audio(np.zeros((2, 8_000), np.float32), 8_000), **RANGE).decibels == -120.0)
    time = np.arange(22_050) / 44_100
    tone = close_up(Audio(np.sin(2 * np.pi * 1_000 * time)[None].astype(np.float32), 44_100), **RANGE)
    assert tone.decibels.shape[1] == 50
    assert -12.0 < tone.decibels.max() <= 0.0
