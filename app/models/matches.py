"""The sounds in the table: ranked for a slot, or simply listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app import text
from app.models.columns import (
    BEST_FIRST,
    COLUMNS,
    HEADINGS,
    NAMES,
    RIGHT_ALIGNED,
    UNSORTABLE,
    Column,
    Row,
    handicap_mark,
    kind_word,
    shown,
    sort_value,
)
from engine.ratings import HIGHEST_RATING

if TYPE_CHECKING:
    from engine.library.catalog import Sound

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
MOST_NAMED = 5
_rank = attrgetter("rank")
_Flag = Qt.ItemFlag
CELL_FLAGS = _Flag.ItemIsSelectable | _Flag.ItemIsEnabled | _Flag.ItemIsDragEnabled | _Flag.ItemNeverHasChildren


class MatchesModel(QAbstractTableModel):
    """Any number of rows; what is slow to get (waveforms) comes later, for the visible ones only."""

    sorted_by = Signal(int, bool)
    """A column, and whether the highest comes first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._places: dict[int, int] = {}
        """The row of each sound, by its id."""
        self._roots: dict[int, tuple[str, bool]] = {}
        self._overviews: dict[int, tuple[object, np.ndarray]] = {}
        """By the sound's id: which version of it was drawn, and what was."""
        self._sort: tuple[int, Qt.SortOrder] = (Column.MATCH, Qt.SortOrder.DescendingOrder)
        self._playing: tuple[int, float] | None = None

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    def row(self, number: int) -> Row | None:
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def number_of(self, sound_id: int | None) -> int:
        """The row that shows a sound, -1 for none."""
        return -1 if sound_id is None else self._places.get(sound_id, -1)

    def set_roots(self, roots: dict[int, tuple[str, bool]]) -> None:
        """Root id -> (path, online)."""
        if roots != self._roots:
            self._roots = roots
            self._all_changed()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; what is known of their waveforms stays."""
        if [row.sound.id for row in rows] == [row.sound.id for row in self._rows] and rows:
            before = self._rows
            self._rows = list(rows)
            self._sort_rows()
            # A scan has the same asked again and again: what it left as it was is not painted for that.
            changed = [number for number, row in enumerate(self._rows) if row != before[number]]
            if changed:
                self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self._sort_rows()
        self.endResetModel()

    def set_overviews(self, overviews: dict[int, np.ndarray | None]) -> None:
        """uint8 [64] peaks by sound id, None where there is none yet."""
        for sound_id, peaks in overviews.items():
            row = self.row(self.number_of(sound_id))
            if peaks is not None and row is not None:
                self._overviews[sound_id] = _version(row.sound), peaks
        if self._rows:
            last = self.index(len(self._rows) - 1, Column.WAVEFORM)
            self.dataChanged.emit(self.index(0, Column.WAVEFORM), last)

    def without_overview(self, first: int, last: int) -> list[int]:
        """Ids of the sounds in these rows whose waveform is not known, or was before they were heard anew."""
        sounds = [row.sound for row in self._rows[first : last + 1]]
        return [sound.id for sound in sounds if self._overviews.get(sound.id, (None,))[0] != _version(sound)]

    def unheard(self, first: int, last: int) -> tuple[int, ...]:
        """Ids of the sounds in these rows that were listed, but not heard yet."""
        return tuple(row.sound.id for row in self._rows[first : last + 1] if row.sound.state == "listed")

    def set_sounds(self, sounds: Iterable[Sound]) -> None:
        """Sounds of which something else is known now; those that are not shown are left out, no row moves."""
        numbers = []
        for sound in sounds:
            number = self.number_of(sound.id)
            if number >= 0:
                self._rows[number] = replace(self._rows[number], sound=sound)
                numbers.append(number)
        if numbers:  # once for all that is between them: a view that hears of each row takes seconds for many
            self.dataChanged.emit(self.index(min(numbers), 0), self.index(max(numbers), len(COLUMNS) - 1))

    def set_playing(self, sound_id: int | None, share: float = 0.0) -> None:
        """Mark the row that sounds."""
        before = self._playing[0] if self._playing else None
        self._playing = None if sound_id is None else (sound_id, share)
        for changed in {before, sound_id} - {None}:
            number = self.number_of(changed)
            if number >= 0:
                self.dataChanged.emit(self.index(number, 0), self.index(number, Column.WAVEFORM))

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        column = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and column in (Column.NAME, Column.FOLDER):
            copies = _named([copy.path for copy in row.copies])
            return "\n".join(filter(None, [row.sound.path, *copies, row.sound.lacks]))
        if role == Qt.ItemDataRole.ToolTipRole and column == Column.TAGS and row.sound.tags:
            return ", ".join(row.sound.tags)
        if role == Qt.ItemDataRole.ToolTipRole and column in (Column.MATCH, Column.CHANCE):
            told = []
            if row.chance is not None:
                told.append(f"How alike they sound. Sounds this alike are the very one heard {_times(row.chance)}.")
            if row.handicap and row.similarity is not None:
                told.append(f"Of another family than the slot: {_ranked_so(row.similarity, row.handicap)}.")
            return "\n".join(told) or None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(Column):
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADINGS[Column(section)]
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return NAMES[Column(section)]
            if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
                return self._explained(Column(section))
            if role == Qt.ItemDataRole.InitialSortOrderRole and section in BEST_FIRST:
                return Qt.SortOrder.DescendingOrder
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return CELL_FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 is the order of rank."""
        if column < 0:
            column, order = Column.NUMBER, Qt.SortOrder.AscendingOrder
        if Column(column) in UNSORTABLE:
            return
        self._sort = (column, order)
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        kept = [(self._rows[index.row()].sound.id, index.column()) for index in persistent]
        self._sort_rows()
        self.changePersistentIndexList(persistent, [self.index(self._places[number], at) for number, at in kept])
        self.layoutChanged.emit()
        self.sorted_by.emit(column, order == Qt.SortOrder.DescendingOrder)

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def as_text(self, numbers: Iterable[int]) -> str:
        """These rows as a table for other programs: a line of names, then one per sound, tabs between."""
        columns = [column for column in Column if column not in (Column.WAVEFORM, Column.FAVOURITE)]
        lines = [[NAMES[column] for column in columns] + ["Path"]]
        for row in (self._rows[number] for number in numbers):
            lines.append([*(self.text(row, column) for column in columns), row.sound.path])
        return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in lines)

    def text(self, row: Row, column: Column) -> str:
        """What a cell shows; empty for what is drawn."""
        return self.folder(row.sound) if column == Column.FOLDER else shown(row, column)

    def overview(self, sound: Sound) -> np.ndarray | None:
        """uint8 [64] peaks, once they have come."""
        known = self._overviews.get(sound.id)
        return None if known is None else known[1]

    def played(self, sound: Sound) -> float | None:
        """Share 0..1 of the sound that has sounded, None for one that does not sound."""
        return self._playing[1] if self._playing and self._playing[0] == sound.id else None

    def offline(self, sound: Sound) -> bool:
        """Whether the sound cannot be played because its file or drive is away."""
        return sound.state == "missing" or not self._roots.get(sound.root_id, ("", True))[1]

    def folder(self, sound: Sound) -> str:
        """The folder inside the root, or the file that holds a preset."""
        root, online = self._roots.get(sound.root_id, ("", True))
        if not online:
            return f"{Path(root).name}: offline"
        if sound.preset is not None:
            return Path(sound.path).name
        parent = Path(sound.path).parent
        try:
            inside = str(parent.relative_to(root)) if root else parent.name
        except ValueError:
            inside = parent.name
        return Path(root).name if inside == "." else inside

    def _spoken(self, row: Row, column: Column) -> str:
        if column == Column.NAME:
            away = ", offline" if self.offline(row.sound) else ""
            return f"{row.sound.name}, {kind_word(row.sound)}{away}"
        if column == Column.FAVOURITE:
            return "favourite" if row.sound.favourite else "not a favourite"
        if column == Column.RATING:
            return f"rated {row.sound.rating} of {HIGHEST_RATING}" if row.sound.rating else "not rated"
        if column == Column.TAGS:
            return f"tags {', '.join(row.sound.tags)}" if row.sound.tags else "no tags"
        other = ", of another family" if column == Column.MATCH and row.handicap else ""
        return f"{NAMES[column]} {self.text(row, column)}{other}".strip()

    def _explained(self, column: Column) -> str | None:
        """Why figures of the column may not stand in their order."""
        if column != Column.MATCH:
            return None
        handicap = next((row.handicap for row in self._rows if row.handicap), 0.0)
        meaning, mark = "How alike they sound; 1.00 is the same.", handicap_mark(handicap)
        if not mark:
            return meaning
        order = f"count {text.fraction(handicap)} less" if handicap < 1.0 else "come after all of the slot's"
        return f"{meaning}\nSounds of other families than the slot's, marked {mark}, {order} in the order of rank."

    def _sort_rows(self) -> None:
        column, order = self._sort
        descending = order == Qt.SortOrder.DescendingOrder
        if column in (Column.NUMBER, Column.MATCH):
            # The rank says both; best first is what "descending match" means.
            backwards = descending if column == Column.NUMBER else not descending
            self._rows.sort(key=_rank, reverse=backwards)
        else:
            values = {row.sound.id: self._value(row, Column(column)) for row in self._rows}
            known = [row for row in self._rows if values[row.sound.id] is not None]
            unknown = [row for row in self._rows if values[row.sound.id] is None]
            known.sort(key=_rank)
            known.sort(key=lambda row: values[row.sound.id], reverse=descending)
            self._rows = known + unknown
        self._places = {row.sound.id: number for number, row in enumerate(self._rows)}

    def _value(self, row: Row, column: Column) -> Any:
        return self.folder(row.sound).casefold() if column == Column.FOLDER else sort_value(row, column)

    def _all_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))


def _ranked_so(similarity: float, handicap: float) -> str:
    """Where the rank of such a sound comes from."""
    if handicap < 1.0:
        return f"it is ranked as if it were {text.fraction(similarity - handicap)}"
    return "all of the slot's family go first"


def _times(chance: float) -> str:
    """A chance as whole times in a hundred: "in 32 of 100 cases"."""
    if chance < 0.01:
        return "in less than 1 of 100 cases"
    return f"in {min(99, round(100 * chance))} of 100 cases"


def _named(paths: list[str]) -> list[str]:
    """The first few of the files that were folded into a row, and how many more there are."""
    more = len(paths) - MOST_NAMED
    return [f"also {path}" for path in paths[:MOST_NAMED]] + ([f"and {more} more"] if more > 0 else [])


def _version(sound: Sound) -> object:
    """What is another where the file was rewritten and heard anew."""
    return sound.size, sound.loudness_lufs, sound.peak_db, sound.brightness_hz, sound.attack_seconds
