"""Fields and lists leave alone what is meant for what they lie in."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.widgets.fields import Choice, Field, SearchBox


def test_the_wheel_chooses_only_in_a_list_that_has_the_focus(qtbot: QtBot) -> None:
    choice = Choice()
    qtbot.addWidget(choice)
    choice.addItems(["any", "C", "D"])
    choice.show()
    qtbot.waitExposed(choice)

    def roll() -> bool:
        at, no_button = QPointF(5, 5), Qt.MouseButton.NoButton
        notch, phase = QPoint(0, -120), Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(at, at, QPoint(), notch, no_button, Qt.KeyboardModifier.NoModifier, phase, False)
        event.ignore()
        QApplication.sendEvent(choice, event)
        return event.isAccepted()

    choice.clearFocus()
    assert not roll()
    assert choice.currentIndex() == 0
    choice.activateWindow()
    choice.setFocus()
    qtbot.waitUntil(choice.hasFocus)
    assert roll()
    assert choice.currentIndex() == 1


def test_songs_are_dropped_on_the_window_wherever_fields_are(filled: MainWindow) -> None:
    fields = filled.findChildren(Field)
    assert any(isinstance(field, SearchBox) for field in fields)
    assert len(fields) >= 3
    assert not any(field.acceptDrops() for field in fields)
