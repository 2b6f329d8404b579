"""Sounds played and carried: what comes too late, files that were written anew."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app import audio_files
from app.controllers.audition import Auditioner
from app.controllers.carrying import Carrying
from app.controllers.keyboard import KeyboardController
from app.jobs import JobRunner
from engine.audition.fit import UNCHANGED, Change
from engine.library.catalog import Sound
from tests.gui.conftest import until
from tests.gui.controllers.listing import LONG_ENOUGH_MILLISECONDS, a_sound


class Player:
    """Of the player's interface what pausing takes; to resume waits for `go_on`."""

    def __init__(self) -> None:
        self.playing, self.failure, self.substitute = True, None, None
        self.position_seconds = 1.0
        self.can_go_on = True
        self.go_on = threading.Event()

    def pause(self) -> None:
        self.playing = False

    def resume(self) -> None:
        assert self.go_on.wait(60)
        self.playing = True

    def stop(self) -> None:
        self.playing = False

    def set_volume_db(self, volume_db: float) -> None:
        pass

    def play(self, sound: object, **_: object) -> None:
        self.playing = True


def make_auditioner(jobs: JobRunner, player: Player) -> Auditioner:
    held = SimpleNamespace(player=lambda: player, existing_player=lambda: player)
    fitting = SimpleNamespace(change=lambda sound: UNCHANGED)
    return Auditioner(held, jobs, fitting, jobs)  # type: ignore[arg-type]


@pytest.fixture
def clips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of what was decoded."""
    decoded: list[str] = []

    def sound_clip(sound: Sound) -> SimpleNamespace:
        decoded.append(sound.path)
        audio = SimpleNamespace(duration_seconds=5.0)
        return SimpleNamespace(audio=audio, sound=audio, rendering=None, gain_db=lambda level_match: 0.0)

    monkeypatch.setattr(audio_files, "sound_clip", sound_clip)
    return decoded


@pytest.mark.parametrize("then", ["toggle_pause", "stop"])
def test_what_is_paused_again_before_it_went_on_stays_silent(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, clips: list[str], then: str
) -> None:
    player = Player()
    auditioner = make_auditioner(jobs, player)
    auditioner.play_sound(a_sound(tmp_path / "kick.wav", kind="one-shot"))
    until(qtbot, lambda: auditioner.playing)
    auditioner.toggle_pause()
    auditioner.toggle_pause()
    resuming = jobs.running("resume")
    assert resuming is not None
    assert auditioner.playing
    getattr(auditioner, then)()
    player.go_on.set()
    assert resuming.ended.wait(60)
    assert (player.playing, auditioner.playing) == (False, False)


def test_a_file_that_was_written_anew_is_not_played_from_memory(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, clips: list[str]
) -> None:
    path = tmp_path / "loop.wav"
    path.write_bytes(b"AAAA")
    auditioner = make_auditioner(jobs, Player())

    def play() -> int:
        auditioner.play_sound(a_sound(path, kind="loop"))
        until(qtbot, lambda: not auditioner.loading)
        return len(clips)

    assert (play(), play()) == (1, 1)
    path.write_bytes(b"BBBB")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))
    assert (play(), play()) == (2, 2)
    path.unlink()
    assert play() == 2, "its drive is away; it is still in memory"


def test_a_file_that_was_written_anew_is_rendered_anew(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[Path] = []

    def export_changed(sound: Sound, change: Change, folder: Path) -> Path:
        rendered.append(tmp_path / f"{len(rendered)}.wav")
        rendered[-1].touch()
        return rendered[-1]

    monkeypatch.setattr(audio_files, "export_changed", export_changed)
    path = tmp_path / "loop.wav"
    path.write_bytes(b"AAAA")
    fitting = SimpleNamespace(change=lambda sound: replace(UNCHANGED, semitones=3))
    carrying = Carrying(SimpleNamespace(rendered_dir=tmp_path), jobs, fitting, jobs)  # type: ignore[arg-type]
    carried: list[Path] = []
    for expected in ("0.wav", "0.wav"):
        carrying.fetch([a_sound(path)], carried.extend)
        until(qtbot, lambda: bool(carried))
        assert carried.pop().name == expected
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))
    carrying.fetch([a_sound(path)], carried.extend)
    until(qtbot, lambda: bool(carried))
    assert carried.pop().name == "1.wav"
    path.unlink()
    told: list[str] = []
    carrying.failed.connect(told.append)
    carrying.fetch([a_sound(path)], carried.extend)
    until(qtbot, lambda: told == ["Left out: loop: The file is not there any more."])
    assert carried == [], "what is away is left out"


def test_a_keyboard_that_is_no_longer_wanted_when_it_opens_is_closed(jobs: JobRunner, qtbot: QtBot) -> None:
    go_on = threading.Event()
    made: list[SimpleNamespace] = []

    def open_one(name: str) -> SimpleNamespace:
        assert go_on.wait(60)
        opened = SimpleNamespace(name=name, closed=False)
        opened.close = lambda: setattr(opened, "closed", True)
        made.append(opened)
        return opened

    held = SimpleNamespace(midi_input=open_one, existing_player=lambda: None)
    auditioner = QObject(jobs)
    auditioner.changed = SimpleNamespace(connect=lambda slot: None)  # type: ignore[attr-defined]
    auditioner.clip = auditioner.sound = auditioner.change = None  # type: ignore[attr-defined]
    keyboard = KeyboardController(held, jobs, auditioner, jobs)  # type: ignore[arg-type]
    keyboard.choose_input("Keystation")
    opening = jobs.running("midi")
    assert opening is not None
    keyboard.choose_input(None)
    go_on.set()
    assert opening.ended.wait(60)
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert keyboard.input is None
    assert [opened.closed for opened in made] == [True]
    keyboard.choose_input("Keystation")
    until(qtbot, lambda: keyboard.input == "Keystation")
    assert [opened.closed for opened in made] == [True, False]
    keyboard.close()
    until(qtbot, lambda: made[1].closed)
