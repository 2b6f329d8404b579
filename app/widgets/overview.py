"""The waveform of the whole reference: region, playhead, and brackets around what the spectrogram shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from app.models.timeline import Timeline

if TYPE_CHECKING:
    from app.widgets.plot import WaveformPlot


class Overview(QWidget):
    """Click to move the playhead; drag the bracketed part, or an edge of it, to choose what is shown."""

    GRIP = 5

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Overview of the song")
        self.setMouseTracking(True)
        self._timeline = timeline
        self._grip: tuple[str, float, float, float] | None = None
        self.plot: WaveformPlot | None = None
        """None until there is something to draw."""

    def set_peaks(self, peaks: np.ndarray | None) -> None:
        """peaks : float32 [bins, 3], min, max and rms over the whole reference; None for no reference."""
        if self.plot is None and peaks is not None:
            from app.widgets.plot import WaveformPlot

            self.plot = WaveformPlot(self._timeline, self)
        if self.plot is not None:
            self.plot.set_peaks(peaks)

    def _x(self, seconds: float) -> float:
        return seconds / self._timeline.duration * self.width() if self._timeline.duration else 0.0

    def _grip_at(self, x: float) -> str:
        timeline = self._timeline
        if not timeline.zoomed:
            return "seek"
        if abs(x - self._x(timeline.start)) <= self.GRIP:
            return "start"
        if abs(x - self._x(timeline.end)) <= self.GRIP:
            return "end"
        return "move" if self._x(timeline.start) < x < self._x(timeline.end) else "seek"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._timeline.duration:
            x = event.position().x()
            self._grip = (self._grip_at(x), x, self._timeline.start, self._timeline.end)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is None:
            shapes = {"start": Qt.CursorShape.SizeHorCursor, "end": Qt.CursorShape.SizeHorCursor}
            self.setCursor(shapes.get(self._grip_at(x), Qt.CursorShape.ArrowCursor))
            return
        kind, origin, start, end = self._grip
        moved = (x - origin) / max(1, self.width()) * self._timeline.duration
        if kind == "start":
            self._timeline.show(min(start + moved, end - 0.25), end)
        elif kind == "end":
            self._timeline.show(start, max(end + moved, start + 0.25))
        elif kind == "move" and abs(x - origin) > 2:
            self._timeline.show(start + moved, end + moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        x = event.position().x()
        kind, origin, _, _ = self._grip
        self._grip = None
        if abs(x - origin) <= 2 and kind in ("seek", "move"):
            seconds = min(max(0.0, x / max(1, self.width())), 1.0) * self._timeline.duration
            self._timeline.seek_asked.emit(seconds)
            if not self._timeline.start <= seconds <= self._timeline.end:
                self._timeline.pan(seconds - (self._timeline.start + self._timeline.end) / 2)
