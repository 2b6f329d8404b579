"""The library: its folders and how far they are scanned, what was marked, filters, and what failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.controllers.library import LibraryController
from app.controllers.marks import MarksController
from app.controllers.matching import NO_FILTERS, MatchController
from app.panels.filters import FilterFields
from app.panels.marks import MarkLists
from app.panels.roots import HEARING_STAGE, RootRow, ScanRow
from app.widgets.buttons import Button, IconButton
from app.widgets.failed_list import FailedList
from app.widgets.labels import Label, Paragraph
from app.widgets.scrolling import ScrollColumn
from app.widgets.tree_row import Heading

if TYPE_CHECKING:
    from engine.jobs import Progress
    from engine.library.catalog import Root, Sound
    from engine.library.usage import Usage


class LibraryPanel(QWidget):
    """The left of the spine, below the slots."""

    reveal_asked = Signal(str)

    def __init__(
        self,
        library: LibraryController,
        matching: MatchController,
        marks: MarksController,
        add: IconButton,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._matching = library, matching
        self._rows: dict[int, RootRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.head = QWidget()
        self.head.setFixedHeight(40)
        top = QHBoxLayout(self.head)
        top.setContentsMargins(16, 0, 10, 0)
        top.setSpacing(8)
        top.addWidget(Label("Library", role="title"))
        self.count = Label("", colour="quiet", elide=True)
        top.addWidget(self.count, 1)
        top.addWidget(add)
        layout.addWidget(self.head)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 8)
        self._list.setSpacing(0)
        self.hint = _Padded(Paragraph("The folders you add stay where they are. Nothing in them is changed."))
        self._roots = QVBoxLayout()
        self._roots.setSpacing(0)
        self.scan = ScanRow(library)
        self.scan.hide()
        self.marks = MarkLists(marks, matching)
        self._below = QWidget()
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.marks)
        self.clear = Button("Clear", kind="quiet")
        below.addWidget(Heading("Filters", self.clear))
        self.filters = FilterFields(matching)
        below.addWidget(self.filters)
        for widget in (self.hint, self._roots, self.scan, self._below):
            if isinstance(widget, QVBoxLayout):
                self._list.addLayout(widget)
            else:
                self._list.addWidget(widget)
        self._list.addStretch(1)
        self._scroll = ScrollColumn(inside)
        self._scroll.setMinimumHeight(24)
        layout.addWidget(self._scroll, 1)
        self.usage = Label("", colour="quiet", elide=True)
        self._usage = _Padded(self.usage, right=8)  # however long the lists are it stays in sight
        self._usage.hide()
        layout.addWidget(self._usage)
        self.failed = FailedList()
        layout.addWidget(self.failed)
        self.marks.naming_began.connect(self._bring_name_into_view)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._bring_name_into_view)
        self.clear.clicked.connect(self.clear_filters)
        self.failed.retry_asked.connect(self._retry)
        self.failed.reveal_asked.connect(self._reveal)
        matching.filters_changed.connect(self._follow)
        library.changed.connect(self.refresh)
        library.scan_progress.connect(self._show_scan)
        library.usage_changed.connect(self._show_usage)
        self._progress: Progress | None = None
        self.refresh()

    def _retry(self, sound: Sound | None) -> None:
        if sound is not None:
            self._library.retry(sound)

    def _reveal(self, sound: Sound | None) -> None:
        if sound is not None:
            self.reveal_asked.emit(sound.path)

    def _bring_name_into_view(self) -> None:
        """A name that is being typed stays in sight, also where what stands beneath comes or grows."""
        if (line := self.marks.naming) is not None:
            # Once it has its place: it has just been put among the others.
            QTimer.singleShot(0, line, lambda: self._scroll.ensureWidgetVisible(line, 0, 8))

    def clear_filters(self) -> None:
        """All of the library again; what was typed and the type, which are set elsewhere, stay."""
        self._matching.set_filters(**NO_FILTERS)

    def _follow(self) -> None:
        for root_id, row in self._rows.items():
            row.row.setChecked(root_id == self._matching.filters.root_id)

    def refresh(self) -> None:
        """Show the library as it was read last."""
        state = self._library.state
        roots = {root.id: root for root in state.roots} if state is not None else {}
        for root_id in [root_id for root_id in self._rows if root_id not in roots]:
            self._rows.pop(root_id).deleteLater()
            if self._matching.filters.root_id == root_id:
                self._matching.set_filters(root_id=None)
        for root_id, root in roots.items():
            if root_id in self._rows:
                self._rows[root_id].show_root(root)
            else:
                self._add_root(root)
        empty = self._library.empty
        self.hint.setVisible(empty)
        self._below.setVisible(not empty)
        self._usage.setVisible(not empty)
        total = state.counts.total if state is not None else 0
        self.count.setText("" if empty else text.sounds(total))
        self.failed.model.set_sounds(state.failed if state is not None else [])
        self.failed.refresh()
        self._place_scan()

    def _show_usage(self, usage: Usage) -> None:
        self.usage.setText(f"{text.size(usage.disk_bytes)} on disk, {text.size(usage.memory_bytes)} in memory")

    def _add_root(self, root: Root) -> None:
        row = RootRow(root)
        row.remove_asked.connect(self._library.remove_root)
        row.rescan_asked.connect(lambda path: self._library.scan([Path(path)]))
        row.reveal_asked.connect(self.reveal_asked)
        row.row.clicked.connect(lambda on, root_id=root.id: self._matching.set_filters(root_id=root_id if on else None))
        self._rows[root.id] = row
        self._roots.addWidget(row)

    def _show_scan(self, progress: Progress | None) -> None:
        self._progress = progress
        if progress is not None:
            self.scan.show_progress(progress)
        self._place_scan()

    def _place_scan(self) -> None:
        """The figures stand beneath the folder that is being scanned."""
        progress = self._progress
        self.scan.setVisible(progress is not None)
        if progress is None:
            return
        scanned = [row for row in self._rows.values() if Path(row.root.path) in self._library.scanning]
        row = scanned[-1] if scanned else None
        if row is not None:
            self._roots.removeWidget(self.scan)
            self._list.removeWidget(self.scan)
            self._roots.insertWidget(self._roots.indexOf(row) + 1, self.scan)
            of = f" of {progress.total:,.0f}" if progress.stage == HEARING_STAGE and progress.total else ""
            row.row.set_figure(f"{progress.done:,.0f}{of}", short=f"{progress.done:,.0f}")


class _Padded(QWidget):
    def __init__(self, child: QWidget, *, right: int = 40) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, right, 8)
        layout.addWidget(child)
