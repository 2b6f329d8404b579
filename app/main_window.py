"""The one window: reference above, candidates below, the next sound always one key away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QMainWindow, QMenu, QMenuBar, QVBoxLayout, QWidget

from app import theme
from app.actions import Actions
from app.backend import Backend
from app.controllers.audition import Auditioner
from app.controllers.compare import CompareController
from app.controllers.library import LibraryController
from app.controllers.listening import Listening
from app.controllers.matching import MatchController, Results
from app.controllers.reference import ReferenceController
from app.density import Density, for_size
from app.jobs import Job, JobRunner
from app.models.matches import MatchesModel, Row
from app.models.slots import SlotsModel, family_word
from app.models.timeline import Timeline
from app.panels.compare import ComparePanel
from app.panels.header import HeaderPanel
from app.panels.keys import KeysPanel
from app.panels.library import LibraryPanel
from app.panels.matches import MatchesPanel
from app.panels.notice import NoticeBar
from app.panels.reference import ReferencePanel
from app.panels.slots import SlotsPanel
from app.panels.transport import TransportPanel
from app.settings import Settings
from app.widgets.controls import Button, IconButton
from app.widgets.labels import Line

if TYPE_CHECKING:
    from engine.encoder.ear import Ear

WAKE_MILLISECONDS = 50
"""The window is drawn and answers before anything heavy is imported."""


class MainWindow(QMainWindow):
    """Builds the panels and ties them to the controllers."""

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("Earshot")
        self.setMinimumSize(QSize(900, 560))
        self.resize(1440, 900)
        self.setAcceptDrops(True)
        self.backend, self.settings = backend, settings
        self.jobs = JobRunner(self)
        self.timeline = Timeline(self)
        self.slots = SlotsModel(self)
        self.matches = MatchesModel(self)
        self.reference = ReferenceController(backend, self.jobs, self.timeline, self.slots, self)
        self.library = LibraryController(backend, self.jobs, self)
        self.matching = MatchController(backend, self.jobs, self)
        self.auditioner = Auditioner(backend, self.jobs, self)
        self.auditioner.volume_db = settings.volume_db
        self.auditioner.loop, self.auditioner.level_match = settings.loop, settings.level_match
        self.listening = Listening(self.auditioner, self.reference, self.timeline, self.slots, self)
        self.listening.autoplay = settings.autoplay
        self.compare = CompareController(backend, self.jobs, self)
        self._density: Density | None = None
        self._shows_compare = False
        self._build()
        self._connect()
        self._apply_density()
        self._refresh_zones()
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        QTimer.singleShot(WAKE_MILLISECONDS, self._wake)

    # building

    def _build(self) -> None:
        open_buttons = [Button("Open song…", icon="music"), Button("Open song…", kind="primary")]
        add_buttons = (Button("Add folder…"), IconButton("plus", "Add folder of sounds", size=24))
        demo = Button("Try the demo")
        menu_bar = QMenuBar()
        self.actions_ = Actions(self, menu_bar)
        for button in open_buttons:
            button.clicked.connect(self.choose_song)
        for add_button in add_buttons:
            add_button.clicked.connect(self.choose_folder)
        demo.clicked.connect(self.try_demo)
        self._demo_button = demo
        self.header = HeaderPanel(self.reference, self.timeline)
        self.header.setFixedHeight(39)
        self.reference_panel = ReferencePanel(self.reference, self.timeline, self.slots, open_buttons[1])
        self.slots_panel = SlotsPanel(self.slots, self.timeline, self.reference_panel, open_buttons[0])
        self.library_panel = LibraryPanel(self.library, self.matching, add_buttons[1])
        self.matches_panel = MatchesPanel(self.matches, self.matching, add_buttons[0], demo)
        self.compare_panel = ComparePanel(self.compare, self.auditioner, self.matches)
        self.transport = TransportPanel(self.auditioner)
        self.notice = NoticeBar()
        self._menu_box = QWidget()
        self._menu_box.setFixedHeight(39)
        box = QHBoxLayout(self._menu_box)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        self._spine = [self._menu_box, self.slots_panel, self.library_panel]
        top_left, top_right = (
            _column(self._menu_box, Line(), self.slots_panel),
            _column(self.header, Line(), self.reference_panel),
        )
        top = _row(top_left, Line(vertical=True), top_right)
        self._top = top
        self._compare_line = Line(vertical=True)
        bottom = _row(
            self.library_panel, Line(vertical=True), self.matches_panel, self._compare_line, self.compare_panel
        )
        centre = _column(top, Line(colour="zone_divider"), bottom, self.notice, Line(), self.transport)
        centre.setObjectName("zone")
        layout = centre.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setStretchFactor(bottom, 1)
        for row, stretched in ((top, top_right), (bottom, self.matches_panel)):
            row_layout = row.layout()
            assert isinstance(row_layout, QHBoxLayout)
            row_layout.setStretchFactor(stretched, 1)
        # The focus rests here until a key or a click moves it: no control shows a ring before that.
        centre.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCentralWidget(centre)
        centre.setFocus()
        self.keys = KeysPanel(self.actions_, centre)
        (self.actions_.dark if theme.current().name == "dark" else self.actions_.light).setChecked(True)
        self.actions_.autoplay.setChecked(self.listening.autoplay)
        self._show_transport_actions()

    def _connect(self) -> None:
        self.slots_panel.slot_chosen.connect(self._slot_chosen)
        self.slots_panel.list.listen_pressed.connect(self.listening.listen_to_slot)
        self.slots_panel.list.mute_pressed.connect(self.toggle_muted)
        self.reference_panel.row_pressed.connect(self.slots_panel.choose)
        self.reference.opened.connect(self._reference_opened)
        self.reference.heard.connect(lambda _: self._heard())
        self.reference.progress_changed.connect(lambda _: self.slots_panel.refresh())
        self.reference.failed.connect(lambda _: self._refresh_zones())
        self.reference.look_changed.connect(lambda _: self._refresh_zones())
        self.header.whole_song_asked.connect(self.whole_song)
        self.header.hear_region_asked.connect(self.hear_region)
        self.header.settings_asked.connect(self._show_settings)
        self.matches_panel.chosen.connect(self._row_chosen)
        self.matches_panel.favourite_asked.connect(self.toggle_favourite)
        self.matching.results_ready.connect(self._results_shown)
        self.matching.failed.connect(lambda words: self.notice.say(words, topic="matching"))
        self.library.changed.connect(self._library_changed)
        self.library.contents_changed.connect(self.matching.refresh)
        self.library.scan_progress.connect(self._scan_progress)
        self.library.failed.connect(lambda words: self.notice.say(words, topic="library"))
        self.library_panel.reveal_asked.connect(reveal)
        self.listening.stretch_changed.connect(self._show_compare)
        self.auditioner.failed.connect(self._playback_failed)
        self.auditioner.changed.connect(self._audition_changed)
        self.auditioner.moved.connect(self._mark_playing)
        self.transport.play_asked.connect(self.listening.play_pause)
        self.transport.stop_asked.connect(self.listening.stop)
        self.transport.start_asked.connect(self.listening.to_start)
        self.transport.side_asked.connect(self.listening.play_side)
        self.transport.device_menu_asked.connect(lambda: self.transport.device.popup(self.actions_.outputs))

    def _wake(self) -> None:
        """Open the library, load the ear, look for outputs: behind the window."""
        self.library.refresh()
        self.jobs.start("warm", lambda job: self.backend.warm())
        self.jobs.start("ear", lambda job: self.backend.ear(), on_done=self._ear_ready, on_failed=self._ear_failed)
        self.read_outputs()

    # what the user asks for

    def open_song(self, path: Path) -> None:
        """Show and hear a song, a loop or a single sound."""
        self.notice.hide()
        self.centralWidget().setFocus()
        self.settings.remember_song(path)
        self.reference.open(path)

    def choose_song(self) -> None:
        """Ask for a file."""
        from engine.audio.decode import AUDIO_SUFFIXES

        patterns = " ".join(f"*{suffix}" for suffix in sorted(AUDIO_SUFFIXES))
        recent = self.settings.recent_songs
        folder = str(recent[0].parent) if recent else ""
        path, _ = QFileDialog.getOpenFileName(self, "Open song", folder, f"Audio ({patterns});;All files (*)")
        if path:
            self.open_song(Path(path))

    def choose_folder(self) -> None:
        """Ask for a folder of sounds."""
        path = QFileDialog.getExistingDirectory(self, "Add a folder of sounds")
        if path:
            self.library.scan([Path(path)])

    def try_demo(self) -> None:
        """Make the demo's song and library once, then open both."""
        self._demo_button.setEnabled(False)
        self.notice.say("Making the demo: a short song and a small library.", topic="demo", danger=False)
        self.jobs.start(
            "demo",
            lambda job: self.backend.demo(job.progress),
            on_progress=self._demo_progress,
            on_done=self._demo_ready,
            on_failed=self._demo_failed,
        )

    def hear_region(self) -> None:
        """Hear the instruments of the region alone."""
        if self.timeline.region is not None:
            self.reference.hear(self.timeline.region)

    def whole_song(self) -> None:
        """Let go of the region; if only a region was heard, hear the rest too."""
        self.timeline.set_region(None)
        if self.reference.heard_region is not None:
            self.reference.hear(None)

    def listen_to_slot(self) -> None:
        self.listening.listen_to_slot(self.slots_panel.row)

    def toggle_muted(self, row: int | None = None) -> None:
        """Leave a slot out of results, or take it in again."""
        row = self.slots_panel.row if row is None else row
        slot = self.slots.slot(row)
        if slot is not None:
            self.slots.set_muted(row, not self.slots.muted(slot.id))
            self._ask_matches()

    def toggle_favourite(self, row: Row | None = None) -> None:
        """Mark the chosen sound, or take the mark away."""
        row = row or self.matches_panel.current
        if row is not None:
            current = self.matches.row(self.matches.number_of(row.sound.id)) or row
            self.matches.set_favourite(row.sound.id, not current.sound.favourite)
            self.library.set_favourite(row.sound.id, not current.sound.favourite)

    def toggle_loop(self) -> None:
        self.auditioner.set_loop(not self.auditioner.loop)

    def toggle_level_match(self) -> None:
        self.auditioner.set_level_match(not self.auditioner.level_match)

    def toggle_autoplay(self) -> None:
        self.listening.autoplay = self.actions_.autoplay.isChecked()

    def focus_search(self) -> None:
        self.matches_panel.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.matches_panel.search.selectAll()

    def copy_path(self) -> None:
        """Put the chosen sound's path on the clipboard."""
        row = self.matches_panel.current
        if row is not None:
            QGuiApplication.clipboard().setText(row.sound.path)

    def reveal_sound(self) -> None:
        row = self.matches_panel.current
        if row is not None:
            reveal(row.sound.path)

    def set_theme(self, name: str) -> None:
        """Dark or light."""
        self.settings.theme = name
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, name)
        (self.actions_.dark if name == "dark" else self.actions_.light).setChecked(True)
        self.reference_panel.forget_pictures()
        for widget in self.findChildren(QWidget):
            widget.update()

    def swap_compare(self) -> None:
        """In a small window the comparison takes the place of the table."""
        self._shows_compare = not self._shows_compare
        self._refresh_zones()

    def show_keys(self) -> None:
        self.keys.toggle()

    def show_about(self) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("earshot")
        except PackageNotFoundError:
            number = "from its source"
        self.notice.say(f"Earshot {number}. MIT licence. Nothing you open leaves this computer.", danger=False)

    def read_outputs(self) -> None:
        """Look for audio outputs behind the window."""
        self.jobs.start(
            "outputs", lambda job: self.backend.devices(), on_done=self._show_outputs, on_failed=self._no_outputs
        )

    # what the engine says

    def _ear_ready(self, ear: Ear) -> None:
        words = {"cuda": "GPU · CUDA", "mps": "GPU · Metal", "cpu": "CPU"}
        self.header.set_device(words.get(ear.device, ear.device))

    def _ear_failed(self, reason: str) -> None:
        self.header.set_device("not available", sure=False)
        self.notice.say(reason, topic="ear")

    def _reference_opened(self) -> None:
        self.setWindowTitle(f"{self.reference.title} – Earshot" if self.reference.path else "Earshot")
        self.matches_panel.forget_choice()
        self._row_gone()
        self.matching.set_slot(None)
        self.slots_panel.refresh()
        self._refresh_zones()

    def _heard(self) -> None:
        if self.slots.rowCount() and self.slots_panel.row < 0:
            self.slots_panel.choose(0)
        self.slots_panel.refresh()
        self._ask_matches()
        self._refresh_zones()

    def _slot_chosen(self, row: int) -> None:
        self.listening.set_slot(self.slots.slot(row))
        self._ask_matches()

    def _ask_matches(self) -> None:
        slot = self.slots.slot(self.slots_panel.row)
        self.listening.slot = slot
        self.matching.set_slot(None if slot is None or self.slots.muted(slot.id) else slot)
        self._show_compare()

    def _results_shown(self, results: Results) -> None:
        self.notice.settle("matching")
        if results.slot is not None:
            row = self.slots.row_of(results.slot.id)
            self.matches_panel.name_slot(row + 1, family_word(results.slot))
        self.compare_panel.show_match(self.matches_panel.current, results.slot)
        self._refresh_zones()

    def _row_chosen(self, row: Row | None) -> None:
        if row is None:
            self._row_gone()
            return
        self.listening.choose(row)
        self._show_compare()

    def _row_gone(self) -> None:
        self.listening.row = None
        self._show_compare()

    def _show_compare(self) -> None:
        row = self.listening.row
        self.compare.show(self.listening.stretch, row.sound if row is not None else None)
        self.compare_panel.show_match(row, self.matching.slot)
        self._refresh_zones()

    def _library_changed(self) -> None:
        state = self.library.state
        if state is not None:
            self.matches.set_roots({root.id: (root.path, root.online) for root in state.roots})
        if self.library.failure is None:
            self.notice.settle("library")
        self._refresh_zones()

    def _scan_progress(self, progress: object) -> None:
        self.matches_panel.show_scan(progress, self.library.state)  # type: ignore[arg-type]

    def _demo_progress(self, progress: object) -> None:
        done, total = getattr(progress, "done", 0), getattr(progress, "total", None)
        figures = f" {done:,.0f} of {total:,.0f}." if total else ""
        self.notice.say(f"Making the demo: a short song and a small library.{figures}", topic="demo", danger=False)

    def _demo_ready(self, paths: tuple[Path, Path]) -> None:
        self.notice.settle("demo")
        self._demo_button.setEnabled(True)
        library, song = paths
        self.library.scan([library])
        self.open_song(song)

    def _demo_failed(self, reason: str) -> None:
        self._demo_button.setEnabled(True)
        self.notice.say(reason, topic="demo")

    def _show_outputs(self, devices: list[object]) -> None:
        names = [str(getattr(device, "name", device)) for device in devices]
        chosen = self.settings.device if self.settings.device in names else None
        self.actions_.fill_outputs(self.actions_.outputs, names, chosen, self._choose_output)
        default = next((str(d.name) for d in devices if getattr(d, "default", False)), names[0] if names else None)  # type: ignore[attr-defined]
        if not names:
            self._no_outputs("")
            return
        self.transport.device.set_device(chosen or default or "Default output")
        self.transport.message.setText("")

    def _no_outputs(self, reason: str) -> None:
        self.actions_.fill_outputs(self.actions_.outputs, [], None, self._choose_output)
        self.transport.device.set_device("No output")
        self.transport.message.setText("No audio output: all else works, silently")
        self.transport.message.setToolTip(reason)

    def _choose_output(self, name: str | None) -> None:
        self.settings.device = name
        self.auditioner.set_device(name)
        self.transport.device.set_device(name or "Default output")

    def _playback_failed(self, reason: str) -> None:
        self.notice.say(reason, topic="playback")
        self._mark_playing()

    def _audition_changed(self) -> None:
        if self.auditioner.playing:
            self.notice.settle("playback")
        self.settings.loop, self.settings.level_match = self.auditioner.loop, self.auditioner.level_match
        self._show_transport_actions()
        self._mark_playing()

    def _mark_playing(self) -> None:
        auditioner = self.auditioner
        sounding = (
            auditioner.side == "B" and (auditioner.playing or auditioner.loading) and auditioner.sound is not None
        )
        if sounding and auditioner.sound is not None:
            share = auditioner.position / auditioner.duration if auditioner.duration else 0.0
            self.matches.set_playing(auditioner.sound.id, min(1.0, share))
        else:
            self.matches.set_playing(None)

    # what is shown

    def _show_transport_actions(self) -> None:
        self.actions_.loop.setChecked(self.auditioner.loop)
        self.actions_.level.setChecked(self.auditioner.level_match)

    def _show_settings(self) -> None:
        menu = QMenu(self)
        menu.addActions([self.actions_.dark, self.actions_.light])
        menu.addSeparator()
        menu.addActions([self.actions_.autoplay, self.actions_.level, self.actions_.loop])
        menu.addSeparator()
        menu.addMenu(self.actions_.outputs)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.header.settings.mapToGlobal(self.header.settings.rect().bottomLeft()))

    def _refresh_zones(self) -> None:
        """Which parts are there to be seen, and what can be done."""
        welcome = self.library.empty
        small = self._density is not None and self._density.small
        self.matches_panel.show_welcome(welcome)
        self.compare_panel.setVisible(not welcome and (not small or self._shows_compare))
        self.matches_panel.setVisible(welcome or not small or not self._shows_compare)
        self._compare_line.setVisible(not welcome and not small)
        usable = self.reference.path is not None and self.reference.failure is None and self.timeline.duration > 0
        self.transport.set_usable(reference=usable, candidate=self.listening.row is not None)
        self.actions_.hear_region.setEnabled(usable and self.timeline.region is not None)
        self.actions_.compare.setEnabled(small)
        self.actions_.rescan.setEnabled(not welcome)

    def _apply_density(self) -> None:
        density = for_size(self.width(), self.height())
        if density == self._density:
            return
        self._density = density
        for widget in self._spine:
            widget.setFixedWidth(density.spine - 1)
        self.compare_panel.setFixedWidth(density.compare_pane - 1)
        for panel in (
            self.reference_panel,
            self.slots_panel,
            self.matches_panel,
            self.compare_panel,
            self.transport,
        ):
            panel.set_density(density)
        sizes = theme.tokens()["size"]
        self._top.setFixedHeight(
            sizes["header"]
            + density.overview
            + 1
            + density.spectrogram
            + 1
            + sizes["ruler"]
            - 1
            + density.lane * density.lanes
        )
        self._refresh_zones()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down step through the sounds, unless what has the focus steps through something itself."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.matches_panel.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply_density()

    # drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop(False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.take_dropped(paths)

    def take_dropped(self, paths: list[Path]) -> None:
        """Folders join the library, a file becomes the reference."""
        folders = [path for path in paths if path.is_dir()]
        files = [path for path in paths if not path.is_dir()]
        if folders:
            self.library.scan(folders)
        if files:
            self.open_song(files[0])
        if len(files) > 1:
            rest = len(files) - 1
            self.notice.say(
                f"One song at a time: {files[0].name} was opened, the other {rest} "
                f"{'was' if rest == 1 else 'were'} not. To add sounds to the library, drop their folder.",
                danger=False,
            )

    def _show_drop(self, hovered: bool) -> None:
        self.reference_panel.invitation.set_drop_hovered(hovered)
        self.matches_panel.welcome.invitation.set_drop_hovered(hovered)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self.settings.geometry = self.saveGeometry()
        self.settings.volume_db = max(-60.0, self.auditioner.volume_db)
        self.settings.autoplay = self.listening.autoplay
        self.settings.sync()
        self.matching.stop()
        self.jobs.shutdown()
        self.backend.close()
        super().closeEvent(event)


def reveal(path: str) -> None:
    """Show a file's folder in the desktop's file manager."""
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _column(*widgets: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return box


def _row(*widgets: QWidget) -> QWidget:
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return box


__all__ = ["Job", "MainWindow"]
