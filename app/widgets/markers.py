"""Region and playhead on every widget of the time axis, so that their lines run through all of them."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRect
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.timeline import Timeline


def line_pen(colour: QColor, widget: QWidget, *, width: int = 1) -> QPen:
    """A pen for upright lines through the middle of a pixel: whole pixels of the screen, at any scale."""
    pen = QPen(colour, width * int(widget.devicePixelRatioF()))
    pen.setCosmetic(True)
    return pen


def paint_markers(painter: QPainter, timeline: Timeline, widget: QWidget) -> None:
    """The edges of the region, and the playhead before them."""
    look, width = theme.current(), widget.width()
    lines = [(round(timeline.x(edge, width)), look.region_edge) for edge in timeline.region or ()]
    if timeline.playhead is not None:
        colour = look.playhead_sounding if timeline.sounding else look.playhead_parked
        lines.append((min(round(timeline.x(timeline.playhead, width)), width - 1), colour))
    for x, colour in lines:
        painter.setPen(line_pen(colour, widget))
        painter.drawLine(QLineF(x + 0.5, 0, x + 0.5, widget.height()))


class TimelineTracker:
    """Repaints a widget when the time axis changes; for the playhead only the strips that it leaves and enters."""

    def __init__(self, widget: QWidget, timeline: Timeline) -> None:
        self._widget, self._timeline = widget, timeline
        self._x: float | None = None
        timeline.view_changed.connect(widget.update)
        timeline.region_changed.connect(widget.update)
        timeline.playhead_changed.connect(self._moved)

    def _moved(self) -> None:
        playhead = self._timeline.playhead
        x = None if playhead is None else self._timeline.x(playhead, self._widget.width())
        for position in (self._x, x):
            if position is not None:
                self._widget.update(QRect(int(position) - 2, 0, 5, self._widget.height()))
        self._x = x
