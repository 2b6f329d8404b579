"""What went wrong, in words, in the window: a line that stays until it is read or no longer true."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import theme
from app.widgets.buttons import Button, IconButton
from app.widgets.icons import draw_icon
from app.widgets.labels import Label


class NoticeBar(QWidget):
    """Above the transport; never modal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._danger = True
        self.topic = ""
        self.setFixedHeight(33)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(40, 1, 12, 0)
        layout.setSpacing(8)
        self.message = Label("", elide=True)
        self.close_button = IconButton("close", "Dismiss", size=24, icon_size=14)
        self.action = Button("Show", kind="quiet")
        self.action.hide()
        self._act: Callable[[], object] | None = None
        layout.addWidget(self.message, 1)
        layout.addWidget(self.action)
        layout.addWidget(self.close_button)
        self.close_button.clicked.connect(self.hide)
        self.action.clicked.connect(self._press)
        self.hide()

    def say(
        self,
        words: str,
        *,
        topic: str = "",
        danger: bool = True,
        action: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """Show a message; a later one of the same topic replaces it, and `settle` takes it away.

        action : what can be done about it, in a word, and how.
        """
        self.topic, self._danger = topic, danger
        self.action.setVisible(action is not None)
        if action is not None:
            caption, self._act = action
            self.action.setText(caption)
            self.action.setAccessibleName(caption)
            self.action.updateGeometry()
        self.message.setText(" ".join(words.split()))
        self.message.setToolTip(words)
        self.setAccessibleName(words)
        self.show()
        self.update()

    def settle(self, topic: str) -> None:
        """What a message of this topic said is no longer true."""
        if self.topic == topic:
            self.hide()

    def _press(self) -> None:
        if self._act is not None:
            self._act()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.raised)
        painter.fillRect(QRect(0, 0, self.width(), 1), look.divider)
        icon, colour = ("warning", look.danger) if self._danger else ("info", look.secondary)
        draw_icon(painter, icon, QRect(16, 9, 16, 16), colour)
