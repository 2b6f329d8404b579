"""Sounds, changed sounds and keys through the player: where they begin and go on, and what is kept of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.decode import Audio
from engine.audition import clips
from engine.audition.change import Rendering
from engine.audition.deck import FADE_SECONDS
from engine.audition.fit import Change
from engine.audition.player import Player
from tests.unit.audition.player.stand_in import RATE, StandIn, tone, until


def test_start_seek_loop_volume_and_stop(a_player: Player) -> None:
    ramp = Audio(samples=np.linspace(0, 0.9, 2 * RATE, dtype=np.float32)[None], rate=RATE)
    a_player.play(ramp, start=1.0)
    device = StandIn.opened[0]
    assert device.block(0.01)[-1, 0] == pytest.approx(0.4545, abs=0.001)
    a_player.seek(0.5)
    assert device.block(0.01)[-1, 0] == pytest.approx(0.2295, abs=0.001)
    a_player.set_volume_db(-20.0)
    device.block(0.01)
    assert device.block(0.01)[-1, 0] == pytest.approx(0.0239, abs=0.001)
    a_player.set_loop(True, bed=True)
    device.block(2.0)
    assert a_player.playing
    a_player.stop()
    assert not a_player.playing
    assert not device.block(0.1)[-1].any()
    assert a_player.position_seconds is None


def test_a_rendering_sounds_at_once_and_to_its_end(a_player: Player) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 220 * np.arange(4 * RATE) / RATE)
    rendering = Rendering(Audio(wave.astype(np.float32)[None], RATE), Change(semitones=5))
    rendering.begin()
    a_player.play(rendering)
    device = StandIn.opened[0]
    first = device.block(0.9)
    assert np.min(np.max(np.abs(first.reshape(18, -1)), axis=1)) > 0.4
    until(lambda: (clip := a_player._clips.get("sound")) is not None and clip.complete)
    rest = device.block(3.0)
    assert np.min(np.max(np.abs(rest.reshape(60, -1)), axis=1)) > 0.4
    spectrum = np.abs(np.fft.rfft(rest[:, 0] * np.hanning(len(rest))))
    assert np.argmax(spectrum) / 3.0 == pytest.approx(220 * 2 ** (5 / 12), abs=1.0)


def test_stepping_fast_through_changed_loops_neither_clicks_nor_falls_silent(a_player: Player) -> None:
    heard = []
    for number in range(6):
        wave = 0.5 * np.sin(2 * np.pi * (60 + number) * np.arange(6 * RATE) / RATE)
        rendering = Rendering(Audio(wave.astype(np.float32)[None], RATE), Change(number % 3 - 1, 1.1))
        rendering.begin()
        a_player.play(rendering, loop=True)
        heard.append(StandIn.opened[0].block(0.12))
    joined = np.concatenate(heard)[:, 0]
    steepest = 0.55 * 2 * np.pi * 75 / RATE + 0.55 * np.pi / (2 * FADE_SECONDS * RATE)
    assert np.max(np.abs(np.diff(joined))) < 1.3 * steepest
    parts = np.abs(joined[4800:]).reshape(-1, 960).max(axis=1)
    assert parts.min() > 0.1
    a_player.stop()


def test_the_pedal_stays_down_where_no_device_was_open(a_player: Player) -> None:
    a_player.set_key_sound(tone(1.0, 0.5), 60.0)
    a_player.hold(True)
    a_player.press(60, 1.0)
    device = StandIn.opened[0]
    device.block(0.1)
    a_player.release(60)
    np.testing.assert_allclose(device.block(0.2), 0.25, rtol=1e-5)
    a_player.hold(False)
    device.block(0.2)
    assert not device.block(0.1).any()


def test_a_bend_from_before_the_first_key_is_heard(a_player: Player) -> None:
    """Guitars are bent before they are struck, and so are keyboards; by then no device may be open."""
    rising = Audio(np.linspace(0.0, 0.5, RATE, dtype=np.float32)[None], RATE)
    a_player.set_key_sound(rising, 60.0)
    a_player.bend(1.0)
    a_player.press(60, 1.0)
    heard = StandIn.opened[0].block(0.1)[-1, 0]
    assert heard == pytest.approx(0.5 * 0.05 * 2 ** (2 / 12), rel=1e-3)


def test_keys_play_the_sound_beside_what_plays_and_on_the_next_device_too(a_player: Player) -> None:
    a_player.press(60, 1.0)
    assert not StandIn.opened
    a_player.set_key_sound(tone(1.0, 0.5), 60.0)
    a_player.press(60, 1.0)
    device = StandIn.opened[0]
    np.testing.assert_allclose(device.block(0.1), 0.25, rtol=1e-5)
    a_player.play(tone(1.0, 0.1))
    np.testing.assert_allclose(device.block(0.1), 0.35, rtol=1e-5)
    a_player.stop()
    np.testing.assert_allclose(device.block(0.1)[480:], 0.25, rtol=1e-5)
    a_player.release(60)
    device.block(0.2)
    until(lambda: device.closed)
    a_player.press(60, 1.0)
    np.testing.assert_allclose(StandIn.opened[1].block(0.1), 0.25, rtol=1e-5)


def test_going_back_and_forth_prepares_each_sound_once(a_player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = clips.PreparedClip

    def counted(*arguments: object) -> object:
        made.append(arguments)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(clips, "PreparedClip", counted)
    match, reference = tone(0.5, 0.25, 44100), tone(3.0, 0.5, 44100)
    for _ in range(5):
        a_player.play(match)
        a_player.play(reference, start=1.0)
    assert len(made) == 2
    until(lambda: (clip := a_player._clips.get("sound")) is not None and clip.complete)
    assert StandIn.opened[0].block(0.1)[-1, 0] == pytest.approx(0.5, abs=1e-3)


def test_long_sounds_are_not_remembered_by_the_half_dozen(a_player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "_REMEMBERED_BYTES", 5 * RATE * 2 * 4)
    for number in range(6):
        a_player.play(tone(2.0, 0.1 * number))
        remembered = sum(clip.frames.nbytes for _, clip in a_player._clips._prepared.values())
        assert remembered <= clips._REMEMBERED_BYTES
    assert len(a_player._clips._prepared) == 2
    a_player.play(tone(8.0, 0.5))
    assert len(a_player._clips._prepared) == 1
    assert StandIn.opened[0].block(7.9)[-1, 0] == pytest.approx(0.5, abs=1e-3) or a_player.playing
