"""The lines of the library: what narrows the table when it is pressed, headings, and a name being typed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app import theme
from app.widgets.buttons import Button, FlatButton
from app.widgets.carried import sounds_in
from app.widgets.fields import Field
from app.widgets.icons import draw_icon
from app.widgets.labels import Label
from app.widgets.painting import paint_focus

GAP = 12
"""Between a name and its figure, at least."""


class TreeRow(FlatButton):
    """Icon, name, and a figure at the right; pressed, it narrows the table to what it names.

    takes_from : the folder of a library of which sounds can be dropped on it.
    """

    sounds_dropped = Signal(object)
    """Ids, a list."""

    def __init__(self, icon: str, name: str, figure: str, *, takes_from: Path | None = None) -> None:
        super().__init__(name)
        self.setCheckable(True)
        self.setAcceptDrops(takes_from is not None)
        self._takes_from = takes_from
        self._drop_hovered = False
        self._icon, self._figure, self._short, self._quiet = icon, figure, figure, False
        self.setFixedHeight(theme.tokens()["size"]["tree_row"])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name}, {figure}")

    def set_figure(self, figure: str, icon: str | None = None, *, short: str = "") -> None:
        """`short` stands in for the figure where it would leave the name no room."""
        self._figure, self._short, self._icon = figure, short or figure, icon or self._icon
        self.setAccessibleName(f"{self.text()}, {figure}")
        self.update()

    def set_quiet(self, quiet: bool) -> None:
        """What it names is away."""
        self._quiet = quiet
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        if self.isChecked() or self.hovered or self._drop_hovered:
            painter.fillRect(rect, look.selected_row if self.isChecked() else look.hover)
        if self.isChecked():
            painter.fillRect(QRect(0, 0, 3, rect.height()), look.accent)
        draw_icon(painter, self._icon, QRect(16, rect.height() // 2 - 8, 16, 16), look.quiet)
        painter.setFont(theme.font())
        wide, room = painter.fontMetrics().horizontalAdvance, rect.adjusted(40, 0, -16, 0)
        fits = wide(self.text()) + GAP + wide(self._figure) <= room.width()
        shown = self._figure if fits else self._short
        painter.setPen(look.secondary if self.isChecked() else look.quiet)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)
        painter.setPen(look.text if not self._quiet else look.secondary if self.isChecked() else look.quiet)
        left = room.width() - wide(shown) - GAP
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, left)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        if self.hasFocus() or self._drop_hovered:
            paint_focus(painter, rect, radius=2)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._carried(event):
            event.acceptProposedAction()
            self._hover_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hover_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._hover_drop(False)
        event.acceptProposedAction()
        self.sounds_dropped.emit(self._carried(event))

    def _carried(self, event: QDropEvent) -> list[int]:
        return sounds_in(event.mimeData(), self._takes_from) if self._takes_from is not None else []

    def _hover_drop(self, hovered: bool) -> None:
        self._drop_hovered = hovered
        self.update()


class Heading(QWidget):
    """A small heading, with an action at its right."""

    def __init__(self, words: str, action: FlatButton | None = None) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 16 if isinstance(action, Button) else 12, 0)
        label = Label(words, role="heading", colour="quiet")
        layout.addWidget(label)
        layout.addStretch(1)
        if action is not None:
            if isinstance(action, Button):
                action.setFixedHeight(20)
            layout.addWidget(action)
        self.setFixedHeight(32)


class NameRow(QWidget):
    """A name that is typed in place of a line; Enter or going elsewhere keeps it, Esc does not."""

    named = Signal(str)
    given_up = Signal()

    LONGEST = 60

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__()
        self._over = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(32, 0, 16, 0)
        self.field = Field(name)
        self.field.setMaxLength(self.LONGEST)
        self.field.setPlaceholderText(what)
        self.field.setAccessibleName(what)
        self.field.selectAll()
        layout.addWidget(self.field)
        self.field.ended.connect(self._end)
        self.field.left.connect(lambda: self._end(True))

    def _end(self, kept: bool) -> None:
        if self._over:  # taking the field away takes its focus away too
            return
        self._over = True
        name = " ".join(self.field.text().split())
        if kept and name:
            self.named.emit(name)
        else:
            self.given_up.emit()
