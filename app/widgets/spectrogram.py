"""The spectrogram of the visible range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app.models.sonogram import MelPicture
from app.models.timeline import Timeline
from app.widgets.painting import claims
from app.widgets.time_surface import TimeSurface

if TYPE_CHECKING:
    from app.widgets.plot import ReferencePlot


class Spectrogram(TimeSurface):
    """Filled by the plot of a `MelPicture`; arrow keys move the playhead when it has the focus."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(timeline, parent)
        self.setObjectName("canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Spectrogram of the song")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.picture: MelPicture | None = None
        self.plot: ReferencePlot | None = None
        """None until there is something to draw."""

    def set_picture(self, picture: MelPicture | None) -> None:
        """None for no reference."""
        self.picture = picture
        if self.plot is None and picture is not None:
            from app.widgets.plot import ReferencePlot

            self.plot = ReferencePlot(self._timeline, self)
        if self.plot is not None:
            self.plot.set_picture(picture)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.plot is not None:
            self.plot.viewport().update()

    focusOutEvent = focusInEvent

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
