"""Where the columns of the table are, and its header."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from app import theme
from app.models.matches import HEADINGS, RIGHT_ALIGNED, Column

_TOKEN_COLUMNS: dict[str, list[int]] = theme.tokens()["columns"]
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def content(column: Column) -> tuple[int, int]:
    """Left edge of a column's content in the row of the tokens, and its width."""
    left, width = _TOKEN_COLUMNS[column.name.lower()]
    return left, width


def section_width(column: Column) -> int:
    """A section reaches from its content to that of the next column."""
    columns = list(Column)
    position = columns.index(column)
    left = 0 if position == 0 else content(column)[0]
    right = content(columns[position + 1])[0] if position + 1 < len(columns) else left + 44
    return right - left


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
            box.setWidth(36 if column == Column.NUMBER else content(column)[1])
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
            painter.drawPolygon([QPointF(arrow, base), QPointF(arrow + 8, base), QPointF(arrow + 4, tip)])
