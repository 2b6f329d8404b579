"""The table of sounds: painted row by row, dragged out as files."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QFocusEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app import theme
from app.models.columns import ALWAYS_SHOWN, SHOWN_AT_FIRST, UNSORTABLE, Column
from app.models.matches import MatchesModel
from app.widgets.icons import draw_icon
from app.widgets.match_columns import NARROWEST, STAR, MatchHeader, least_width, section_width
from app.widgets.match_delegate import MatchDelegate
from app.widgets.painting import paint_box, paint_focus
from engine.ratings import HIGHEST_RATING

NAME_MIN = 150
NAME_LEAST = 124
"""Where nothing else could give way to columns that were asked for: some fourteen letters."""
NARROWEST_SHOWN = {
    **{Column.FOLDER: 72, Column.MATCH: 76, Column.RATING: 80, Column.FAVOURITE: NARROWEST},
    **{Column.CHANCE: 68, Column.TYPE: 80, Column.TAGS: 92},
}
"""What columns keep where there is little room: words are cut, bars get short, and gaps close."""
PLENTY = 300
"""What the name has before others take their shares of what is left."""
SHARES = {
    **{Column.NAME: (3, 480), Column.FOLDER: (4, 10_000), Column.WAVEFORM: (2, 128), Column.MATCH: (1, 96)},
    **{Column.FAMILY: (1, 64), Column.PITCH: (1, 64), Column.BPM: (1, 64), Column.LENGTH: (1, 64)},
}
"""How much each column gets of what a wide table has to spare, and how much at most: the name in all, others more than
they need. Only the folder, of which there is always more to read, has no end."""
Index = QModelIndex | QPersistentModelIndex
_Select = QItemSelectionModel.SelectionFlag


class MatchTable(QTableView):
    """Rows of sounds: choosing one asks for its sound, dragging one carries its file."""

    chosen = Signal(int)
    """The user moved to this row."""
    favourite_clicked = Signal(int)
    rating_clicked = Signal(int, int)
    """A row, and the star of it, 1 to 5."""
    drag_asked = Signal(object)
    """The rows that are dragged out, a list."""
    visible_changed = Signal()
    menu_asked = Signal(QPoint)
    """Where on the screen, for the chosen rows."""
    columns_changed = Signal()
    """The user chose other columns or widths."""

    def __init__(self, model: MatchesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Matches")
        self._restoring = False
        self._fitting = False
        self.shown: frozenset[Column] = SHOWN_AT_FIRST
        """The columns that the user wants to see."""
        self.gap: int | None = None
        """Where the chosen row stood that was taken out of the list; None where a row is chosen, or none was."""
        self.widths: dict[Column, int] = {}
        """Widths that the user chose; other columns are as wide as the tokens say."""
        self._room_for_folder, self._ranked = True, True
        self.setModel(model)
        self._delegate = MatchDelegate(self, model)
        self.setItemDelegate(self._delegate)
        header = MatchHeader(self)
        self.setHorizontalHeader(header)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sort_by_rank()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        header.place_columns()
        header.setSectionResizeMode(Column.FAVOURITE, QHeaderView.ResizeMode.Fixed)
        header.edge_dragged.connect(self._resized)
        header.sectionHandleDoubleClicked.connect(self._give_width_back)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.visible_changed.emit())
        model.modelReset.connect(self.visible_changed)
        model.layoutChanged.connect(self.visible_changed)
        header.sortIndicatorChanged.connect(self._keep_sortable)
        self.set_row_height(28, 28)

    def set_row_height(self, row: int, header: int) -> None:
        self._delegate.row_height = row
        self.verticalHeader().setMinimumSectionSize(row)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row)
        self.horizontalHeader().setFixedHeight(header)

    def set_columns(self, *, folder: bool, match: bool) -> None:
        """Whether there is room for the folder, and anything to say about how near a sound is."""
        self._room_for_folder, self._ranked = folder, match
        self._fit_columns()

    def choose_columns(self, shown: Collection[Column], widths: Mapping[Column, int]) -> None:
        """The columns that the user wants to see, and the widths that were chosen."""
        self.shown, self.widths = frozenset(shown) | ALWAYS_SHOWN, dict(widths)
        self._fit_columns()

    def toggle_column(self, column: Column) -> None:
        """Show a column, or hide it."""
        self.choose_columns(self.shown ^ {column}, self.widths)
        self.columns_changed.emit()

    def reset_columns(self) -> None:
        """Columns and widths as they were at first."""
        self.choose_columns(SHOWN_AT_FIRST, {})
        self.columns_changed.emit()

    def sort_by_rank(self) -> None:
        """The best first, as they were ranked."""
        self.sortByColumn(Column.MATCH, Qt.SortOrder.DescendingOrder)

    def matches(self) -> MatchesModel:
        model = self.model()
        assert isinstance(model, MatchesModel)
        return model

    def visible_rows(self) -> tuple[int, int]:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        return first, (self.matches().rowCount() - 1 if last < 0 else last)

    def restore(self, sound_id: int | None, selected: Collection[int] | None = None) -> None:
        """Go to the row of a sound without asking for its sound; nothing where it is no longer shown.

        selected : the sounds whose rows are selected, as far as they are shown; None for that one alone.
        """
        self._restoring = True
        try:
            number, choice = self.matches().number_of(sound_id), self.selectionModel()
            ids = selected if selected is not None else [sound_id] if sound_id is not None else []
            choice.setCurrentIndex(self.matches().index(number, Column.NAME), _Select.NoUpdate)
            choice.select(self._selection(ids), _Select.ClearAndSelect | _Select.Rows)
        finally:
            self._restoring = False

    def _selection(self, ids: Collection[int]) -> QItemSelection:
        """The rows of these sounds, in as few ranges as there are: a long list can be selected as a whole."""
        model, selection = self.matches(), QItemSelection()
        numbers = sorted(number for sound_id in ids if (number := model.number_of(sound_id)) >= 0)
        first = 0
        for place, number in enumerate(numbers):
            if place + 1 == len(numbers) or numbers[place + 1] != number + 1:
                selection.select(model.index(numbers[first], 0), model.index(number, len(Column) - 1))
                first = place + 1
        return selection

    def step(self, rows: int) -> None:
        """Choose the row so many below the chosen one, or above it; where the chosen one was taken out of the list,
        from where it stood."""
        self.choose(self._row_from_here(rows))

    def _row_from_here(self, rows: int) -> int:
        row = self.currentIndex().row()
        if row < 0 and self.gap is not None:
            row = self.gap - (rows > 0)
        return min(max(0, row + rows), self.matches().rowCount() - 1)

    def moveCursor(self, action: QTableView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        steps = {QTableView.CursorAction.MoveDown: 1, QTableView.CursorAction.MoveUp: -1}
        if self.gap is not None and action in steps:
            return self.matches().index(self._row_from_here(steps[action]), Column.NAME)
        return super().moveCursor(action, modifiers)

    def choose(self, number: int) -> None:
        """Go to a row as if the user had."""
        if 0 <= number < self.matches().rowCount():
            self.setCurrentIndex(self.matches().index(number, Column.NAME))
            self.scrollTo(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        if current.isValid():
            self.gap = None
        if current.isValid() and not self._restoring and current.row() != previous.row():
            self.chosen.emit(current.row())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Where no row is chosen Qt goes to the first one. Who comes by the Tab key chooses it; to come back to the
        window, or out of a menu, is no choice, and must not be heard."""
        if self.currentIndex().isValid():
            super().focusInEvent(event)
            return
        by_tab = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._restoring = True
        try:
            super().focusInEvent(event)
            self.selectionModel().setCurrentIndex(QModelIndex(), _Select.NoUpdate)
        finally:
            self._restoring = False
        if by_tab:
            self.choose(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()
        self.visible_changed.emit()

    def _is_shown(self, column: Column) -> bool:
        if column == Column.FOLDER and not self._room_for_folder:
            return False
        return column in self.shown and (self._ranked or column not in (Column.MATCH, Column.CHANCE))

    def _fit_columns(self) -> None:
        """The name takes what is left, and shares what is plenty with the others."""
        widths = {column: self.widths.get(column, section_width(column)) for column in Column if self._is_shown(column)}
        spare = self.viewport().width() - sum(width for column, width in widths.items() if column != Column.NAME)
        if spare > PLENTY:
            spare -= self._share(widths, spare - PLENTY)
        givers = [column for column in NARROWEST_SHOWN if column in widths and column not in self.widths]
        for column in givers:
            given = max(0, min(NAME_MIN - spare, widths[column] - NARROWEST_SHOWN[column]))
            widths[column] -= given
            spare += given
        if spare < NAME_MIN and Column.WAVEFORM in widths:
            spare += widths.pop(Column.WAVEFORM)
        if spare < NAME_MIN and Column.FOLDER in widths and Column.FOLDER not in self.widths:
            spare += widths.pop(Column.FOLDER)
        for column in reversed(givers):  # without those some have their room again
            if column in widths and spare > NAME_MIN:
                taken = max(0, min(spare - NAME_MIN, section_width(column) - widths[column]))
                widths[column] += taken
                spare -= taken
        # Where not even that makes all of it fit, the table scrolls, and names can be read.
        widths[Column.NAME] = spare if spare >= NAME_LEAST else NAME_MIN
        outer, self._fitting = self._fitting, True  # a section that is shown again can lead here once more
        for column in Column:
            self.setColumnHidden(column, column not in widths)
            if column in widths:
                self.setColumnWidth(column, widths[column])
        self._fitting = outer

    def _share(self, widths: dict[Column, int], plenty: int) -> int:
        """Widen columns whose width nobody chose; what they took. The name keeps its share of it."""
        takers = {column: SHARES[column] for column in SHARES if column in widths and column not in self.widths}
        whole, taken = sum(share for share, _ in takers.values()), 0
        for column, (share, most) in takers.items():
            if column not in (Column.NAME, Column.FOLDER):
                more = min(most, plenty * share // whole)
                widths[column] += more
                taken += more
        if Column.FOLDER in takers:
            name, folder = SHARES[Column.NAME], SHARES[Column.FOLDER]
            for_name = min(name[1] - PLENTY, (plenty - taken) * name[0] // (name[0] + folder[0]))
            widths[Column.FOLDER] += plenty - taken - for_name
            taken = plenty - for_name
        return taken

    def _resized(self, section: int, old: int, new: int) -> None:
        """An edge was dragged: the columns at both sides of it share what they had, and the name gives what it can."""
        if self._fitting:
            return
        header = self.horizontalHeader()
        assert isinstance(header, MatchHeader)
        column = Column(section)
        neighbour = header.next_shown(column)
        if neighbour == Column.FAVOURITE or neighbour is None:
            neighbour = Column.NAME
        givers = {neighbour, Column.NAME} - {column}
        room = sum(self.columnWidth(giver) - _least(giver) for giver in givers)
        new = min(max(new, _least(column)), old + max(0, room))
        self.widths |= {column: new, neighbour: max(_least(neighbour), self.columnWidth(neighbour) - (new - old))}
        self.widths.pop(Column.NAME, None)
        if self._is_shown(Column.FOLDER):
            self.widths.setdefault(Column.FOLDER, self.columnWidth(Column.FOLDER))
        self._fit_columns()
        self.columns_changed.emit()

    def _give_width_back(self, section: int) -> None:
        """A double click on an edge: the column is as wide as the tokens say."""
        self.widths.pop(Column(section), None)
        self._fit_columns()
        self.columns_changed.emit()

    def _keep_sortable(self, section: int, order: Qt.SortOrder) -> None:
        if section < 0 or section in UNSORTABLE:
            self.sort_by_rank()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self.rowAt(int(event.position().y())))
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == Column.FAVOURITE and event.button() == Qt.MouseButton.LeftButton:
            self.favourite_clicked.emit(index.row())
            return
        if index.isValid() and index.column() == Column.RATING and event.button() == Qt.MouseButton.LeftButton:
            star = int(event.position().x() - self.columnViewportPosition(Column.RATING)) // STAR + 1
            if star <= HIGHEST_RATING:
                self.rating_clicked.emit(index.row(), star)
                return
        again = index.isValid() and index.row() == self.currentIndex().row()
        super().mousePressEvent(event)
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        if again and plain and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index.row())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second click in a hurry is a click: the sound plays again, and a drag that it begins takes this row."""
        self.mousePressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of the menus: one that can do nothing now must not lead to a sound that begins with it."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.currentIndex().isValid():
            by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
            self.menu_asked.emit(self.below_current if by_key else event.globalPos())

    @property
    def below_current(self) -> QPoint:
        """Where on the screen the chosen row ends, at its left; it is brought into sight."""
        self.scrollTo(self.currentIndex())
        return self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(-1)
        super().leaveEvent(event)

    def _set_hovered(self, row: int) -> None:
        if row != self._delegate.hovered_row:
            self._delegate.hovered_row = row
            self.viewport().update()

    @property
    def selected_rows(self) -> list[int]:
        """From top to bottom."""
        # By ranges: the indexes of a long list are as many as its cells.
        ranges = self.selectionModel().selection().toList()
        return sorted({row for chosen in ranges for row in range(chosen.top(), chosen.bottom() + 1)})

    def startDrag(self, actions: Qt.DropAction) -> None:
        rows = [row for number in self.selected_rows if (row := self.matches().row(number)) is not None]
        if rows:
            self.drag_asked.emit(rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        current = self.currentIndex()
        if current.isValid() and self.hasFocus():
            top = self.rowViewportPosition(current.row())
            paint_focus(
                QPainter(self.viewport()), QRect(0, top, self.viewport().width(), self._delegate.row_height), radius=2
            )


def drag_out(source: QWidget, data: QMimeData, caption: str) -> bool:
    """Carry `data` until the pointer lets go of it; whether that was within this program."""
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(drag_picture(caption))
    drag.setHotSpot(QPoint(12, 14))
    drag.exec(Qt.DropAction.CopyAction)
    return drag.target() is not None


def _least(column: Column) -> int:
    return NAME_MIN if column == Column.NAME else least_width(column)


def drag_picture(caption: str) -> QPixmap:
    """What hangs at the pointer while a sound is dragged out."""
    look = theme.current()
    width = min(260, QFontMetrics(theme.font()).horizontalAdvance(caption) + 44)
    pixmap = QPixmap(width * 2, 56)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_box(painter, QRect(0, 0, width, 28), look.raised, look.accent)
    draw_icon(painter, "music", QRect(10, 6, 16, 16), look.secondary)
    painter.setFont(theme.font())
    painter.setPen(look.text)
    text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideMiddle, width - 44)
    painter.drawText(QRect(34, 0, width - 40, 28), Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    return pixmap
