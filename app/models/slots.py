"""The slots of a reference as a list model: one row per instrument, in an order that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from engine.matching.reference import Hearing
    from engine.matching.slots import Slot

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()

UNSURE = 0.6
"""Below this the family's word carries a question mark."""


def family_word(slot: Slot) -> str:
    """The family as it is shown."""
    return slot.family if slot.confidence >= UNSURE else f"{slot.family}?"


class SlotsModel(QAbstractListModel):
    """While a reference is being heard rows keep the order in which they appeared; at the end the surest lead."""

    SLOT_ROLE = Qt.ItemDataRole.UserRole + 1
    MUTED_ROLE = Qt.ItemDataRole.UserRole + 2
    LISTENING_ROLE = Qt.ItemDataRole.UserRole + 3

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slots: list[Slot] = []
        self._muted: set[int] = set()
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

    def muted(self, slot_id: int) -> bool:
        return slot_id in self._muted

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._slots)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        slot = self.slot(index.row()) if index.isValid() else None
        if slot is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return family_word(slot)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            left_out = ", left out" if slot.id in self._muted else ""
            return f"Slot {index.row() + 1}: {family_word(slot)}, {slot.confidence:.0%} sure{left_out}"
        if role == self.SLOT_ROLE:
            return slot
        if role == self.MUTED_ROLE:
            return slot.id in self._muted
        if role == self.LISTENING_ROLE:
            return slot.id == self.listening
        return None

    def clear(self) -> None:
        self.beginResetModel()
        self._slots = []
        self._muted.clear()
        self.listening = None
        self.endResetModel()

    def set_hearing(self, hearing: Hearing) -> None:
        """Take what is known so far; rows that remain keep their place until the hearing is done."""
        new = {slot.id: slot for slot in hearing.slots}
        for row in reversed(range(len(self._slots))):
            if self._slots[row].id not in new:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._slots[row]
                self.endRemoveRows()
        for row, old in enumerate(self._slots):
            self._slots[row] = new.pop(old.id)
        if self._slots:
            self.dataChanged.emit(self.index(0), self.index(len(self._slots) - 1))
        if new:
            self.beginInsertRows(QModelIndex(), len(self._slots), len(self._slots) + len(new) - 1)
            self._slots.extend(new.values())
            self.endInsertRows()
        if hearing.done:
            self._settle()

    def _settle(self) -> None:
        order = sorted(self._slots, key=lambda slot: -slot.confidence)
        if order == self._slots:
            return
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        ids = [self._slots[index.row()].id for index in persistent]
        self._slots = order
        self.changePersistentIndexList(persistent, [self.index(self.row_of(slot_id)) for slot_id in ids])
        self.layoutChanged.emit()

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
            if self._slots:
                self.dataChanged.emit(self.index(0), self.index(len(self._slots) - 1))
