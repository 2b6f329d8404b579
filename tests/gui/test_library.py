"""The library while the window is open: folders that change, scans that go on after a restart, copies, words."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot
from watchdog.observers import Observer

from app.main_window import MainWindow
from app.models.columns import Column
from app.panels.roots import RootRow
from app.settings import Settings
from app.widgets.failed_list import FailedList
from engine.jobs import CancelToken, ignore_progress
from engine.library.catalog import Root
from engine.library.listing import list_folders
from engine.library.scanner import ScanResult
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows, wait_until_quiet
from tests.gui.stand_in import StandInBackend
from tests.gui.test_models import make_sound


@pytest.fixture
def folder(tmp_path: Path, sounds: Path) -> Path:
    """Twelve good sounds of one's own, to be changed."""
    folder = tmp_path / "folder"
    shutil.copytree(sounds, folder, ignore=shutil.ignore_patterns("broken.wav", "notes.flac"))
    return folder


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "there are more folders than this system lets a program watch"),
        (errno.EACCES, os.strerror(errno.EACCES)),
    ],
)
def test_a_folder_that_is_not_watched_is_named_with_the_reason(
    window: MainWindow, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as refused:
        refused.setattr(Observer, "schedule", refuse)
        window.workspace.library.scan([folder])
        until(qtbot, lambda: window.notice.isVisible())
        words = window.notice.message.text()
        assert f"{folder} ({why})" in words
        assert "Scan again" in words
        wait_until_quiet(qtbot, window)
    window.workspace.library.scan([folder])
    until(qtbot, lambda: not window.notice.isVisible())


def test_folders_that_are_not_watched_are_counted_by_reason(window: MainWindow) -> None:
    refused = {"/a": "Permission denied", "/b": "too many", "/c": "too many", "/d": "too many"}
    window.workspace.library.unwatched.emit(refused)
    words = window.notice.message.text()
    assert "/a (Permission denied)" in words
    assert "3 folders, such as /b (too many)" in words
    window.workspace.library.unwatched.emit({})
    assert not window.notice.isVisible(), "all of them are watched now"


def test_a_folder_without_sounds_is_named_with_what_to_do(
    window: MainWindow, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    library, notice = window.workspace.library, window.notice
    empty = tmp_path / "Invoices"
    empty.mkdir()
    (empty / "readme.txt").write_text("no sound by its name")
    library.scan([folder, empty])
    until(qtbot, notice.isVisible)
    words = notice.message.text()
    assert str(empty) in words
    assert str(folder) not in words, "only the folder that holds none"
    assert "Add the folder that holds them" in words
    library.scan([folder])
    assert not notice.isVisible(), "another scan begins: what was said is old"
    until(qtbot, lambda: ready(window, 12))
    assert not notice.isVisible()


def test_a_folder_whose_last_sound_was_deleted_is_not_complained_of(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    library, empty, said = window.workspace.library, tmp_path / "Emptied", []
    empty.mkdir()
    (empty / "readme.txt").write_text("no sound by its name")
    library.without_sounds.connect(said.append)
    library.scan([empty], asked=False)
    until(qtbot, lambda: library.state is not None and bool(library.state.roots) and not library.scanning)
    assert said == []
    library.scan([empty])
    until(qtbot, lambda: said == [[str(empty)]])


def ready(window: MainWindow, count: int) -> bool:
    """As it was read after the scan."""
    library, reading = window.workspace.library, window.workspace.jobs.running("library")
    known = library.state is not None and library.state.counts.ready == count
    return known and not library.scanning and reading is None


def test_what_changes_in_a_folder_is_followed(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    window.workspace.library.scan([folder])
    until(qtbot, lambda: ready(window, 12))
    wait_until_quiet(qtbot, window)  # from here on the folder is watched, and its sounds are listed
    assert window.workspace.library._watched == {str(folder)}
    names = {row.sound.name: row.sound for row in window.workspace.matches.rows}
    kick = next(sound for name, sound in sorted(names.items()))
    window.workspace.set_favourites([kick.id])

    shutil.copy(kick.path, folder / "Added.wav")
    until(qtbot, lambda: ready(window, 13))
    (folder / "Added.wav").unlink()
    until(qtbot, lambda: ready(window, 12))
    Path(kick.path).rename(folder / "Renamed.wav")

    def is_followed() -> bool:
        rows = {row.sound.id: row.sound for row in window.workspace.matches.rows}
        return kick.id in rows and rows[kick.id].name == "Renamed" and rows[kick.id].favourite

    until(qtbot, is_followed)


def test_what_is_in_sight_is_heard_first(
    window: MainWindow, backend: StandInBackend, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(200):
        (many / f"{number:03}.wav").write_bytes(b"not heard yet")
    list_folders(backend.library().catalog, [str(many)], ignore_progress, CancelToken())
    work = window.workspace
    work.library.refresh()
    wait_for_rows(qtbot, window, 200)
    asked: list[Callable[[], Sequence[int]]] = []

    def scan(folders: Sequence[Path], *, first: Callable[[], Sequence[int]], **_: object) -> ScanResult:
        asked.append(first)
        return ScanResult(200, 0, 0, 0, 0, 0, seconds=0.0)

    monkeypatch.setattr(backend, "scan", scan)

    def in_sight() -> list[int]:
        first, last = window.matches_panel.table.visible_rows()
        return [row.sound.id for row in work.matches.rows[first : last + 1]]

    work.library.rescan()
    until(qtbot, lambda: len(asked) == 1)
    assert list(asked[0]()) == in_sight()
    at_first = in_sight()
    window.matches_panel.table.scrollToBottom()
    until(qtbot, lambda: list(asked[0]()) == in_sight() != at_first)


def test_what_the_library_takes_is_told(filled: MainWindow, qtbot: QtBot) -> None:
    label = filled.library_panel.usage
    until(qtbot, lambda: bool(label.text()))
    assert re.fullmatch(r"\d[\d.]* [kM]B on disk, \d[\d.]* [MG]B in memory", label.text())
    filled.resize(1280, 800)
    for name in ("Kicks", "Snares", "Hats", "Basses", "Leads", "Pads"):
        filled.workspace.marks.add_collection(name)
    until(qtbot, lambda: filled.library_panel.marks.height() > 6 * 24)
    assert not label.visibleRegion().isEmpty(), "also beneath many collections"


def test_a_scan_goes_on_as_it_was_left(qtbot: QtBot, tmp_path: Path, folder: Path) -> None:
    backend, settings = StandInBackend(tmp_path / "library"), tmp_path / "settings.ini"
    backend.library().catalog.add_root(folder)
    window = make_window(backend, settings)
    until(qtbot, lambda: window.workspace.library.state is not None)
    window.workspace.library.scan([folder])
    job = window.workspace.library.scan_job
    assert job is not None
    job.pause()
    until(qtbot, lambda: window.settings.unfinished_scan == [folder])
    window.close()

    again = make_window(StandInBackend(tmp_path / "library"), settings)
    until(qtbot, lambda: again.workspace.library.scan_job is not None)
    job = again.workspace.library.scan_job
    assert job is not None
    assert job.paused
    job.resume()
    until(qtbot, lambda: ready(again, 12))
    assert again.settings.unfinished_scan == []
    again.close()
    assert leftover_threads() == []


def test_a_pause_lasts_until_somebody_asks_for_a_scan(filled: MainWindow, qtbot: QtBot, folder: Path) -> None:
    library = filled.workspace.library

    def paused() -> bool:
        assert library.scan_job is not None
        return library.scan_job.paused

    library.scan([folder], asked=False, paused=True)
    assert paused()
    library.scan([folder / "one"], asked=False)
    assert paused(), "what is scanned by itself does not end it"
    library.scan([folder / "two"])
    assert not paused()
    until(qtbot, lambda: library.scan_job is None)


def test_a_scan_goes_on_when_its_drive_answers(
    qtbot: QtBot, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, settings = StandInBackend(tmp_path / "library"), Settings(tmp_path / "settings.ini")
    backend.library().catalog.add_root(folder)
    settings.unfinished_scan = [folder]
    settings.keep()
    answer, isdir = threading.Event(), os.path.isdir

    def answer_late(path: str) -> bool:
        if str(path) == str(folder):
            answer.wait(60)
        return isdir(path)

    monkeypatch.setattr(os.path, "isdir", answer_late)
    window = make_window(backend, tmp_path / "settings.ini")
    until(qtbot, lambda: window.workspace.library.state is not None)
    assert window.workspace.library.scan_job is None
    assert window.settings.unfinished_scan == [folder], "it is not forgotten where the window is closed now"
    answer.set()
    until(qtbot, lambda: ready(window, 12))
    assert window.settings.unfinished_scan == []
    window.close()
    assert leftover_threads() == []


def test_the_search_understands_facts(filled: MainWindow, qtbot: QtBot) -> None:
    families = {row.sound.family for row in filled.workspace.matches.rows}
    family = sorted(str(name) for name in families)[0]
    expected = sum(row.sound.family == family for row in filled.workspace.matches.rows)
    filled.matches_panel.search.setText(f"family:{family} -nothing")
    wait_for_rows(qtbot, filled, expected)
    filled.matches_panel.search.setText("length:100-")
    wait_for_rows(qtbot, filled, 0)
    filled.matches_panel.search.setText("")
    until(qtbot, lambda: filled.workspace.matches.rowCount() > expected)


def test_copies_are_one_row_that_names_them(window: MainWindow, qtbot: QtBot, folder: Path, song: Path) -> None:
    original = sorted(folder.rglob("*.wav"))[0]
    shutil.copy(original, folder / "The same.wav")
    window.workspace.library.scan([folder])
    window.workspace.take([song])
    until(qtbot, lambda: ready(window, 13))
    until(qtbot, lambda: any(row.copies for row in window.workspace.matches.rows))
    number, row = next((n, row) for n, row in enumerate(window.workspace.matches.rows) if row.copies)
    index = window.workspace.matches.index(number, Column.NAME)
    assert index.data() == f"{row.sound.name}  +1"
    assert row.copies[0].path in index.data(Qt.ItemDataRole.ToolTipRole)
    assert {original.name, "The same.wav"} == {Path(row.sound.path).name, Path(row.copies[0].path).name}


def test_a_folder_that_narrows_the_table_lets_go_when_it_is_removed(filled: MainWindow, qtbot: QtBot) -> None:
    work, (row, *_) = filled.workspace, filled.library_panel._rows.values()
    qtbot.mouseClick(row.row, Qt.MouseButton.LeftButton)
    assert work.matching.filters.root_id == row.root.id
    row.remove_asked.emit(row.root.path)
    until(qtbot, lambda: work.library.empty)
    assert work.matching.filters.root_id is None


def test_a_folder_is_grey_as_long_as_it_is_away(qtbot: QtBot) -> None:
    here, unknown = Root(1, "/drive/Sounds", 12, 0, True), Root(1, "/drive/Sounds", 12, 0)
    away = replace(here, online=False)

    def pictures(*states: Root) -> QImage:
        row = RootRow(states[0])
        qtbot.addWidget(row)
        for state in states[1:]:
            row.show_root(state)
        row.resize(240, row.sizeHint().height())
        return row.grab().toImage()

    assert pictures(here) != pictures(away)
    assert pictures(here) == pictures(unknown)
    assert pictures(here, away) == pictures(away)
    assert pictures(away, here) == pictures(here)


def test_menus_do_not_pile_up(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    work.marks.add_collection("Kit")
    until(qtbot, lambda: len(filled.library_panel.marks.rows) == 1)
    roots, lists = filled.library_panel._rows, filled.library_panel.marks
    table = filled.matches_panel.table
    table.choose(0)
    before = len(filled.findChildren(QMenu))
    for widget in (*roots.values(), *lists.rows.values(), lists.history, table.viewport()):
        at = QPoint(5, 5)
        QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, at))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.close()
    until(qtbot, lambda: len(filled.findChildren(QMenu)) == before)


def test_an_instrument_is_added_and_heard(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "Toy.vst3"
    path.write_text("Warm\nis silent")
    window.workspace.take([path])  # as if it were dropped
    until(qtbot, lambda: "1 sound of Toy in the library" in window.notice.message.text())
    assert "is silent: The plug-in played nothing" in window.notice.message.text()
    until(qtbot, lambda: ready(window, 1))
    wait_for_rows(qtbot, window, 1)
    assert window.workspace.matches.rows[0].sound.name == "Warm"
    assert [sound.name for sound in window.workspace.library.state.failed] == ["is silent"]  # type: ignore[union-attr]
    window.matches_panel.table.choose(0)
    player = window.workspace.backend.silent_player  # type: ignore[attr-defined]
    until(qtbot, lambda: len(player.played) == 1)
    assert player.played[0][0].samples.any()


def test_an_instrument_is_chosen_and_refused_in_words(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "Toy.vst3"
    path.write_text("is an effect at once")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    assert window.actions_.add_instrument in window.library_panel.head.actions()
    window.actions_.add_instrument.trigger()
    until(qtbot, lambda: "Toy.vst3: It is an effect" in window.notice.message.text())


@pytest.mark.parametrize("chosen", [20, 450])
def test_the_chosen_failed_file_stays_chosen_while_others_fail(qtbot: QtBot, chosen: int) -> None:
    failed = FailedList()
    qtbot.addWidget(failed)
    failed.resize(260, 220)
    failed.show()
    failed.fold.setChecked(True)
    sounds = [make_sound(number, state="failed", reason="Cut short.") for number in range(1, 500)]
    failed.model.set_sounds(sounds)
    bar = failed.list.verticalScrollBar()
    until(qtbot, lambda: bar.maximum() > 495 * failed.list.sizeHintForRow(0) - failed.list.height())
    failed.list.setCurrentIndex(failed.model.index(chosen))
    scrolled = bar.value()
    assert scrolled > 0
    failed.model.set_sounds([make_sound(900, state="failed", reason="Empty."), *sounds])
    assert bar.value() == scrolled
    with qtbot.waitSignal(failed.retry_asked) as asked:
        failed.retry.click()
    assert asked.args[0].id == sounds[chosen].id
    failed.model.set_sounds([sound for sound in sounds if sound.id != sounds[chosen].id])
    assert failed.list.currentIndex().row() == 0, "it is there no longer"
