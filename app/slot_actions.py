"""What can be done with the chosen slot: in the menu, and where its row is right-clicked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.text import plain
from app.widgets.menus import add_shared, fill_with_families, passing_menu

if TYPE_CHECKING:
    from app.main_window import MainWindow


class SlotActions:
    """Rename, family, merge, split, pin, hide."""

    def __init__(self, window: MainWindow, menu: QMenu, add: Callable[..., QAction]) -> None:
        self._window = window
        editor, panel = window.workspace.slot_editor, window.chosen_slot_row
        self.rename = add(menu, "Rename…", window.rename_slot, "F2")
        self.family = menu.addMenu("Family")
        self.merge = menu.addMenu("Merge with")
        self.split = add(menu, "Split in two", lambda: editor.split(panel()))
        self.pin = add(menu, "Keep when heard again", lambda: editor.toggle_pinned(panel()), "K", checkable=True)
        self.hide = add(menu, "Hide", lambda: editor.hide(panel()), "H")
        self.show_hidden = add(menu, "Show hidden slots", editor.show_hidden, "Shift+H")
        for action, told in ((self.rename, "Rename the slot"), (self.hide, "Hide the slot")):
            action.setData(told)  # among the keys, where no menu says what is meant
        self.pin.setData("Keep the slot when heard again")
        self.family.aboutToShow.connect(self._fill_families)
        self.merge.aboutToShow.connect(self._fill_merge)

    def popup(self, at: QPoint) -> None:
        """The menu of the chosen slot, at a place on the screen."""
        actions = self._window.actions_
        menu = passing_menu(self._window)
        menu.addActions([actions.listen, actions.leave_out])
        menu.addSeparator()
        menu.addAction(self.rename)
        add_shared(menu, self.family, self.merge)
        menu.addActions([self.split, self.pin, self.hide, self.show_hidden])
        menu.popup(at)

    def refresh(self) -> None:
        """Enable what makes sense now."""
        model = self._window.workspace.slots
        slot = model.slot(self._window.chosen_slot_row())
        listen, leave_out = self._window.actions_.listen, self._window.actions_.leave_out
        for action in (listen, leave_out, self.rename, self.family.menuAction(), self.pin, self.hide):
            action.setEnabled(slot is not None)
        self.merge.menuAction().setEnabled(slot is not None and model.rowCount() > 1)
        self.split.setEnabled(self._window.workspace.slot_editor.can_split(self._window.chosen_slot_row()))
        self.pin.setChecked(slot is not None and slot.id in model.edits.pinned)
        self.show_hidden.setEnabled(bool(model.edits.hidden))

    def _fill_families(self) -> None:
        work, row = self._window.workspace, self._window.chosen_slot_row()
        slot = work.slots.slot(row)
        by_hand = work.slots.edits.families.get(slot.id) if slot is not None else None
        fill_with_families(self.family, {by_hand}, partial(work.slot_editor.set_family, row))

    def _fill_merge(self) -> None:
        work, chosen = self._window.workspace, self._window.chosen_slot_row()
        self.merge.clear()
        for row, slot in enumerate(work.slots.slots):
            if row != chosen:
                words = f"{row + 1}  {plain(work.slots.word(slot))}"
                self.merge.addAction(words, partial(work.slot_editor.merge, chosen, row))
