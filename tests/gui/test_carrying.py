"""Sounds carried out of the window, as they are or as they are heard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import audio_files
from app.main_window import MainWindow
from app.models.matches import Row
from app.widgets.carried import sounds_in
from tests.gui.conftest import (
    PATIENCE_MILLISECONDS,
    pitched_row,
    press,
    until,
)


@pytest.fixture
def drags(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[QMimeData], bool]]:
    """What becomes of the next drags: each is given what is carried, and tells whether it landed in the window."""
    targets: list[Callable[[QMimeData], bool]] = []
    landed: list[bool] = []

    def carry(drag: QDrag, *_: object) -> Qt.DropAction:
        landed.append(targets.pop(0)(drag.mimeData()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", carry)
    monkeypatch.setattr(QDrag, "target", lambda drag: drag if landed[-1] else None)
    return targets


def test_what_is_dragged_is_the_original_or_a_file_of_what_is_heard(
    filled: MainWindow, qtbot: QtBot, loop: Row, tmp_path: Path
) -> None:
    work = filled.workspace
    row = pitched_row(filled)
    original = Path(row.sound.path).read_bytes()
    received: list[list[Path]] = []
    sounds = [row.sound, loop.sound, replace(row.sound, path=str(tmp_path / "gone.wav"))]
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: received == [[Path(row.sound.path), Path(loop.sound.path)]])
    assert work.carrying.expected(sounds[:2]) == received[0], "and a drag has them at once"
    press(qtbot, filled, "pt")
    until(qtbot, lambda: bool(work.fitting.change(row.sound)))
    assert work.carrying.expected(sounds) == [], "they have to be made"
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: len(received) == 2)
    paths = received[1]
    change = work.fitting.change(row.sound)
    rendered = filled.workspace.backend.rendered_dir
    assert paths == [rendered / f"{row.sound.name} {change.semitones:+d}st.wav", rendered / "Loop 100 at 120 BPM.wav"]
    assert soundfile.info(paths[1]).duration == pytest.approx(4.0 * 100 / 120, abs=0.01)
    assert soundfile.info(paths[0]).subtype == "PCM_24"
    assert work.carrying.expected(sounds) == paths, "they are there"
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: received[2:] == [paths])
    assert Path(row.sound.path).read_bytes() == original
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    filled.actions_.copy_path.trigger()
    until(qtbot, lambda: QGuiApplication.clipboard().text() == str(paths[0]))


def test_a_file_that_has_to_be_made_joins_a_drag_on_its_way(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]]
) -> None:
    row, table = pitched_row(filled), filled.matches_panel.table
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    table.choose(filled.workspace.matches.number_of(row.sound.id))

    def another_program(data: QMimeData) -> bool:
        assert data.hasUrls(), "a program is asked first whether it takes files"
        until(qtbot, lambda: bool(data.urls()))
        assert data.urls()[0].toLocalFile().startswith(str(filled.workspace.backend.rendered_dir))
        return False

    drags.append(another_program)
    table.startDrag(Qt.DropAction.CopyAction)
    assert not drags
    assert not filled.notice.isVisible()


def test_sounds_that_are_away_are_named_and_leave_the_drag(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], tmp_path: Path
) -> None:
    rows = filled.workspace.matches.rows
    away = [replace(row, sound=replace(row.sound, root=str(tmp_path / "drive"))) for row in rows[:5]]
    gone = replace(rows[5], sound=replace(rows[5].sound, path=str(tmp_path / "gone.wav")))
    there = Path(rows[6].sound.path)

    def another_program(data: QMimeData) -> bool:
        until(qtbot, lambda: [Path(url.toLocalFile()) for url in data.urls()] == [there])
        return False

    drags.append(another_program)
    filled.outbox.drag(filled.matches_panel.table, [*away, gone, rows[6]])
    words = filled.notice.message.text()
    assert f"{', '.join(row.sound.name for row in away[:3])} and 2 more: {tmp_path / 'drive'} is away." in words
    assert f"{gone.sound.name}: The file is not there any more." in words
    drags.append(lambda data: False)
    filled.outbox.drag(filled.matches_panel.table, [rows[6]])
    until(qtbot, lambda: not filled.notice.isVisible())


def test_paths_of_sounds_that_are_away_are_not_copied_but_told(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    QGuiApplication.clipboard().setText("as it was")
    filled.matches_panel.table.choose(0)
    monkeypatch.setattr(audio_files, "written_at", lambda path: None)
    filled.actions_.copy_path.trigger()
    name = filled.workspace.matches.rows[0].sound.name
    until(qtbot, lambda: f"{name}: The file is not there any more." in filled.notice.message.text())
    assert QGuiApplication.clipboard().text() == "as it was"


def test_paths_that_are_found_late_do_not_take_the_place_of_a_list(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, begun = threading.Event(), threading.Event()

    def slow(path: str) -> int:
        begun.set()
        assert answers.wait(PATIENCE_MILLISECONDS / 1000)
        return 1

    filled.workspace.listening.autoplay = False
    filled.matches_panel.table.choose(0)
    monkeypatch.setattr(audio_files, "written_at", slow)
    filled.actions_.copy_path.trigger()
    job = filled.workspace.jobs.running("copy")
    assert job is not None
    until(qtbot, begun.is_set)
    filled.actions_.copy_list.trigger()
    answers.set()
    assert job.ended.wait(PATIENCE_MILLISECONDS / 1000)
    QApplication.processEvents()
    assert QGuiApplication.clipboard().text().startswith("Rank\t")


def test_the_window_does_not_wait_for_a_slow_drive_when_a_drag_begins(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked_in, written_at = threading.Event(), set(), audio_files.written_at

    def slow(path: str) -> int | None:
        asked_in.add(threading.current_thread())
        assert answers.wait(PATIENCE_MILLISECONDS / 1000)
        return written_at(path)

    rows = filled.workspace.matches.rows
    monkeypatch.setattr(audio_files, "written_at", slow)
    carried: list[Path] = []

    def another_program(data: QMimeData) -> bool:
        carried.extend(Path(url.toLocalFile()) for url in data.urls())
        return False

    drags.append(another_program)
    filled.outbox.drag(filled.matches_panel.table, rows)
    assert carried == [Path(row.sound.path) for row in rows]
    answers.set()
    until(qtbot, lambda: filled.workspace.jobs.running("carry") is None)
    assert threading.main_thread() not in asked_in
    assert not filled.notice.isVisible(), "they were carried already"


@pytest.mark.parametrize("inside", [True, False])
def test_a_drag_that_ends_before_its_file_is_made(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], inside: bool
) -> None:
    row, table, rendered = pitched_row(filled), filled.matches_panel.table, filled.workspace.backend.rendered_dir
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    table.choose(filled.workspace.matches.number_of(row.sound.id))
    carried: list[list[int]] = []

    def land(data: QMimeData) -> bool:
        carried.append(sounds_in(data, filled.workspace.backend.library_dir))
        return inside

    drags.append(land)
    table.startDrag(Qt.DropAction.CopyAction)
    assert carried == [[row.sound.id]], "a collection takes it at once"
    until(qtbot, lambda: filled.workspace.jobs.running("carry") is None)
    assert len(list(rendered.iterdir())) == 1
    assert ("Drag again to use it." in filled.notice.message.text()) == (not inside)


def test_a_folder_that_cannot_be_written_is_said(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    filled.workspace.backend.rendered_dir = tmp_path / "file"
    (tmp_path / "file").write_text("in the way")
    row = pitched_row(filled)
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    received: list[list[Path]] = []
    filled.workspace.carrying.fetch([row.sound], received.append)
    until(qtbot, filled.notice.isVisible)
    assert "could not be written" in filled.notice.message.text()
    assert received == [], "nothing was made"
