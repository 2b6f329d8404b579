"""Menus that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from engine.families import FAMILIES


def passing_menu(parent: QWidget) -> QMenu:
    """An empty menu that is gone once it is closed."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def add_shared(menu: QMenu, *shared: QMenu) -> None:
    """Show menus of the menu bar in a passing one, which does not own them: what `QMenu.addMenu` is given, PySide takes
    for gone with the menu that it was added to."""
    menu.addActions([other.menuAction() for other in shared])


def fill_with_families(menu: QMenu, by_hand: set[str | None], choose: Callable[[str | None], None]) -> None:
    """Offer every family, and what was heard.

    by_hand : what the producer gave each of those that it is for, None where they left it as heard; checked where all
        are alike.
    """
    menu.clear()
    group = QActionGroup(menu)
    for family, words in ((None, "As heard"), *((family, family) for family in FAMILIES)):
        action = menu.addAction(words, partial(choose, family))
        action.setCheckable(True)
        action.setChecked(by_hand == {family})
        group.addAction(action)
        if family is None:
            menu.addSeparator()
