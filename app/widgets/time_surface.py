"""What spectrogram, ruler and lanes share: wheel to zoom and pan, drag for a region, click to move the playhead.

A region that is dragged keeps to the beats, unless Ctrl is held.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.models.timeline import Timeline

DRAG_PIXELS = 4


class TimeSurface(QWidget):
    """Turns what the pointer does into changes of the timeline; draws nothing."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._timeline = timeline
        self._pressed: float | None = None
        self._dragging = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._timeline.duration:
            return
        delta = event.angleDelta()
        sideways = delta.x() if abs(delta.x()) > abs(delta.y()) else 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways = sideways or delta.y()
        if sideways:
            self._timeline.pan(-sideways / 120 * 0.1 * (self._timeline.end - self._timeline.start))
        else:
            around = self._timeline.seconds(event.position().x(), self.width())
            self._timeline.zoom(0.8 ** (delta.y() / 120), around)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._timeline.duration:
            self._pressed = self._timeline.seconds(event.position().x(), self.width())
            self._dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        x = event.position().x()
        if not self._dragging:
            self._dragging = abs(x - self._timeline.x(self._pressed, self.width())) >= DRAG_PIXELS
        if self._dragging:
            self._timeline.set_region(self._region_to(self._pressed, event), commit=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._dragging:
            self._timeline.set_region(self._region_to(pressed, event))
        else:
            self._timeline.seek_asked.emit(pressed)
        self._dragging = False

    def _region_to(self, pressed: float, event: QMouseEvent) -> tuple[float, float]:
        here = self._timeline.seconds(event.position().x(), self.width())
        return self.on_beat(pressed, event), self.on_beat(here, event)

    def on_beat(self, seconds: float, event: QMouseEvent) -> float:
        """The time that a dragged edge is meant to have."""
        free = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        return seconds if free else self._timeline.snapped(seconds, self.width())
