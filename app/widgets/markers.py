"""Region and playhead, drawn by every widget on the time axis, so that their lines run through all of them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.timeline import Timeline


def paint_region(painter: QPainter, timeline: Timeline, rect: QRect, *, filled: bool) -> None:
    """The edges of the region, and its fill."""
    if timeline.region is None:
        return
    look = theme.current()
    left, right = (timeline.x(edge, rect.width()) for edge in timeline.region)
    if filled:
        painter.fillRect(
            QRectF(left, rect.top(), right - left, rect.height()), theme.with_alpha(look.region_edge, look.region_alpha)
        )
    for edge in (left, right):
        painter.fillRect(QRect(round(edge), rect.top(), 1, rect.height()), look.region_edge)


def paint_playhead(painter: QPainter, timeline: Timeline, rect: QRect, *, head: bool = False) -> None:
    """The playhead's line, and the triangle it hangs from."""
    if timeline.playhead is None:
        return
    look = theme.current()
    colour = look.playhead_sounding if timeline.sounding else look.playhead_parked
    x = min(round(timeline.x(timeline.playhead, rect.width())), rect.width() - 1)
    painter.fillRect(QRect(x, rect.top(), 1, rect.height()), colour)
    if head:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top = rect.top()
        painter.drawPolygon(QPolygonF([QPointF(x - 5.5, top), QPointF(x + 6.5, top), QPointF(x + 0.5, top + 7)]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class PlayheadTracker:
    """Repaints only the strips that the playhead leaves and enters."""

    def __init__(self, widget: QWidget, timeline: Timeline) -> None:
        self._widget, self._timeline = widget, timeline
        self._x: float | None = None
        timeline.playhead_changed.connect(self._moved)

    def _moved(self) -> None:
        playhead = self._timeline.playhead
        x = None if playhead is None else self._position(playhead)
        for position in (self._x, x):
            if position is not None:
                self._widget.update(QRect(int(position) - 8, 0, 17, self._widget.height()))
        self._x = x

    def _position(self, seconds: float) -> float:
        return self._timeline.x(seconds, self._widget.width())
