"""Where the beats lie: on what is struck, wherever it begins, through what is missing, and faster or slower."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.onsets import ONSETS_PER_SECOND, beat_times, onset_strength, tempo_of_onsets

RATE = 16_000


def struck(at_seconds: np.ndarray, seconds: float, seed: int = 0) -> np.ndarray:
    """Short bursts of noise at these times, above a little noise."""
    rng = np.random.default_rng(seed)
    sound = 0.002 * rng.standard_normal(round(seconds * RATE))
    stroke = rng.standard_normal(1_600) * np.exp(-np.arange(1_600) / 300)
    for time in at_seconds:
        start = round(time * RATE)
        sound[start : start + len(stroke)] += 0.4 * stroke[: len(sound) - start]
    return sound.astype(np.float32)


def farthest(true: np.ndarray, found: np.ndarray) -> float:
    return float(np.abs(true[:, None] - found).min(axis=1).max())


@pytest.mark.parametrize("bpm", [72.0, 96.0, 122.3, 150.0])
@pytest.mark.parametrize("first", [0.11, 0.4])
def test_beats_are_where_something_is_struck(bpm: float, first: float) -> None:
    true = np.arange(first, 39.5, 60 / bpm)
    onsets = onset_strength(struck(true, 40.0), RATE)
    tempo = tempo_of_onsets(onsets)
    assert tempo is not None
    found = beat_times(onsets, tempo)
    assert farthest(true[1:-1], found) < 0.02
    assert np.all(np.diff(found) > 0)
    assert np.diff(found) == pytest.approx(60 / tempo, rel=0.2)


def test_beats_go_on_through_a_break() -> None:
    true = np.arange(0.2, 29.5, 0.5)
    heard = true[(true < 10) | (true > 14)]
    found = beat_times(onset_strength(struck(heard, 30.0), RATE), 120.0)
    assert farthest(true[1:-1], found) < 0.03


def test_beats_follow_a_player_who_hurries() -> None:
    true = 0.3 + np.cumsum(np.linspace(0.52, 0.47, 60))
    found = beat_times(onset_strength(struck(true, true[-1] + 1), RATE), 121.0)
    assert farthest(true[1:-1], found) < 0.03


def test_nothing_that_begins_gives_no_beats() -> None:
    for frames in (0, 10, 1_000):
        assert len(beat_times(np.zeros(frames, np.float32), 120.0)) == 0
    short = onset_strength(struck(np.array([0.1, 0.6]), 1.2), RATE)
    assert len(short) > ONSETS_PER_SECOND
    assert np.isfinite(beat_times(short, 60.0)).all()
