"""The menu bar above the spine, whose width is fixed."""

from __future__ import annotations

from PySide6.QtWidgets import QMenuBar

_LEAST_PADDING = 1
_FRAME = 2


class MenuBar(QMenuBar):
    """Shows all its menus: where the font is wide they move together."""

    def fit(self, width: int, *, padding: int, spacing: int) -> None:
        """Take `width` pixels, and at most this much room beside and between the menus."""
        self.setFixedWidth(width)
        for room in range(padding, _LEAST_PADDING - 1, -1):
            self.setStyleSheet(
                f"QMenuBar {{ spacing: {min(spacing, room)}px; }} QMenuBar::item {{ padding: 6px {room}px; }}"
            )
            if self.sizeHint().width() - _FRAME <= width:
                return
