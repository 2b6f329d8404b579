"""What is asked of the player while its device opens or closes, which takes seconds: nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from engine.audio.decode import Audio
from engine.audition import line
from engine.audition.player import Player
from engine.audition.wish import Bed
from engine.errors import PlaybackError
from engine.jobs import CancelToken
from tests.unit.audition.player.stand_in import RATE, StandIn, tone, until


class Held:
    """A device that is being opened, until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        StandIn.while_opening = self._hold

    def _hold(self) -> None:
        self.begun.set()
        assert self.go_on.wait(90)


def waiting_for(device: Held, act: Callable[[], object]) -> threading.Thread:
    """`act` on a thread of its own, which waits for the device by now."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    assert device.begun.wait(90)
    return thread


def let_open(device: Held, *threads: threading.Thread) -> None:
    StandIn.while_opening = lambda: None
    device.go_on.set()
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()


def does_not_wait(act: Callable[[], object]) -> None:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it waits for the device"


def test_a_stop_while_the_device_opens_does_not_wait_and_wins(a_player: Player) -> None:
    device = Held()
    playing = waiting_for(device, lambda: a_player.play(tone(), bed=Bed(tone(), loop=True)))
    does_not_wait(a_player.stop)
    let_open(device, playing)
    assert not StandIn.opened[0].block(0.2).any()
    assert not a_player.playing
    assert a_player.position_seconds is None
    a_player.resume()
    assert not StandIn.opened[0].block(0.1).any()


def test_what_is_asked_while_the_device_opens_is_obeyed_without_waiting(a_player: Player) -> None:
    ramp = Audio(samples=np.linspace(0, 0.9, 2 * RATE, dtype=np.float32)[None], rate=RATE)
    device = Held()
    playing = waiting_for(device, lambda: a_player.play(ramp))
    for act in (
        lambda: a_player.seek(1.0),
        lambda: a_player.set_loop(True, bed=True),
        lambda: a_player.set_volume_db(-20.0),
        lambda: a_player.set_key_sound(tone(), 60.0),
        lambda: a_player.hold(True),
        a_player.release_all,
        lambda: (a_player.position_seconds, a_player.playing, a_player.failure, a_player.output_latency_seconds),
    ):
        does_not_wait(act)
    let_open(device, playing)
    assert StandIn.opened[0].block(0.01)[-1, 0] == pytest.approx(0.0454, abs=0.001)
    StandIn.opened[0].block(2.0)
    assert a_player.playing


def test_a_sound_that_is_paused_while_the_device_opens_waits_for_resume(a_player: Player) -> None:
    device = Held()
    playing = waiting_for(device, lambda: a_player.play(tone(), start=0.25))
    does_not_wait(a_player.pause)
    let_open(device, playing)
    assert not StandIn.opened[0].block(0.1).any()
    assert a_player.position_seconds == 0.25
    a_player.resume()
    assert StandIn.opened[0].block(0.1).any()
    assert a_player.position_seconds == pytest.approx(0.35)


def test_going_on_is_taken_back_while_the_device_opens(a_player: Player) -> None:
    a_player.play(tone(2.0))
    StandIn.opened[0].block(0.5)
    a_player.pause()
    StandIn.opened[0].block(0.1)
    until(lambda: StandIn.opened[0].closed)
    for take_back in (a_player.pause, a_player.stop):
        device = Held()
        resuming = waiting_for(device, a_player.resume)
        does_not_wait(take_back)
        let_open(device, resuming)
        assert not StandIn.opened[-1].block(0.1).any()
        until(lambda: StandIn.opened[-1].closed)


def test_of_two_sounds_the_last_one_plays_once_the_device_is_open(a_player: Player) -> None:
    device = Held()
    first = waiting_for(device, lambda: a_player.play(tone(value=0.1)))
    second = threading.Thread(target=lambda: a_player.play(tone(value=0.5)), daemon=True)
    second.start()
    until(lambda: (wish := a_player._wish) is not None and wish.sound.samples[0, 0] == 0.5)  # type: ignore[union-attr]
    let_open(device, first, second)
    np.testing.assert_allclose(StandIn.opened[0].block(0.1), 0.5, rtol=1e-5)


def test_what_is_cancelled_does_not_begin(a_player: Player) -> None:
    device, token = Held(), CancelToken()
    playing = waiting_for(device, lambda: a_player.play(tone(), cancel=token))
    token.cancel()
    let_open(device, playing)
    a_player.play(tone(), cancel=token)
    a_player.resume(token)
    assert not StandIn.opened[0].block(0.2).any()


def test_nobody_waits_for_a_device_that_closes(a_player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    a_player.play(tone(0.1))
    closing, go_on, close = threading.Event(), threading.Event(), StandIn.close

    def close_slowly(device: StandIn) -> None:
        closing.set()
        assert go_on.wait(90)
        close(device)

    monkeypatch.setattr(StandIn, "close", close_slowly)
    StandIn.opened[0].block(0.2)
    assert closing.wait(90), "an idle device is given back"
    for act in (a_player.pause, a_player.stop, lambda: a_player.seek(0.0), lambda: a_player.set_volume_db(-3.0)):
        does_not_wait(act)
    go_on.set()


def test_a_sound_asked_for_after_another_device_was_chosen_plays_there(a_player: Player) -> None:
    device = Held()
    first = waiting_for(device, lambda: a_player.play(tone()))
    choosing = threading.Thread(target=lambda: setattr(a_player, "device", "Desk"), daemon=True)
    choosing.start()
    until(lambda: a_player.device == "Desk")
    until(lambda: a_player._wish is None)
    second = threading.Thread(target=lambda: a_player.play(tone(value=0.25)), daemon=True)
    second.start()
    let_open(device, first, choosing, second)
    assert [opened.device for opened in StandIn.opened] == [None, "Desk"]
    np.testing.assert_allclose(StandIn.opened[1].block(0.1), 0.25, rtol=1e-5)
    assert not StandIn.opened[0].block(0.1).any()


def test_a_player_that_is_closed_while_its_device_opens_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_CLOSING_SECONDS", 0.05)
    made, device = Player(), Held()

    def play() -> None:
        with pytest.raises(PlaybackError, match="closed"):
            made.play(tone())

    playing = waiting_for(device, play)
    does_not_wait(made.close)
    let_open(device, playing)
    assert StandIn.opened[0].closed
