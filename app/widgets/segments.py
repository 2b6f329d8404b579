"""Choices side by side, and the chip that names the families of a slot."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from app import theme
from app.widgets.buttons import FlatButton
from app.widgets.icons import draw_icon
from app.widgets.painting import HEIGHT, claims, paint_box, paint_focus


class _Segment(FlatButton):
    """One choice of a `Segmented`."""

    def __init__(self, text: str, icon: str, letter: str, accent: bool) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self.setAccessibleName(f"{letter} {text}".strip())
        self._icon, self._letter, self._accent = icon, letter, accent
        self.first = self.last = False

    def event(self, event: QEvent) -> bool:
        return claims(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

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
