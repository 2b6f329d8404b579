"""The one window: reference above, candidates below, the next sound always one key away."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QMainWindow, QWidget

from app import theme
from app.actions import Actions
from app.backend import Backend
from app.controllers.matching import Results
from app.density import Density, for_size
from app.models.columns import Row
from app.outbox import Outbox, reveal
from app.panels.compare import ComparePanel
from app.panels.header import HeaderPanel
from app.panels.keys import KeysPanel
from app.panels.library import LibraryPanel
from app.panels.matches import MatchesPanel
from app.panels.notice import NoticeBar
from app.panels.parts import PartsPanel
from app.panels.recording import RecordingPage
from app.panels.reference import ReferencePanel
from app.panels.settings_dialog import SettingsDialog
from app.panels.slots import SlotsPanel
from app.panels.transport import TransportPanel
from app.settings import Settings
from app.sound_menus import SoundMenus
from app.widgets.boxes import column, row
from app.widgets.buttons import Button, IconButton
from app.widgets.labels import Line
from app.widgets.menu_bar import MenuBar
from app.workspace import Workspace

WAKE_MILLISECONDS = 50
"""The window is drawn and answers before anything heavy is imported."""


class MainWindow(QMainWindow):
    """Places the panels and ties them to the workspace."""

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("Earshot")
        self.setMinimumSize(QSize(900, 560))
        self.resize(1440, 900)
        self.setAcceptDrops(True)
        self.settings = settings
        self.workspace = Workspace(backend, settings, self)
        self._density: Density | None = None
        self._shows_compare = False
        self._settings_dialog: SettingsDialog | None = None
        self._build()
        self._connect()
        self._apply_density()
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        QTimer.singleShot(WAKE_MILLISECONDS, self.workspace.wake)

    def _build(self) -> None:
        work = self.workspace
        self.notice = NoticeBar()
        self.outbox = Outbox(self)
        self._menu_bar = menu_bar = MenuBar()
        self.actions_ = Actions(self, menu_bar)
        open_buttons = (Button("Open song…", icon="music"), Button("Open song…", kind="primary"))
        add_button, add_icon = Button("Add folder…"), IconButton("plus", "Add folder of sounds", size=24)
        self.demo_button = Button("Try the demo")
        for button in open_buttons:
            button.clicked.connect(self.choose_song)
        add_button.clicked.connect(self.choose_folder)
        add_icon.clicked.connect(self.choose_folder)
        self.demo_button.clicked.connect(work.try_demo)
        record_buttons = (Button("Record…", icon="microphone"), IconButton("microphone", "Record a song", size=28))
        for record in record_buttons:
            record.clicked.connect(work.record)
        self.header = HeaderPanel(work.reference, work.timeline)
        self.header.setFixedHeight(39)
        self.reference_panel = ReferencePanel(work.reference, work.timeline, work.slots, open_buttons[1])
        self.slots_panel = SlotsPanel(
            work.slots, work.timeline, self.reference_panel, open_buttons[0], record_buttons[1]
        )
        self.parts_panel = PartsPanel(work.matching.parts)
        self.reference_panel.invitation.offer(record_buttons[0])
        self.recording_page = RecordingPage(work.recording)
        self.library_panel = LibraryPanel(work.library, work.matching, work.marks, add_icon)
        for place in (add_icon, self.library_panel.head):
            place.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
            place.addActions([self.actions_.add_folder, self.actions_.add_instrument])
        self.matches_panel = MatchesPanel(work.matches, work.matching, add_button, self.demo_button)
        self.compare_panel = ComparePanel(work.compare, work.auditioner, work.fitting)
        self.matches_panel.table.choose_columns(self.settings.columns, self.settings.column_widths)
        self.transport = TransportPanel(work.auditioner, work.fitting)
        menus = QWidget()
        menus.setFixedHeight(39)
        box = QHBoxLayout(menus)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        self._spine = [menus, self.slots_panel, self.library_panel]
        top_right = column(self.header, Line(), self.reference_panel)
        self._top = row(column(menus, Line(), self.slots_panel), Line(vertical=True), top_right, stretch=top_right)
        self._compare_line = Line(vertical=True)
        bottom = row(
            self.library_panel,
            Line(vertical=True),
            self.matches_panel,
            self._compare_line,
            self.compare_panel,
            stretch=self.matches_panel,
        )
        self._centre = column(
            *(self._top, self.parts_panel, Line(colour="zone_divider"), bottom, self.notice, Line(), self.transport),
            stretch=bottom,
        )
        self._centre.setObjectName("zone")
        # The focus rests here until a key or a click moves it: no control shows a ring before that.
        self._centre.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCentralWidget(self._centre)
        self._centre.setFocus()
        self.keys = KeysPanel(self.actions_, self._centre)

    def _connect(self) -> None:
        work = self.workspace
        work.said.connect(lambda words, topic, failed: self.notice.say(words, topic=topic, danger=failed))
        work.settled.connect(self.notice.settle)
        work.analysis_changed.connect(self.header.set_device)
        work.demo.running.connect(self.demo_button.setDisabled)
        work.row_changed.connect(self._refresh_zones)
        work.recording.changed.connect(self._show_recording)
        work.reference.opened.connect(self._reference_opened)
        work.reference.heard.connect(lambda _: self._heard())
        work.reference.progress_changed.connect(lambda _: self.slots_panel.refresh())
        work.reference.failed.connect(lambda _: self._refresh_zones())
        work.reference.look_changed.connect(lambda _: self._refresh_zones())
        work.timeline.region_changed.connect(self._refresh_zones)
        work.matching.results_ready.connect(self._results_shown)
        self.matches_panel.unheard_seen.connect(work.library.hear_first)
        for changed in (work.library.changed, work.marks.changed):
            changed.connect(self._refresh_zones)
        work.library.changed.connect(self._show_scan)
        work.library.changed.connect(self._show_title)
        work.library.scan_progress.connect(lambda _: self._show_scan())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)
        work.slot_editor.changed.connect(self._slots_edited)
        work.slot_editor.added.connect(self._slot_added)
        self.header.region_slot_asked.connect(work.region_slot.make)
        self.slots_panel.list.menu_asked.connect(self.actions_.slot_actions.popup)
        self.slots_panel.slot_chosen.connect(self._slot_chosen)
        self.slots_panel.list.listen_pressed.connect(work.listening.listen_to_slot)
        self.slots_panel.list.mute_pressed.connect(work.toggle_muted)
        self.reference_panel.row_pressed.connect(self.slots_panel.choose)
        for signal in (self.reference_panel.row_pressed, self.slots_panel.list.pressed):
            signal.connect(lambda _: work.matching.leave())
        self.header.whole_song_asked.connect(work.whole_song)
        self.header.hear_region_asked.connect(work.hear_region)
        self.header.settings_asked.connect(self.show_settings)
        self.matches_panel.chosen.connect(self._row_chosen)
        self.matches_panel.compare.clicked.connect(self.swap_compare)
        self.compare_panel.back.clicked.connect(self.swap_compare)
        table = self.matches_panel.table
        table.columns_changed.connect(self._remember_columns)
        table.menu_asked.connect(self.actions_.popup_for_sound)
        header = table.horizontalHeader()
        header.customContextMenuRequested.connect(lambda at: self.actions_.columns.popup(header.mapToGlobal(at)))
        self.matches_panel.favourite_asked.connect(work.set_favourites)
        table.rating_clicked.connect(self.actions_.mark_actions.click_star)
        self.library_panel.marks.export_asked.connect(self.outbox.copy_collection)
        self.library_panel.marks.favourites_asked.connect(work.set_favourites)
        self.library_panel.reveal_asked.connect(reveal)
        self.transport.play_asked.connect(work.listening.play_pause)
        self.transport.stop_asked.connect(work.listening.stop)
        self.transport.start_asked.connect(work.listening.to_start)
        self.transport.side_asked.connect(work.listening.play_side)
        self.transport.context_asked.connect(work.listening.set_in_context)
        self.sound_menus = SoundMenus(self)
        self.actions_.themes[self.settings.theme].setChecked(True)
        table.drag_asked.connect(lambda rows: self.outbox.drag(table, rows))
        self.compare_panel.drag_out.drag_asked.connect(self.outbox.drag_current)

    # what the user asks for, where it takes a widget

    def choose_song(self) -> None:
        """Ask for a file."""
        from engine.audio.decode import AUDIO_SUFFIXES

        patterns = " ".join(f"*{suffix}" for suffix in sorted(AUDIO_SUFFIXES))
        recent = self.settings.recent_songs
        folder = str(recent[0].parent) if recent else ""
        path, _ = QFileDialog.getOpenFileName(self, "Open song", folder, f"Audio ({patterns});;All files (*)")
        if path:
            self.workspace.open_song(Path(path))

    def choose_folder(self) -> None:
        """Ask for a folder of sounds."""
        path = QFileDialog.getExistingDirectory(self, "Add a folder of sounds")
        if path:
            self.workspace.library.scan([Path(path)])

    def choose_instrument(self) -> None:
        """Ask for a plug-in: a folder on Linux, elsewhere what is shown as a file."""
        if sys.platform == "linux":
            path = QFileDialog.getExistingDirectory(self, "Add a VST3 instrument")
        else:
            path, _ = QFileDialog.getOpenFileName(self, "Add a VST3 instrument", "", "VST3 (*.vst3)")
        if path:
            self.workspace.library.add_instrument(Path(path))

    def toggle_favourite(self) -> None:
        rows = self.matches_panel.selected
        if rows:
            self.workspace.set_favourites([row.sound.id for row in rows], not all(row.sound.favourite for row in rows))

    def focus_search(self) -> None:
        self.matches_panel.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.matches_panel.search.selectAll()

    def sort_by_rank(self) -> None:
        self.matches_panel.table.sort_by_rank()

    def chosen_slot_row(self) -> int:
        """-1 for none."""
        return self.slots_panel.row

    def rename_slot(self) -> None:
        self.slots_panel.rename()

    def show_settings(self) -> None:
        """Open the settings, or bring them to the front."""
        if self._settings_dialog is None:
            self._settings_dialog = SettingsDialog(self)
        self._settings_dialog.show()
        self._settings_dialog.raise_()
        self._settings_dialog.activateWindow()

    def set_theme(self, name: str) -> None:
        """One of `app.settings.THEMES`."""
        self.settings.theme = name
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, name)
        self.actions_.themes[name].setChecked(True)
        for widget in self.findChildren(QWidget):
            widget.update()

    def _system_theme_changed(self) -> None:
        if self.settings.theme == "system":
            self.set_theme("system")

    def swap_compare(self) -> None:
        """In a small window the comparison takes the place of the table."""
        self._shows_compare = not self._shows_compare
        self._refresh_zones()

    def show_about(self) -> None:
        from engine import __version__

        self.notice.say(f"Earshot {__version__}. MIT licence. Nothing you open leaves this computer.", danger=False)

    # what is shown

    def _show_title(self) -> None:
        reference, state = self.workspace.reference, self.workspace.library.state
        title = f"{reference.title} – Earshot" if reference.path else "Earshot"
        self.setWindowTitle(f"{title} (reading only)" if state is not None and state.why_read_only else title)

    def _reference_opened(self) -> None:
        self._show_title()
        self._centre.setFocus()
        self.matches_panel.forget_choice()
        self.slots_panel.refresh()
        self._refresh_zones()

    def _show_recording(self) -> None:
        shown = self.recording_page.isVisible()
        self.reference_panel.put_before(self.recording_page, self.workspace.recording.active)
        if self.recording_page.isVisible() != shown:
            (self._centre if shown else self.recording_page).setFocus()

    def _heard(self) -> None:
        hearing, listening = self.workspace.reference.hearing, self.workspace.listening
        slots = self.workspace.slots
        settled = hearing is not None and hearing.done and not slots.held and listening.row is None
        if slots.rowCount() and (self.slots_panel.row < 0 or settled):
            self.slots_panel.choose(0)
            slots.held = False  # nobody chose that
        self.slots_panel.refresh()
        self.workspace.choose_slot(self.slots_panel.row)
        self._refresh_zones()

    def _slot_chosen(self, row: int) -> None:
        self.workspace.slots.held = row >= 0
        if self.slots_panel.list.hasFocus():
            self.workspace.matching.leave()
        self.workspace.choose_slot(row)
        self.actions_.slot_actions.refresh()

    def _slots_edited(self) -> None:
        self.workspace.choose_slot(self.slots_panel.row)
        self.slots_panel.refresh()
        self._refresh_zones()

    def _slot_added(self, slot_id: int) -> None:
        self.workspace.matching.leave()
        self.slots_panel.choose(self.workspace.slots.row_of(slot_id))

    def _remember_columns(self) -> None:
        table = self.matches_panel.table
        self.settings.columns, self.settings.column_widths = table.shown, table.widths

    def _row_chosen(self, row: Row | None) -> None:
        self.workspace.choose_row(row)
        results = self.matches_panel.results
        self.compare_panel.show_match(row, results.slot if results else None, results.sound if results else None)

    def _results_shown(self, results: Results) -> None:
        if results.slot is not None:
            row = self.workspace.slots.row_of(results.slot.id)
            self.matches_panel.name_slot(row + 1, self.workspace.slots.word(results.slot))
        elif (slot := self.workspace.matching.slot) is not None:
            self.matches_panel.name_slot(self.workspace.slots.row_of(slot.id) + 1, self.workspace.slots.word(slot))
        self.compare_panel.show_match(self.matches_panel.current, results.slot, results.sound)
        self._refresh_zones()

    def _show_scan(self) -> None:
        library = self.workspace.library
        self.matches_panel.show_scan(library.progress, library.state)

    def _refresh_zones(self) -> None:
        """Which parts are there to be seen, and what can be done."""
        work = self.workspace
        welcome = work.library.empty
        small = self._density is not None and self._density.small
        self.matches_panel.show_welcome(welcome)
        self.compare_panel.setVisible(not welcome and (not small or self._shows_compare))
        self.compare_panel.setMaximumWidth(16_777_215 if small else self.compare_panel.minimumWidth())
        self.matches_panel.setVisible(welcome or not small or not self._shows_compare)
        self._compare_line.setVisible(not welcome and not small)
        usable = work.reference.path is not None and work.reference.failure is None and work.timeline.duration > 0
        self.parts_panel.setVisible(usable and not welcome)
        self.transport.set_usable(reference=usable, candidate=work.listening.row is not None)
        self.actions_.refresh(usable=usable, small=small, compares=self._shows_compare)

    def _apply_density(self) -> None:
        density = for_size(self.width(), self.height())
        if density == self._density:
            return
        self._density = density
        for widget in self._spine:
            widget.setFixedWidth(density.spine - 1)
        padding = theme.tokens()["density"]["small"]["menu_padding"]
        self._menu_bar.fit(
            density.spine - 1, padding=padding - 3 if density.small else padding, spacing=0 if density.small else 2
        )
        self.compare_panel.setMinimumWidth(density.compare_pane - 1)
        self.header.set_density(density)
        self.reference_panel.set_density(density)
        self.slots_panel.set_density(density)
        self.parts_panel.set_density(density)
        self.matches_panel.set_density(density)
        self.compare_panel.set_density(density)
        self.transport.set_density(density)
        sizes = theme.tokens()["size"]
        above_lanes = sizes["header"] + density.overview + 1 + density.spectrogram + 1 + sizes["ruler"] - 1
        self._top.setFixedHeight(above_lanes + density.lane * density.lanes)
        self._refresh_zones()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply_density()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down step through the sounds, unless what has the focus steps through something itself."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.matches_panel.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.workspace.take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def _show_drop(self, hovered: bool) -> None:
        if hovered:
            self.notice.say("Drop a song to hear it, a folder to add its sounds.", topic="drag", danger=False)
        else:
            self.notice.settle("drag")
        self.reference_panel.invitation.set_drop_hovered(hovered)
        self.matches_panel.welcome.invitation.set_drop_hovered(hovered)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self.settings.geometry = self.saveGeometry()
        self.workspace.close()
        super().closeEvent(event)
