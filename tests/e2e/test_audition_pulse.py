"""Real sound out: the player into a sound server's null sink, recorded back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soxr

from engine.audio.decode import Audio
from engine.audition import output
from engine.audition.change import Rendering
from engine.audition.deck import FADE_SECONDS
from engine.audition.fit import Change, semitones_between, speed_between
from engine.audition.level import level_gain_db
from engine.audition.player import Player
from engine.audition.wish import Bed
from engine.errors import PlaybackError
from tests.e2e.null_sink import RATE, NullSink, Recording, loudest_hertz, null_sink, on_a_busy_machine, tone, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PulseAudio is Linux's")


@pytest.fixture
def player(sink: NullSink) -> Iterator[Player]:
    with Player() as made:
        yield made


def test_a_tone_comes_out_at_its_pitch_and_the_device_is_given_back(sink: NullSink, player: Player) -> None:
    assert any(device.default for device in Player.devices())
    recording = Recording(sink)
    player.play(tone(440.0, 3.0, 0.5))
    wait_for(lambda: player.playing and 0.0 < (player.position_seconds or 0.0) < 3.0, "it does not go on")
    wait_for(lambda: not player.playing, "it does not end")
    time.sleep(0.3)
    heard = recording.stop()[:, 0]
    start = int(np.argmax(np.abs(heard) > 0.01))
    assert loudest_hertz(heard[start + 4800 : start + 48000]) == pytest.approx(440.0, abs=3.0)
    assert np.max(np.abs(heard)) == pytest.approx(0.5, abs=0.03)
    wait_for(lambda: player.output_latency_seconds is None, "the device is not given back")


def test_a_quiet_and_a_loud_sound_are_heard_equally_loud(sink: NullSink, player: Player) -> None:
    meter = pyloudnorm.Meter(RATE)
    # Below 8 kHz, so that no resampling on the way takes anything from it.
    noise = soxr.resample(np.random.default_rng(0).uniform(-0.8, 0.8, (2 * 16000, 2)), 16000, RATE)
    sounds = [tone(300.0, 2.0, 0.03, RATE), Audio(samples=noise.T.astype(np.float32), rate=RATE)]

    def listen() -> None:
        heard = []
        for sound in sounds:
            loudness = meter.integrated_loudness(np.broadcast_to(sound.samples, (2, sound.samples.shape[1])).T)
            peak_db = 20 * np.log10(np.max(np.abs(sound.samples)))
            recording = Recording(sink)
            player.play(sound, gain_db=level_gain_db(loudness, peak_db))
            time.sleep(2.2)
            samples = recording.stop()
            start = int(np.argmax(np.abs(samples[:, 0]) > 1e-3))
            heard.append(meter.integrated_loudness(samples[start : start + int(1.9 * RATE)]))
        assert heard == pytest.approx([-18.0, -18.0], abs=0.7)

    on_a_busy_machine(listen)


def test_a_cut_and_a_stop_do_not_click(sink: NullSink, player: Player) -> None:
    def cut() -> None:
        recording = Recording(sink)
        # Slow waves: any step in them would stand out.
        player.play(tone(60.0, 3.0, 0.6), loop=True)
        time.sleep(0.3)
        player.play(tone(50.0, 3.0, 0.3))
        time.sleep(0.3)
        player.stop()
        time.sleep(0.4)
        heard = recording.stop()[:, 0]
        assert np.max(np.abs(heard[-4800:])) < 1e-3, "stop is not silent"
        assert np.max(np.abs(heard)) > 0.55
        steepest = 0.6 * 2 * np.pi * 60 / RATE + 0.6 * np.pi / (2 * FADE_SECONDS * RATE)
        assert np.max(np.abs(np.diff(heard))) < 1.5 * steepest

    on_a_busy_machine(cut)


def test_pause_resume_and_seek_are_heard(sink: NullSink, player: Player) -> None:
    low_then_high = np.concatenate([tone(200.0, 2.0, 0.5).samples, tone(1000.0, 60.0, 0.5).samples], axis=1)
    player.play(Audio(samples=low_then_high, rate=44100))
    time.sleep(0.3)
    player.pause()
    time.sleep(0.3)
    place = player.position_seconds
    assert place is not None
    recording = Recording(sink)
    time.sleep(0.5)
    assert player.position_seconds == place
    assert np.max(np.abs(recording.stop()[-RATE // 5 :])) < 1e-3
    player.seek(2.5)
    player.resume()
    recording = Recording(sink)
    recording.wait_for_sound()
    time.sleep(0.6)
    assert loudest_hertz(recording.stop()[-RATE // 4 :, 0]) == pytest.approx(1000.0, abs=8.0)


def test_a_click_is_heard_at_once(
    sink: NullSink, player: Player, record_property: Callable[[str, object], None]
) -> None:
    sound = tone(440.0, 0.4, 0.5)

    def click() -> None:
        waits = []
        for _ in range(12):
            recording = Recording(sink)
            clicked = time.monotonic()
            player.play(sound)
            first = recording.wait_for_sound("a click plays nothing")
            player.stop()
            time.sleep(0.25)
            recording.stop()
            waits.append(1000 * (first - clicked))
        median, p95 = np.percentile(waits, [50, 95]).tolist()
        record_property("click_to_first_sample_ms", {"median": median, "p95": p95})
        print(f"\nclick to first recorded sample: median {median:.1f} ms, 95th percentile {p95:.1f} ms")
        # The aim, and usual, is 30 ms. A machine that is slow or busy with other tests takes several times as long.
        assert median < 250

    on_a_busy_machine(click)


def steady(heard: np.ndarray) -> np.ndarray:
    """What sounds of a recording [n], without its first and last tenth of a second."""
    sounding = np.flatnonzero(np.abs(heard) > 0.01)
    return heard[sounding[0] + RATE // 10 : sounding[-1] - RATE // 10]


def beats(heard: np.ndarray) -> np.ndarray:
    """Seconds of the clicks in a recording [n]."""
    loud = np.flatnonzero(np.abs(heard) > 0.2)
    return loud[np.diff(loud, prepend=-RATE) > RATE // 10] / RATE


def test_a_sound_is_heard_at_the_slots_pitch_without_a_gap(sink: NullSink, player: Player) -> None:
    def listen() -> None:
        rendering = Rendering(tone(220.0, 3.0, 0.5), Change(semitones=semitones_between(220.0, 523.25)))
        recording = Recording(sink)
        rendering.begin()
        player.play(rendering)
        time.sleep(3.3)
        heard = steady(recording.stop()[:, 0])
        assert loudest_hertz(heard) == pytest.approx(261.63, abs=0.6)
        parts = np.abs(heard[: heard.size // 480 * 480].reshape(-1, 480)).max(axis=1)
        assert parts.min() > 0.4, "a gap, or a joint that is heard"

    on_a_busy_machine(listen)


def test_a_loop_is_heard_at_the_songs_tempo(sink: NullSink, player: Player) -> None:
    samples = np.zeros((1, 4 * 44100), np.float32)
    for beat in range(8):
        samples[0, beat * 22050 : beat * 22050 + 400] = 0.9 * np.hanning(400)

    def listen() -> None:
        rendering = Rendering(Audio(samples, 44100), Change(speed=speed_between(120.0, 140.0)))
        recording = Recording(sink)
        rendering.begin()
        player.play(rendering, loop=True)
        time.sleep(4.2)
        player.stop()
        gaps = np.diff(beats(recording.stop()[:, 0]))
        assert gaps.size >= 8
        assert gaps == pytest.approx(np.full(gaps.size, 60.0 / 140.0), abs=0.012), "round the joint of the loop too"

    on_a_busy_machine(listen)


def test_the_song_goes_on_while_sounds_are_tried_over_it(sink: NullSink, player: Player) -> None:
    bed = Bed(tone(200.0, 2.0, 0.2), loop=True)

    def listen() -> None:
        recording = Recording(sink)
        for hertz in (1000.0, 1500.0, 2000.0):
            player.play(tone(hertz, 1.0, 0.2), bed=bed)
            time.sleep(0.4)
        heard = steady(recording.stop()[:, 0])
        player.stop()
        bins = np.arange(heard.size) / RATE
        assert loudest_hertz(heard) == pytest.approx(200.0, abs=3.0)
        for hertz in (1000.0, 1500.0, 2000.0):
            assert np.abs(np.mean(np.exp(-2j * np.pi * hertz * bins) * heard)) > 0.015
        carrier = np.exp(-2j * np.pi * 200.0 * bins) * heard
        slow = np.abs(np.convolve(carrier, np.ones(2400) / 2400, mode="valid"))
        assert slow.min() > 0.08, "the bed was begun anew or fell silent"

    on_a_busy_machine(listen)


def test_keys_are_heard_at_their_pitches(sink: NullSink, player: Player) -> None:
    player.set_key_sound(tone(440.0, 3.0, 0.8), 69.0)

    def listen() -> None:
        recording = Recording(sink)
        for note in (57, 64, 69):
            player.press(note, 1.0)
        time.sleep(1.0)
        player.release_all()
        time.sleep(0.4)
        heard = recording.stop()[:, 0]
        assert np.max(np.abs(heard[-RATE // 10 :])) < 1e-3, "a key that was let go still sounds"
        heard = steady(heard)
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(heard.size))) / heard.size
        for hertz in (220.0, 329.63, 440.0):
            near = round(hertz * heard.size / RATE)
            assert spectrum[near - 3 : near + 4].max() > 0.05

    on_a_busy_machine(listen)


def test_after_the_sound_server_came_back_it_plays_again(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with Player() as player:
        with null_sink(tmp_path / "first") as sink:
            output.refresh()
            player.play(tone(440.0, 5.0, 0.5), loop=True)
            time.sleep(0.3)
            sink.process.kill()
            wait_for(lambda: player.failure, "that it is gone is not noticed")
        with null_sink(tmp_path / "second") as sink:
            recording = Recording(sink)
            player.resume()
            assert player.failure is None
            recording.wait_for_sound()
            time.sleep(0.5)
            assert loudest_hertz(recording.stop()[-RATE // 4 :, 0]) == pytest.approx(440.0, abs=8.0)
            player.stop()
    output.refresh()


def test_a_sound_server_that_dies_is_an_error_in_words(sink: NullSink, player: Player) -> None:
    player.play(tone(440.0, 5.0, 0.5), loop=True)
    time.sleep(0.3)
    sink.process.kill()
    wait_for(lambda: player.failure, "that it is gone is not noticed")
    assert not player.playing
    assert player.position_seconds is not None
    with pytest.raises(PlaybackError, match=r"output"):
        player.play(tone(440.0, 1.0, 0.5))
    player.stop()
