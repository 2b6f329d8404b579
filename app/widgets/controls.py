"""Buttons, switches and fields in the look of the theme, painted so that every state stays on the pixel grid."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QWidget,
)

from app import theme
from app.widgets.icons import draw_icon

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


class FlatButton(QAbstractButton):
    """What all buttons share: hover, keyboard focus, an accessible name."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

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


class Choice(QComboBox):
    """A drop-down list that keeps its keys while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, event: QEvent) -> bool:
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)
        return claims(event, *keys) or super().event(event)


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
        return QSize(self.text_width() + 24, HEIGHT)

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
        painter.drawText(rect.adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            paint_focus(painter, rect)


class _Segment(FlatButton):
    """One choice of a `Segmented`."""

    def __init__(self, text: str, icon: str, letter: str, accent: bool) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self.setAccessibleName(f"{letter} {text}".strip())
        self._icon, self._letter, self._accent = icon, letter, accent
        self.first = self.last = False

    def sizeHint(self) -> QSize:
        role = "strong" if self._accent else "body"
        extra = 22 if self._icon else 15 if self._letter else 0
        words = self.text_width(role)
        return QSize(words + extra + (16 if words or self._icon else 12), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        enabled, on = self.isEnabled(), self.isChecked()
        painter.setClipRect(rect)
        # Only the outer corners of the row are round: an inner one reaches beyond the clip.
        shape = rect.adjusted(0 if self.first else -6, 0, 0 if self.last else 6, 0)
        fill = (
            look.pressed if self.isDown() or (on and not self._accent) else look.hover if self.hovered else look.raised
        )
        if on and self._accent and enabled:
            fill = look.accent
        paint_box(painter, shape, fill, look.control_border if enabled else look.divider)
        if not self.first:
            painter.fillRect(QRect(0, 1, 1, rect.height() - 2), look.control_border if enabled else look.divider)
        ink = look.disabled if not enabled else look.text if on else look.secondary
        if on and self._accent and enabled:
            ink = look.on_accent
        left = 8
        if self._icon:
            draw_icon(painter, self._icon, QRect(left, rect.height() // 2 - 7, 14, 14), ink)
            left += 22
        if self._letter:
            painter.setFont(theme.font("strong"))
            painter.setPen(ink)
            painter.drawText(rect.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._letter)
            left += 15
        painter.setFont(theme.font("strong" if on and self._accent else "body"))
        painter.setPen(ink)
        painter.drawText(rect.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            paint_focus(painter, rect, look.on_accent if on and self._accent else None)


class Segmented(QWidget):
    """Choices side by side, one of them chosen; arrow keys move between them.

    Parameters
    ----------
    choices : (text, icon name or "", letter or "") each.
    accent : paint the chosen one solid; the side that sounds is the only such place.
    """

    def __init__(
        self, choices: list[tuple[str, str, str]], *, accent: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.group = QButtonGroup(self)
        for number, (text, icon, letter) in enumerate(choices):
            segment = _Segment(text, icon, letter, accent)
            segment.first, segment.last = number == 0, number == len(choices) - 1
            self.group.addButton(segment, number)
            layout.addWidget(segment)
        self.group.button(0).setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def chosen(self) -> int:
        return self.group.checkedId()

    def choose(self, number: int) -> None:
        self.group.button(number).setChecked(True)

    def set_texts(self, texts: list[str]) -> None:
        """Other words for the same choices, where room is short."""
        for button, text in zip(self.group.buttons(), texts, strict=True):
            button.setText(text)
            button.updateGeometry()
        layout = self.layout()
        assert layout is not None
        layout.invalidate()  # the row keeps its old width otherwise where the window changes its size several times
        layout.activate()
        self.updateGeometry()


class FamilyChip(FlatButton):
    """Which families go first among a slot's matches: on, its likely ones, until its cross is clicked; off, none does.

    The first of the slot's likely families is named, the others are counted, and the tooltip has them all.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setCheckable(True)
        self.setChecked(True)
        self._families: tuple[str, ...] = ()
        self.toggled.connect(lambda _: self._describe())
        self._describe()

    def set_families(self, families: tuple[str, ...]) -> None:
        self._families = families
        self._describe()

    def _describe(self) -> None:
        names = ", ".join(self._families) or "any"
        first, others = self._families[:1], len(self._families) - 1
        short = "".join(first) + (f" +{others}" if others > 0 else "")
        on = self.isChecked()
        self.setText((short or "any") if on else "any")
        self.setAccessibleName(f"Families that go first: {names if on else 'none'}")
        self.setToolTip(
            f"Sounds of {names} go first, others where they are clearly nearer. Click to rank by likeness alone."
            if on
            else f"Ranked by likeness alone. Click to let {names} go first."
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        label = QFontMetrics(theme.font()).horizontalAdvance("prefer")
        return QSize(12 + 16 + label + 8 + self.text_width() + 8 + 12 + 10, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        fill = look.pressed if self.isDown() else look.hover if self.hovered else look.raised
        on = self.isChecked()
        paint_box(painter, rect, fill if on or self.hovered else None, look.control_border)
        swatch = QRectF(12, rect.height() / 2 - 6, 8, 12)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(look.quiet, 1))
        painter.setBrush(look.family(self._families[0] if self._families else None) if on else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(swatch if on else swatch.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.setFont(theme.font())
        painter.setPen(look.secondary if self.isDown() else look.quiet)
        painter.drawText(rect.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, "prefer")
        left = 28 + painter.fontMetrics().horizontalAdvance("prefer") + 8
        painter.setPen(look.text)
        painter.drawText(rect.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        cross = QRect(rect.width() - 22, rect.height() // 2 - 6, 12, 12)
        draw_icon(painter, "close" if on else "plus", cross, look.secondary)
        if self.hasFocus():
            paint_focus(painter, rect)


class SearchBox(QLineEdit):
    """A search field with its glass, and the key that leads here."""

    def __init__(self, key: str = "/", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self.setTextMargins(24, 0, 22, 0)
        self.setAccessibleName("Search sounds")
        self.setClearButtonEnabled(False)
        self.setAcceptDrops(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        draw_icon(painter, "search", QRect(9, rect.height() // 2 - 8, 16, 16), look.secondary)
        if not self.text() and not self.hasFocus():
            box = QRect(rect.width() - 27, rect.height() // 2 - 9, 18, 18)
            paint_box(painter, box, None, look.control_border, 3)
            painter.setFont(theme.font("axis"))
            painter.setPen(look.secondary)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key)


class LevelSlider(QSlider):
    """A horizontal slider as a thin bar with a small handle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(HEIGHT)

    def event(self, event: QEvent) -> bool:
        keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        return claims(event, *keys) or super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = rect.height() / 2
        share = (self.value() - self.minimum()) / max(1, self.maximum() - self.minimum())
        handle = 6 + share * (rect.width() - 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.divider)
        painter.drawRoundedRect(QRectF(3, middle - 2, rect.width() - 6, 4), 2, 2)
        painter.setBrush(look.secondary if self.isEnabled() else look.disabled)
        painter.drawRoundedRect(QRectF(3, middle - 2, handle - 3, 4), 2, 2)
        painter.setBrush(look.text if self.isEnabled() else look.disabled)
        painter.drawRoundedRect(QRectF(handle - 3, middle - 7, 6, 14), 2, 2)
        if self.hasFocus():
            paint_focus(painter, rect)
