"""How wide the columns of the table are, and its header."""

from __future__ import annotations

import functools

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from app import theme
from app.models.columns import HEADINGS, RIGHT_ALIGNED, VISUAL_ORDER, Column
from engine.families import FAMILIES

_TOKEN_COLUMNS: dict[str, list[int]] = theme.tokens()["columns"]
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
NARROWEST = 36
GAP = 12
"""Between two columns, where the tokens tell none; and between a heading and the next one."""
AFTER_FIGURES = 20
"""Between figures that end at the right and words that begin at the left, as between length and folder."""
OTHER_WIDTHS = {Column.CHANCE: 76, Column.TYPE: 88, Column.RATING: 92, Column.TAGS: 120}
"""Sections of the columns that the tokens do not know."""
WIDEST_PITCH = "G#m~"
SWATCH = 16
"""What stands before the word of a family."""
STAR = 15
"""From one star of a rating to the next."""
EDGE = 44
"""The last section reaches so far beyond its left edge."""


@functools.cache
def section_width(column: Column) -> int:
    """A section reaches from its content to that of the next column."""
    if column in OTHER_WIDTHS:
        return OTHER_WIDTHS[column]
    columns = [known for known in Column if known not in OTHER_WIDTHS]
    position = columns.index(column)
    # Fonts differ: a pitch and the word of a family are never cut.
    metrics, width = QFontMetrics(theme.font()), _token_width(columns, position)
    if column == Column.PITCH:
        return max(width, metrics.horizontalAdvance(WIDEST_PITCH) + 2)
    if column == Column.FAMILY:
        return max(width, SWATCH + max(map(metrics.horizontalAdvance, FAMILIES)) + GAP)
    return width


def _token_width(columns: list[Column], position: int) -> int:
    column = columns[position]
    left = 0 if position == 0 else _TOKEN_COLUMNS[column.name.lower()][0]
    if column == columns[-1]:
        return EDGE
    return _TOKEN_COLUMNS[columns[position + 1].name.lower()][0] - left


def content_width(column: Column, section: int) -> int:
    """What a section of this width leaves for its content."""
    if column in OTHER_WIDTHS:
        return section - (AFTER_FIGURES if column in RIGHT_ALIGNED else GAP)
    return max(8, section - (section_width(column) - _TOKEN_COLUMNS[column.name.lower()][1]))


def least_width(column: Column) -> int:
    """So narrow that the heading can still be read."""
    return max(NARROWEST, QFontMetrics(theme.font()).horizontalAdvance(HEADINGS[column]) + GAP + 4)


class MatchHeader(QHeaderView):
    """Column names, the sorted one with its arrow. A click more than both orders goes back to the order of rank."""

    edge_dragged = Signal(int, int, int)
    """A section, its width before and after: by hand, unlike `sectionResized`, which tells of every relayout."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._dragging = False
        self.sectionResized.connect(self._pass_on)
        self.setAccessibleName("Columns of the table")
        self.setSectionsClickable(True)
        self.setSortIndicatorClearable(True)
        self.setMinimumSectionSize(NARROWEST)
        self.setHighlightSections(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def place_columns(self) -> None:
        """Bring the sections into the order in which they are shown."""
        for position, column in enumerate(VISUAL_ORDER):
            self.moveSection(self.visualIndex(column), position)

    def next_shown(self, column: Column) -> Column | None:
        """The column at the right of one."""
        later = VISUAL_ORDER[VISUAL_ORDER.index(column) + 1 :]
        return next((other for other in later if not self.isSectionHidden(other)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._dragging = bool(event.buttons() & Qt.MouseButton.LeftButton)
        super().mouseMoveEvent(event)
        self._dragging = False

    def _pass_on(self, section: int, old: int, new: int) -> None:
        if self._dragging:
            self.edge_dragged.emit(section, old, new)

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
        text = HEADINGS[column]
        box = rect.adjusted(0, 0, 0, -1)
        if column in RIGHT_ALIGNED:
            box.setWidth(content_width(column, rect.width()))
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
