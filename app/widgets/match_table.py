"""The table of sounds: painted row by row, dragged out as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, QUrl, Signal
from PySide6.QtGui import QDrag, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app import theme
from app.models.matches import UNSORTABLE, Column, MatchesModel
from app.widgets.controls import paint_box, paint_focus
from app.widgets.icons import draw_icon
from app.widgets.match_columns import MatchHeader, section_width
from app.widgets.match_delegate import MatchDelegate

NAME_MIN = 150
Index = QModelIndex | QPersistentModelIndex


class MatchTable(QTableView):
    """Rows of sounds: choosing one asks for its sound, dragging one carries its file."""

    chosen = Signal(int)
    """The user moved to this row."""
    favourite_clicked = Signal(int)
    drag_asked = Signal(object)
    """The rows that are dragged out, a list."""
    visible_changed = Signal()

    def __init__(self, model: MatchesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Matches")
        self._restoring = False
        self.setModel(model)
        self._delegate = MatchDelegate(self)
        self.setItemDelegate(self._delegate)
        header = MatchHeader(self)
        self.setHorizontalHeader(header)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.MATCH, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        for column in Column:
            self.setColumnWidth(column, section_width(column))
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
        """Which of the optional columns are shown."""
        self.setColumnHidden(Column.FOLDER, not folder)
        self.setColumnHidden(Column.MATCH, not match)
        self._fit_columns()

    def matches(self) -> MatchesModel:
        model = self.model()
        assert isinstance(model, MatchesModel)
        return model

    def visible_rows(self) -> tuple[int, int]:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        return first, (self.matches().rowCount() - 1 if last < 0 else last)

    def restore(self, sound_id: int | None) -> None:
        """Select the row of a sound without asking for its sound; nothing where it is no longer shown."""
        self._restoring = True
        try:
            number = self.matches().number_of(sound_id)
            if number >= 0:
                self.setCurrentIndex(self.matches().index(number, Column.NAME))
                self.selectRow(number)
            else:
                self.clearSelection()
                self.setCurrentIndex(QModelIndex())
        finally:
            self._restoring = False

    def choose(self, number: int) -> None:
        """Go to a row as if the user had."""
        if 0 <= number < self.matches().rowCount():
            self.setCurrentIndex(self.matches().index(number, Column.NAME))
            self.scrollTo(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        if current.isValid() and not self._restoring and current.row() != previous.row():
            self.chosen.emit(current.row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()
        self.visible_changed.emit()

    def _fit_columns(self) -> None:
        """The name takes what is left, and shares what is plenty with the folder."""
        room = self.viewport().width()
        others = sum(
            section_width(c) for c in Column if c not in (Column.NAME, Column.FOLDER) and not self.isColumnHidden(c)
        )
        folder = 0 if self.isColumnHidden(Column.FOLDER) else section_width(Column.FOLDER)
        spare = room - others - folder
        if folder and spare > 300:
            extra = (spare - 300) // 2
            folder, spare = folder + extra, spare - extra
        self.setColumnWidth(Column.NAME, max(NAME_MIN, spare))
        if folder:
            self.setColumnWidth(Column.FOLDER, folder)

    def _keep_sortable(self, section: int, order: Qt.SortOrder) -> None:
        if section in UNSORTABLE:
            self.sortByColumn(Column.MATCH, Qt.SortOrder.DescendingOrder)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self.rowAt(int(event.position().y())))
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == Column.FAVOURITE and event.button() == Qt.MouseButton.LeftButton:
            self.favourite_clicked.emit(index.row())
            return
        again = index.isValid() and index.row() == self.currentIndex().row()
        super().mousePressEvent(event)
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        if again and plain and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index.row())

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(-1)
        super().leaveEvent(event)

    def _set_hovered(self, row: int) -> None:
        if row != self._delegate.hovered_row:
            self._delegate.hovered_row = row
            self.viewport().update()

    def startDrag(self, actions: Qt.DropAction) -> None:
        numbers = sorted({index.row() for index in self.selectedIndexes()})
        rows = [row for number in numbers if (row := self.matches().row(number)) is not None]
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


def drag_out(source: QWidget, paths: Sequence[Path]) -> None:
    """Carry files to wherever the pointer lets go of them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(drag_picture(paths[0].stem if len(paths) == 1 else f"{len(paths)} sounds"))
    drag.setHotSpot(QPoint(12, 14))
    drag.exec(Qt.DropAction.CopyAction)


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
