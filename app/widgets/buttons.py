"""Buttons and switches in the look of the theme, painted so that every state stays on the pixel grid."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app import theme
from app.widgets.icons import draw_icon
from app.widgets.painting import HEIGHT, claims, paint_box, paint_focus

SWITCH_TEXT = 20
"""Where the words of a switch begin, behind its lamp."""


class FlatButton(QAbstractButton):
    """What all buttons share: hover, keyboard focus, an accessible name."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setShortcut(QKeySequence())  # an "&" is painted like any other letter, and must make no key either

    @property
    def hovered(self) -> bool:
        return self.isEnabled() and self.underMouse()

    def event(self, event: QEvent) -> bool:
        return claims(event, Qt.Key.Key_Space) or super().event(event)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def text_width(self, role: str = "body") -> int:
        return QFontMetrics(theme.font(role)).horizontalAdvance(self.text())

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)


class Button(FlatButton):
    """A push button: "plain" (bordered), "primary" (solid accent) or "quiet" (words alone)."""

    def __init__(self, text: str, *, icon: str = "", kind: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self._kind = kind

    def sizeHint(self) -> QSize:
        role = "strong" if self._kind == "primary" else "body"
        padding = 0 if self._kind == "quiet" else 26 if self._icon else 24
        return QSize(self.text_width(role) + padding + (24 if self._icon else 0), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        ink = look.text if self.isEnabled() else look.disabled
        if self._kind == "primary":
            paint_box(painter, rect, look.accent.lighter(108) if self.hovered else look.accent, None)
            ink = look.on_accent
        elif self._kind == "plain":
            fill = look.pressed if self.isDown() else look.hover if self.hovered else look.raised
            paint_box(painter, rect, fill, look.control_border if self.isEnabled() else look.divider)
        elif self.isEnabled():
            ink = look.text if self.hovered else look.quiet
        left = rect.left() + (0 if self._kind == "quiet" else 14 if self._icon else 12)
        if self._icon:
            draw_icon(painter, self._icon, QRect(left, rect.center().y() - 7, 16, 16), ink)
            left += 24
        painter.setFont(theme.font("strong" if self._kind == "primary" else "body"))
        painter.setPen(ink)
        painter.drawText(
            rect.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text()
        )
        if self.hasFocus():
            paint_focus(painter, rect, look.on_accent if self._kind == "primary" else None)


class IconButton(FlatButton):
    """A button that is one icon; `name` is what a screen reader says and what the tooltip shows."""

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        size: QSize | int = 24,
        icon_size: int = 16,
        bordered: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self._icon = icon
        self._icon_size = icon_size
        self._bordered = bordered
        self.setFixedSize(size if isinstance(size, QSize) else QSize(size, size))

    def set_icon(self, icon: str, name: str) -> None:
        """Change what the button shows and is called."""
        if (icon, name) != (self._icon, self.accessibleName()):
            self._icon = icon
            self.setAccessibleName(name)
            self.setToolTip(name)
            self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        fill = (
            look.pressed if self.isDown() else look.hover if self.hovered else look.raised if self._bordered else None
        )
        if fill is not None:
            paint_box(
                painter,
                rect,
                fill,
                (look.control_border if self.isEnabled() else look.divider) if self._bordered else None,
            )
        ink = look.disabled if not self.isEnabled() else look.text if self._bordered or self.hovered else look.secondary
        size = self._icon_size
        draw_icon(painter, self._icon, QRectF((rect.width() - size) / 2, (rect.height() - size) / 2, size, size), ink)
        if self.hasFocus():
            paint_focus(painter, rect)


class Switch(FlatButton):
    """A lamp and a word: on is the accent."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)

    def sizeHint(self) -> QSize:
        return QSize(self.text_width() + SWITCH_TEXT + 4, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, enabled = self.isChecked(), self.isEnabled()
        lamp = QRectF(4, rect.height() / 2 - 4, 8, 8)
        if on and enabled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.accent)
            painter.drawEllipse(lamp)
        else:
            painter.setPen(QPen(look.quiet if enabled else look.disabled, 1.2))
            painter.setBrush(look.disabled if on else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(lamp.adjusted(0.6, 0.6, -0.6, -0.6))
        painter.setFont(theme.font())
        painter.setPen(look.disabled if not enabled else look.text if on or self.hovered else look.secondary)
        painter.drawText(rect.adjusted(SWITCH_TEXT, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            paint_focus(painter, rect)
