"""Fields in which words are typed, lists that drop down, and sliders."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QWidget

from app import theme
from app.widgets.icons import draw_icon
from app.widgets.painting import HEIGHT, claims, paint_box, paint_focus

PADDING = 10
"""At either side of what is typed: border, padding, and what Qt itself leaves."""
ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class Field(QLineEdit):
    """A line of words that keeps the keys that end typing: elsewhere in the window they play and stop."""

    ended = Signal(bool)
    """Enter or Esc was pressed; whether what was typed is meant."""
    left = Signal()
    """The focus went elsewhere, not to the field's own menu."""

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self.setAcceptDrops(False)  # a song that is dropped is meant for the window

    def event(self, event: QEvent) -> bool:
        return claims(event, *ENDS) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENDS:
            self.ended.emit(event.key() != Qt.Key.Key_Escape)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class SearchBox(Field):
    """A search field with its glass, and the key that leads here."""

    def __init__(self, key: str = "/", parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._key = key
        self.setTextMargins(24, 0, 22, 0)
        self.setAccessibleName("Search sounds")
        self.setClearButtonEnabled(False)
        self._hints: tuple[str, ...] = ()

    def set_hints(self, *hints: str) -> None:
        """What the empty field says: the first of these that has room in it, the longest first."""
        self._hints = hints
        self._choose_hint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose_hint()

    def _choose_hint(self) -> None:
        margins = self.textMargins()
        room = self.width() - margins.left() - margins.right() - 2 * PADDING
        wide = self.fontMetrics().horizontalAdvance
        fitting = (hint for hint in self._hints if wide(hint) <= room)
        self.setPlaceholderText(next(fitting, self._hints[-1] if self._hints else ""))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:  # to what was found
            self.ended.emit(True)
        else:
            super().keyPressEvent(event)

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


class Choice(QComboBox):
    """A drop-down list that keeps its keys while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def offer(self, names: list[str]) -> None:
        """Have these entries; where they are the same as before, an open list keeps its place."""
        if names != [self.itemText(number) for number in range(self.count())]:
            self.clear()
            self.addItems(names)

    def event(self, event: QEvent) -> bool:
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)
        return claims(event, *keys) or super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # what it lies in is being scrolled


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
