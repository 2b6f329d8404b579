"""The waveform of the whole reference: region, playhead, and brackets around what the spectrogram shows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.timeline import Timeline
from app.widgets.waveform import paint_waveform


class Overview(QWidget):
    """Click to move the playhead; drag the bracketed part, or an edge of it, to choose what is shown."""

    GRIP = 5

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Overview of the song")
        self.setMouseTracking(True)
        self._timeline = timeline
        self._peaks: np.ndarray | None = None
        self._picture: QPixmap | None = None
        self._grip: tuple[str, float, float, float] | None = None
        for signal in (timeline.view_changed, timeline.playhead_changed, timeline.region_changed):
            signal.connect(self.update)

    def set_peaks(self, peaks: np.ndarray | None) -> None:
        """peaks : float32 [bins, 3], min, max and rms over the whole reference; None for no reference."""
        self._peaks = peaks
        self._picture = None
        self.update()

    def forget_picture(self) -> None:
        """The theme changed."""
        self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._picture = None

    def _x(self, seconds: float) -> float:
        return seconds / self._timeline.duration * self.width() if self._timeline.duration else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        look, timeline = theme.current(), self._timeline
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.canvas)
        if self._peaks is None or timeline.duration <= 0:
            return
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._picture)
            paint_waveform(inner, QRectF(self.rect()).adjusted(0, 3, 0, -3), self._peaks, look.wave_peak, look.wave_rms)
            inner.end()
        left, right = self._x(timeline.start), self._x(timeline.end)
        if timeline.region is not None:
            edges = [self._x(edge) for edge in timeline.region]
            fill = theme.with_alpha(look.region_edge, look.region_overview_alpha)
            painter.fillRect(QRectF(edges[0], 0, edges[1] - edges[0], self.height()), fill)
        painter.drawPixmap(0, 0, self._picture)
        if timeline.zoomed:
            veil = theme.with_alpha(look.canvas, 0.62)
            painter.fillRect(QRectF(0, 0, left, self.height()), veil)
            painter.fillRect(QRectF(right, 0, self.width() - right, self.height()), veil)
            for edge in (left, right - 2):
                painter.fillRect(QRect(round(edge), 0, 2, self.height()), look.region_edge)
        if timeline.playhead is not None:
            colour = look.playhead_sounding if timeline.sounding else look.text
            painter.fillRect(
                QRect(min(round(self._x(timeline.playhead)), self.width() - 1), 0, 1, self.height()), colour
            )

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
