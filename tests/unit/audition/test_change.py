"""Pitch and tempo: which change is chosen, and that the rendering is in tune, in time and there in time."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.fit import Change, semitones_between, speed_between
from engine.matching.pitch import most_played

RATE = 44_100
PITCHES = st.floats(30.0, 4000.0)


@given(sound=PITCHES, slot=PITCHES)
def test_the_nearest_octave_of_the_slots_note_is_chosen(sound: float, slot: float) -> None:
    semitones = semitones_between(sound, slot)
    assert -6 <= semitones <= 6
    left = (12 * np.log2(slot / sound) - semitones) % 12
    assert min(left, 12 - left) <= 0.5 + 1e-9


def test_of_two_tritones_the_one_towards_the_slot_is_taken() -> None:
    assert semitones_between(100.0, 100.0 * 2**0.5) == 6
    assert semitones_between(100.0, 100.0 / 2**0.5) == -6
    assert semitones_between(100.0, 400.0) == 0


@given(loop=st.floats(40.0, 300.0), song=st.floats(60.0, 200.0))
def test_a_loop_goes_at_the_songs_tempo_its_half_or_its_double(loop: float, song: float) -> None:
    speed = speed_between(loop, song)
    assert 0.7 <= speed <= 1.42
    octaves = np.log2(loop * speed / song)
    assert abs(octaves - round(octaves)) < 0.005


def test_a_loop_at_the_songs_tempo_is_left_alone() -> None:
    assert not Change(speed=speed_between(120.0, 120.1))
    assert not Change(speed=speed_between(60.0, 120.0))
    assert Change(speed=speed_between(92.0, 122.0)).speed == pytest.approx(122 / 92)


def tone(hertz: float, seconds: float, channels: int = 1) -> Audio:
    time = np.arange(round(seconds * RATE)) / RATE
    samples = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 6)) * 0.2
    return Audio(np.tile(np.asarray(samples, np.float32), (channels, 1)), RATE)


def clicks(seconds: float, every: float) -> Audio:
    samples = np.zeros((2, round(seconds * RATE)), np.float32)
    samples[:, :: round(every * RATE)] = 0.9
    return Audio(samples, RATE)


@pytest.mark.parametrize("semitones", [-6, -1, 5])
def test_the_pitch_is_right_and_length_and_level_stay(semitones: int) -> None:
    source = tone(220.0, 1.2, channels=2)
    changed = Rendering(source, Change(semitones=semitones)).finish()
    assert changed.samples.shape == source.samples.shape
    pitch = most_played(changed.mono(), RATE)
    assert pitch is not None
    assert 1200 * np.log2(pitch / (220.0 * 2 ** (semitones / 12))) == pytest.approx(0.0, abs=3.0)
    assert 20 * np.log10(changed.samples.std() / source.samples.std()) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("speed", [0.75, 1.3])
def test_the_beats_come_at_the_new_tempo(speed: float) -> None:
    changed = Rendering(clicks(4.0, 0.5), Change(speed=speed)).finish()
    assert changed.duration_seconds == pytest.approx(4.0 / speed, abs=1e-4)
    for beat in range(1, 8):
        place = round(beat * 0.5 / speed * RATE)
        near = np.abs(changed.samples[0, place - 2000 : place + 2000])
        assert (int(np.argmax(near)) - 2000) / RATE == pytest.approx(0.0, abs=0.006)


def test_what_is_played_first_is_the_beginning_of_the_whole() -> None:
    source = tone(150.0, 5.0)
    change = Change(semitones=3, speed=1.2)
    rendering = Rendering(source, change)
    never = threading.Event()
    rendering.begin()
    assert rendering.has(RATE)
    assert not rendering.has(5 * RATE)
    first = rendering.audio.samples.copy()
    assert rendering.reach(5 * RATE, never)
    whole = Rendering(source, change).finish().samples
    np.testing.assert_allclose(rendering.audio.samples, whole, atol=1e-3)
    np.testing.assert_allclose(first[:, :RATE], whole[:, :RATE], atol=1e-3)


def test_an_abandoned_rendering_stops_and_can_go_on() -> None:
    rendering = Rendering(tone(150.0, 8.0), Change(semitones=1))
    abandoned = threading.Event()
    rendering.begin()
    abandoned.set()
    assert not rendering.reach(8 * RATE, abandoned)
    assert not rendering.has(8 * RATE)
    abandoned.clear()
    assert rendering.reach(8 * RATE, abandoned)
    assert rendering.finish().samples[:, -RATE:].any()


@settings(deadline=None, max_examples=12)
@given(samples=st.integers(1, 3000), channels=st.sampled_from([1, 2, 3, 8]), speed=st.sampled_from([0.71, 1.0, 1.41]))
def test_sounds_of_any_length_and_channels_are_rendered(samples: int, channels: int, speed: float) -> None:
    source = Audio(np.full((channels, samples), 0.1, np.float32), 48_000)
    changed = Rendering(source, Change(semitones=2, speed=speed)).finish()
    assert changed.samples.shape == (channels, max(1, round(samples / speed)))
    assert np.all(np.isfinite(changed.samples))
