"""A folder of the library with its path, its state, and a button that forgets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import text, theme
from app.widgets.buttons import IconButton
from app.widgets.icons import draw_icon
from app.widgets.labels import Label

if TYPE_CHECKING:
    from engine.library.catalog import Root


class RootLine(QWidget):
    """One line in the settings."""

    def __init__(self, root: Root, *, scanning: bool) -> None:
        super().__init__()
        self._icon = "drive" if root.away else "folder"
        self.setFixedHeight(theme.tokens()["size"]["control"])
        state = "being scanned" if scanning else "offline" if root.away else text.sounds(root.sounds)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 0, 0)
        layout.setSpacing(12)
        path = Label(root.path, elide=True, colour="quiet" if root.away else "text")
        path.setToolTip(root.path)
        self.remove = IconButton("close", f"Remove {root.path} from the library", size=24, icon_size=14)
        layout.addWidget(path, 1)
        layout.addWidget(Label(state, colour="quiet"))
        layout.addWidget(self.remove)
        self.setAccessibleName(f"{root.path}, {state}")

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_icon(QPainter(self), self._icon, QRect(0, self.height() // 2 - 8, 16, 16), theme.current().quiet)
