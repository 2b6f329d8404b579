"""The note of a slot: told of single notes, also under drums; not of chords, drums and noise."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.matching.pitch import most_played, slot_pitch

RATE = 22_050


def note(midi: float, seconds: float, partials: int = 8) -> np.ndarray:
    """float32 [n]: a tone that begins and ends softly."""
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = 440.0 * 2.0 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, partials + 1))
    fade = np.minimum(1.0, np.minimum(time, seconds - time) / 0.02)
    return (0.2 * tone * fade).astype(np.float32)


def hits(seconds: float) -> np.ndarray:
    """float32 [n]: four bursts of noise a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(time.size)
    return (0.5 * noise * np.exp(-40 * (time % 0.25))).astype(np.float32)


def midi_of(hertz: float | None) -> float:
    assert hertz is not None
    return 69 + 12 * float(np.log2(hertz / 440.0))


def test_the_note_that_is_played_most_is_told() -> None:
    melody = np.concatenate([note(60, 0.4), note(62, 0.4), note(67.2, 1.6), note(64, 0.4)])
    assert midi_of(most_played(melody, RATE)) == pytest.approx(67.2, abs=0.05)


@pytest.mark.parametrize("chord", [(60, 64, 67), (57, 60, 64), (53, 57, 60, 64), (55, 59, 62, 65)])
def test_a_chord_has_no_note(chord: tuple[int, ...]) -> None:
    assert most_played(np.sum([note(midi, 2.0) for midi in chord], axis=0), RATE) is None


def test_a_fifth_has_the_note_that_it_stands_on() -> None:
    fifth = midi_of(most_played(note(48, 2.0) + note(55, 2.0), RATE))
    assert (fifth + 1) % 12 == pytest.approx(1.0, abs=0.1)


def test_noise_and_silence_have_none() -> None:
    assert most_played(hits(2.0), RATE) is None
    assert most_played(np.zeros(RATE, np.float32), RATE) is None
    assert most_played(note(60, 0.02), RATE) is None


def test_a_bass_is_heard_under_drums_and_drums_are_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "bass and drums.wav"
    samples = np.concatenate([np.zeros(RATE, np.float32), note(33, 2.0) + 0.4 * hits(2.0)])
    soundfile.write(path, samples, RATE)
    assert midi_of(slot_pitch(path, (1.0, 3.0), "bass")) == pytest.approx(33, abs=0.1)
    assert slot_pitch(path, (1.0, 3.0), "kick") is None
    assert slot_pitch(path, (0.0, 0.9), "bass") is None


def test_a_long_passage_takes_little_memory() -> None:
    long = np.tile(note(57, 1.0), 60)
    tracemalloc.start()
    assert most_played(long, RATE) == pytest.approx(220.0, rel=0.01)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20
