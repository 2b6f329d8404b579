"""Menus that are gone once they are closed, and those of the menu bar that they show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.main_window import MainWindow
from tests.gui.conftest import until

PLACE = QPoint(10, 10)
POPUPS: dict[str, Callable[[MainWindow], None]] = {
    "sound": lambda window: window.actions_.popup_for_sound(PLACE),
    "slot": lambda window: window.actions_.slot_actions.popup(PLACE),
    "keyboard": lambda window: window.transport.keyboard_menu_asked.emit(),
}


@pytest.mark.parametrize("which", POPUPS)
def test_a_menu_that_closes_takes_none_of_the_menu_bar_with_it(filled: MainWindow, qtbot: QtBot, which: str) -> None:
    actions = filled.actions_
    filled.matches_panel.table.choose(0)
    for _ in range(2):
        POPUPS[which](filled)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.close()
        until(qtbot, lambda menu=menu: not isValid(menu))  # type: ignore[misc]
    marks, slot = actions.mark_actions, actions.slot_actions
    shared = (actions.part_actions.similar, marks.rating, marks.family, marks.collect, slot.family, slot.merge)
    assert all(map(isValid, (*shared, actions.midi)))
    actions.part_actions.refresh()
    slot.refresh()
