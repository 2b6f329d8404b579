"""The settings, in pages; whatever is changed counts at once, or says from when on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app import text
from app.outbox import reveal
from app.settings import SCALES
from app.widgets.buttons import SWITCH_TEXT, Button, Switch
from app.widgets.fields import Choice
from app.widgets.labels import Label, Paragraph
from app.widgets.painting import HEIGHT
from app.widgets.root_line import RootLine
from app.widgets.segments import Segmented
from engine.paths import log_dir

if TYPE_CHECKING:
    from app.main_window import MainWindow

LABEL_WIDTH = 128
PAGES = ("Look", "Sound", "Library", "Analysis", "Start")
THEMES = {"dark": "Dark", "light": "Light", "system": "As the system"}
DEVICES = {"auto": "The fastest there is"} | text.DEVICES


class SettingsDialog(QDialog):
    """Stands beside the window rather than in its way."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._work, self._settings = window, window.workspace, window.settings
        self.setWindowTitle("Settings – Earshot")
        self.resize(560, 400)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(20)
        self.pages = Segmented([(name, "", "") for name in PAGES])
        self.pages.setAccessibleName("Pages of the settings")
        self._stack = QStackedWidget()
        for page in (self._look(), self._sound(), self._library(), self._analysis(), self._start()):
            self._stack.addWidget(page)
        self.close_button = Button("Close")
        layout.addWidget(self.pages)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        self.pages.group.idClicked.connect(self._stack.setCurrentIndex)
        self.close_button.clicked.connect(self.close)
        self._work.library.changed.connect(self.refresh)
        self._work.outputs.changed.connect(self.refresh)
        self._work.auditioner.changed.connect(self.refresh)
        self.refresh()

    def show_page(self, name: str) -> None:
        """Go to one of `PAGES`."""
        self.pages.choose(PAGES.index(name))
        self.pages.group.button(PAGES.index(name)).setFocus()
        self._stack.setCurrentIndex(PAGES.index(name))

    def refresh(self) -> None:
        """Show what holds now."""
        work, settings = self._work, self._settings
        self.theme.setCurrentIndex(list(THEMES).index(settings.theme))
        self.output.offer(["System default", *work.outputs.names])
        chosen = settings.device
        self.output.setCurrentIndex(work.outputs.names.index(chosen) + 1 if chosen in work.outputs.names else 0)
        self.autoplay.setChecked(work.listening.autoplay)
        self.level.setChecked(work.auditioner.level_match)
        self.loop.setChecked(work.auditioner.loop)
        self._show_roots()
        self._show_model()

    def _look(self) -> _Page:
        page = _Page()
        self.theme = Choice()
        self.theme.addItems(list(THEMES.values()))
        self.theme.activated.connect(lambda number: self._window.set_theme(list(THEMES)[number]))
        page.add("Theme", self.theme)
        self.scale = Choice()
        self.scale.addItems([f"{percent} %" for percent in SCALES])
        self.scale.setCurrentIndex(SCALES.index(self._settings.scale_percent))
        self.scale.activated.connect(self._choose_scale)
        self.scale_note = page.add("Size", self.scale, "Of the whole window, on top of what the system asks for.")
        page.end()
        return page

    def _sound(self) -> _Page:
        page, work = _Page(), self._work
        self.output = Choice()
        self.output.activated.connect(
            lambda number: work.outputs.choose(work.outputs.names[number - 1] if number else None)
        )
        page.add("Output", self.output)
        self.autoplay, self.level, self.loop = Switch("Play when chosen"), Switch("Level match"), Switch("Loop")
        self.autoplay.clicked.connect(self._set_autoplay)
        self.level.clicked.connect(work.auditioner.set_level_match)
        self.loop.clicked.connect(work.auditioner.set_loop)
        page.add("Listening", self.autoplay)
        page.add("", self.level, "Everything plays equally loud; no file is changed.")
        page.add("", self.loop, "Loops repeat, one-shots play once.")
        page.end()
        return page

    def _library(self) -> _Page:
        from engine.library.scanner import default_workers, most_workers

        page = _Page()
        self.workers = Choice()
        most, usual = most_workers(), default_workers()
        self.workers.addItems([f"As usual ({usual})", *(str(number) for number in range(1, most + 1))])
        self.workers.setCurrentIndex(min(self._settings.scan_workers or 0, most))
        self.workers.activated.connect(self._choose_workers)
        page.add("Processors", self.workers, "Fewer leave more to your DAW. Counts from the next scan.")
        self._roots_box = QWidget()
        self._roots = QVBoxLayout(self._roots_box)
        self._roots.setContentsMargins(0, 0, 0, 0)
        self._roots.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._roots_box)
        scroll.setAccessibleName("Folders of the library")
        page.rows.addWidget(Label("Folders", colour="secondary"))
        page.rows.addWidget(scroll, 1)
        self.add_folder = Button("Add folder…")
        self.rescan = Button("Scan all again")
        self.add_folder.clicked.connect(self._window.inbox.choose_folder)
        self.rescan.clicked.connect(self._work.library.rescan)
        page.add_buttons(self.add_folder, self.rescan)
        return page

    def _analysis(self) -> _Page:
        page = _Page()
        self.model = Label("", elide=True)
        self.choose_model, self.own_model = Button("Choose…"), Button("Use Earshot's own")
        self.choose_model.clicked.connect(self._choose_model)
        self.own_model.clicked.connect(lambda: self._set_model(None))
        page.add("Model", self.model, "What the ear has learned. With another one, scan the library again.")
        page.add_buttons(self.choose_model, self.own_model, indent=True)
        self.compute = Choice()
        self.compute.addItems(list(DEVICES.values()))
        self.compute.setCurrentIndex(list(DEVICES).index(self._settings.compute))
        self.compute.activated.connect(self._choose_compute)
        self.compute_note = page.add("Runs on", self.compute, "Songs are heard there. Scanning uses the processors.")
        page.end()
        return page

    def _start(self) -> _Page:
        page = _Page()
        self.restore = Switch("Open the song that was open last")
        self.restore.setChecked(self._settings.restore_song)
        self.restore.clicked.connect(self._set_restore)
        page.add("At the start", self.restore)
        self.open_log, self.open_library = Button("Open log folder"), Button("Open library folder")
        self.open_log.clicked.connect(lambda: reveal(self._work.jobs, str(log_dir())))
        self.open_library.clicked.connect(lambda: reveal(self._work.jobs, str(self._work.backend.library_dir)))
        page.add("When it goes wrong", self.open_log, f"What Earshot wrote down about failures: {log_dir()}")
        page.add("Catalog and index", self.open_library, str(self._work.backend.library_dir))
        page.end()
        return page

    def _choose_scale(self, number: int) -> None:
        self._settings.scale_percent = SCALES[number]
        self.scale_note.setText(f"Start Earshot again to see it at {SCALES[number]} %.")

    def _set_autoplay(self, on: bool) -> None:
        self._work.listening.autoplay = on
        self._window.actions_.autoplay.setChecked(on)

    def _choose_workers(self, number: int) -> None:
        self._settings.scan_workers = self._work.backend.scan_workers = number or None

    def _choose_model(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a model", "", "Weights (*.safetensors)")
        if path:
            self._set_model(Path(path))

    def _set_model(self, path: Path | None) -> None:
        self._settings.model = path
        self._show_model()

    def _choose_compute(self, number: int) -> None:
        self._settings.compute = list(DEVICES)[number]
        self.compute_note.setText("Start Earshot again to let the ear run there.")

    def _set_restore(self, on: bool) -> None:
        self._settings.restore_song = on

    def _show_model(self) -> None:
        wanted, used = self._settings.model, self._work.backend.model
        later = "" if wanted == used else " (from the next start on)"
        name = wanted.name if wanted is not None else "Earshot's own"
        self.model.setText(f"{name}{later}")
        self.own_model.setEnabled(wanted is not None)

    def _show_roots(self) -> None:
        library = self._work.library
        roots = library.state.roots if library.state is not None else ()
        shown = [(root.path, root.sounds, root.away, Path(root.path) in library.scanning) for root in roots]
        if shown == getattr(self, "_shown_roots", None):
            return
        self._shown_roots = shown
        while (item := self._roots.takeAt(0)) is not None:
            if (line := item.widget()) is not None:
                line.hide()
                line.deleteLater()
        for root in roots:
            line = RootLine(root, scanning=Path(root.path) in library.scanning)
            line.remove.clicked.connect(lambda _=False, path=root.path: library.remove_root(path))
            self._roots.addWidget(line)
        self._roots.addStretch(1)
        self.rescan.setEnabled(bool(roots))


class _Page(QWidget):
    """Lines of a word and its control, with what there is to know beneath."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(12)

    def add(self, words: str, control: QWidget, note: str = "") -> Paragraph:
        """A line; the note can be changed later."""
        line = QVBoxLayout()
        line.setSpacing(2)  # a note belongs to what is above it
        row = QHBoxLayout()
        row.setSpacing(16)
        label = Label(words, colour="secondary")
        label.setFixedSize(LABEL_WIDTH, HEIGHT)
        row.addWidget(label)
        if isinstance(control, Choice):
            control.setAccessibleName(words)
            control.setMinimumWidth(208)
        row.addWidget(control, 1 if isinstance(control, Label) else 0)
        if not isinstance(control, Label):
            row.addStretch(1)
        line.addLayout(row)
        below = Paragraph(note)
        # The lamp of a switch is inside it; what is told of it stands beneath its words.
        below.setContentsMargins(LABEL_WIDTH + 16 + (SWITCH_TEXT if isinstance(control, Switch) else 0), 0, 0, 0)
        below.setVisible(bool(note))
        line.addWidget(below)
        self.rows.addLayout(line)
        return below

    def add_buttons(self, *buttons: Button, indent: bool = False) -> None:
        """Side by side, beneath the controls where they belong to one."""
        row = QHBoxLayout()
        row.setSpacing(8)
        if indent:
            row.addSpacing(LABEL_WIDTH + 16)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        self.rows.addLayout(row)

    def end(self) -> None:
        """What is left of the page stays empty."""
        self.rows.addStretch(1)
