"""A button that names a device and opens a list of others."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from app import theme
from app.widgets.buttons import FlatButton
from app.widgets.icons import draw_icon
from app.widgets.painting import HEIGHT, paint_box, paint_focus

WIDEST = 150


class DeviceButton(FlatButton):
    """Icon, name and chevron; where room is short the name moves to the tooltip."""

    def __init__(self, icon: str, text: str, *, kind: str = "Output", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self._kind = kind
        self._compact = False
        self.set_device(text)

    def set_device(self, name: str) -> None:
        self.setText(name)
        self.setAccessibleName(f"{self._kind}: {name}")
        self.setToolTip(f"{self._kind}: {name}")
        self.updateGeometry()
        self.update()

    def set_compact(self, compact: bool) -> None:
        self._compact = compact
        self.updateGeometry()
        self.update()

    def popup(self, menu: QMenu) -> None:
        """Open `menu` above the button."""
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def sizeHint(self) -> QSize:
        words = 0 if self._compact else min(WIDEST, QFontMetrics(theme.font()).horizontalAdvance(self.text())) + 10
        return QSize(8 + 16 + 8 + words + 12 + 6, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        if self.hovered or self.isDown():
            paint_box(painter, rect, look.pressed if self.isDown() else look.hover, None)
        draw_icon(painter, self._icon, QRect(8, rect.height() // 2 - 8, 16, 16), look.secondary)
        if not self._compact:
            painter.setFont(theme.font())
            painter.setPen(look.secondary)
            text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, WIDEST)
            painter.drawText(rect.adjusted(32, 0, -20, 0), Qt.AlignmentFlag.AlignVCenter, text)
        draw_icon(painter, "chevron-down", QRect(rect.width() - 18, rect.height() // 2 - 6, 12, 12), look.secondary)
        if self.hasFocus():
            paint_focus(painter, rect)
