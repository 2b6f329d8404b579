"""The sound under the keys: notes, velocity, bend, release, many at once, within the callback's rules."""

from __future__ import annotations

import threading
import tracemalloc
import weakref

import numpy as np
import pytest

from engine.audition.deck import Frames
from engine.audition.keys import MOST_VOICES, RELEASE_SECONDS, KeyVoices
from tests.unit.audition.test_deck import WholeClip

RATE = 48_000
A4 = 69


def sine(hertz: float, seconds: float) -> WholeClip:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return WholeClip(np.repeat(wave.astype(np.float32)[:, None], 2, axis=1))


def render(voices: KeyVoices, frames: int, block: int = 256) -> Frames:
    out = np.zeros((frames, 2), dtype=np.float32)
    for start in range(0, frames, block):
        voices.add_to(out[start : start + block])
    return out


def hertz_of(heard: Frames) -> float:
    spectrum = np.abs(np.fft.rfft(heard[:, 0] * np.hanning(len(heard)), 8 * len(heard)))
    return float(np.argmax(spectrum) * RATE / (8 * len(heard)))


@pytest.fixture
def voices() -> KeyVoices:
    made = KeyVoices(RATE, 2)
    made.set_sound(sine(440.0, 2.0), A4)
    return made


@pytest.mark.parametrize("note", [45, 64, 69, 76, 88])
def test_every_key_has_its_pitch(voices: KeyVoices, note: int) -> None:
    voices.press(note, 1.0)
    heard = render(voices, 24_000)
    assert 1200 * np.log2(hertz_of(heard) / (440.0 * 2 ** ((note - 69) / 12))) == pytest.approx(0.0, abs=5.0)


def test_the_sounds_own_key_plays_it_as_it_is(voices: KeyVoices) -> None:
    voices.press(A4, 1.0)
    np.testing.assert_allclose(render(voices, 4000), 0.5 * sine(440.0, 2.0).frames[:4000], atol=1e-6)


def test_a_sound_between_two_keys_is_brought_into_tune() -> None:
    voices = KeyVoices(RATE, 2)
    voices.set_sound(sine(450.0, 2.0), 69 + 12 * np.log2(450 / 440))
    voices.press(A4, 1.0)
    assert hertz_of(render(voices, 24_000)) == pytest.approx(440.0, abs=0.5)


def test_velocity_is_heard_and_the_bend_moves_two_semitones(voices: KeyVoices) -> None:
    voices.press(A4, 1.0)
    loud = np.max(np.abs(render(voices, 4000)))
    voices.release_all()
    render(voices, 8000)
    assert voices.silent
    voices.press(A4, 0.5)
    assert np.max(np.abs(render(voices, 4000))) == pytest.approx(0.25 * loud, rel=0.02)
    voices.bend(1.0)
    assert hertz_of(render(voices, 24_000)) == pytest.approx(440.0 * 2 ** (2 / 12), abs=0.7)


def test_a_released_key_fades_without_a_click_and_the_others_stay(voices: KeyVoices) -> None:
    voices.set_sound(sine(60.0, 3.0), A4)
    voices.press(A4, 1.0)
    voices.press(57, 1.0)
    render(voices, 6000)
    voices.release(A4)
    heard = render(voices, 12_000)
    steepest = 0.25 * 2 * np.pi * (60 + 30) / RATE + 0.25 / (RELEASE_SECONDS * RATE)
    assert np.max(np.abs(np.diff(heard[:, 0]))) < 1.1 * steepest
    assert hertz_of(heard[-8000:]) == pytest.approx(30.0, abs=1.0)
    assert not voices.silent


def test_the_pedal_holds_what_is_released_until_it_is_lifted(voices: KeyVoices) -> None:
    voices.set_sound(WholeClip(np.full((RATE, 2), 0.1, dtype=np.float32)), A4)
    voices.press(A4, 1.0)
    voices.hold(True)
    voices.release(A4)
    np.testing.assert_allclose(render(voices, 8000)[-100:], 0.05, rtol=1e-5)
    voices.press(A4 + 12, 1.0)
    np.testing.assert_allclose(render(voices, 2000)[-100:], 0.1, rtol=1e-5)
    voices.hold(False)  # the key that is still down sounds on
    np.testing.assert_allclose(render(voices, 8000)[-100:], 0.05, rtol=1e-5)
    voices.release(A4 + 12)
    render(voices, 8000)
    assert voices.silent


def test_letting_go_of_all_lifts_the_pedal(voices: KeyVoices) -> None:
    voices.hold(True)
    voices.press(A4, 1.0)
    voices.release_all()
    render(voices, 8000)
    assert voices.silent
    voices.press(A4, 1.0)
    voices.release(A4)
    render(voices, 8000)
    assert voices.silent


def test_a_key_struck_again_and_one_key_too_many_cut_the_oldest(voices: KeyVoices) -> None:
    voices.set_sound(WholeClip(np.full((RATE, 2), 0.1, dtype=np.float32)), A4)
    for _ in range(4):
        voices.press(A4, 1.0)
        heard = render(voices, 2000)
    np.testing.assert_allclose(heard[-100:], 0.05, rtol=1e-5)
    for note in range(40, 40 + 3 * MOST_VOICES):
        voices.press(note, 1.0)
        heard = render(voices, 600)
    np.testing.assert_allclose(heard[-100:], MOST_VOICES * 0.05, rtol=1e-4)
    voices.release(A4)
    np.testing.assert_allclose(render(voices, 6000)[-100:], MOST_VOICES * 0.05, rtol=1e-4)


def test_a_sound_ends_and_one_in_preparation_is_waited_for(voices: KeyVoices) -> None:
    clip = sine(440.0, 0.1)
    clip.ready = 1000
    voices.set_sound(clip, A4)
    voices.press(A4, 1.0)
    heard = render(voices, 2048)
    assert heard[:990].any()
    assert not heard[1000:].any()
    clip.ready = len(clip.frames)
    assert render(voices, 2048)[:1000].any()
    render(voices, 4096)
    assert voices.silent


def test_without_a_sound_the_keys_are_silent() -> None:
    voices = KeyVoices(RATE, 2)
    voices.press(60, 1.0)
    assert not render(voices, 512).any()
    assert voices.silent


def test_rendering_gives_no_memory_back_either() -> None:
    voices = KeyVoices(RATE, 2)
    freed_by_render: list[bool] = []
    in_render = threading.Event()

    def rendered(voices: KeyVoices, frames: int) -> None:
        in_render.set()
        render(voices, frames)
        in_render.clear()

    for _ in range(3):
        clip = sine(440.0, 0.04)  # it still sounds when the keys get the next one
        weakref.finalize(clip, lambda: freed_by_render.append(in_render.is_set()))
        voices.set_sound(clip, A4)
        voices.press(A4, 1.0)
        del clip
        rendered(voices, 1024)
    rendered(voices, 4096)
    assert voices.silent
    del voices
    assert freed_by_render == 3 * [False]


def test_rendering_reserves_no_memory_for_samples(voices: KeyVoices) -> None:
    for note in range(60, 60 + MOST_VOICES):
        voices.press(note, 1.0)
    out = np.zeros((1024, 2), dtype=np.float32)
    voices.add_to(out)
    peaks = []
    for number in range(5):  # what other threads reserve meanwhile is in some of them
        voices.release(60 + number)
        tracemalloc.start()
        try:
            for _ in range(4):
                voices.add_to(out)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert min(peaks) < out.nbytes / 2
