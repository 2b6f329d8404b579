"""Collections: made, filled, narrowed to, renamed, deleted, brought back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QDrag, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.widgets.carried import put_sounds, sounds_in
from engine.library.marks import Marks
from tests.gui.conftest import until, wait_for_rows
from tests.gui.marking import choose, drop, kept, make_collection, popup, shown, sound


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
    known = work.backend.library().catalog.sounds()
    other = next(sound.id for sound in known if sound.state == "ready" and sound.id not in ids)
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
    filled.workspace.marks.said.emit('1 sound is now in "Other kit".')
    filled.notice.dismiss()
    assert filled.notice.message.text() == "Kit was deleted; its sounds stay.", "it can be had back all the same"
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
    assert work.jobs.running("collecting") is None, "there is nothing left to bring back"


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
    until(qtbot, lambda: work.jobs.running("collecting") is None)
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
    until(qtbot, lambda: work.jobs.running("collecting") is None)
    assert kept(filled).collections() == []


def test_a_name_is_typed_in_sight(filled: MainWindow, qtbot: QtBot) -> None:
    lists, marks = filled.library_panel.marks, filled.workspace.marks
    for number in range(25):
        marks.add_collection(f"Kit {number:02}")
    until(qtbot, lambda: len(lists.rows) == 25)
    filled.actions_.mark_actions.new_collection.trigger()
    assert lists.naming is not None
    field, beneath = lists.naming.field, filled.library_panel._usage
    for there in (False, True):  # what comes beneath the lists takes room from them
        beneath.setVisible(there)
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
