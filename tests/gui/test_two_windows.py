"""A second window on the same library searches and plays, changes nothing, and says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.models.columns import Column
from app.settings import Settings
from engine.library.locks import try_lock
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows
from tests.gui.stand_in import StandInBackend

WORDS = "Another Earshot has this library open"


def open_second(first: MainWindow, tmp_path: Path) -> MainWindow:
    folder = first.workspace.backend.library_dir
    return make_window(StandInBackend(folder), tmp_path / "settings.ini")


@pytest.fixture
def second(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    window = open_second(filled, tmp_path)
    until(qtbot, lambda: window.workspace.library.state is not None)
    wait_for_rows(qtbot, window, 12)
    yield window
    window.close()


def says_why(window: MainWindow) -> bool:
    return window.notice.isVisible() and WORDS in window.notice.message.text()


def test_it_says_so_and_the_first_does_not(filled: MainWindow, second: MainWindow) -> None:
    assert says_why(second)
    assert "Close the other one" in second.notice.message.text()
    assert "reading only" in second.windowTitle()
    assert WORDS not in filled.notice.message.text()
    assert "reading only" not in filled.windowTitle()


def test_it_searches_and_plays(second: MainWindow, qtbot: QtBot) -> None:
    second.matches_panel.search.setText("leads")
    wait_for_rows(qtbot, second, 4)
    second.matches_panel.table.choose(1)
    player = second.workspace.backend.silent_player  # type: ignore[attr-defined]
    until(qtbot, lambda: len(player.played) == 1)


def test_what_would_change_the_library_is_answered_in_words(
    filled: MainWindow, second: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    work = second.workspace
    sound = work.matches.rows[0].sound
    (tmp_path / "more").mkdir()

    def is_answered(act, *arguments) -> None:  # type: ignore[no-untyped-def]
        second.notice.dismiss()
        act(*arguments)
        until(qtbot, lambda: says_why(second))

    second.matches_panel.table.choose(0)
    is_answered(second.toggle_favourite)
    is_answered(work.set_favourites, [sound.id])
    is_answered(work.take, [tmp_path / "more"])
    is_answered(work.library.rescan)
    is_answered(work.take, [tmp_path / "Toy.vst3"])
    is_answered(work.library.remove_root, sound.root)
    is_answered(work.try_demo)
    is_answered(work.marks.rate, [sound.id], 4)
    is_answered(work.marks.tag, [sound.id])
    is_answered(work.marks.add_collection, "Mine")
    assert not work.matches.rows[0].sound.favourite, "not even to look at"
    assert work.library.scan_job is None
    assert work.library.scanning == ()
    kept = filled.workspace.backend.library().catalog
    assert (kept.sound(sound.id).rating, kept.marks.collections(), kept.marks.favourites()) == (0, [], [])


def test_a_scan_beside_that_of_a_command_says_why_it_is_refused(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    lock = try_lock(work.backend.library_dir / "scan.lock")
    assert lock is not None
    work.library.rescan()
    until(qtbot, lambda: "being scanned by another Earshot" in filled.notice.message.text())
    read = work.library.state
    work.library.refresh()
    until(qtbot, lambda: work.library.state is not read)
    assert filled.notice.isVisible(), "that the library can be read does not make it untrue"
    lock.release()
    work.library.rescan()
    assert not filled.notice.isVisible()
    until(qtbot, lambda: work.library.scan_job is None)


def test_it_follows_what_the_first_changes(filled: MainWindow, second: MainWindow, qtbot: QtBot) -> None:
    sound = second.workspace.matches.rows[0].sound
    filled.workspace.set_favourites([sound.id])
    filled.workspace.marks.add_collection("Drums", [sound.id])
    marks = second.workspace.marks
    until(qtbot, lambda: marks.state.favourites == 1)
    until(qtbot, lambda: [known.name for known in marks.state.collections] == ["Drums"])


def test_the_first_one_keeps_the_settings(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    filled.workspace.auditioner.volume_db = -9.0
    filled.matches_panel.table.toggle_column(Column.RATING)
    filled.workspace.settings.unfinished_scan = [tmp_path / "half"]
    second = open_second(filled, tmp_path)
    song, shown = second.workspace, second.matches_panel.table
    song.settings.remember_song(tmp_path / "other.wav")
    until(qtbot, lambda: says_why(second))
    shown.toggle_column(Column.TAGS)
    second.set_theme("light")
    song.auditioner.volume_db = -30.0
    assert second.settings.theme == "light", "it counts as long as the window is open"
    assert second.settings.recent_songs[0].name == "other.wav"
    second.close()
    filled.set_theme("dark")
    filled.close()
    kept = Settings(tmp_path / "settings.ini")
    assert (kept.theme, kept.volume_db) == ("dark", -9.0)
    assert Column.RATING in kept.columns
    assert Column.TAGS not in kept.columns
    assert [path.name for path in kept.recent_songs] == ["Two Tones.wav"]
    assert kept.unfinished_scan == [tmp_path / "half"]


def test_the_window_after_a_crash_writes_again(qtbot: QtBot, tmp_path: Path, scanned: Path) -> None:
    folder = tmp_path / "crashed"
    shutil.copytree(scanned, folder)
    script = (
        "import sys, time; from pathlib import Path; from app.backend import Backend\n"
        "Backend(Path(sys.argv[1])).library(); print('open', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    window = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    until(qtbot, lambda: says_why(window))
    other.kill()
    other.wait()
    wait_for_rows(qtbot, window, 12)
    window.close()
    again = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    wait_for_rows(qtbot, again, 12)
    until(qtbot, lambda: again.workspace.library.state is not None)
    assert not says_why(again)
    again.workspace.marks.add_collection("Mine")
    until(qtbot, lambda: [known.name for known in again.workspace.marks.state.collections] == ["Mine"])
    again.close()
    assert leftover_threads() == []


def test_settings_wait_until_it_is_known_who_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    settings = Settings(path)
    settings.wait()
    settings.theme = "light"
    assert settings.theme == "light"
    assert Settings(path).theme == "dark"
    settings.keep()
    settings.volume_db = -20.0
    settings.keep()
    assert (Settings(path).theme, Settings(path).volume_db) == ("light", -20.0)
    assert QSettings(str(path), QSettings.Format.IniFormat).contains("volume_db")


def test_a_star_by_key_stays_out_too(second: MainWindow, qtbot: QtBot) -> None:
    second.notice.dismiss()
    second.matches_panel.table.choose(0)
    qtbot.keyClick(second.matches_panel.table, Qt.Key.Key_F)
    until(qtbot, lambda: says_why(second))
    assert not second.workspace.matches.rows[0].sound.favourite
