"""What can be ranked by parts: of the reference in the menu Slot, of a sound where it is right-clicked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from engine.families import PARTS

if TYPE_CHECKING:
    from app.main_window import MainWindow


class PartActions:
    """One entry for each part."""

    def __init__(self, window: MainWindow, slot_menu: QMenu, sound_menu: QMenu, add: Callable[..., QAction]) -> None:
        self._matching = window.workspace.matching
        choice, work = self._matching.parts, window.workspace
        self.rank = slot_menu.addMenu("Rank by part")
        self.of_reference = {
            part: add(self.rank, f"Part: {part}", partial(choice.toggle, part), f"Ctrl+{number}", checkable=True)
            for number, part in enumerate(PARTS, 1)
        }
        self.similar = sound_menu.addMenu("Find similar by part")
        self.of_sound = {
            part: add(self.similar, f"Find similar {part}", partial(work.find_similar, part)) for part in PARTS
        }
        choice.changed.connect(self.refresh)
        self._matching.sound_parts_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what sounds, in the reference and in the chosen sound."""
        choice, of_sound = self._matching.parts, self._matching.sound_parts
        for part, action in self.of_reference.items():
            action.setEnabled(part in choice.heard)
            action.setChecked(part in choice.weights)
        for part, action in self.of_sound.items():
            action.setEnabled(part in of_sound)
        self.similar.menuAction().setEnabled(bool(of_sound))
