"""The library: its folders and how far they are scanned, favourites, filters, and what failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDoubleValidator, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.controllers.library import LibraryController
from app.controllers.matching import MatchController
from app.widgets import text
from app.widgets.controls import Button, Choice, FlatButton, IconButton, paint_focus
from app.widgets.failed_list import FailedList
from app.widgets.icons import draw_icon
from app.widgets.labels import Label, Paragraph, ProgressLine

if TYPE_CHECKING:
    from engine.jobs import Progress
    from engine.library.catalog import Root, Sound


HEARING_STAGE = "scanning"
"""What the scanner calls its second pass; in the first, of listing, the end is not known."""


class TreeRow(FlatButton):
    """Icon, name, and a figure at the right; pressed, it narrows the table to what it names."""

    def __init__(self, icon: str, name: str, figure: str, *, quiet: bool = False) -> None:
        super().__init__(name)
        self.setCheckable(True)
        self._icon, self._figure, self._quiet = icon, figure, quiet
        self.setFixedHeight(theme.tokens()["size"]["tree_row"])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name}, {figure}")

    def set_figure(self, figure: str, icon: str | None = None) -> None:
        self._figure, self._icon = figure, icon or self._icon
        self.setAccessibleName(f"{self.text()}, {figure}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        if self.isChecked() or self.hovered:
            painter.fillRect(rect, look.selected_row if self.isChecked() else look.hover)
        if self.isChecked():
            painter.fillRect(QRect(0, 0, 3, rect.height()), look.accent)
        draw_icon(painter, self._icon, QRect(16, rect.height() // 2 - 8, 16, 16), look.quiet)
        painter.setFont(theme.font())
        figure = painter.fontMetrics().horizontalAdvance(self._figure)
        room = rect.adjusted(40, 0, -16, 0)
        painter.setPen(look.secondary if self.isChecked() else look.quiet)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._figure)
        painter.setPen(look.text if not self._quiet else look.secondary if self.isChecked() else look.quiet)
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width() - figure - 12)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        if self.hasFocus():
            paint_focus(painter, rect, radius=2)


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
        self.row = TreeRow("folder", name, "", quiet=not root.online)
        self.row.setToolTip(root.path)
        layout.addWidget(self.row)
        self.show_root(root)

    def show_root(self, root: Root) -> None:
        """The folder as the catalog has it now."""
        self.root = root
        self.row.set_figure(text.count(root.sounds) if root.online else "offline", "folder" if root.online else "drive")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
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
            job.resume() if job.paused else job.pause()
        self._show_pause()

    def _show_pause(self) -> None:
        job = self._library.scan_job
        paused = job is not None and job.paused
        if paused:
            self.rate.setText("paused")
            self.left.setText("")
        self.pause.set_icon("play" if paused else "pause", "Go on scanning" if paused else "Pause scanning")


class LibraryPanel(QWidget):
    """The left of the spine, below the slots."""

    reveal_asked = Signal(str)

    def __init__(
        self, library: LibraryController, matching: MatchController, add: IconButton, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._library, self._matching = library, matching
        self._rows: dict[int, RootRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QWidget()
        head.setFixedHeight(40)
        top = QHBoxLayout(head)
        top.setContentsMargins(16, 0, 10, 0)
        top.setSpacing(8)
        top.addWidget(Label("Library", role="title"))
        self.count = Label("", colour="quiet", elide=True)
        top.addWidget(self.count, 1)
        top.addWidget(add)
        layout.addWidget(head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.setMinimumHeight(24)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 8)
        self._list.setSpacing(0)
        self.hint = _Padded(Paragraph("The folders you add stay where they are. Nothing in them is changed."))
        self._roots = QVBoxLayout()
        self._roots.setSpacing(0)
        self.scan = ScanRow(library)
        self.scan.hide()
        self.favourites = TreeRow("star", "Favourites", "0")
        self._below = QWidget()
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(_Heading("Collections"))
        below.addWidget(self.favourites)
        self.clear = Button("Clear", kind="quiet")
        below.addWidget(_Heading("Filters", self.clear))
        self.filters = _FilterFields(matching)
        below.addWidget(self.filters)
        for widget in (self.hint, self._roots, self.scan, self._below):
            if isinstance(widget, QVBoxLayout):
                self._list.addLayout(widget)
            else:
                self._list.addWidget(widget)
        self._list.addStretch(1)
        self._scroll.setWidget(inside)
        layout.addWidget(self._scroll, 1)
        self.failed = FailedList()
        layout.addWidget(self.failed)
        self.favourites.toggled.connect(lambda on: matching.set_filters(favourites=on))
        self.clear.clicked.connect(self.clear_filters)
        self.failed.retry_asked.connect(self._retry)
        self.failed.reveal_asked.connect(self._reveal)
        library.changed.connect(self.refresh)
        library.scan_progress.connect(self._show_scan)
        self._progress: Progress | None = None
        self.refresh()

    def _retry(self, sound: Sound | None) -> None:
        if sound is not None:
            self._library.retry(sound)

    def _reveal(self, sound: Sound | None) -> None:
        if sound is not None:
            self.reveal_asked.emit(sound.path)

    def clear_filters(self) -> None:
        """All of the library again."""
        self.filters.clear()
        self.favourites.setChecked(False)
        for row in self._rows.values():
            row.row.setChecked(False)

    def refresh(self) -> None:
        """Show the library as it was read last."""
        state = self._library.state
        roots = {root.id: root for root in state.roots} if state is not None else {}
        for root_id in [root_id for root_id in self._rows if root_id not in roots]:
            self._rows.pop(root_id).deleteLater()
        for root_id, root in roots.items():
            if root_id in self._rows:
                self._rows[root_id].show_root(root)
            else:
                self._add_root(root)
        empty = self._library.empty
        self.hint.setVisible(empty)
        self._below.setVisible(not empty)
        total = state.counts.total if state is not None else 0
        self.count.setText("" if empty else text.sounds(total))
        self.favourites.set_figure(
            text.count(state.favourites) if state is not None else "0",
            "star-filled" if state is not None and state.favourites else "star",
        )
        self.failed.model.set_sounds(state.failed if state is not None else [])
        self.failed.refresh()
        self._place_scan()

    def _add_root(self, root: Root) -> None:
        row = RootRow(root)
        row.remove_asked.connect(self._library.remove_root)
        row.rescan_asked.connect(lambda path: self._library.scan([Path(path)]))
        row.reveal_asked.connect(self.reveal_asked)
        row.row.toggled.connect(lambda on, root_id=root.id: self._narrow_to(root_id if on else None, root_id))
        self._rows[root.id] = row
        self._roots.addWidget(row)

    def _narrow_to(self, root_id: int | None, pressed: int) -> None:
        if root_id is None and self._matching.filters.root_id != pressed:
            return
        for other_id, row in self._rows.items():
            if other_id != root_id:
                row.row.setChecked(False)
        self._matching.set_filters(root_id=root_id)

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
            row.row.set_figure(f"{progress.done:,.0f}{of}")


class _Heading(QWidget):
    """A small heading, with an action at its right."""

    def __init__(self, words: str, action: Button | None = None) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 0)
        label = Label(words, role="heading", colour="quiet")
        layout.addWidget(label)
        layout.addStretch(1)
        if action is not None:
            action.setFixedHeight(20)
            layout.addWidget(action)
        self.setFixedHeight(32)


class _Padded(QWidget):
    def __init__(self, child: QWidget) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 40, 8)
        layout.addWidget(child)


class _FilterFields(QWidget):
    """Key and tempo."""

    def __init__(self, matching: MatchController) -> None:
        super().__init__()
        self._matching = matching
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(4)
        self.note = Choice()
        self.note.addItems(["Any", *text.NOTES])
        self.note.setAccessibleName("Pitch")
        self.bpm_from, self.bpm_to = QLineEdit(), QLineEdit()
        for field, words in ((self.bpm_from, "from"), (self.bpm_to, "to")):
            field.setPlaceholderText(words)
            field.setAccessibleName(f"BPM {words}")
            field.setValidator(QDoubleValidator(0.0, 999.0, 1, field))
            field.textChanged.connect(self._tempo_changed)
            field.setMinimumWidth(40)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, words in ((first, "Pitch"), (second, "BPM")):
            label = Label(words, colour="quiet")
            label.setFixedWidth(48)
            row.setSpacing(8)
            row.addWidget(label)
        first.addWidget(self.note, 1)
        second.addWidget(self.bpm_from, 1)
        second.addWidget(Label(text.NONE, colour="quiet"))
        second.addWidget(self.bpm_to, 1)
        layout.addLayout(first)
        layout.addLayout(second)
        self.note.currentIndexChanged.connect(
            lambda number: matching.set_filters(note=None if number <= 0 else number - 1)
        )

    def clear(self) -> None:
        self.note.setCurrentIndex(0)
        self.bpm_from.clear()
        self.bpm_to.clear()

    def _tempo_changed(self, _: str) -> None:
        self._matching.set_filters(bpm_from=_number(self.bpm_from.text()), bpm_to=_number(self.bpm_to.text()))


def _number(words: str) -> float | None:
    try:
        return float(words.replace(",", "."))
    except ValueError:
        return None
