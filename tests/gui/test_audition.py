"""Sounds and the song are heard: begun, paused, gone on with, at which level and through which device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

import engine.audition.line
import engine.audition.prepare
from app import audio_files
from app.controllers import audition
from app.controllers.audition import POSITION_MILLISECONDS
from app.main_window import MainWindow
from app.models.matches import Row
from app.settings import OFF_DB, Settings
from engine.audio.decode import Audio
from engine.audition.output import OutputDevice
from engine.audition.player import Player
from engine.library.catalog import Sound
from tests.gui.conftest import (
    PATIENCE_MILLISECONDS,
    last_played,
    loudest_hertz,
    player_of,
    press,
    until,
)
from tests.gui.stand_in import RATE


def test_a_sound_that_was_left_does_not_play_after_the_next_one(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread may be held up just before it plays."""
    player, go_on, at_the_player = player_of(filled), threading.Event(), threading.Event()
    play = player.play

    def play_late(sound: Audio, **how: object) -> None:
        if not at_the_player.is_set():
            at_the_player.set()
            assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        play(sound, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(player, "play", play_late)
    filled.matches_panel.table.choose(0)
    until(qtbot, at_the_player.is_set)
    filled.matches_panel.table.choose(9)
    qtbot.wait(200)
    go_on.set()
    until(qtbot, lambda: bool(player.played) and not filled.workspace.auditioner.loading)
    assert len(player.played) == 1
    assert loudest_hertz(last_played(filled)) > 1000, "a lead, not the bass before it"
    assert filled.workspace.auditioner.playing


def test_what_is_gone_on_with_is_not_taken_for_ended_before_it_sounds(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, player, go_on = filled.workspace, player_of(filled), threading.Event()
    work.auditioner.set_loop(True)
    work.listening.play_from(0.0)
    until(qtbot, lambda: work.auditioner.playing)
    press(qtbot, filled, " ")
    assert not work.auditioner.playing
    resume = player.resume

    def resume_late(cancel: object = None) -> None:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        resume()

    monkeypatch.setattr(player, "resume", resume_late)
    press(qtbot, filled, " ")
    qtbot.wait(5 * POSITION_MILLISECONDS)
    assert work.auditioner.playing
    go_on.set()
    until(qtbot, lambda: player.playing)
    assert work.auditioner.playing


def test_a_region_that_was_heard_to_its_end_begins_again(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    work.auditioner.set_loop(False)
    work.timeline.set_region((1.0, 3.0))
    work.listening.play_from(1.0)
    until(qtbot, lambda: (work.timeline.playhead or 0.0) > 1.0)
    until(qtbot, lambda: not work.auditioner.playing)
    assert work.timeline.playhead == 1.0
    press(qtbot, filled, " ")
    until(qtbot, lambda: len(player.starts) == 2)
    assert player.starts == [0.0, 0.0]


def test_a_song_too_long_to_be_held_goes_on_where_its_first_part_ends(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = filled.workspace
    monkeypatch.setattr(audition, "LONGEST_REFERENCE_SECONDS", 0.4)
    work.auditioner.set_loop(False)
    work.listening.play_from(11.2)
    for end in (pytest.approx(11.6), 0.0):
        until(qtbot, lambda: work.auditioner.playing)
        until(qtbot, lambda: not work.auditioner.playing)
        assert work.timeline.playhead == end
        press(qtbot, filled, " ")


def test_what_is_switched_while_a_sound_is_decoded_counts_for_it(
    filled: MainWindow, qtbot: QtBot, loop: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, go_on = filled.workspace, threading.Event()
    decode = audio_files.sound_clip

    def decode_late(sound: Sound) -> audio_files.Clip:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        return decode(sound)

    monkeypatch.setattr(audio_files, "sound_clip", decode_late)
    work.auditioner.set_loop(False)
    work.listening.choose(loop)
    work.auditioner.set_loop(True)
    work.auditioner.set_volume(-30.0)
    go_on.set()
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    assert player_of(filled).played[0][2]
    assert player_of(filled).volume_db == -30.0


def test_at_its_own_level_no_sound_is_louder_than_full_scale(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    """Else the volume has no say: a float file in the scale of integers would be clipped at full scale."""
    work, path = filled.workspace, Path(loop.sound.path).with_name("Loud.wav")
    work.auditioner.set_level_match(False)
    work.listening.choose(loop)
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    soundfile.write(path, 20_000.0 * np.sin(np.arange(RATE)), RATE, subtype="FLOAT")
    loud = replace(loop.sound, path=str(path), name="Loud", peak_db=None)
    work.listening.choose(Row(loud, 1))
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    gains = [gain_db for _, gain_db, _ in player_of(filled).played]
    assert gains == [0.0, pytest.approx(-20 * np.log10(20_000), abs=0.01)]


def test_that_only_the_beginning_of_a_very_long_sound_is_heard_is_said(
    filled: MainWindow, qtbot: QtBot, loop: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(loop.sound.path).with_name("Hour.wav")
    soundfile.write(path, np.tile(np.full(RATE, 0.1), 30), RATE)
    monkeypatch.setattr(engine.audition.prepare, "MOST_SAMPLES", 20 * RATE)
    monkeypatch.setattr(engine.audition.prepare, "BEGINNING_SAMPLES", 10 * RATE)
    long = replace(loop.sound, path=str(path), name="Hour", kind="long", duration_seconds=30.0)
    filled.workspace.listening.choose(Row(long, 1))
    until(qtbot, filled.notice.isVisible)
    assert "Hour lasts 0:30: its first 0:10 are heard." in filled.notice.message.text()
    filled.workspace.listening.choose(loop)
    until(qtbot, lambda: not filled.notice.isVisible())


def test_that_a_preset_lacks_samples_is_said_when_it_is_played(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    lacking = replace(loop.sound, id=10_000, reason="It sounds without 1 of its 8 samples.")
    filled.workspace.listening.choose(Row(lacking, 1))
    until(qtbot, filled.notice.isVisible)
    assert f"{loop.sound.name}: It sounds without 1 of its 8 samples." in filled.notice.message.text()
    filled.workspace.listening.choose(loop)
    until(qtbot, lambda: not filled.notice.isVisible())


class Asleep:
    """The interface of `engine.audition.output.Output`; it opens when it is told to."""

    rate, channels, latency_seconds, underflows, alive = 48_000, 2, 0.0, 0, True
    opening, go_on = threading.Event(), threading.Event()
    render: Callable[[np.ndarray], None]

    def __init__(self, device: str | None, prepare: Callable[[int, int], Callable[[np.ndarray], None]], _: float):
        Asleep.render = staticmethod(prepare(self.rate, self.channels))
        Asleep.opening.set()
        assert Asleep.go_on.wait(PATIENCE_MILLISECONDS / 1000)

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def asleep(filled: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """The real player, at a device that opens when `Asleep.go_on` is set, or after a while."""
    monkeypatch.setattr(engine.audition.line, "Output", Asleep)
    Asleep.opening.clear()
    Asleep.go_on.clear()
    late = threading.Timer(20.0, Asleep.go_on.set)
    late.start()
    with Player() as player:
        backend = filled.workspace.backend
        monkeypatch.setattr(backend, "player", lambda: player)
        monkeypatch.setattr(backend, "existing_player", lambda: player)
        yield player
        filled.workspace.auditioner.stop()
        late.cancel()
        Asleep.go_on.set()


@pytest.mark.parametrize("how", ["stop", "pause"])
def test_the_window_waits_for_no_device_and_what_was_stopped_meanwhile_is_not_heard(
    filled: MainWindow, qtbot: QtBot, asleep: Player, how: str
) -> None:
    work = filled.workspace
    filled.matches_panel.table.choose(0)
    until(qtbot, Asleep.opening.is_set)
    job = work.jobs.running("audition")
    assert job is not None
    work.auditioner.set_loop(True)
    work.auditioner.set_volume(-12.0)
    work.auditioner.to_start()
    work.listening.stop() if how == "stop" else work.listening.play_pause()
    assert not Asleep.go_on.is_set(), "the window waited for the device"
    assert not work.auditioner.playing
    assert not work.auditioner.loading
    Asleep.go_on.set()
    assert job.ended.wait(PATIENCE_MILLISECONDS / 1000)
    block = np.ones((4800, 2), np.float32)
    Asleep.render(block)
    assert not block.any()
    assert not asleep.playing
    assert not work.auditioner.playing


def test_outputs_come_and_go_while_the_window_is_open(filled: MainWindow, qtbot: QtBot) -> None:
    work, backend = filled.workspace, filled.workspace.backend
    until(qtbot, lambda: work.outputs.names == ["Speakers", "Headphones"])
    trace = ["pcmC0D0p"]
    backend.device_trace = lambda: tuple(trace)  # type: ignore[method-assign]
    backend.output_is_open = lambda: True  # type: ignore[method-assign]
    before = backend.devices()
    backend.devices = lambda: [*before, OutputDevice(2, "Desk", "stand-in", 2, 48_000, False)]  # type: ignore[method-assign]
    work.devices.start()
    trace.append("pcmC1D0p")
    work.devices.look()
    qtbot.wait(50)
    assert work.outputs.names == ["Speakers", "Headphones"], "not while one is open"
    backend.output_is_open = lambda: False  # type: ignore[method-assign]
    work.devices.look()
    until(qtbot, lambda: work.outputs.names == ["Speakers", "Headphones", "Desk"])
    assert "Desk" in [action.text() for action in filled.actions_.outputs.actions()]


def test_a_device_that_vanishes_is_said_and_another_one_that_plays_too(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    work.auditioner.set_loop(True)
    work.listening.play_from(0.0)
    until(qtbot, lambda: work.auditioner.playing)
    player.failure = "The audio output went away."
    player.stop()
    until(qtbot, filled.notice.isVisible)
    assert "went away" in filled.notice.message.text()
    assert not work.auditioner.playing
    player.failure, player.substitute = None, "Headphones is not there: the default output plays instead."
    press(qtbot, filled, " ")
    until(qtbot, lambda: "Headphones is not there" in filled.notice.message.text())
    player.substitute = None
    filled.matches_panel.table.choose(1)
    until(qtbot, lambda: not filled.notice.isVisible())


def test_the_transport_never_squeezes_its_controls(window: MainWindow, qtbot: QtBot) -> None:
    transport = window.transport
    for width, keyboard in ((1440, None), (960, None), (1440, "Keystation 49"), (1280, "Keys from C4"), (1680, None)):
        window.resize(width, 900)
        transport.set_keyboard(keyboard)
        controls = (transport.sides, transport.pitch, transport.context, transport.device, transport.keyboard)
        until(qtbot, lambda c=controls: all(control.width() == control.sizeHint().width() for control in c))
        assert transport.sides.x() >= transport._left.width(), "the spine is kept"
        assert transport.pitch.accessibleName() == "At slot pitch"
    assert transport.pitch.text() == "At slot pitch"


def test_sound_on_is_as_loud_as_it_was_before_it_was_off(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    work, bar = filled.workspace, filled.transport
    bar.volume.setValue(-36)
    bar.volume.setValue(bar.volume.minimum())  # drawn to its end
    bar.mute.click()
    assert work.auditioner.volume_db == -36.0
    bar.mute.click()
    assert bar.volume_text.text() == "off"
    filled.close()
    again = Settings(tmp_path / "settings.ini")
    assert (again.volume_db, again.audible_db) == (OFF_DB, -36.0)
