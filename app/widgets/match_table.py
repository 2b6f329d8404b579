"""The table of sounds: painted row by row, dragged out as files."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app import theme
from app.models.matches import HEADINGS, RIGHT_ALIGNED, UNSORTABLE, Column, MatchesModel, Row
from app.widgets.controls import paint_focus
from app.widgets.icons import draw_icon

KIND_ICONS = {"one-shot": "one-shot", "loop": "loop", "long": "long"}
_TOKEN_COLUMNS: dict[str, list[int]] = theme.tokens()["columns"]
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
NAME_MIN = 150


def _content(column: Column) -> tuple[int, int]:
    """Left edge of a column's content in the row of the tokens, and its width."""
    left, width = _TOKEN_COLUMNS[column.name.lower()]
    return left, width


def _section_width(column: Column) -> int:
    """A section reaches from its content to that of the next column."""
    columns = list(Column)
    position = columns.index(column)
    left = 0 if position == 0 else _content(column)[0]
    right = _content(columns[position + 1])[0] if position + 1 < len(columns) else left + 44
    return right - left


class MatchDelegate(QStyledItemDelegate):
    """Paints one cell; the fill of the row runs through all of them."""

    def __init__(self, table: MatchTable) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(10, self._table.row_height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = theme.current()
        row: Row = index.data(MatchesModel.ROW_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        selected = self._table.selectionModel().isRowSelected(index.row(), QModelIndex())
        hovered = index.row() == self._table.hovered_row
        if selected or hovered:
            painter.fillRect(rect, look.selected_row if selected else look.hover)
        painter.save()
        offline = bool(index.data(MatchesModel.OFFLINE_ROLE))
        ink = look.quiet if offline or row.sound.state != "ready" else look.text
        if offline and selected:
            ink = look.secondary
        second = look.secondary if not offline else ink
        column = Column(index.column())
        painter.setFont(theme.font())
        match column:
            case Column.NUMBER:
                self._paint_number(painter, rect, index, row, selected, hovered, offline)
            case Column.WAVEFORM:
                self._paint_waveform(painter, rect, index, offline)
            case Column.NAME:
                icon = "preset" if row.sound.preset is not None else KIND_ICONS.get(row.sound.kind or "", "long")
                draw_icon(painter, icon, QRectF(rect.left(), rect.center().y() - 6, 14, 14), second)
                self._text(painter, rect.adjusted(22, 0, -12, 0), row.sound.name, ink)
            case Column.MATCH:
                if row.similarity is not None:
                    self._text(painter, QRect(rect.left(), rect.top(), 28, rect.height()), index.data(), ink)
                    self._paint_bar(painter, rect.left() + 28, rect, row.similarity, offline)
            case Column.FAMILY:
                if row.sound.family:
                    painter.setOpacity(0.5 if offline else 1.0)
                    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(look.family(row.sound.family))
                    painter.drawRoundedRect(QRectF(rect.left(), rect.center().y() - 5.5, 8, 12), 2, 2)
                    painter.setOpacity(1.0)
                self._text(painter, rect.adjusted(16, 0, -2, 0), index.data(), second)
            case Column.BPM | Column.LENGTH:
                self._paint_figure(painter, rect, column, index.data(), second)
            case Column.FAVOURITE:
                if row.sound.favourite or selected or hovered:
                    star = "star-filled" if row.sound.favourite else "star"
                    box = QRectF(rect.left() + 9, rect.center().y() - 6, 14, 14)
                    draw_icon(painter, star, box, look.text if row.sound.favourite else look.secondary)
            case _:
                gap = 0 if column == Column.PITCH else 8
                self._text(painter, rect.adjusted(0, 0, -gap, 0), index.data(), second)
        painter.restore()

    def _text(self, painter: QPainter, rect: QRect, text: str, colour: object) -> None:
        painter.setPen(colour)  # type: ignore[arg-type]
        painter.drawText(
            rect, _MIDDLE, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        )

    def _paint_number(
        self,
        painter: QPainter,
        rect: QRect,
        index: QModelIndex | QPersistentModelIndex,
        row: Row,
        selected: bool,
        hovered: bool,
        offline: bool,
    ) -> None:
        look = theme.current()
        box = QRectF(rect.left() + 22, rect.center().y() - 6, 14, 14)
        if index.data(MatchesModel.PLAYED_ROLE) is not None:
            draw_icon(painter, "play", box, look.accent)
        elif offline:
            draw_icon(painter, "drive", box, look.quiet)
        elif hovered:
            draw_icon(painter, "handle", box, look.secondary)
        else:
            painter.setPen(look.secondary if selected else look.quiet)
            number = QRect(rect.left(), rect.top(), 36, rect.height())
            painter.drawText(number, _MIDDLE | Qt.AlignmentFlag.AlignRight, index.data())

    def _paint_waveform(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, offline: bool
    ) -> None:
        look = theme.current()
        overview: np.ndarray | None = index.data(MatchesModel.OVERVIEW_ROLE)
        played: float | None = index.data(MatchesModel.PLAYED_ROLE)
        width, height = theme.tokens()["size"]["row_waveform"]
        middle = rect.center().y() + 1
        painter.setOpacity(0.45 if offline else 1.0)
        painter.fillRect(QRect(rect.left(), middle - 1, width, 1), look.wave_peak)
        if overview is not None and len(overview):
            peaks = overview[np.arange(width) * len(overview) // width] / 255 * (height / 2)
            border = -1 if played is None else played * width
            for column, peak in enumerate(peaks):
                if peak >= 0.5:
                    colour = look.wave_played if column < border else look.wave_rms
                    painter.fillRect(QRectF(rect.left() + column, middle - 0.5 - peak, 1, 2 * peak), colour)
        painter.setOpacity(1.0)
        if played is not None:
            at = rect.left() + round(min(played, 1.0) * (width - 1))
            painter.fillRect(QRect(at, middle - height // 2, 1, height), look.accent)

    def _paint_bar(self, painter: QPainter, left: int, rect: QRect, similarity: float, offline: bool) -> None:
        look = theme.current()
        width, height = theme.tokens()["size"]["match_bar"]
        bar = QRectF(left, rect.center().y() - 1, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.divider)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setOpacity(0.5 if offline else 1.0)
        painter.setBrush(look.quiet)
        bar.setWidth(max(height, width * min(1.0, max(0.0, similarity))))
        painter.drawRoundedRect(bar, 2, 2)
        painter.setOpacity(1.0)

    def _paint_figure(self, painter: QPainter, rect: QRect, column: Column, text: str, colour: object) -> None:
        """A right-aligned figure; the mark of a detected value hangs outside it."""
        painter.setPen(colour)  # type: ignore[arg-type]
        figure, mark = (text[:-1], "~") if text.endswith("~") else (text, "")
        box = QRect(rect.left(), rect.top(), _content(column)[1], rect.height())
        painter.drawText(box, _MIDDLE | Qt.AlignmentFlag.AlignRight, figure)
        if mark:
            painter.drawText(box.adjusted(box.width(), 0, 12, 0), _MIDDLE, mark)


class MatchHeader(QHeaderView):
    """Column names, the sorted one with its arrow."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(20)
        self.setHighlightSections(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self.viewport()).fillRect(event.rect(), theme.current().window)
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.fillRect(QRect(0, self.height() - 1, self.viewport().width(), 1), theme.current().divider)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        look, column = theme.current(), Column(section)
        painter.fillRect(rect, look.window)
        sorted_here = self.isSortIndicatorShown() and self.sortIndicatorSection() == section
        painter.setFont(theme.font())
        painter.setPen(look.text if sorted_here else look.quiet)
        text = HEADINGS.get(column, "")
        box = rect.adjusted(0, 0, 0, -1)
        if column in RIGHT_ALIGNED:
            box.setWidth(36 if column == Column.NUMBER else _content(column)[1])
            painter.drawText(box, _MIDDLE | Qt.AlignmentFlag.AlignRight, text)
            arrow = box.right() + 3
        else:
            painter.drawText(box, _MIDDLE, text)
            arrow = rect.left() + painter.fontMetrics().horizontalAdvance(text) + 5
        if sorted_here and text:
            down = self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.secondary)
            middle = box.center().y() + 0.5
            tip, base = (middle + 3, middle - 2) if down else (middle - 3, middle + 2)
            from PySide6.QtCore import QPointF

            painter.drawPolygon([QPointF(arrow, base), QPointF(arrow + 8, base), QPointF(arrow + 4, tip)])


class MatchTable(QTableView):
    """Rows of sounds: choosing one asks for its sound, dragging one carries its file."""

    chosen = Signal(int)
    """The user moved to this row."""
    favourite_clicked = Signal(int)
    visible_changed = Signal()

    def __init__(self, model: MatchesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Matches")
        self.row_height = 28
        self.hovered_row = -1
        self._restoring = False
        self.setModel(model)
        self.setItemDelegate(MatchDelegate(self))
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
            self.setColumnWidth(column, _section_width(column))
        self.verticalScrollBar().valueChanged.connect(lambda _: self.visible_changed.emit())
        model.modelReset.connect(self.visible_changed)
        model.layoutChanged.connect(self.visible_changed)
        header.sortIndicatorChanged.connect(self._keep_sortable)
        self.set_row_height(28, 28)

    def set_row_height(self, row: int, header: int) -> None:
        self.row_height = row
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

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
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
            _section_width(c) for c in Column if c not in (Column.NAME, Column.FOLDER) and not self.isColumnHidden(c)
        )
        folder = 0 if self.isColumnHidden(Column.FOLDER) else _section_width(Column.FOLDER)
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
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()

    def startDrag(self, actions: Qt.DropAction) -> None:
        rows = sorted({index.row() for index in self.selectedIndexes()})
        data = self.matches().mimeData([self.matches().index(row, Column.NAME) for row in rows])
        if not data.hasUrls():
            return
        drag = QDrag(self)
        drag.setMimeData(data)
        first = self.matches().row(rows[0])
        assert first is not None
        caption = first.sound.name if len(rows) == 1 else f"{len(rows)} sounds"
        drag.setPixmap(drag_picture(caption))
        drag.setHotSpot(QPoint(12, 14))
        drag.exec(Qt.DropAction.CopyAction)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        current = self.currentIndex()
        if current.isValid() and self.hasFocus():
            top = self.rowViewportPosition(current.row())
            paint_focus(QPainter(self.viewport()), QRect(0, top, self.viewport().width(), self.row_height), radius=2)


def drag_picture(caption: str) -> QPixmap:
    """What hangs at the pointer while a sound is dragged out."""
    from PySide6.QtGui import QFontMetrics

    look = theme.current()
    width = min(260, QFontMetrics(theme.font()).horizontalAdvance(caption) + 44)
    pixmap = QPixmap(width * 2, 56)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    from app.widgets.controls import paint_box

    paint_box(painter, QRect(0, 0, width, 28), look.raised, look.accent)
    draw_icon(painter, "music", QRect(10, 6, 16, 16), look.secondary)
    painter.setFont(theme.font())
    painter.setPen(look.text)
    text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideMiddle, width - 44)
    painter.drawText(QRect(34, 0, width - 40, 28), _MIDDLE, text)
    painter.end()
    return pixmap
