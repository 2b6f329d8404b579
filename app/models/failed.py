"""The files that could not be used, as a list model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from engine.library.catalog import Sound

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()


class FailedModel(QAbstractListModel):
    """Each with its name and the reason in words."""

    SOUND_ROLE = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sounds: list[Sound] = []

    def set_sounds(self, sounds: Sequence[Sound]) -> None:
        if list(sounds) != self._sounds:
            self.beginResetModel()
            self._sounds = list(sounds)
            self.endResetModel()

    def sound(self, row: int) -> Sound | None:
        return self._sounds[row] if 0 <= row < len(self._sounds) else None

    def number_of(self, sound_id: int) -> int:
        """The row of a sound, -1 where it is not among them."""
        return next((row for row, sound in enumerate(self._sounds) if sound.id == sound_id), -1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._sounds)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        sound = self.sound(index.row()) if index.isValid() else None
        if sound is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return Path(sound.path).name
        if role == self.SOUND_ROLE:
            return sound
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{sound.path}\n{sound.reason or ''}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{Path(sound.path).name}: {sound.reason or 'unreadable'}"
        return None
