"""Ratings, tags, collections and what was auditioned: said in the window, kept in the catalog, narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.controllers import marks as marks_module
from app.main_window import MainWindow
from app.models.columns import Column
from app.models.matches import MatchesModel
from app.widgets.carried import put_sounds, sounds_in
from app.widgets.tag_editor import TagEditor
from engine.library.marks import Marks
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows
from tests.gui.stand_in import StandInBackend


def choose(window: MainWindow, *numbers: int) -> list[int]:
    """Choose rows; the ids of their sounds."""
    table = window.matches_panel.table
    table.choose(numbers[0])
    for number in numbers[1:]:
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        table.selectionModel().select(table.model().index(number, 0), flags)
    return [window.workspace.matches.rows[number].sound.id for number in numbers]


def kept(window: MainWindow) -> Marks:
    return window.workspace.backend.library().catalog.marks


def shown(window: MainWindow) -> set[int]:
    return {row.sound.id for row in window.workspace.matches.rows}


def sound(window: MainWindow, sound_id: int):  # type: ignore[no-untyped-def]
    matches = window.workspace.matches
    return matches.rows[matches.number_of(sound_id)].sound


def make_collection(window: MainWindow, qtbot: QtBot, name: str, ids: Sequence[int] = ()) -> int:
    marks = window.workspace.marks
    marks.add_collection(name, ids)
    until(qtbot, lambda: any(known.name == name for known in marks.state.collections))
    return next(known.id for known in marks.state.collections if known.name == name)


def drop(target: QWidget, data: QMimeData) -> bool:
    """Drag something over a widget and let go; whether it was taken."""
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(target, enter)
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), copy, data, left, none))
    return enter.isAccepted()


def wait_for_history(qtbot: QtBot, window: MainWindow, count: int) -> None:
    until(qtbot, lambda: window.workspace.marks.state.auditioned == count)


def popup() -> QMenu:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_several_rows_are_rated_by_key_and_found_by_it(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    ids = choose(filled, 1, 3, 4)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: [sound(filled, number).rating for number in ids] == [4, 4, 4])
    assert filled.matches_panel.table.selected_rows == [1, 3, 4], "what was chosen stays chosen"
    choose(filled, 3)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: sound(filled, ids[1]).rating == 2)
    filled.library_panel.filters.rating.setCurrentIndex(3)
    wait_for_rows(qtbot, filled, 2)
    assert shown(filled) == {ids[0], ids[2]}
    filled.library_panel.clear.click()
    wait_for_rows(qtbot, filled, 12)
    assert filled.library_panel.filters.rating.currentIndex() == 0
    filled.matches_panel.search.setText("rating:-3")
    wait_for_rows(qtbot, filled, 1)
    choose(filled, 0)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    wait_for_rows(qtbot, filled, 0)
    filled.close()

    again = make_window(StandInBackend(filled.workspace.backend.library_dir), tmp_path / "settings.ini")
    wait_for_rows(qtbot, again, 12)
    assert sorted(row.sound.rating for row in again.workspace.matches.rows)[-3:] == [0, 4, 4]
    again.close()
    assert leftover_threads() == []


def test_a_star_is_clicked_and_taken_back(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    table.toggle_column(Column.RATING)
    number = choose(filled, 2)[0]
    cell = table.visualRect(table.model().index(2, Column.RATING))
    third = QPoint(cell.left() + 2 * 15 + 6, cell.center().y())
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=third)
    until(qtbot, lambda: sound(filled, number).rating == 3)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=third)
    until(qtbot, lambda: sound(filled, number).rating == 0)


def test_the_menu_shows_what_the_chosen_rows_share(filled: MainWindow, qtbot: QtBot) -> None:
    actions = filled.actions_.mark_actions
    ids = choose(filled, 0, 1)
    filled.workspace.marks.rate(ids, 5)
    until(qtbot, lambda: sound(filled, ids[1]).rating == 5)
    actions.rating.aboutToShow.emit()
    assert [action.isChecked() for action in actions.ratings] == [False] * 5 + [True]
    choose(filled, 0, 5)
    actions.rating.aboutToShow.emit()
    assert not any(action.isChecked() for action in actions.ratings)


def test_tags_are_typed_completed_and_taken_away(filled: MainWindow, qtbot: QtBot) -> None:
    ids = choose(filled, 0, 2)

    def edit() -> TagEditor:
        filled.actions_.mark_actions.tags.trigger()
        editor = QApplication.activePopupWidget()
        assert isinstance(editor, TagEditor)
        return editor

    editor = edit()
    assert editor.field.accessibleName() == "Tags that all 2 sounds share"
    qtbot.keyClicks(editor.field, " Warm   Tape, dusty,, ")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    until(qtbot, lambda: all(sound(filled, number).tags == ("dusty", "warm tape") for number in ids))
    until(qtbot, lambda: list(filled.library_panel.marks.tag_rows) == ["dusty", "warm tape"])
    filled.workspace.marks.tag(ids[:1], add=["only here"])
    until(qtbot, lambda: len(sound(filled, ids[0]).tags) == 3)
    choose(filled, 0, 2)
    editor = edit()
    assert editor.field.text() == "dusty, warm tape, ", "what only one of them has is left alone"
    qtbot.keyClick(editor.field, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
    editor = edit()
    editor.field.setText("dusty")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("dusty", "only here"))
    assert sound(filled, ids[1]).tags == ("dusty",)


def test_tags_narrow_together_and_take_what_is_dropped(filled: MainWindow, qtbot: QtBot) -> None:
    lists, rows = filled.library_panel.marks, filled.workspace.matches.rows
    ids = [row.sound.id for row in rows[:3]]
    filled.workspace.marks.tag(ids, add=["warm"])
    filled.workspace.marks.tag(ids[:1], add=["dusty"])
    until(qtbot, lambda: set(lists.tag_rows) == {"warm", "dusty"})
    qtbot.mouseClick(lists.tag_rows["warm"], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 3)
    qtbot.mouseClick(lists.tag_rows["dusty"], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 1)
    data = QMimeData()
    put_sounds(data, ids[1:])
    assert drop(lists.tag_rows["dusty"], data)
    wait_for_rows(qtbot, filled, 3)
    filled.workspace.marks.tag(ids, remove=["dusty"])
    until(qtbot, lambda: set(lists.tag_rows) == {"warm"})
    assert filled.workspace.matching.filters.tags == ("warm",), "a tag that nobody has narrows nothing"
    wait_for_rows(qtbot, filled, 3)


def test_many_tags_stay_folded(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    ids = [row.sound.id for row in filled.workspace.matches.rows]
    for number in range(9):
        filled.workspace.marks.tag(ids[: number + 1], add=[f"tag {number}"])
    until(qtbot, lambda: len(filled.workspace.marks.state.tags) == 9)
    assert sorted(lists.tag_rows) == [f"tag {number}" for number in range(3, 9)], "the most used ones"
    assert lists._more.text() == "3 more"
    qtbot.mouseClick(lists._more, Qt.MouseButton.LeftButton)
    assert len(lists.tag_rows) == 9
    qtbot.mouseClick(lists._more, Qt.MouseButton.LeftButton)
    assert len(lists.tag_rows) == 6


def test_a_collection_is_made_filled_and_narrowed_to(filled: MainWindow, qtbot: QtBot) -> None:
    lists, work = filled.library_panel.marks, filled.workspace
    ids = choose(filled, 0, 4)
    filled.actions_.mark_actions.new_collection.trigger()
    assert lists.naming is not None
    qtbot.keyClicks(lists.naming.field, "Late-night kit")
    qtbot.keyClick(lists.naming.field, Qt.Key.Key_Return)
    until(qtbot, lambda: [row.text() for row in lists.rows.values()] == ["Late-night kit"])
    (number, row), *_ = lists.rows.items()
    assert row.accessibleName() == "Late-night kit, 2"
    assert lists.naming is None
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    assert shown(filled) == set(ids)
    other = next(known.id for known in work.backend.library().catalog.sounds(state="ready") if known.id not in ids)
    data = QMimeData()
    put_sounds(data, [other])
    assert drop(row, data)
    wait_for_rows(qtbot, filled, 3)
    choose(filled, work.matches.number_of(other))
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_Delete)
    wait_for_rows(qtbot, filled, 2)
    assert kept(filled).collected(number) == sorted(ids)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 12)
    assert not filled.actions_.mark_actions.let_go.isEnabled()


def test_what_is_no_sound_cannot_be_dropped_on_a_collection(filled: MainWindow, qtbot: QtBot) -> None:
    make_collection(filled, qtbot, "Kit")
    data = QMimeData()
    data.setText("words")
    assert not drop(next(iter(filled.library_panel.marks.rows.values())), data)
    data.setData("application/x-earshot-sounds", b"12 x -3 \xff 7")
    assert sounds_in(data) == [12, 7]


def test_a_collection_is_renamed_by_keyboard(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    number, other = make_collection(filled, qtbot, "Kit"), make_collection(filled, qtbot, "Taken")
    lists.rows[number].setFocus()
    qtbot.keyClick(lists.rows[number], Qt.Key.Key_F2)
    assert lists.naming is not None
    assert lists.naming.field.selectedText() == "Kit"
    qtbot.keyClicks(lists.naming.field, "Another")
    qtbot.keyClick(lists.naming.field, Qt.Key.Key_Escape)
    assert (lists.naming, lists.rows[number].isVisible(), lists.rows[number].text()) == (None, True, "Kit")
    assert lists.rows[number].hasFocus()
    qtbot.keyClick(lists.rows[number], Qt.Key.Key_F2)
    qtbot.keyClicks(lists.naming.field, "Kit of May")  # type: ignore[union-attr]
    qtbot.keyClick(lists.naming.field, Qt.Key.Key_Return)  # type: ignore[union-attr]
    until(qtbot, lambda: lists.rows[number].text() == "Kit of May")
    filled.workspace.marks.rename_collection(other, "Kit of May")
    until(qtbot, filled.notice.isVisible)
    assert filled.notice.message.text() == "There is a collection named Kit of May already. Choose another name."


def test_a_deleted_collection_comes_back(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    ids = [row.sound.id for row in filled.workspace.matches.rows[:2]]
    number = make_collection(filled, qtbot, "Kit", ids)
    qtbot.mouseClick(lists.rows[number], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    lists.rows[number].setFocus()
    qtbot.keyClick(lists.rows[number], Qt.Key.Key_Delete)
    until(qtbot, lambda: not lists.rows)
    wait_for_rows(qtbot, filled, 12)
    until(qtbot, lambda: filled.notice.message.text() == "Kit was deleted; its sounds stay.")
    qtbot.mouseClick(filled.notice.action, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: [row.accessibleName() for row in lists.rows.values()] == ["Kit, 2"])
    assert not filled.notice.isVisible()


def test_a_collection_has_a_menu_and_becomes_a_folder(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = [row.sound for row in filled.workspace.matches.rows[:2]]
    number = make_collection(filled, qtbot, "Late/night: kit", [sound.id for sound in sounds])
    row = filled.library_panel.marks.rows[number]
    QApplication.sendEvent(row, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5)))
    menu = popup()
    monkeypatch.setattr("app.outbox.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path))
    next(action for action in menu.actions() if action.text() == "Export into a folder…").trigger()
    menu.close()
    folder = tmp_path / "Late-night- kit"
    until(qtbot, lambda: filled.notice.message.text() == "2 files were copied into Late-night- kit.")
    assert {path.name for path in folder.iterdir()} == {Path(sound.path).name for sound in sounds}


def test_favourites_take_what_is_dropped_and_several_rows(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    ids = [row.sound.id for row in filled.workspace.matches.rows]
    data = QMimeData()
    put_sounds(data, ids[:2])
    assert drop(lists.favourites, data)
    until(qtbot, lambda: lists.favourites.accessibleName() == "Favourites, 2")
    choose(filled, 1, 2, 3)
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == sorted(ids[:4]))
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == ids[:1])


def test_what_was_listened_to_is_listed_the_last_one_first(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.workspace.marks._linger.setInterval(200)
    lists = filled.library_panel.marks
    assert not lists.history.isVisible()
    heard = []
    for number in (4, 1, 2):
        heard += choose(filled, number)
        wait_for_history(qtbot, filled, len(heard))
    choose(filled, 7)  # only passed on the way
    heard += choose(filled, 8)
    wait_for_history(qtbot, filled, 4)
    qtbot.mouseClick(lists.history, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 4)
    assert [row.sound.id for row in filled.workspace.matches.rows] == heard[::-1]
    assert filled.matches_panel.title.text() == "Auditioned lately"
    assert filled.matches_panel.subject.text() == "4, the last one first"
    lists.history.forget_asked.emit()
    wait_for_rows(qtbot, filled, 12)
    until(qtbot, lambda: not lists.history.isVisible())
    assert marks_module.LINGER_MILLISECONDS > 200


def test_marks_made_just_before_the_end_are_kept(filled: MainWindow, qtbot: QtBot) -> None:
    ids = choose(filled, 0, 1, 2)
    for rating in (1, 5, 2, 4):
        filled.workspace.marks.rate(ids, rating)
    folder = filled.workspace.backend.library_dir
    filled.close()
    backend = StandInBackend(folder)
    assert [found.rating for found in backend.library().catalog.sounds(ids)] == [4, 4, 4]
    backend.close()


def test_a_mark_that_cannot_be_kept_says_why(filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.errors import LibraryError

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(Marks, "rate", refuse)
    ids = choose(filled, 0)
    filled.workspace.marks.rate(ids, 3)
    filled.workspace.marks.tag(ids, add=["kept"])
    until(qtbot, lambda: filled.notice.message.text() == "The disk is full.")
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("kept",))
    assert sound(filled, ids[0]).rating == 0


def test_stars_and_tags_are_painted_in_both_themes(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    for column in (Column.RATING, Column.TAGS):
        table.toggle_column(column)
    ids = [row.sound.id for row in filled.workspace.matches.rows[3:5]]
    cells = [table.visualRect(table.model().index(3, column)) for column in (Column.RATING, Column.TAGS)]
    before = {}
    for name in ("dark", "light"):
        filled.set_theme(name)
        before[name] = [table.viewport().grab(cell).toImage() for cell in cells]
    filled.workspace.marks.rate(ids, 2)
    filled.workspace.marks.tag(ids, add=["warm"])
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("warm",))
    for name, pictures in before.items():
        filled.set_theme(name)
        assert all(
            table.viewport().grab(cell).toImage() != picture for cell, picture in zip(cells, pictures, strict=True)
        )
    assert isinstance(table.model(), MatchesModel)
