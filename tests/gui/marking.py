"""What the tests of marks and collections do in the window, and what they look at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.library.marks import Marks
from tests.gui.conftest import until


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
