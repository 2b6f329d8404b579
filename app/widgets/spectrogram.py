"""The spectrogram of the visible range: drag for a region, click to move the playhead, wheel to zoom."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.models.timeline import Timeline
from app.widgets.controls import claims, paint_focus
from app.widgets.markers import PlayheadTracker, paint_playhead, paint_region
from app.widgets.sonogram import MelPicture

DRAG_PIXELS = 4


class TimeSurface(QWidget):
    """What spectrogram, ruler and lanes share: wheel zoom and pan, drag for a region, click to seek."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._timeline = timeline
        self._pressed: float | None = None
        self._dragging = False
        self._tracker = PlayheadTracker(self, timeline)
        timeline.view_changed.connect(self.update)
        timeline.region_changed.connect(self.update)

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
            self._timeline.set_region((self._pressed, self._timeline.seconds(x, self.width())), commit=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._dragging:
            self._timeline.set_region((pressed, self._timeline.seconds(event.position().x(), self.width())))
        else:
            self._timeline.seek_asked.emit(pressed)
        self._dragging = False


class Spectrogram(TimeSurface):
    """Draws a `MelPicture`; arrow keys move the playhead when it has the focus."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(timeline, parent)
        self.setAccessibleName("Spectrogram of the song")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._picture: MelPicture | None = None
        self._image: QPixmap | None = None
        self._drawn: tuple[float, float, QSize] | None = None
        timeline.hover_changed.connect(self.update)

    @property
    def picture(self) -> MelPicture | None:
        return self._picture

    def set_picture(self, picture: MelPicture | None) -> None:
        self._picture = picture
        self.forget_picture()

    def forget_picture(self) -> None:
        """The picture or the theme changed."""
        self._image = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, timeline = theme.current(), self._timeline
        painter = QPainter(self)
        painter.fillRect(event.rect(), look.canvas)
        if self._picture is not None and timeline.duration > 0:
            size = self.size() * self.devicePixelRatioF()
            drawn = (timeline.start, timeline.end, size)
            if self._image is None or drawn != self._drawn:
                image = self._picture.image(timeline.start, timeline.end, size.width())
                # Kept as it is shown: a moving playhead costs a copy of a few columns.
                self._image, self._drawn = QPixmap.fromImage(image.scaled(size)), drawn
            painter.drawPixmap(self.rect(), self._image)
        paint_region(painter, timeline, self.rect(), filled=True)
        if timeline.hover is not None:
            line = theme.with_alpha(look.text, 0.45)
            x = round(timeline.x(timeline.hover[0], self.width()))
            y = round((1 - timeline.hover[1]) * self.height())
            painter.fillRect(QRect(x, 0, 1, self.height()), line)
            painter.fillRect(QRect(0, y, self.width(), 1), line)
        paint_playhead(painter, timeline, self.rect(), head=True)
        if self.hasFocus():
            paint_focus(painter, self.rect(), radius=2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._timeline.duration:
            height = min(1.0, max(0.0, 1 - event.position().y() / max(1, self.height())))
            self._timeline.set_hover((self._timeline.seconds(event.position().x(), self.width()), height))

    def leaveEvent(self, event: QEvent) -> None:
        self._timeline.set_hover(None)

    def event(self, event: QEvent) -> bool:
        return claims(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = (self._timeline.end - self._timeline.start) / 50
        moves = {Qt.Key.Key_Left: -step, Qt.Key.Key_Right: step}
        if event.key() in moves and self._timeline.duration:
            at = (self._timeline.playhead or 0.0) + moves[Qt.Key(event.key())]
            self._timeline.seek_asked.emit(min(max(0.0, at), self._timeline.duration))
            event.accept()
        else:
            super().keyPressEvent(event)
