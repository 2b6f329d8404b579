"""What keys do, wherever the focus is, and where it goes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app.main_window import MainWindow
from tests.gui.conftest import played, press, until


def test_keys_choose_slots_play_and_compare(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    press(qtbot, filled, "2")
    assert filled.slots_panel.row == 1
    until(qtbot, lambda: work.matches.rows[0].sound.family == "lead")
    press(qtbot, filled, Qt.Key.Key_Down)
    until(qtbot, lambda: played(filled) == 1)
    press(qtbot, filled, "l")
    assert work.auditioner.loop
    assert filled.transport.loop.isChecked()
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == 2)
    assert work.auditioner.side == "A"
    start, end = work.slots.slots[1].exposed_seconds
    assert work.auditioner.stretch is not None
    assert (work.auditioner.stretch.start, work.auditioner.stretch.end) == (start, end)
    until(qtbot, lambda: work.timeline.sounding)
    assert start <= (work.timeline.playhead or 0.0) <= end
    press(qtbot, filled, Qt.Key.Key_Space)
    assert not work.auditioner.playing
    press(qtbot, filled, Qt.Key.Key_Space)
    until(qtbot, lambda: work.auditioner.playing)
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert not work.auditioner.playing
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == 3)
    assert work.auditioner.side == "B"
    press(qtbot, filled, "l")
    assert not work.auditioner.loop
    press(qtbot, filled, "s")
    until(qtbot, lambda: work.slots.listening == work.slots.slots[1].id)
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert work.slots.listening is None


def test_single_keys_do_nothing_while_typing(filled: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, filled, "/")
    search = filled.matches_panel.search
    assert QApplication.focusWidget() is search
    qtbot.keyClicks(search, "bass 2al fs")
    assert search.text() == "bass 2al fs"
    assert filled.slots_panel.row == 0
    assert (played(filled), filled.workspace.auditioner.loop) == (0, False)
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""


def test_a_focused_button_keeps_the_space_key(filled: MainWindow, qtbot: QtBot) -> None:
    filled.transport.level.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(filled.transport.level, Qt.Key.Key_Space)
    assert not filled.workspace.auditioner.level_match
    assert played(filled) == 0


def test_left_and_right_move_along_the_focused_choice(filled: MainWindow, qtbot: QtBot) -> None:
    kinds, timeline = filled.matches_panel.kinds, filled.workspace.timeline
    timeline.set_playhead(5.0)
    kinds.group.button(0).setFocus(Qt.FocusReason.TabFocusReason)
    press(qtbot, filled, Qt.Key.Key_Right)
    assert kinds.chosen == 1
    press(qtbot, filled, Qt.Key.Key_Left)
    assert kinds.chosen == 0
    assert timeline.playhead == 5.0
    filled.zones.centre.setFocus()
    press(qtbot, filled, Qt.Key.Key_Left)
    assert timeline.playhead == 0.0


def test_tab_reaches_the_controls_and_shows_where_it_is(filled: MainWindow, qtbot: QtBot) -> None:
    reached: set[QWidget] = set()
    for _ in range(60):
        filled.focusNextChild()
        widget = QApplication.focusWidget()
        assert widget is not None
        reached.add(widget)
    for wanted in (
        filled.transport.play,
        filled.matches_panel.table,
        filled.matches_panel.search,
        filled.slots_panel.list,
        filled.reference_panel.spectrogram,
        filled.library_panel.marks.favourites,
    ):
        assert wanted in reached


def test_shortcut_sheet_opens_and_any_key_closes_it(filled: MainWindow, qtbot: QtBot) -> None:
    filled.actions_.keys.trigger()
    assert filled.keys.isVisible()
    assert ("Space", "Play or pause") in filled.keys.lines()
    filled.resize(1200, 700)
    until(qtbot, lambda: filled.keys.size() == filled.centralWidget().size())
    qtbot.keyClick(filled.keys, Qt.Key.Key_Space)
    assert not filled.keys.isVisible()
    assert played(filled) == 0


def test_the_shortcut_sheet_gives_the_keyboard_back(filled: MainWindow, qtbot: QtBot) -> None:
    table, slot = filled.matches_panel.table, filled.slots_panel.row
    table.setFocus()
    press(qtbot, filled, "?")
    assert filled.keys.hasFocus()
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert table.hasFocus()
    before = table.currentIndex().row()
    press(qtbot, filled, Qt.Key.Key_Down)
    assert (table.currentIndex().row(), filled.slots_panel.row) == (before + 1, slot)
    gone = QLineEdit(filled.zones.centre)
    gone.show()
    gone.setFocus()
    filled.actions_.keys.trigger()
    delete(gone)
    filled.actions_.keys.trigger()
    assert filled.keys.isHidden()
    assert filled.zones.centre.hasFocus()


def test_an_empty_library_has_no_search_to_type_into(window: MainWindow, qtbot: QtBot) -> None:
    until(qtbot, window.matches_panel.welcome.isVisible)
    press(qtbot, window, "/")
    assert not window.matches_panel.search.hasFocus()


def test_enter_and_esc_end_typing_in_every_field(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: played(filled) == 1)
    auditioner, fields = filled.workspace.auditioner, filled.library_panel.filters
    auditioner.set_loop(True)
    filled.workspace.listening.play_from(0.0)  # the song: a sound that is played once may end too soon
    until(qtbot, lambda: played(filled) == 2 and auditioner.playing)
    for field in (fields.bpm_from, fields.bpm_to):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            field.setFocus()
            qtbot.keyClicks(field, "9")
            qtbot.keyClick(field, key)
            assert (auditioner.playing, played(filled)) == (True, 2)
            assert not field.hasFocus()
    assert fields.bpm_from.text() == "999"
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert not auditioner.playing, "the keys of the window work again"
