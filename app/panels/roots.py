"""The folders of the library, and how far the running scan is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.controllers.library import LibraryController
from app.widgets.buttons import IconButton
from app.widgets.labels import Label, ProgressLine
from app.widgets.menus import passing_menu
from app.widgets.tree_row import TreeRow

if TYPE_CHECKING:
    from engine.jobs import Progress
    from engine.library.catalog import Root

HEARING_STAGE = "scanning"
"""What the scanner calls its second pass; in the first, of listing, the end is not known."""


class RootRow(QWidget):
    """A folder; while it is scanned its progress, rate and time left."""

    remove_asked = Signal(str)
    rescan_asked = Signal(str)
    reveal_asked = Signal(str)

    def __init__(self, root: Root) -> None:
        super().__init__()
        self.root = root
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        name = Path(root.path).name or root.path
        self.row = TreeRow("folder", name, "")
        self.row.setToolTip(root.path)
        layout.addWidget(self.row)
        self.show_root(root)

    def show_root(self, root: Root) -> None:
        """The folder as the catalog has it now."""
        self.root = root
        self.row.set_figure("offline" if root.away else text.count(root.sounds), "drive" if root.away else "folder")
        self.row.set_quiet(root.away)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing_menu(self)
        menu.addAction("Scan again", lambda: self.rescan_asked.emit(self.root.path))
        menu.addAction("Show in file manager", lambda: self.reveal_asked.emit(self.root.path))
        menu.addSeparator()
        menu.addAction("Remove from the library", lambda: self.remove_asked.emit(self.root.path))
        menu.popup(event.globalPos())


class ScanRow(QWidget):
    """Figures of the running scan, beneath its folder."""

    def __init__(self, library: LibraryController) -> None:
        super().__init__()
        self._library = library
        self.name = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 2, 16, 4)
        layout.setSpacing(2)
        self.bar = ProgressLine()
        layout.addWidget(self.bar)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.rate = Label("", role="small", colour="quiet")
        self.left = Label("", role="small", colour="quiet", elide=True)
        self.pause = IconButton("pause", "Pause scanning", size=22, icon_size=14)
        self.cancel = IconButton("close", "Stop scanning", size=22, icon_size=14)
        row.addWidget(self.rate)
        row.addSpacing(8)
        row.addWidget(self.left, 1)
        row.addWidget(self.pause)
        row.addWidget(self.cancel)
        layout.addLayout(row)
        self.pause.clicked.connect(self._toggle_pause)
        self.cancel.clicked.connect(library.cancel_scan)

    def show_progress(self, progress: Progress) -> None:
        """Count, rate and time left; only what is known."""
        hearing = progress.stage == HEARING_STAGE and bool(progress.total)
        self.bar.set_share(progress.done / progress.total if hearing and progress.total else 0.0)
        self.rate.setText(f"{progress.rate:,.0f} per s" if hearing and progress.rate >= 1 else progress.stage)
        left = progress.seconds_left
        self.left.setText(f"{text.duration_left(left)} left" if left is not None else "")
        self._show_pause()

    def _toggle_pause(self) -> None:
        job = self._library.scan_job
        if job is not None:
            job.toggle_pause()
        self._show_pause()

    def _show_pause(self) -> None:
        job = self._library.scan_job
        paused = job is not None and job.paused
        if paused:
            self.rate.setText("paused")
            self.left.setText("")
        self.pause.set_icon("play" if paused else "pause", "Go on scanning" if paused else "Pause scanning")
