"""Changes of slots by hand, and hearing anew, each of which can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.models.slot_edits import FIRST_BY_HAND
from app.models.slots import SlotsModel
from app.text import plain
from engine.matching.edits import can_be_split

if TYPE_CHECKING:
    from app.controllers.reference import HeardState, ReferenceController
    from app.models.slot_edits import SlotEdits
    from engine.matching.slots import Slot

LONGEST_NAME = 60


class SlotEditor(QObject):
    """Renames, re-families, hides, pins, merges, splits and adds; rows that are not there are ignored."""

    changed = Signal()
    """Something about the slots was edited, undone or done again."""
    added = Signal(int)
    """The id of a slot that was made by hand."""

    def __init__(self, slots: SlotsModel, parent: QObject) -> None:
        super().__init__(parent)
        self._slots = slots
        self.stack = QUndoStack(self)
        self._next_by_hand = FIRST_BY_HAND
        """Never given twice, so that nothing is known of a slot that was undone when the next one is made."""
        slots.rename_asked.connect(self.rename)
        # What could be undone was about slots that are no more.
        slots.cleared.connect(self.stack.clear)
        self.stack.indexChanged.connect(self.changed)

    def rename(self, row: int, name: str) -> None:
        """Call a slot by another name; an empty one, or its family, gives the name back to the ear."""
        slot, names = self._slots.slot(row), dict(self._slots.edits.names)
        name = " ".join(name.split())[:LONGEST_NAME]
        if slot is None:
            return
        if name and name != slot.family:
            names[slot.id] = name
        else:
            names.pop(slot.id, None)
        self._change(f"Rename {self._slots.word(slot)}", names=names)

    def set_family(self, row: int, family: str | None) -> None:
        """Say what a slot is; None leaves it to the ear."""
        slot, families = self._slots.slot(row), dict(self._slots.edits.families)
        if slot is None:
            return
        if family is None:
            families.pop(slot.id, None)
        else:
            families[slot.id] = family
        self._change(f"Family of {self._slots.word(slot)}", families=families)

    def add(self, slot: Slot) -> None:
        """Take a slot that was made by hand; it is pinned."""
        edits = self._slots.edits
        slot = replace(slot, id=self._new_id())
        self._change(f"Add {slot.family}", added=(*edits.added, slot), pinned=edits.pinned | {slot.id})
        self.added.emit(slot.id)

    def hide(self, row: int) -> None:
        """Take a slot out of the list; it is neither ranked nor exported."""
        slot, hidden = self._slots.slot(row), self._slots.edits.hidden
        if slot is not None:
            self._change(f"Hide {self._slots.word(slot)}", hidden=hidden | {slot.id})

    def show_hidden(self) -> None:
        """All of them again."""
        self._change("Show hidden slots", hidden=frozenset())

    def toggle_pinned(self, row: int) -> None:
        """A pinned slot stays when the reference is heard again."""
        slot, pinned = self._slots.slot(row), self._slots.edits.pinned
        if slot is not None:
            words = "Let go of" if slot.id in pinned else "Pin"
            self._change(f"{words} {self._slots.word(slot)}", pinned=pinned ^ {slot.id})

    def merge(self, row: int, other_row: int) -> None:
        """Make two slots one, which keeps the name of the first."""
        slot, other = self._slots.slot(row), self._slots.slot(other_row)
        if slot is None or other is None or slot is other:
            return
        merged = dict(self._slots.edits.merged)
        merged[slot.id] = (*merged.get(slot.id, ()), other.id)
        self._change(f"Merge {self._slots.word(slot)} and {self._slots.word(other)}", merged=merged)

    def can_split(self, row: int) -> bool:
        """Whether there is anything to be told apart: what was merged, or heard in more than one passage."""
        slot = self._slots.slot(row)
        return slot is not None and (slot.id in self._slots.edits.merged or can_be_split(slot))

    def split(self, row: int) -> None:
        """Make one slot two: what it was merged with last is a slot again, else its passages are told apart."""
        slot, edits = self._slots.slot(row), self._slots.edits
        if slot is None or not self.can_split(row):
            return
        words = f"Split {self._slots.word(slot)}"
        if slot.id in edits.merged:
            left = edits.merged[slot.id][:-1]
            others = {whole: parts for whole, parts in edits.merged.items() if whole != slot.id}
            self._change(words, merged=others | ({slot.id: left} if left else {}))
            return
        second = self._new_id()
        pinned = edits.pinned | {second} if slot.id in edits.pinned else edits.pinned
        self._change(words, split=(*edits.split, (slot.id, second)), pinned=pinned)

    def hear_again(self, reference: ReferenceController, region: tuple[float, float] | None) -> None:
        """Hear the whole reference anew, or a region; what was found before and done by hand can be had back."""
        self.stack.push(_HearAgain(reference, region))

    def _new_id(self) -> int:
        self._next_by_hand += 1
        return self._next_by_hand - 1

    def _change(self, words: str, **changes: Any) -> None:
        before = self._slots.edits
        after = replace(before, **changes)
        if after != before:
            self._slots.held = True
            self.stack.push(_Change(self._slots, words, before, after))


class _Change(QUndoCommand):
    """From one state of the edits to the next."""

    def __init__(self, slots: SlotsModel, words: str, before: SlotEdits, after: SlotEdits) -> None:
        super().__init__(plain(words))  # it stands in the menu
        self._slots, self._before, self._after = slots, before, after

    def redo(self) -> None:
        self._slots.set_edits(self._after)

    def undo(self) -> None:
        self._slots.set_edits(self._before)


class _HearAgain(QUndoCommand):
    """From what was heard to what is heard anew. Undone and done again, nothing has to be heard a second time."""

    def __init__(self, reference: ReferenceController, region: tuple[float, float] | None) -> None:
        super().__init__("Hear the region" if region else "Hear the whole song")
        self._reference, self._region = reference, region
        self._other: HeardState | None = None

    def redo(self) -> None:
        if self._other is None:
            self._other = self._reference.state
            self._reference.hear(self._region)
        else:
            self._swap(self._other)

    def undo(self) -> None:
        if self._other is not None:
            self._swap(self._other)

    def _swap(self, other: HeardState) -> None:
        self._other = self._reference.state
        self._reference.recall(other)
