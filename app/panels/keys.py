"""The shortcut sheet, over the window; any key or click closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.widgets.painting import paint_box
from engine.families import PARTS
from engine.ratings import HIGHEST_RATING

if TYPE_CHECKING:
    from app.actions import Actions

ROW = 26
COLUMN = 392
KEYS_WIDTH = 152
MARGIN = 80


class KeysPanel(QWidget):
    """Lists every action that has a key, as the menus have them."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self._focus_before: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keyboard shortcuts")
        parent.installEventFilter(self)
        self.hide()

    def lines(self) -> list[tuple[str, str]]:
        """Keys and what they do; the nine slots are one line, and so are the parts and the ratings."""
        found = [
            ("1 – 9", "Choose a slot"),
            (f"{_native('Ctrl+1')} – {len(PARTS)}", "Rank by parts"),
            ("Up, Down", "Step through the sounds"),
            (f"{_native('Alt+1')} – {_native(f'Alt+{HIGHEST_RATING}')}, {_native('Alt+0')}", "Rate the chosen sounds"),
        ]
        for action in self._actions.all:
            keys = action.shortcuts()
            if not keys or action.text().startswith(("Slot ", "Part: ", "Rate ", "No rating")):
                continue
            told = action.data() or action.text()  # what changes with the circumstances has a plain name beside it
            words = [_native(key) for key in keys]
            found.append((" or ".join(dict.fromkeys(words)), told.rstrip("…")))
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return super().eventFilter(watched, event)

    def _cover(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.rect())

    def toggle(self) -> None:
        if self.isVisible():
            self._leave()
            return
        self._focus_before = self.window().focusWidget()
        self._cover()
        self.show()
        self.raise_()
        self.setFocus()

    def _leave(self) -> None:
        """Hide, and give the keyboard back to what had it: else it would go to whichever control comes next."""
        before, self._focus_before = self._focus_before, None
        parent = self.parentWidget()
        assert parent is not None
        if before in QApplication.allWidgets() and before.isVisible():  # a row of a list may be gone by now
            before.setFocus()
        else:
            parent.setFocus()
        self.hide()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._leave()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._leave()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, lines = theme.current(), self.lines()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.with_alpha(look.canvas, 0.8))
        columns = 2
        rows = -(-len(lines) // columns)
        height = min(ROW, (self.height() - MARGIN - 16) // rows)
        box = QRect(0, 0, columns * COLUMN + 48, rows * height + MARGIN)
        box.moveCenter(self.rect().center())
        paint_box(painter, box, look.raised, look.control_border)
        painter.setFont(theme.font("title"))
        painter.setPen(look.text)
        painter.drawText(box.adjusted(24, 20, 0, 0), Qt.AlignmentFlag.AlignTop, "Keyboard")
        painter.setFont(theme.font())
        painter.setPen(look.quiet)
        top_right = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(0, 22, -24, 0), top_right, "Any key or a click closes this.")
        for number, (keys, words) in enumerate(lines):
            left = box.left() + 24 + number // rows * COLUMN
            top = box.top() + 60 + number % rows * height
            painter.setPen(look.text)
            painter.drawText(QRect(left, top, KEYS_WIDTH - 4, height), Qt.AlignmentFlag.AlignVCenter, keys)
            painter.setPen(look.secondary)
            painter.drawText(
                QRect(left + KEYS_WIDTH, top, COLUMN - KEYS_WIDTH - 8, height), Qt.AlignmentFlag.AlignVCenter, words
            )


def _native(keys: QKeySequence | str) -> str:
    """Keys as they are called on this system: Ctrl+O is a sign of its own on a Mac."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
