"""The library while the window is open: folders that change, scans that go on after a restart, copies, words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.models.columns import Column
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows
from tests.gui.stand_in import StandInBackend


@pytest.fixture
def folder(tmp_path: Path, sounds: Path) -> Path:
    """Twelve good sounds of one's own, to be changed."""
    folder = tmp_path / "folder"
    shutil.copytree(sounds, folder, ignore=shutil.ignore_patterns("broken.wav", "notes.flac"))
    return folder


def ready(window: MainWindow, count: int) -> bool:
    library = window.workspace.library
    return library.state is not None and library.state.counts.ready == count and not library.scanning


def test_what_changes_in_a_folder_is_followed(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    window.workspace.library.scan([folder])
    until(qtbot, lambda: ready(window, 12))
    names = {row.sound.name: row.sound for row in window.workspace.matches.rows}
    kick = next(sound for name, sound in sorted(names.items()))
    window.workspace.library.set_favourite(kick.id, True)

    shutil.copy(kick.path, folder / "Added.wav")
    until(qtbot, lambda: ready(window, 13))
    (folder / "Added.wav").unlink()
    until(qtbot, lambda: ready(window, 12))
    Path(kick.path).rename(folder / "Renamed.wav")

    def is_followed() -> bool:
        rows = {row.sound.id: row.sound for row in window.workspace.matches.rows}
        return kick.id in rows and rows[kick.id].name == "Renamed" and rows[kick.id].favourite

    until(qtbot, is_followed)


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
    from PySide6.QtCore import Qt

    assert row.copies[0].path in index.data(Qt.ItemDataRole.ToolTipRole)
    assert {original.name, "The same.wav"} == {Path(row.sound.path).name, Path(row.copies[0].path).name}
