"""Typing the tags of one sound or of several."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from app import theme
from app.widgets.labels import Label
from app.widgets.painting import paint_box

WIDTH = 320


class TagEditor(QWidget):
    """A small field over the table; Enter keeps what was typed, Esc or a click elsewhere does not.

    Parameters
    ----------
    shared : tags that all of the sounds have.
    known : every tag there is, to be completed.
    number : of sounds.
    """

    changed = Signal(object, object)
    """Tags that were added, and tags that were taken away; lists."""

    def __init__(self, shared: Sequence[str], known: Sequence[str], number: int, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._before = list(shared)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        title = "Tags" if number == 1 else f"Tags that all {number:,} sounds share"
        self.field = QLineEdit("".join(f"{tag}, " for tag in shared))
        self.field.setPlaceholderText("warm, dusty")
        self.field.setAcceptDrops(False)  # a song that is dropped is meant for the window
        self.field.setAccessibleName(title)
        self.field.setCompleter(_TagCompleter(known, self.field))
        layout.addWidget(Label(title, role="strong"))
        layout.addWidget(self.field)
        layout.addWidget(Label("Commas between them. Enter keeps them.", role="small", colour="quiet"))
        self.setFixedWidth(WIDTH)
        self.field.returnPressed.connect(self._keep)

    def show_at(self, at: QPoint) -> None:
        """Open with the upper left corner here, on the screen; moved where there is no room."""
        screen, size = self.screen().availableGeometry(), self.sizeHint()
        left = max(screen.left(), min(at.x(), screen.right() - WIDTH))
        self.move(left, max(screen.top(), min(at.y(), screen.bottom() - size.height())))
        self.show()
        self.field.setFocus()

    def _keep(self) -> None:
        typed = [tag for part in self.field.text().split(",") if (tag := " ".join(part.casefold().split()))]
        added = [tag for tag in dict.fromkeys(typed) if tag not in self._before]
        removed = [tag for tag in self._before if tag not in typed]
        if added or removed:
            self.changed.emit(added, removed)
        self.close()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.window)
        paint_box(painter, self.rect(), look.raised, look.control_border, 0)


class _TagCompleter(QCompleter):
    """Completes the last of several tags."""

    def __init__(self, known: Sequence[str], field: QLineEdit) -> None:
        super().__init__(list(known), field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:
        return [path.rpartition(",")[2].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        before = self._field.text().rpartition(",")[0]
        return f"{before}, {index.data()}" if before else str(index.data())
