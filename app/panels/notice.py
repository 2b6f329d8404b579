"""What went wrong, in words, in the window: a line that stays until it is read or no longer true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import theme
from app.widgets.buttons import Button, IconButton
from app.widgets.icons import draw_icon
from app.widgets.labels import Label


@dataclass(frozen=True)
class _Notice:
    words: str
    topic: str
    danger: bool
    action: tuple[str, Callable[[], object]] | None
    lasting: bool = False


class NoticeBar(QWidget):
    """Above the transport; never modal. What is wrong, lasts, or can be acted on, is there again when what covered it
    goes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[_Notice] = []
        self.setFixedHeight(33)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(40, 1, 12, 0)
        layout.setSpacing(8)
        self.message = Label("", elide=True)
        self.close_button = IconButton("close", "Dismiss", size=24, icon_size=14)
        self.action = Button("Show", kind="quiet")
        self.action.hide()
        layout.addWidget(self.message, 1)
        layout.addWidget(self.action)
        layout.addWidget(self.close_button)
        self.close_button.clicked.connect(self.dismiss)
        self.action.clicked.connect(self._press)
        self.hide()

    def say(
        self,
        words: str,
        *,
        topic: str = "",
        danger: bool = True,
        action: tuple[str, Callable[[], object]] | None = None,
        lasting: bool = False,
    ) -> None:
        """Show a message; a later one of the same topic takes its place, and `settle` takes it away. What goes wrong is
        not covered by how far something is that was shown before.

        action : what can be done about it, in a word, and how.
        lasting : it is true until it is settled.
        """
        new = _Notice(words, topic, danger, action, lasting)
        if not danger and self._notices and self._notices[-1].danger and self._notices[-1].topic != topic:
            beneath = [notice if notice.topic != topic else new for notice in self._notices]
            if new in beneath:
                self._notices = beneath
                return
        kept = (n for n in self._notices if n.topic != topic and (n.danger or n.action or n.lasting))
        self._notices = [*kept, new]
        self._show_last()

    def settle(self, topic: str) -> None:
        """What a message of this topic said is no longer true."""
        if any(notice.topic == topic for notice in self._notices):
            self._notices = [notice for notice in self._notices if notice.topic != topic]
            self._show_last()

    def dismiss(self) -> None:
        """What is shown was read."""
        del self._notices[-1:]
        self._show_last()

    def _show_last(self) -> None:
        if not self._notices:
            self.hide()
            return
        notice = self._notices[-1]
        self.action.setVisible(notice.action is not None)
        if notice.action is not None:
            caption, _ = notice.action
            self.action.setText(caption)
            self.action.setAccessibleName(caption)
            self.action.updateGeometry()
        self.message.setText(" ".join(notice.words.split()))
        self.message.setToolTip(notice.words)
        self.setAccessibleName(notice.words)
        self.show()
        self.update()

    def _press(self) -> None:
        if self._notices and (action := self._notices[-1].action) is not None:
            action[1]()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._notices:
            return
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.raised)
        painter.fillRect(QRect(0, 0, self.width(), 1), look.divider)
        icon, colour = ("warning", look.danger) if self._notices[-1].danger else ("info", look.secondary)
        draw_icon(painter, icon, QRect(16, 9, 16, 16), colour)
