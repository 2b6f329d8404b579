"""Ratings, tags, collections and what was auditioned: said in the window, kept in the catalog, narrowed to."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDrag, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.controllers import marks as marks_module
from app.controllers.matching import SETTLE_MILLISECONDS
from app.main_window import MainWindow
from app.models.columns import Column
from app.models.matches import MatchesModel
from app.widgets.carried import put_sounds, sounds_in
from app.widgets.tag_editor import TagEditor
from engine.library.marks import Marks
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows, wait_until_quiet
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
    until(qtbot, lambda: any((known.name, known.sounds) == (name, len(ids)) for known in marks.state.collections))
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


def test_what_is_selected_stays_so_while_the_results_come_anew(filled: MainWindow, qtbot: QtBot) -> None:
    work, table = filled.workspace, filled.matches_panel.table
    number = make_collection(filled, qtbot, "Kit", [row.sound.id for row in work.matches.rows[:6]])
    qtbot.mouseClick(filled.library_panel.marks.rows[number], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 6)
    ids = choose(filled, 1, 3, 4)
    came: list[object] = []
    work.matching.results_ready.connect(came.append)
    for key, rating in ((Qt.Key.Key_4, 4), (Qt.Key.Key_2, 2)):
        wait_until_quiet(qtbot, filled)
        came.clear()
        qtbot.keyClick(table, key, Qt.KeyboardModifier.AltModifier)
        until(
            qtbot,
            lambda rating=rating: (  # type: ignore[misc]
                bool(came) and {row.sound.id for row in work.matches.rows if row.sound.rating == rating} == set(ids)
            ),
        )
        assert table.selected_rows == [1, 3, 4]
    assert table.currentIndex().row() == 1
    work.marks.let_go(number, ids[:1])
    wait_for_rows(qtbot, filled, 5)
    assert [row.sound.id for row in filled.matches_panel.selected] == ids[1:], "those that are still there"
    filled.slots_panel.choose(1)
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 2: lead")
    assert table.selected_rows == []


def test_a_collection_is_typed_into_the_search(filled: MainWindow, qtbot: QtBot) -> None:
    wait_for_rows(qtbot, filled, 12)
    ids = choose(filled, 1, 3, 4)
    collection = make_collection(filled, qtbot, "My Kicks", ids)
    filled.matches_panel.search.setText('collection:"my kicks"')
    wait_for_rows(qtbot, filled, 3)
    assert shown(filled) == set(ids)
    filled.workspace.marks.let_go(collection, ids[:1])
    wait_for_rows(qtbot, filled, 2)
    filled.matches_panel.search.setText('-collection:"my kicks"')
    wait_for_rows(qtbot, filled, 10)
    assert "collection:" in filled.matches_panel.search.toolTip()


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


def test_a_look_into_the_menu_takes_no_key_away(filled: MainWindow, qtbot: QtBot) -> None:
    actions, table = filled.actions_.mark_actions, filled.matches_panel.table
    table.clearSelection()
    sound_menu = actions.rating.parentWidget()
    assert isinstance(sound_menu, QMenu)
    for menu in (sound_menu, actions.rating, actions.collect):
        menu.aboutToShow.emit()
    assert not actions.rating.menuAction().isEnabled()
    number = choose(filled, 2)[0]
    qtbot.keyClick(table, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: sound(filled, number).rating == 3)
    sound_menu.aboutToShow.emit()
    assert actions.rating.menuAction().isEnabled()


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
    put_sounds(data, ids[1:], filled.workspace.backend.library_dir)
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
    until(qtbot, lambda: [row.accessibleName() for row in lists.rows.values()] == ["Late-night kit, 2"])
    (number, row), *_ = lists.rows.items()
    assert row.text() == "Late-night kit"
    assert lists.naming is None
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    assert shown(filled) == set(ids)
    other = next(known.id for known in work.backend.library().catalog.sounds(state="ready") if known.id not in ids)
    data = QMimeData()
    put_sounds(data, [other], work.backend.library_dir)
    assert drop(row, data)
    wait_for_rows(qtbot, filled, 3)
    choose(filled, work.matches.number_of(other))
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_Delete)
    wait_for_rows(qtbot, filled, 2)
    assert kept(filled).collected(number) == sorted(ids)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 12)
    assert not filled.actions_.mark_actions.let_go.isEnabled()


def test_what_is_dragged_out_of_the_table_is_taken_by_a_collection(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[QMimeData] = []

    def let_go(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        assert actions == Qt.DropAction.CopyAction
        data = QMimeData()
        for kind in drag.mimeData().formats():
            data.setData(kind, drag.mimeData().data(kind))
        carried.append(data)
        return actions

    monkeypatch.setattr(QDrag, "exec", let_go)
    number = make_collection(filled, qtbot, "Kit")
    ids = choose(filled, 1, 4)
    filled.matches_panel.table.startDrag(Qt.DropAction.CopyAction)
    until(qtbot, lambda: len(carried) == 1)
    (data,) = carried
    paths = [sound(filled, sound_id).path for sound_id in ids]
    assert [url.toLocalFile() for url in data.urls()] == paths, "other programs take files"
    assert drop(filled.library_panel.marks.rows[number], data)
    until(qtbot, lambda: kept(filled).collected(number) == sorted(ids))


def test_what_is_no_sound_of_this_library_cannot_be_dropped_on_a_collection(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    make_collection(filled, qtbot, "Kit")
    library, row = filled.workspace.backend.library_dir, next(iter(filled.library_panel.marks.rows.values()))
    data = QMimeData()
    data.setText("words")
    assert not drop(row, data)
    put_sounds(data, [1, 2], tmp_path / "another library")
    assert not drop(row, data)
    assert sounds_in(data, tmp_path / "another library") == [1, 2]
    (tmp_path / "link").symlink_to(library)
    put_sounds(data, [1, 2], tmp_path / "link")
    assert sounds_in(data, library) == [1, 2]
    for nonsense in (b"", b"12 7", b"\xff", b"[1]", b'{"sounds": [1]}', b'{"library": 1, "sounds": 2}'):
        data.setData("application/x-earshot-sounds", nonsense)
        assert sounds_in(data, library) == []


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


def test_deleted_collections_come_back_one_after_the_other(filled: MainWindow, qtbot: QtBot) -> None:
    lists, work = filled.library_panel.marks, filled.workspace
    ids = [row.sound.id for row in work.matches.rows[:2]]
    for name in ("Ash", "Beech", "Cedar"):
        number = make_collection(filled, qtbot, name, ids)
        work.marks.remove_collection(number)
        until(qtbot, lambda: not lists.rows)
    make_collection(filled, qtbot, "Beech")

    def is_offered(name: str) -> bool:
        return filled.notice.isVisible() and filled.notice.message.text() == f"{name} was deleted; its sounds stay."

    def there_are(*rows: str) -> bool:
        return sorted(row.accessibleName() for row in lists.rows.values()) == list(rows)

    for name, back in (
        ("Cedar", ("Beech, 0", "Cedar, 2")),
        ("Beech", ("Beech (2), 2", "Beech, 0", "Cedar, 2")),
        ("Ash", ("Ash, 2", "Beech (2), 2", "Beech, 0", "Cedar, 2")),
    ):
        until(qtbot, partial(is_offered, name))
        qtbot.mouseClick(filled.notice.action, Qt.MouseButton.LeftButton)
        until(qtbot, partial(there_are, *back))
    assert not filled.notice.isVisible()
    work.marks.restore_collection()
    assert work.jobs.running("marking") is None, "there is nothing left to bring back"


def test_a_held_delete_takes_one_collection_away(filled: MainWindow, qtbot: QtBot) -> None:
    lists, work = filled.library_panel.marks, filled.workspace
    ids = [row.sound.id for row in work.matches.rows[:2]]
    first, *others = [make_collection(filled, qtbot, name, ids) for name in ("Ash", "Beech", "Cedar")]
    qtbot.mouseClick(lists.rows[others[1]], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    choose(filled, 0, 1)

    def hold() -> None:
        for repeated in (False, False, True, True):  # twice in a hurry, then held
            target = QApplication.focusWidget()
            assert target is not None
            again = QKeyEvent(
                QEvent.Type.KeyPress, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, "", autorep=repeated
            )
            assert QApplication.sendEvent(target, again)

    lists.rows[first].setFocus()
    hold()
    until(qtbot, lambda: list(lists.rows) == others)
    assert lists.favourites.hasFocus()
    until(qtbot, lambda: filled.notice.message.text() == "Ash was deleted; its sounds stay.")
    lists.rows[others[0]].setFocus()
    qtbot.keyClick(lists.rows[others[0]], Qt.Key.Key_Delete)
    qtbot.keyClick(lists.rows[others[0]], Qt.Key.Key_Delete)
    until(qtbot, lambda: list(lists.rows) == others[1:])
    until(qtbot, lambda: filled.notice.message.text() == "Beech was deleted; its sounds stay.")
    until(qtbot, lambda: work.jobs.running("marking") is None)
    qtbot.mouseClick(filled.notice.action, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: [row.accessibleName() for row in lists.rows.values()] == ["Cedar, 2", "Beech, 2"])
    assert kept(filled).collected(others[1]) == sorted(ids), "the window's own Delete did not hear of it"
    assert not filled.actions_.mark_actions.let_go.autoRepeat()


def test_a_collection_that_goes_takes_its_name_field_along(filled: MainWindow, qtbot: QtBot) -> None:
    lists, work = filled.library_panel.marks, filled.workspace
    first, second = [make_collection(filled, qtbot, name) for name in ("Ash", "Beech")]
    qtbot.keyClick(lists.rows[first], Qt.Key.Key_Delete)
    lists.rows[first].rename_asked.emit()
    assert lists.naming is None, "what is on its way out has no new name"
    until(qtbot, lambda: list(lists.rows) == [second])
    lists.rows[second].rename_asked.emit()
    assert lists.naming is not None
    field = lists.naming.field
    qtbot.keyClicks(field, "Oak")
    work.marks.remove_collection(second)
    with qtbot.captureExceptions() as raised:
        until(qtbot, lambda: not lists.rows)
    assert (lists.naming, raised) == (None, [])
    assert lists.favourites.hasFocus()
    until(qtbot, lambda: work.jobs.running("marking") is None)
    assert kept(filled).collections() == []


def test_a_name_is_typed_in_sight(filled: MainWindow, qtbot: QtBot) -> None:
    lists, marks = filled.library_panel.marks, filled.workspace.marks
    for number in range(25):
        marks.add_collection(f"Kit {number:02}")
    until(qtbot, lambda: len(lists.rows) == 25)
    filled.actions_.mark_actions.new_collection.trigger()
    assert lists.naming is not None
    field = lists.naming.field
    until(qtbot, lambda: field.visibleRegion().boundingRect() == field.rect())
    assert field.hasFocus()


def test_a_name_is_typed_where_its_collection_stands(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    first, middle, last = [make_collection(filled, qtbot, name) for name in ("Ash", "Beech", "Cedar")]
    lists.rows[middle].rename_asked.emit()
    assert lists.naming is not None
    qtbot.wait(50)

    def tops() -> list[int]:
        assert lists.naming is not None
        return [line.mapTo(lists, QPoint(0, 0)).y() for line in (lists.rows[first], lists.naming, lists.rows[last])]

    before = tops()
    filled.workspace.marks.collect(first, choose(filled, 0))
    until(qtbot, lambda: lists.rows[first].accessibleName() == "Ash, 1")
    qtbot.wait(50)
    assert tops() == before == sorted(before)
    lists.rows[first].rename_asked.emit()
    assert lists.rows[middle].isVisible()
    assert not lists.rows[first].isVisible(), "its name is in the field"
    lists.ask_name()
    make_collection(filled, qtbot, "Dogwood")
    qtbot.wait(50)
    assert lists.naming.y() > lists.rows[last].y()
    assert all(lists.naming.y() > row.y() for row in lists.rows.values()), "a new one comes last"


def test_an_empty_library_has_no_collections_to_name(window: MainWindow, qtbot: QtBot, sounds: Path) -> None:
    action = window.actions_.mark_actions.new_collection
    until(qtbot, lambda: window.workspace.library.empty)
    assert not action.isEnabled()
    window.workspace.library.scan([sounds])
    assert action.isEnabled()


def test_a_removal_that_failed_can_be_asked_for_again(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import LibraryError

    lists = filled.library_panel.marks
    number = make_collection(filled, qtbot, "Kit")

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Marks, "remove_collection", refuse)
        qtbot.keyClick(lists.rows[number], Qt.Key.Key_Delete)
        until(qtbot, lambda: filled.notice.message.text() == "The disk is full.")
    qtbot.keyClick(lists.rows[number], Qt.Key.Key_Delete)
    until(qtbot, lambda: not lists.rows)


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
    put_sounds(data, ids[:2], filled.workspace.backend.library_dir)
    assert drop(lists.favourites, data)
    until(qtbot, lambda: lists.favourites.accessibleName() == "Favourites, 2")
    choose(filled, 1, 2, 3)
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == sorted(ids[:4]))
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == ids[:1])


def test_favourites_are_written_in_the_order_in_which_they_were_made(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, lists = filled.workspace, filled.library_panel.marks
    first, second = choose(filled, 0, 1)
    slow, delays, set_favourite = [], itertools.cycle((0.03, 0.0)), Marks.set_favourite

    def at_its_own_pace(marks: Marks, ids: Sequence[int], on: bool) -> None:
        time.sleep(next(delays))
        set_favourite(marks, ids, on)
        slow.append(on)

    monkeypatch.setattr(Marks, "set_favourite", at_its_own_pace)
    qtbot.wait(2 * SETTLE_MILLISECONDS)  # results that are on their way tell of stars too
    until(qtbot, lambda: not any(work.jobs.running(lane) for lane in ("library", "rank")))
    shown_as: list[bool] = []
    work.matches.dataChanged.connect(lambda *_: shown_as.append(sound(filled, first).favourite))
    for _ in range(8):
        filled.actions_.favourite.trigger()
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: len(slow) == 9 and work.jobs.running("marking") is None)
    assert slow == [True, False] * 4 + [True]
    assert [on for on, _ in itertools.groupby(shown_as)] == slow, "what was true in between is not shown again"
    assert kept(filled).favourites() == sorted([first, second])
    qtbot.mouseClick(lists.favourites, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    choose(filled, work.matches.number_of(first))
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_F)
    wait_for_rows(qtbot, filled, 1)
    assert shown(filled) == {second}


def test_a_favourite_that_cannot_be_kept_loses_its_star(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import LibraryError

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(Marks, "set_favourite", refuse)
    (number,) = choose(filled, 0)
    filled.actions_.favourite.trigger()
    assert sound(filled, number).favourite
    until(qtbot, lambda: filled.notice.message.text() == "The disk is full.")
    assert not sound(filled, number).favourite


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
