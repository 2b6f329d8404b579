"""What is dropped goes to where it belongs, and nothing waits for a drive that is asleep."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.gui.conftest import PATIENCE_MILLISECONDS, drop, until


class Drive:
    """Answers what a path in it is once it is awake."""

    def __init__(self) -> None:
        self.awake = threading.Event()
        self.asked = False

    def answer(self, path: Path) -> None:
        if "Drive" in path.parts:
            self.asked = True
            assert threading.current_thread() is not threading.main_thread(), "the window would hang"
            assert self.awake.wait(PATIENCE_MILLISECONDS / 1000)


@pytest.fixture
def drive(tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drive]:
    """Asleep, with a folder and a song in it."""
    os.makedirs(tmp_path / "Drive" / "Kicks")
    shutil.copy(song, tmp_path / "Drive" / "Slow.wav")
    made, isdir = Drive(), os.path.isdir

    def asked(path: Any) -> bool:
        if isinstance(path, Path):
            made.answer(path)
        return isdir(path)

    monkeypatch.setattr(os.path, "isdir", asked)
    yield made
    made.awake.set()


def test_the_window_does_not_wait_for_a_drive_that_sleeps(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, drive: Drive
) -> None:
    drop(window, tmp_path / "Drive" / "Slow.wav")
    until(qtbot, lambda: drive.asked)
    assert window.workspace.reference.path is None
    drive.awake.set()
    until(qtbot, lambda: window.workspace.reference.path == tmp_path / "Drive" / "Slow.wav")


def test_a_song_that_wakes_late_does_not_push_a_later_one_aside(
    window: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path, drive: Drive
) -> None:
    work, folders = window.workspace, []
    work.intake.folders.connect(folders.append)
    drop(window, tmp_path / "Drive" / "Kicks", tmp_path / "Drive" / "Slow.wav")
    until(qtbot, lambda: drive.asked)
    drop(window, song)
    until(qtbot, lambda: work.reference.path == song)
    drive.awake.set()
    until(qtbot, lambda: folders == [[tmp_path / "Drive" / "Kicks"]])
    assert work.reference.path == song


def test_a_song_opened_from_the_menu_is_not_pushed_aside_either(
    window: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path, drive: Drive
) -> None:
    work = window.workspace
    drop(window, tmp_path / "Drive" / "Slow.wav")
    until(qtbot, lambda: drive.asked)
    work.open_song(song)
    drive.awake.set()
    until(qtbot, lambda: not any(lane.startswith("drop") for lane in work.jobs._current))
    assert work.reference.path == song


def test_the_song_of_another_day_does_not_push_a_dropped_one_aside(
    window: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path, drive: Drive
) -> None:
    work = window.workspace
    work.settings.remember_song(song)
    drop(window, tmp_path / "Drive" / "Slow.wav")
    until(qtbot, lambda: drive.asked)
    work.open_last_song()
    until(qtbot, lambda: work.reference.path == song)
    drive.awake.set()
    until(qtbot, lambda: work.reference.path == tmp_path / "Drive" / "Slow.wav")
