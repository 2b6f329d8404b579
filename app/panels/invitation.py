"""What an empty part of the window says: what to do, in one line, and the button that does it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSpacerItem, QVBoxLayout, QWidget

from app import theme
from app.widgets.buttons import Button
from app.widgets.icons import draw_icon
from app.widgets.labels import Label, Paragraph

ICON_GAP, ICON_STROKE = 12, 2.0
LEAST_WITH_ICON = 200


class Invitation(QWidget):
    """A dashed field to drop something on; `say` makes it tell something else, such as what went wrong."""

    def __init__(
        self,
        icon: str,
        title: str,
        sentence: str,
        button: Button,
        *,
        canvas: bool = False,
        dashed: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._canvas, self._dashed = icon, canvas, dashed
        self._danger = False
        self.hovered = False
        self.button = button
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 16, 32, 16)
        layout.setSpacing(0)
        layout.addStretch(1)
        self._icon_size: int = theme.tokens()["icon"]["invitation"]
        self._icon_room = QSpacerItem(0, self._icon_size + ICON_GAP)
        layout.addSpacerItem(self._icon_room)
        self.title = Label(title, role="invitation", align=Qt.AlignmentFlag.AlignHCenter, elide=True)
        self.sentence = _Centred(sentence)
        layout.addWidget(self.title)
        layout.addSpacing(4)
        layout.addWidget(self.sentence)
        layout.addSpacing(20)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        layout.addLayout(self._buttons)
        layout.addStretch(1)

    def offer(self, button: Button) -> None:
        """Another way, beside the first."""
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def say(self, title: str, sentence: str, *, icon: str, danger: bool = False) -> None:
        """Change what is shown."""
        self._icon, self._danger = icon, danger
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.setAccessibleName(f"{title}. {sentence}")
        self.update()

    @property
    def _shows_icon(self) -> bool:
        """In a low window the words have the room alone."""
        return self.height() >= LEAST_WITH_ICON

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        assert layout is not None
        self._icon_room.changeSize(0, self._icon_size + ICON_GAP if self._shows_icon else 0)
        layout.invalidate()

    def set_drop_hovered(self, hovered: bool) -> None:
        """Something droppable is over the window."""
        if hovered != self.hovered:
            self.hovered = hovered
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.canvas if self._canvas else look.window)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._dashed:
            pen = QPen(look.accent if self.hovered else look.control_border, 1)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.setBrush(theme.with_alpha(look.accent, 0.06) if self.hovered else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(16.5, 16.5, -16.5, -16.5), 4, 4)
        if not self._shows_icon:
            return
        size = self._icon_size
        box = QRect((self.width() - size) // 2, self.title.y() - size - ICON_GAP, size, size)
        draw_icon(painter, self._icon, box, look.danger if self._danger else look.quiet, stroke=ICON_STROKE)


class _Centred(Paragraph):
    """A paragraph whose lines are centred, and not wider than they read well."""

    def __init__(self, text: str) -> None:
        super().__init__(text, colour="secondary")
        self.setMinimumHeight(16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font())
        painter.setPen(theme.current().secondary)
        flags = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignHCenter.value
        painter.drawText(self.rect(), flags, self.text())
