"""The ruler between spectrogram and lanes: time, the beats, and the region's tag with its two handles."""

from __future__ import annotations

import math
from bisect import bisect, bisect_left

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.timeline import SHORTEST_REGION_SECONDS, Timeline
from app.text import clock
from app.widgets.markers import TimelineTracker, paint_markers
from app.widgets.time_surface import TimeSurface

STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 4, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
LABEL_PIXELS = 90
BEAT_PIXELS = 12
"""Beats that are nearer to one another are not drawn."""
HANDLE = theme.tokens()["size"]["region_handle"]


class Ruler(TimeSurface):
    """Drag a handle to move an edge of the region, its tag to move it whole."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(timeline, parent)
        self.setAccessibleName("Time ruler")
        self._tracker = TimelineTracker(self, timeline)
        timeline.beats_changed.connect(self.update)
        self._grip: tuple[str, float, tuple[float, float]] | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        look, timeline, rect = theme.current(), self._timeline, self.rect()
        painter = QPainter(self)
        painter.fillRect(rect, look.window)
        if timeline.duration <= 0:
            return
        self._paint_ticks(painter)
        self._paint_beats(painter)
        if timeline.region is not None:
            self._paint_tag(painter, timeline.region)
        paint_markers(painter, timeline, self)
        if timeline.region is not None:
            self._paint_words(painter, timeline.region)

    def _paint_ticks(self, painter: QPainter) -> None:
        look, timeline, width = theme.current(), self._timeline, self.width()
        span = timeline.end - timeline.start
        step = next((step for step in STEPS if step / span * width >= LABEL_PIXELS), STEPS[-1])
        parts = 4 if step in (2, 4, 20, 120, 1200) else 5
        decimals = 2 if step < 0.1 else 1 if step < 1 else 0
        painter.setFont(theme.font("axis"))
        for tick in range(math.ceil(timeline.start / step * parts), math.floor(timeline.end / step * parts) + 1):
            x = round(timeline.x(tick * step / parts, width))
            major = tick % parts == 0
            painter.fillRect(QRect(x, 0, 1, 6 if major else 3), look.control_border)
            label = clock(tick * step / parts, decimals)
            if self._under_tag(x, x + 44):
                continue
            # A label that would be cut off at the right edge is left out.
            if major and tick > 0 and x + 5 + painter.fontMetrics().horizontalAdvance(label) <= width - 2:
                painter.setPen(look.quiet)
                painter.drawText(QRect(x + 5, 0, 80, self.height()), Qt.AlignmentFlag.AlignVCenter, label)

    def _paint_beats(self, painter: QPainter) -> None:
        """Ticks at the lower edge, where a dragged region would snap to them."""
        timeline, width, height = self._timeline, self.width(), self.height()
        if not timeline.snaps:
            return
        visible = timeline.beats[bisect_left(timeline.beats, timeline.start) : bisect(timeline.beats, timeline.end)]
        if len(visible) * BEAT_PIXELS > width:
            return
        for beat in visible:
            painter.fillRect(QRect(round(timeline.x(beat, width)), height - 3, 1, 3), theme.current().quiet)

    def _under_tag(self, left: float, right: float) -> bool:
        if self._timeline.region is None:
            return False
        first, last = (self._timeline.x(edge, self.width()) for edge in self._timeline.region)
        return left < last and right > first

    def _paint_tag(self, painter: QPainter, region: tuple[float, float]) -> None:
        look = theme.current()
        left, right = (round(self._timeline.x(edge, self.width())) for edge in region)
        painter.fillRect(QRect(left, 0, right - left + 1, self.height()), look.region_tag)
        for edge in (left, right - HANDLE + 1):
            painter.fillRect(QRect(edge, 0, HANDLE, self.height()), look.region_edge)

    def _paint_words(self, painter: QPainter, region: tuple[float, float]) -> None:
        """On a ground of their own: the playhead passes behind them."""
        look = theme.current()
        left, right = (round(self._timeline.x(edge, self.width())) for edge in region)
        painter.setFont(theme.font("axis"))
        metrics = painter.fontMetrics()
        name, length = "Region", f"{region[1] - region[0]:.1f} s"
        first, second = metrics.horizontalAdvance(name), metrics.horizontalAdvance(length)
        middle = Qt.AlignmentFlag.AlignVCenter
        visible_left = max(left, 0) + 10
        room = min(right, self.width()) - visible_left - 8
        words = first + 8 + second if room >= first + 8 + second else second if room >= second else 0
        painter.fillRect(QRect(visible_left, 0, words, self.height()), look.region_tag)
        if room >= first + 8 + second:
            painter.setPen(look.text)
            painter.drawText(QRect(visible_left, 0, first + 4, self.height()), middle, name)
            painter.setPen(look.secondary)
            painter.drawText(QRect(visible_left + first + 8, 0, second + 4, self.height()), middle, length)
        elif room >= second:
            painter.setPen(look.secondary)
            painter.drawText(QRect(visible_left, 0, second + 4, self.height()), middle, length)

    def _grip_at(self, x: float) -> str | None:
        if self._timeline.region is None:
            return None
        left, right = (self._timeline.x(edge, self.width()) for edge in self._timeline.region)
        if abs(x - left) <= HANDLE + 1:
            return "start"
        if abs(x - right) <= HANDLE + 1:
            return "end"
        return "move" if left < x < right else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        kind = self._grip_at(x)
        if kind and self._timeline.region and event.button() == Qt.MouseButton.LeftButton:
            self._grip = (kind, x, self._timeline.region)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is None:
            edge = self._grip_at(x) in ("start", "end")
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            super().mouseMoveEvent(event)
            return
        self._drag(event, commit=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseReleaseEvent(event)
            return
        self._drag(event, commit=True)
        self._grip = None

    def _drag(self, event: QMouseEvent, *, commit: bool) -> None:
        assert self._grip is not None
        kind, origin, (start, end) = self._grip
        moved = (event.position().x() - origin) / max(1, self.width()) * (self._timeline.end - self._timeline.start)
        if kind == "move":
            moved = min(max(self.on_beat(start + moved, event) - start, -start), self._timeline.duration - end)
            self._timeline.set_region((start + moved, end + moved), commit=commit)
        elif kind == "start":
            edge = min(self.on_beat(start + moved, event), end - SHORTEST_REGION_SECONDS)
            self._timeline.set_region((edge, end), commit=commit)
        else:
            edge = max(self.on_beat(end + moved, event), start + SHORTEST_REGION_SECONDS)
            self._timeline.set_region((start, edge), commit=commit)
