"""The slots of a reference as a list model: one row per instrument, in an order that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.models.slot_edits import SlotEdits
from engine.matching.edits import same_instrument

if TYPE_CHECKING:
    from engine.matching.reference import Hearing
    from engine.matching.slots import Slot

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()

UNSURE = 0.6
"""Below this the family's word carries a question mark."""


@dataclass(frozen=True)
class SlotsState:
    """All that a `SlotsModel` knows: what was heard and what was made of it, `muted` by the slots' ids."""

    heard: tuple[Slot, ...] = ()
    edits: SlotEdits = field(default_factory=SlotEdits)
    muted: frozenset[int] = frozenset()
    held: bool = False


class SlotsModel(QAbstractListModel):
    """What was heard, as the producer edited it.

    While a reference is being heard rows keep the order in which they appeared. At the end the surest lead, unless
    `held`: the order stands still once the producer has chosen one.
    """

    SLOT_ROLE = Qt.ItemDataRole.UserRole + 1
    MUTED_ROLE = Qt.ItemDataRole.UserRole + 2
    LISTENING_ROLE = Qt.ItemDataRole.UserRole + 3
    PINNED_ROLE = Qt.ItemDataRole.UserRole + 4

    rename_asked = Signal(int, str)
    """A row, and the name that was typed for it."""
    cleared = Signal()
    """The slots were of a reference that is open no longer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heard: list[Slot] = []
        """In the order of the rows, with those that are hidden or part of another. What an earlier hearing left has
        ids below 0."""
        self._slots: list[Slot] = []
        self._muted: set[int] = set()
        self.edits = SlotEdits()
        self.held = False
        self.listening: int | None = None
        """Id of the slot that S plays now."""

    @property
    def slots(self) -> list[Slot]:
        return list(self._slots)

    def slot(self, row: int) -> Slot | None:
        return self._slots[row] if 0 <= row < len(self._slots) else None

    def row_of(self, slot_id: int | None) -> int:
        """The row of a slot, -1 for none."""
        return next((row for row, slot in enumerate(self._slots) if slot.id == slot_id), -1)

    def word(self, slot: Slot) -> str:
        """What a slot is called: its name, or its family, with a question mark where the ear is not sure of it."""
        if slot.id in self.edits.names:
            return self.edits.names[slot.id]
        sure = slot.confidence >= UNSURE or slot.id in self.edits.families
        return slot.family if sure else f"{slot.family}?"

    def muted(self, slot_id: int) -> bool:
        return slot_id in self._muted

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._slots)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        slot = self.slot(index.row()) if index.isValid() else None
        if slot is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.word(slot)
        if role == Qt.ItemDataRole.EditRole:
            return self.edits.names.get(slot.id, slot.family)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(slot, index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self.word(slot)}: {slot.family}, {slot.confidence:.0%} sure"
        if role == self.SLOT_ROLE:
            return slot
        if role == self.MUTED_ROLE:
            return slot.id in self._muted
        if role == self.LISTENING_ROLE:
            return slot.id == self.listening
        if role == self.PINNED_ROLE:
            return slot.id in self.edits.pinned
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A typed name is asked for, so that it can be undone; nothing changes here."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        self.rename_asked.emit(index.row(), str(value))
        return True

    def clear(self) -> None:
        """Another reference, or none: nothing stays."""
        self._start_anew(SlotsState())
        self.cleared.emit()

    @property
    def state(self) -> SlotsState:
        """What there is, to be `restore`d."""
        return SlotsState(tuple(self._heard), self.edits, frozenset(self._muted), self.held)

    def restore(self, state: SlotsState) -> None:
        """Show the slots as they were."""
        self._start_anew(state)

    def forget_heard(self) -> None:
        """The reference is about to be heard again: pinned slots stay as they are, the others go."""
        kept = [slot for slot in self._slots if slot.id in self.edits.pinned]
        numbers = {slot.id: -number for number, slot in enumerate(kept, 1)}
        muted = frozenset(numbers[slot_id] for slot_id in self._muted if slot_id in numbers)
        slots = tuple(replace(slot, id=numbers[slot.id]) for slot in kept)
        self._start_anew(SlotsState(slots, self.edits.renumbered(numbers), muted))

    def set_hearing(self, hearing: Hearing) -> None:
        """Take what is known so far; what sounds like a pinned slot is that slot."""
        kept = [slot for slot in self._heard if slot.id < 0]
        new = {slot.id: slot for slot in hearing.slots if not any(same_instrument(slot, known) for known in kept)}
        known = [new.pop(slot.id) for slot in self._heard if slot.id in new]
        heard = [*known, *new.values()]
        if hearing.done and not self.held:
            heard.sort(key=lambda slot: -slot.confidence)
        self._heard = [*kept, *heard]
        self._show(self.edits.shown(self._heard))

    def set_edits(self, edits: SlotEdits) -> None:
        """Show the slots as edited."""
        self.edits = edits
        self._show(edits.shown(self._heard))

    def set_muted(self, row: int, muted: bool) -> None:
        """Leave a slot out of results, or take it in again."""
        slot = self.slot(row)
        if slot is not None:
            (self._muted.add if muted else self._muted.discard)(slot.id)
            self.dataChanged.emit(self.index(row), self.index(row))

    def set_listening(self, slot_id: int | None) -> None:
        """Mark the slot that S plays."""
        if slot_id != self.listening:
            self.listening = slot_id
            self._all_changed()

    def _start_anew(self, state: SlotsState) -> None:
        self.beginResetModel()
        self._heard, self._slots = list(state.heard), state.edits.shown(state.heard)
        self._muted = set(state.muted)
        self.edits, self.held, self.listening = state.edits, state.held, None
        self.endResetModel()

    def _show(self, wanted: Sequence[Slot]) -> None:
        """Change the rows into those wanted, so that whoever looks at one of them keeps it."""
        ids = [slot.id for slot in wanted]
        for row in reversed(range(len(self._slots))):
            if self._slots[row].id not in ids:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._slots[row]
                self.endRemoveRows()
        self._order(ids)
        for row, slot in enumerate(wanted):
            if row < len(self._slots) and self._slots[row].id == slot.id:
                self._slots[row] = slot
            else:
                self.beginInsertRows(QModelIndex(), row, row)
                self._slots.insert(row, slot)
                self.endInsertRows()
        self._all_changed()

    def _order(self, ids: list[int]) -> None:
        order = sorted(self._slots, key=lambda slot: ids.index(slot.id))
        if order == self._slots:
            return
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        moved = [self._slots[index.row()].id for index in persistent]
        self._slots = order
        self.changePersistentIndexList(persistent, [self.index(self.row_of(slot_id)) for slot_id in moved])
        self.layoutChanged.emit()

    def _all_changed(self) -> None:
        if self._slots:
            self.dataChanged.emit(self.index(0), self.index(len(self._slots) - 1))

    def _spoken(self, slot: Slot, row: int) -> str:
        family = f", {slot.family}" if slot.id in self.edits.names else ""
        pinned = ", pinned" if slot.id in self.edits.pinned else ""
        left_out = ", left out" if slot.id in self._muted else ""
        return f"Slot {row + 1}: {self.word(slot)}{family}, {slot.confidence:.0%} sure{pinned}{left_out}"
