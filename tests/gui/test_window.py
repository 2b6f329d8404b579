"""The window as a whole: its sizes and panels, what it says when something is missing, and how it ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider
from pytestqt.qtbot import QtBot

from app import theme
from app.main_window import MainWindow
from tests.gui.conftest import drop, leftover_threads, make_window, press, tone, until
from tests.gui.stand_in import RATE, StandInBackend, StandInEar


def test_first_run_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    until(qtbot, lambda: window.workspace.library.state is not None)
    assert window.reference_panel.invitation.isVisible()
    assert window.matches_panel.welcome.isVisible()
    assert window.demo_button.isVisible()
    assert not window.compare_panel.isVisible()
    assert not window.transport.play.isEnabled()
    assert not window.notice.isVisible()


def test_failed_files_say_why_and_can_be_tried_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, sounds: Path
) -> None:
    root = tmp_path / "Some"
    root.mkdir()
    soundfile.write(root / "good.wav", tone(200, 0.3), RATE)
    bad = root / "bad.wav"
    bad.write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt ")
    drop(window, root)
    library = window.workspace.library
    until(qtbot, lambda: library.state is not None and len(library.state.failed) == 1)
    until(qtbot, lambda: not library.scanning)
    failed = window.library_panel.failed
    assert failed.fold.text() == "1 file could not be used"
    qtbot.mouseClick(failed.fold, Qt.MouseButton.LeftButton)
    assert failed.list.isVisible()
    assert failed.model.sound(0).reason  # type: ignore[union-attr]
    soundfile.write(bad, tone(300, 0.3), RATE)
    qtbot.mouseClick(failed.retry, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: library.state is not None and library.state.counts.ready == 2)
    until(qtbot, lambda: not failed.isVisible())


def test_closing_during_a_scan_leaves_nothing_behind(
    window: MainWindow, qtbot: QtBot, sounds: Path, song: Path
) -> None:
    drop(window, sounds, song)
    until(qtbot, lambda: window.library_panel.scan.isVisible())
    qtbot.wait(300)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 60
    assert leftover_threads() == []


def test_without_an_output_the_window_says_so_and_goes_on(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import PlaybackError

    def refuse(*_: object, **__: object) -> None:
        raise PlaybackError("No audio output was found. Connect one and play again.")

    monkeypatch.setattr(filled.workspace.backend.silent_player, "play", refuse)  # type: ignore[attr-defined]
    filled.matches_panel.table.choose(0)
    until(qtbot, filled.notice.isVisible)
    assert "No audio output" in filled.notice.message.text()
    assert not filled.workspace.auditioner.playing
    filled.matches_panel.table.choose(1)
    assert filled.compare_panel.names[1].text() == filled.workspace.matches.rows[1].sound.name


def test_a_damaged_library_is_a_message_not_a_crash(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "catalog.sqlite").write_bytes(b"this is no database" * 100)
    window = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    until(qtbot, window.notice.isVisible)
    assert "catalog" in window.notice.message.text().casefold()
    window.close()


def test_a_library_of_another_model_is_not_ranked(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = StandInEar()
    other.fingerprint = "newer"
    monkeypatch.setattr(filled.workspace.backend, "_ear", other)
    filled.slots_panel.choose(1)
    until(qtbot, filled.notice.isVisible)
    assert "Scan it again" in filled.notice.message.text()


def test_both_themes_and_all_sizes_paint(filled: MainWindow, qtbot: QtBot) -> None:
    for name, size in (("light", (1440, 900)), ("dark", (1280, 800)), ("dark", (960, 600)), ("light", (2560, 1440))):
        filled.set_theme(name)
        filled.resize(*size)
        qtbot.wait(20)
        image = filled.grab().toImage()
        assert image.pixelColor(size[0] - 3, size[1] - 5) == theme.theme(name).window
        lanes = filled.reference_panel.lanes
        rows = filled.slots_panel.list
        top = lanes.mapTo(filled, QPoint(0, 0)).y()
        assert top == rows.mapTo(filled, QPoint(0, 0)).y(), "lanes stand beside their slots"
        assert lanes.height() == rows.height()
    assert filled.compare_panel.isVisible()


def test_everything_reachable_has_a_name(filled: MainWindow) -> None:
    for kind in (QAbstractButton, QLineEdit, QComboBox, QSlider):
        for control in filled.findChildren(kind):
            if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert control.accessibleName() or control.objectName().startswith("qt_"), control
    views = [filled.slots_panel.list, filled.matches_panel.table]
    assert all(view.accessibleName() for view in views)


def test_the_menu_tells_whether_the_comparison_is_shown(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    compare = filled.actions_.compare
    until(qtbot, compare.isEnabled)
    for press_it in (
        filled.matches_panel.compare.click,
        compare.trigger,
        compare.trigger,
        filled.compare_panel.back.click,
    ):
        press_it()
        assert compare.isChecked() == filled.compare_panel.isVisible()


def test_the_comparison_takes_the_focus_of_the_table_and_gives_it_back(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    table = filled.matches_panel.table
    until(qtbot, filled.actions_.compare.isEnabled)
    table.setFocus()
    press(qtbot, filled, "c")
    until(qtbot, filled.compare_panel.isVisible)
    assert filled.zones.centre.hasFocus(), "no button shows a ring that nobody asked for"
    before = table.currentIndex().row()
    press(qtbot, filled, Qt.Key.Key_Down)
    assert table.currentIndex().row() == before + 1, "and the keys step on"
    until(qtbot, filled.compare_panel.drag_out.isEnabled)
    filled.compare_panel.drag_out.setFocus()
    press(qtbot, filled, "c")
    until(qtbot, table.isVisible)
    assert table.hasFocus()


def test_the_search_is_seen_where_the_comparison_had_its_place(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    until(qtbot, filled.actions_.compare.isEnabled)
    press(qtbot, filled, "c")
    until(qtbot, filled.compare_panel.isVisible)
    press(qtbot, filled, "/")
    search = filled.matches_panel.search
    assert search.isVisible()
    assert search.hasFocus()
    assert not filled.actions_.compare.isChecked()


@pytest.mark.parametrize("size", [(1440, 900), (960, 620)])
def test_all_menus_are_seen_whatever_the_font(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    bar = window._menu_bar
    font = bar.font()
    font.setStretch(112)
    bar.setFont(font)
    window.resize(size[0] - 200, size[1] - 200)  # another density, and back
    window.resize(*size)
    until(qtbot, lambda: all(bar.actionGeometry(action).width() > 20 for action in bar.actions()))
    assert bar.actionGeometry(bar.actions()[-1]).right() < bar.width()


def test_what_can_be_acted_on_is_there_again_when_what_covered_it_goes(window: MainWindow) -> None:
    notice, done = window.notice, []
    notice.say("Kit was deleted.", topic="marks", danger=False, action=("Undo", lambda: done.append("undone")))
    notice.say("The list is on the clipboard.", topic="export", danger=False)
    notice.say("Drop a song.", topic="drag", danger=False)
    notice.settle("drag")
    assert notice.message.text() == "Kit was deleted.", "what was only told is over"
    assert notice.action.isVisible()
    notice.action.click()
    assert done == ["undone"]
    notice.say("The output went away.", topic="output")
    notice.settle("marks")
    assert notice.message.text() == "The output went away."
    assert not notice.action.isVisible()
    notice.dismiss()
    assert not notice.isVisible()
