"""The player's dealings with its device, acted by a stand-in: opened late, given back, lost, missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import sounddevice

from engine.audio.decode import Audio
from engine.audition import clips, line, output
from engine.audition.change import Rendering
from engine.audition.deck import FADE_SECONDS
from engine.audition.fit import Change
from engine.audition.player import Player
from engine.audition.wish import Bed
from engine.errors import PlaybackError
from engine.jobs import CancelToken

RATE = 48000


class StandIn:
    """An output whose blocks are asked for by the test."""

    opened: list[StandIn] = []  # noqa: RUF012
    refuses = 0
    while_opening: Callable[[], object] = lambda: None

    def __init__(
        self,
        device: str | int | None,
        prepare: Callable[[int, int], Callable[[np.ndarray], None]],
        latency: float,
    ) -> None:
        if StandIn.refuses:
            StandIn.refuses -= 1
            raise PlaybackError(output.NO_OUTPUT)
        self.rate, self.channels, self.latency_seconds, self.latency = RATE, 2, 0.0, latency
        self.device = device
        self.render = prepare(RATE, 2)
        self.alive, self.closed, self.underflows = True, False, 0
        StandIn.while_opening()
        StandIn.opened.append(self)

    def close(self) -> None:
        self.closed, self.alive = True, False

    def block(self, seconds: float) -> np.ndarray:
        out = np.zeros((round(seconds * RATE), 2), dtype=np.float32)
        for start in range(0, out.shape[0], 480):
            self.render(out[start : start + 480])
        return out


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.opened, StandIn.refuses, StandIn.while_opening = [], 0, lambda: None
    monkeypatch.setattr(line, "Output", StandIn)
    monkeypatch.setattr(line, "refresh", lambda: None)
    monkeypatch.setattr(line, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(line, "_SUPERVISION_SECONDS", 0.02)


@pytest.fixture
def a_player() -> Iterator[Player]:
    with Player() as made:
        yield made


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def tone(seconds: float = 1.0, value: float = 0.5, rate: int = RATE) -> Audio:
    return Audio(samples=np.full((1, round(seconds * rate)), value, dtype=np.float32), rate=rate)


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


def test_a_sound_is_tried_over_a_bed_that_goes_on(a_player: Player) -> None:
    bed = Bed(tone(1.0, 0.25), gain_db=-6.0, loop=True)
    below = 0.25 * 10 ** (-6 / 20)
    a_player.play(tone(0.3, 0.1), bed=bed)
    device = StandIn.opened[0]
    np.testing.assert_allclose(device.block(0.2), below + 0.1, rtol=1e-5)
    a_player.play(tone(0.5, 0.2), bed=bed)
    assert a_player.bed_position_seconds == pytest.approx(0.2)
    heard = device.block(0.8)
    np.testing.assert_allclose(heard[480:20000], below + 0.2, rtol=1e-5)
    np.testing.assert_allclose(heard[-480:], below, rtol=1e-5)
    assert a_player.playing
    a_player.play(tone(0.5, 0.2))
    np.testing.assert_allclose(device.block(0.1)[480:], 0.2, rtol=1e-5)
    assert a_player.bed_position_seconds is None


def ramp(seconds: float, until: float = 0.5) -> Audio:
    """Rises from 0, so that each sample says where it is from."""
    return Audio(samples=np.linspace(0, until, round(seconds * RATE), dtype=np.float32)[None], rate=RATE)


def give_back_paused(a_player: Player) -> None:
    a_player.pause()
    StandIn.opened[-1].block(0.1)
    until(lambda: StandIn.opened[-1].closed)


@pytest.mark.parametrize("long", [False, True], ids=["at once", "after the device was given back"])
def test_a_pause_after_the_sound_has_ended_holds_its_bed(a_player: Player, long: bool) -> None:
    bed = Bed(ramp(2.0), loop=True)
    a_player.play(tone(0.1, 0.2), bed=bed)
    StandIn.opened[0].block(0.5)
    assert a_player.position_seconds is None
    if long:
        give_back_paused(a_player)
    else:
        a_player.pause()
        StandIn.opened[0].block(0.1)
    assert not a_player.playing
    assert a_player.can_go_on
    assert a_player.position_seconds is None, "the sound stays over"
    a_player.resume()
    assert a_player.playing
    np.testing.assert_allclose(StandIn.opened[-1].block(0.1)[-1], 0.15, atol=1e-3)
    a_player.stop()
    assert not a_player.can_go_on


def test_a_long_pause_resumes_the_bed_where_it_was(a_player: Player) -> None:
    bed = Bed(ramp(2.0))
    a_player.play(tone(5.0, 0.25), bed=bed, start=1.0)
    StandIn.opened[0].block(0.5)
    give_back_paused(a_player)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[1].block(0.1)[-1], 0.25 + 0.15, atol=1e-3)
    StandIn.opened[1].block(1.5)
    give_back_paused(a_player)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[2].block(0.1)[-1], 0.25, atol=1e-3, err_msg="the bed had ended")
    give_back_paused(a_player)
    a_player.seek(0.5)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[3].block(0.1)[-1], 0.25, atol=1e-3)


def test_a_seek_while_the_device_is_given_back_takes_the_bed_along(a_player: Player) -> None:
    a_player.play(tone(5.0, 0.25), bed=Bed(ramp(2.0), loop=True))
    StandIn.opened[0].block(0.5)
    give_back_paused(a_player)
    a_player.seek(3.0)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[1].block(0.1)[-1], 0.25 + 0.275, atol=1e-3)


def test_whether_a_bed_goes_round_can_be_said_while_it_sounds(a_player: Player) -> None:
    audio = tone(0.5, 0.25)
    a_player.play(tone(0.1, 0.1), bed=Bed(audio, loop=True))
    StandIn.opened[0].block(1.2)
    assert a_player.playing
    a_player.set_loop(False, bed=False)
    StandIn.opened[0].block(0.4)
    assert not a_player.playing, "it ended with this round"
    a_player.play(tone(0.1, 0.1), bed=Bed(audio))
    StandIn.opened[0].block(0.3)
    a_player.play(tone(0.1, 0.1), bed=Bed(audio, loop=True))
    assert a_player.bed_position_seconds == pytest.approx(0.3), "it is not begun anew for that"
    StandIn.opened[0].block(0.5)
    assert a_player.playing


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


def test_a_closed_player_says_so() -> None:
    made = Player()
    made.play(tone())
    made.close()
    assert StandIn.opened[0].closed
    with pytest.raises(PlaybackError):
        made.play(tone())


class NoDevices:
    """What sounddevice answers on a machine without any output."""

    def __call__(self, device: object = None, kind: str | None = None) -> object:
        if kind is None and device is None:
            return []
        raise sounddevice.PortAudioError("Error querying device -1")


def test_without_any_output_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounddevice, "query_devices", NoDevices())
    with pytest.raises(PlaybackError, match=r"No audio output was found\. Connect"):
        output.Output(None, lambda rate, channels: lambda block: None)


def test_an_output_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"max_output_channels": 2, "default_samplerate": 48000.0, "name": "Desk", "hostapi": 0}
    monkeypatch.setattr(sounddevice, "query_devices", lambda *arguments: there if arguments else [there])

    def refuse(**_: object) -> None:
        raise sounddevice.PortAudioError("Device unavailable")

    monkeypatch.setattr(sounddevice, "OutputStream", refuse)
    with pytest.raises(PlaybackError, match="'Desk' could not be opened: Device unavailable"):
        output.Output("Desk", lambda rate, channels: lambda block: None)


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


@pytest.mark.parametrize("how", ["another device", "close"])
def test_what_plays_when_the_device_is_given_back_fades_out(
    a_player: Player, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    heard: list[np.ndarray] = []
    closing = threading.Event()

    def render_until_closed(device: StandIn) -> None:
        while not closing.wait(0.002):
            heard.append(device.block(0.01))

    def close(device: StandIn) -> None:
        if not device.closed:
            device.closed, device.alive = True, False
            closing.set()
            device_thread.join(90)

    monkeypatch.setattr(StandIn, "close", close)
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
