"""One lane per slot on the time axis: where the instrument sounds, the brighter the more exposed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.slots import SlotsModel
from app.models.sonogram import pool_columns
from app.models.timeline import Timeline
from app.widgets.markers import TimelineTracker, paint_markers
from app.widgets.time_surface import TimeSurface
from engine.matching.slots import CELL_SECONDS


class Lanes(TimeSurface):
    """Rows beside the list of slots; a press chooses the slot."""

    row_pressed = Signal(int)

    def __init__(self, timeline: Timeline, slots: SlotsModel, parent: QWidget | None = None) -> None:
        super().__init__(timeline, parent)
        self.setAccessibleName("Activity of the slots over time")
        self._tracker = TimelineTracker(self, timeline)
        self._slots = slots
        self.lane, self.bar = 28, 14
        self.selected = -1
        self.scrolled = 0
        self.heard_seconds: float | None = None
        """Where hearing has come to; beyond it nothing is known yet. None when all of it was heard."""
        for signal in (slots.dataChanged, slots.rowsInserted, slots.rowsRemoved, slots.modelReset, slots.layoutChanged):
            signal.connect(self.update)

    def set_sizes(self, lane: int, bar: int) -> None:
        self.lane, self.bar = lane, bar
        self.update()

    def set_selected(self, row: int) -> None:
        self.selected = row
        self.update()

    def set_scrolled(self, pixels: int) -> None:
        self.scrolled = pixels
        self.update()

    def set_heard(self, seconds: float | None) -> None:
        self.heard_seconds = seconds
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, timeline, rect = theme.current(), self._timeline, self.rect()
        painter = QPainter(self)
        painter.fillRect(rect, look.canvas)
        if timeline.duration <= 0:
            return
        front = self.width()
        if self.heard_seconds is not None:
            front = round(min(max(0.0, timeline.x(self.heard_seconds, self.width())), self.width()))
            painter.fillRect(QRect(front, 0, self.width() - front, self.height()), look.window)
        below = max(0, self._slots.rowCount() * self.lane - self.scrolled)
        painter.fillRect(QRect(0, below, self.width(), self.height() - below), look.window)
        for row, slot in enumerate(self._slots.slots):
            top = row * self.lane - self.scrolled
            if top + self.lane <= 0 or top >= self.height():
                continue
            if row == self.selected:
                painter.fillRect(QRect(0, top, front, self.lane - 1), look.selected_lane)
            painter.setOpacity(0.35 if self._slots.muted(slot.id) else 1.0)
            image = self._lane_image(slot.family, slot.exposure)
            at = QRect(0, top + (self.lane - self.bar) // 2, self.width(), self.bar)
            painter.drawImage(at, image)
            painter.setOpacity(1.0)
            painter.fillRect(QRect(0, top + self.lane - 1, self.width(), 1), look.divider)
        if self.heard_seconds is not None and front < self.width():
            painter.fillRect(QRect(front, 0, 1, min(self.height(), below)), look.divider)
        painter.setClipRect(QRect(0, 0, self.width(), below))
        paint_markers(painter, timeline, self)

    def _lane_image(self, family: str, exposure: np.ndarray) -> QImage:
        columns = max(1, round(self.width() * self.devicePixelRatioF()))
        edges = np.linspace(self._timeline.start, self._timeline.end, columns + 1) / CELL_SECONDS
        colours = theme.current().lane_colours(family, pool_columns(exposure, edges)).astype(np.uint32)
        row = np.ascontiguousarray(colours)
        return QImage(row.data, columns, 1, columns * 4, QImage.Format.Format_ARGB32).copy()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int((event.position().y() + self.scrolled) // self.lane)
        if 0 <= row < self._slots.rowCount():
            self.row_pressed.emit(row)
        super().mousePressEvent(event)
