"""Scroll bars that take no room: they stand over the margin of what is scrolled, and nothing moves as they come."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollArea, QScrollBar, QWidget

from app import theme


class OverlayBar(QScrollBar):
    """Shown at the right edge of `host`, by default the area itself, while not all of the area can be seen."""

    def __init__(self, area: QAbstractScrollArea, host: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, host or area)
        self._area, self._host, self._own = area, host or area, area.verticalScrollBar()
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._own.rangeChanged.connect(self._follow)
        self._own.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._own.setValue)
        for widget in {area, self._host}:
            widget.installEventFilter(self)
        self._follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._follow()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        own = self._own
        self.setRange(own.minimum(), own.maximum())
        self.setPageStep(own.pageStep())
        self.setSingleStep(own.singleStep())
        self.setValue(own.value())
        width = theme.tokens()["size"]["scrollbar_gutter"]
        inside = self._host.isAncestorOf(self._area)  # not yet, while both are being made
        top = self._area.mapTo(self._host, QPoint(0, 0)).y() if inside else 0
        self.setGeometry(self._host.width() - width, top, width, self._area.height())
        self.setVisible(own.maximum() > own.minimum() and not self._area.isHidden())
        self.raise_()


class ScrollColumn(QScrollArea):
    """Scrolls from top to bottom; what is inside is as wide as the area whether or not there is a bar."""

    def __init__(self, inside: QWidget, *, host: QWidget | None = None) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(inside)
        self.bar = OverlayBar(self, host)
