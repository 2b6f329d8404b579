"""The player's device, acted by a stand-in: opened late, given back, lost, missing, replaced."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.audition import line
from engine.audition.player import Player
from engine.errors import PlaybackError
from tests.unit.audition.player.stand_in import RATE, StandIn, tone, until


def test_the_device_is_opened_by_the_first_sound_and_given_back_when_idle(a_player: Player) -> None:
    assert not StandIn.opened
    assert not a_player.playing
    assert a_player.position_seconds is None
    a_player.play(tone(0.5), gain_db=-6.0)
    assert a_player.playing
    heard = StandIn.opened[0].block(0.25)
    np.testing.assert_allclose(heard, 0.5 * 10 ** (-6 / 20), rtol=1e-5)
    assert a_player.position_seconds == pytest.approx(0.25)
    a_player.play(tone(0.5))
    assert len(StandIn.opened) == 1
    StandIn.opened[0].block(0.6)
    assert not a_player.playing
    until(lambda: StandIn.opened[0].closed)
    a_player.play(tone())
    assert len(StandIn.opened) == 2


def test_a_long_pause_gives_the_device_back_and_resumes_in_place(a_player: Player) -> None:
    a_player.play(tone(2.0))
    StandIn.opened[0].block(0.5)
    a_player.pause()
    StandIn.opened[0].block(0.1)
    until(lambda: StandIn.opened[0].closed)
    assert not a_player.playing
    assert a_player.position_seconds == pytest.approx(0.5)
    a_player.resume()
    assert a_player.playing
    StandIn.opened[1].block(0.1)
    assert a_player.position_seconds == pytest.approx(0.6)


def test_a_device_that_vanishes_is_noticed_in_words_and_play_goes_on_elsewhere(a_player: Player) -> None:
    a_player.play(tone(2.0))
    StandIn.opened[0].block(0.5)
    StandIn.opened[0].alive = False
    until(lambda: a_player.failure)
    assert "went away" in str(a_player.failure)
    assert not a_player.playing
    assert a_player.position_seconds == pytest.approx(0.5)
    a_player.resume()
    assert a_player.failure is None
    assert a_player.playing
    assert len(StandIn.opened) == 2


def test_a_device_whose_loss_a_key_notices_first_is_said_too_and_the_sound_goes_on(
    a_player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_SUPERVISION_SECONDS", 60.0)
    a_player.set_key_sound(tone(), 60.0)
    a_player.play(tone(2.0))
    StandIn.opened[0].block(0.5)
    StandIn.opened[0].alive = False
    a_player.press(60, 1.0)
    assert len(StandIn.opened) == 2
    assert not a_player.playing
    assert "went away" in str(a_player.failure)
    assert a_player.position_seconds == pytest.approx(0.5)
    a_player.resume()
    assert a_player.playing
    assert a_player.failure is None


def test_a_sound_that_notices_the_loss_of_its_device_itself_is_no_failure(
    a_player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_SUPERVISION_SECONDS", 60.0)
    a_player.play(tone(2.0, 0.1))
    StandIn.opened[0].alive = False
    a_player.play(tone(2.0, 0.5))
    assert a_player.playing
    assert a_player.failure is None
    np.testing.assert_allclose(StandIn.opened[1].block(0.1), 0.5)


def test_devices_are_looked_for_anew_before_giving_up(a_player: Player) -> None:
    StandIn.refuses = 1
    a_player.play(tone())
    assert a_player.playing
    a_player.stop()
    a_player.device = "another"
    StandIn.refuses = 3
    with pytest.raises(PlaybackError, match="No audio output"):
        a_player.play(tone())
    assert not a_player.playing
    # The player is none the worse for it.
    a_player.pause()
    a_player.stop()
    a_player.seek(1.0)
    a_player.set_volume_db(-3.0)
    a_player.play(tone())
    assert a_player.playing


def test_while_the_chosen_device_is_away_the_default_one_plays(a_player: Player) -> None:
    a_player.device = "Desk"
    a_player.play(tone(0.2))
    assert a_player.substitute is None
    StandIn.opened[0].alive = False
    until(lambda: a_player.failure)
    assert "default" in str(a_player.failure)
    StandIn.refuses = 2
    a_player.play(tone(0.2))
    assert StandIn.opened[1].device is None
    assert "Desk" in str(a_player.substitute)
    assert a_player.device == "Desk"
    StandIn.opened[1].block(0.3)
    until(lambda: StandIn.opened[1].closed)
    a_player.play(tone(0.2))
    assert StandIn.opened[2].device == "Desk"
    assert a_player.substitute is None


def test_a_stuttering_device_is_opened_anew_with_a_longer_latency_and_goes_on(a_player: Player) -> None:
    a_player.play(tone(2.0))
    StandIn.opened[0].block(0.5)
    meanwhile: list[bool] = []
    StandIn.while_opening = lambda: meanwhile.append(a_player.playing)
    StandIn.opened[0].underflows = 50
    until(lambda: len(StandIn.opened) == 2)
    a_player.wake()  # comes after whatever is being done to the device
    assert meanwhile == [True], "it is not taken for ended"
    assert StandIn.opened[0].closed
    assert StandIn.opened[1].latency == pytest.approx(2 * StandIn.opened[0].latency)
    assert a_player.playing
    assert a_player.failure is None
    StandIn.opened[1].block(0.1)
    assert a_player.position_seconds == pytest.approx(0.6)


def test_a_closed_player_says_so() -> None:
    made = Player()
    made.play(tone())
    made.close()
    assert StandIn.opened[0].closed
    with pytest.raises(PlaybackError):
        made.play(tone())


@pytest.mark.parametrize("how", ["another device", "close"])
def test_what_plays_when_the_device_is_given_back_fades_out(
    a_player: Player, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    heard: list[np.ndarray] = []
    closing = threading.Event()

    def render_until_closed(device: StandIn) -> None:
        while not closing.wait(0.01):  # no faster than sound is prepared for
            heard.append(device.block(0.01))

    def close(device: StandIn) -> None:
        if not device.closed:
            device.closed, device.alive = True, False
            closing.set()
            device_thread.join(90)

    monkeypatch.setattr(StandIn, "close", close)
    monkeypatch.setattr(line, "_FADING_SECONDS", 30.0)  # a busy machine may ask for no block for longer than usual
    a_player.set_key_sound(tone(30.0, 0.5), 60.0)
    a_player.play(tone(30.0), loop=True)
    a_player.press(60, 1.0)
    device_thread = threading.Thread(target=render_until_closed, args=(StandIn.opened[0],))
    device_thread.start()
    until(lambda: len(heard) > 5)
    if how == "close":
        a_player.close()
    else:
        a_player.device = "Desk"
    assert np.max(np.abs(heard[3])) > 0.5
    assert np.max(np.abs(heard[-1][-1])) < 0.001
    assert np.max(np.abs(np.diff(np.concatenate(heard)[RATE // 100 :, 0]))) < 0.02
