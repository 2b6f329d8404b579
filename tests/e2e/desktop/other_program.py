"""Another program on the desktop, such as a file manager or a DAW: files are dragged from it, and dropped on it.

python -m tests.e2e.desktop.other_program RECEIVED X Y FILE ...
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

SIZE = 60


class Item(QLabel):
    """A file to be dragged away."""

    def __init__(self, path: str) -> None:
        super().__init__(Path(path).name[:8])
        self.setFixedSize(SIZE, SIZE)
        self._path = path

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(self._path)])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


class Basket(QWidget):
    """Writes down what is dropped anywhere on it, one path a line.

    Anywhere: a frameless window that its manager moved may take itself to be at the corner of the screen, where Qt then
    looks for what lies under the pointer.
    """

    def __init__(self, received: Path) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        self.setAcceptDrops(True)
        self._received = received

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        lines = [f"{url.toLocalFile()}\n" for url in event.mimeData().urls()]  # asked for, which may take a moment
        with self._received.open("a", encoding="utf-8") as file:
            file.writelines(lines)
        event.acceptProposedAction()


def main() -> None:
    received, x, y, *files = sys.argv[1:]
    application = QApplication(sys.argv[:1])
    window = Basket(Path(received))
    box = QHBoxLayout(window)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    for file in files:
        box.addWidget(Item(file))
    window.move(int(x), int(y))
    window.show()
    sys.exit(application.exec())


if __name__ == "__main__":
    main()
