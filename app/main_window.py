"""The one window: reference above, candidates below, the next sound always one key away."""

from __future__ import annotations

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
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app import theme
from app.actions import Actions
from app.backend import Backend
from app.controllers.matching import Results
from app.controllers.notices import LASTING
from app.inbox import Inbox
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
from app.widgets.buttons import Button, IconButton
from app.widgets.menu_bar import MenuBar
from app.workspace import Workspace
from app.zones import Zones

SMALLEST = QSize(840, 528)
"""Has room on a screen of 1280 x 800 at 150 %."""
WAKE_MILLISECONDS = 50
"""The window is drawn and answers before anything heavy is imported."""


class MainWindow(QMainWindow):
    """Makes the panels and ties them to the workspace; `Zones` places them, `Inbox` and `Outbox` deal with files."""

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("Earshot")
        self.setMinimumSize(SMALLEST)
        self.resize(1440, 900)
        self.setAcceptDrops(True)
        self.settings = settings
        self.workspace = Workspace(backend, settings, self)
        self._settings_dialog: SettingsDialog | None = None
        self._build()
        self._connect()
        self.zones.fit()
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        QTimer.singleShot(WAKE_MILLISECONDS, self.workspace.wake)

    def _build(self) -> None:
        work = self.workspace
        self.notice = NoticeBar()
        self.inbox, self.outbox = Inbox(self), Outbox(self)
        self._menu_bar = MenuBar()
        self.actions_ = Actions(self, self._menu_bar)
        open_buttons = (Button("Open song…", icon="music"), Button("Open song…", kind="primary"))
        add_button, add_icon = Button("Add folder…"), IconButton("plus", "Add folder of sounds", size=24)
        self.demo_button = Button("Try the demo")
        for button in open_buttons:
            button.clicked.connect(self.inbox.choose_song)
        add_button.clicked.connect(self.inbox.choose_folder)
        add_icon.clicked.connect(self.inbox.choose_folder)
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
        self.zones = Zones(self, self._menu_bar)
        self.setCentralWidget(self.zones.centre)
        self.zones.centre.setFocus()
        self.keys: KeysPanel = KeysPanel(self.actions_, self.zones.centre)

    def _connect(self) -> None:
        work = self.workspace
        work.notices.said.connect(
            lambda words, topic, failed: self.notice.say(words, topic=topic, danger=failed, lasting=topic in LASTING)
        )
        work.library.instrument_playing.connect(
            lambda words, lane: self.notice.say(
                words,
                topic="instrument",
                danger=False,
                action=("Stop", lambda: work.library.stop_instrument(lane)),
            )
        )
        work.notices.settled.connect(self.notice.settle)
        work.analysis_changed.connect(self.header.set_device)
        work.demo.running.connect(self.demo_button.setDisabled)
        work.row_changed.connect(self.zones.refresh)
        work.recording.changed.connect(self._show_recording)
        work.reference.opened.connect(self._reference_opened)
        work.reference.facts_changed.connect(self._show_title)
        work.reference.heard.connect(lambda _: self._heard())
        work.reference.progress_changed.connect(lambda _: self.slots_panel.refresh())
        work.reference.progress_changed.connect(lambda progress: self.parts_panel.set_hearing(progress is not None))
        work.reference.failed.connect(lambda _: self.zones.refresh())
        work.reference.look_changed.connect(lambda _: self.zones.refresh())
        work.reference.stopped.connect(self.zones.refresh)
        work.timeline.region_changed.connect(self.zones.refresh)
        work.matching.results_ready.connect(self._results_shown)
        self.matches_panel.unheard_seen.connect(work.library.hear_first)
        for changed in (work.library.changed, work.marks.changed):
            changed.connect(self.zones.refresh)
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
        self.matches_panel.compare.clicked.connect(self.zones.swap_compare)
        self.compare_panel.back.clicked.connect(self.zones.swap_compare)
        table = self.matches_panel.table
        table.columns_changed.connect(self._remember_columns)
        table.menu_asked.connect(self.actions_.popup_for_sound)
        table.selectionModel().selectionChanged.connect(lambda *_: self.actions_.refresh_chosen())
        header = table.horizontalHeader()
        header.customContextMenuRequested.connect(lambda at: self.actions_.columns.popup(header.mapToGlobal(at)))
        self.matches_panel.favourite_asked.connect(work.set_favourites)
        table.rating_clicked.connect(self.actions_.mark_actions.click_star)
        self.library_panel.marks.export_asked.connect(self.outbox.copy_collection)
        self.library_panel.marks.favourites_asked.connect(work.set_favourites)
        self.library_panel.reveal_asked.connect(lambda path: reveal(work.jobs, path))
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

    def toggle_favourite(self) -> None:
        rows = self.matches_panel.selected
        if rows:
            self.workspace.set_favourites([row.sound.id for row in rows], not all(row.sound.favourite for row in rows))

    def focus_search(self) -> None:
        search = self.matches_panel.search
        if self.matches_panel.isHidden():
            self.zones.swap_compare()
        if search.isVisible():  # there is nothing to search in an empty library
            search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            search.selectAll()

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
        self.zones.centre.setFocus()
        self.matches_panel.forget_choice()
        self.slots_panel.refresh()
        self.zones.refresh()

    def _show_recording(self) -> None:
        shown = self.recording_page.isVisible()
        self.reference_panel.put_before(self.recording_page, self.workspace.recording.active)
        if self.recording_page.isVisible() != shown:
            (self.zones.centre if shown else self.recording_page).setFocus()

    def _heard(self) -> None:
        hearing, listening = self.workspace.reference.hearing, self.workspace.listening
        slots = self.workspace.slots
        settled = hearing is not None and hearing.done and not slots.held and listening.row is None
        if slots.rowCount() and (self.slots_panel.row < 0 or settled):
            self.slots_panel.choose(0)
            slots.held = False  # nobody chose that
        self.slots_panel.refresh()
        self.workspace.choose_slot(self.slots_panel.row)
        self.zones.refresh()

    def _slot_chosen(self, row: int) -> None:
        self.workspace.slots.held = row >= 0
        if self.slots_panel.list.hasFocus():
            self.workspace.matching.leave()
        self.workspace.choose_slot(row)
        self.actions_.slot_actions.refresh()

    def _slots_edited(self) -> None:
        self.workspace.choose_slot(self.slots_panel.row)
        self.slots_panel.refresh()
        self.zones.refresh()

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
        self.workspace.listening.follow(self.matches_panel.current)
        self.compare_panel.show_match(self.matches_panel.current, results.slot, results.sound)
        self.zones.refresh()

    def _show_scan(self) -> None:
        library = self.workspace.library
        self.matches_panel.show_scan(library.progress, library.state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.zones.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down step through the sounds, unless what has the focus steps through something itself."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.matches_panel.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.inbox.drag_enters(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.inbox.drag_leaves()

    def dropEvent(self, event: QDropEvent) -> None:
        self.inbox.drop(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self.settings.geometry = self.saveGeometry()
        self.workspace.close()
        super().closeEvent(event)
