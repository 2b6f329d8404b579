"""What all controls share: boxes and focus rings on the pixel grid, and the keys that a control needs for itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from app import theme

HEIGHT = 28


def paint_box(painter: QPainter, rect: QRect, fill: QColor | None, border: QColor | None, radius: float = 4.0) -> None:
    """A rounded rectangle with a border of one pixel inside it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(border, 1) if border is not None else Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    inset = 0.5 if border is not None else 0.0
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), radius, radius)


def paint_focus(painter: QPainter, rect: QRect, colour: QColor | None = None, radius: float = 4.0) -> None:
    """The focus ring: two pixels, inside the control."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour or theme.current().focus_ring, 2))
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), radius - 1, radius - 1)


def claims(event: QEvent, *keys: Qt.Key) -> bool:
    """Whether this asks if a key is a shortcut, and it is one that the focused control needs for itself."""
    if event.type() != QEvent.Type.ShortcutOverride:
        return False
    assert isinstance(event, QKeyEvent)
    plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    if plain and event.key() in keys:
        event.accept()
        return True
    return False
