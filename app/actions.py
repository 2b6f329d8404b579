"""The menus: everything that can be done, with its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from app.mark_actions import MarkActions
from app.models.columns import ALWAYS_SHOWN, NAMES, VISUAL_ORDER
from app.part_actions import PartActions
from app.slot_actions import SlotActions
from app.text import plain
from app.widgets.menus import add_shared, passing_menu

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Actions:
    """Made once; the window enables what makes sense now.

    A single key does nothing while a text field has the focus: a field claims the keys it can type before any shortcut
    is looked for.
    """

    def __init__(self, window: MainWindow, bar: QMenuBar) -> None:
        self._window = window
        self.all: list[QAction] = []
        w, work = window, window.workspace
        file = bar.addMenu("File")
        self.open_song = self._add(file, "Open song…", w.inbox.choose_song, "Ctrl+O")
        self.recent = file.addMenu("Open recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self.record = self._add(file, "Record a song…", work.record, "Ctrl+Shift+R")
        self.add_folder = self._add(file, "Add folder of sounds…", w.inbox.choose_folder, "Ctrl+Shift+O")
        self.add_instrument = self._add(file, "Add instrument…", w.inbox.choose_instrument)
        self.rescan = self._add(file, "Scan the library again", work.library.rescan, "F5")
        file.addSeparator()
        self.save_sheet = self._add(file, "Export slot sheet…", w.outbox.save_sheet, "Ctrl+E")
        self.export_favourites = self._add(file, "Export favourites…", w.outbox.copy_favourites, "Ctrl+Shift+E")
        file.addSeparator()
        self.demo = self._add(file, "Try the demo", work.try_demo)
        self.settings = self._add(file, "Settings…", w.show_settings, "Ctrl+,")
        file.addSeparator()
        self._add(file, "Quit", w.close, "Ctrl+Q")

        edit = bar.addMenu("Edit")
        stack = work.slot_editor.stack
        self.undo = self._keep(edit, stack.createUndoAction(w), "Ctrl+Z")
        self.redo = self._keep(edit, stack.createRedoAction(w), "Ctrl+Shift+Z", "Ctrl+Y")
        self.undo.setData("Undo")
        self.redo.setData("Redo")
        edit.addSeparator()
        self.copy_path = self._add(edit, "Copy path", w.outbox.copy_paths, "Ctrl+C")
        self.copy_list = self._add(edit, "Copy the list", w.outbox.copy_list, "Ctrl+Shift+C")

        view = bar.addMenu("View")
        themes = QActionGroup(w)
        self.themes = {
            name: self._add(view, words, partial(w.set_theme, name), checkable=True)
            for name, words in (("dark", "Dark"), ("light", "Light"), ("system", "As the system"))
        }
        for action in self.themes.values():
            themes.addAction(action)
        view.addSeparator()
        self.zoom_in = self._add(view, "Zoom in", lambda: work.timeline.zoom(0.7), "Ctrl++", "Ctrl+=")
        self.zoom_out = self._add(view, "Zoom out", lambda: work.timeline.zoom(1 / 0.7), "Ctrl+-")
        self.zoom_all = self._add(view, "Whole song", work.timeline.show_all, "Ctrl+0")
        self.zoom_all.setData("Zoom to the whole song")
        view.addSeparator()
        self.columns = view.addMenu("Columns")
        self.columns.aboutToShow.connect(self._fill_columns)
        self.by_rank = self._add(view, "In the order of rank", w.sort_by_rank, "Ctrl+R")
        self.by_rank.setData("Sort by rank")
        self.compare = self._add(
            view, "Compare in place of the table", lambda: w.zones.swap_compare(), "C", checkable=True
        )

        slot = bar.addMenu("Slot")
        self.slots = [
            self._add(slot, f"Slot {number}", partial(self._choose_slot, number - 1), str(number))
            for number in range(1, 10)
        ]
        slot.addSeparator()
        self.listen = self._add(slot, "Listen where it is most exposed", self._listen, "S")
        self.leave_out = self._add(slot, "Leave out of the results", self._leave_out, "M")
        self.listen.setData("Listen to the slot by itself")
        self.leave_out.setData("Leave the slot out of the results")
        slot.addSeparator()
        self.slot_actions = SlotActions(w, slot, self._add)
        slot.addSeparator()
        self.begin_region = self._add(
            slot, "Region begins at the playhead", lambda: w.reference_panel.begin_region(), "["
        )
        self.end_region = self._add(slot, "Region ends at the playhead", lambda: w.reference_panel.end_region(), "]")
        self.hear_region = self._add(slot, "Hear the region alone", work.hear_region, "R")
        self.region_slot = self._add(slot, "Make a slot from the region", work.region_slot.make, "N")
        self.whole_song = self._add(slot, "Clear the region", work.whole_song, "Shift+R")
        self.snap = self._add(slot, "Snap regions to the beat", self._toggle_snap, "B", checkable=True)
        self.snap.setChecked(work.timeline.snaps)

        sound = bar.addMenu("Sound")
        self.play = self._add(sound, "Play or pause", work.listening.play_pause, "Space")
        self.restart = self._add(sound, "Play from the start", work.listening.restart, "Return", "Enter")
        self.stop = self._add(sound, "Stop", work.listening.stop, "Esc")
        self.to_start = self._add(sound, "To the start", work.listening.to_start, "Left")
        self.toggle = self._add(sound, "Reference or candidate (A/B)", work.listening.toggle_side, "A")
        sound.addSeparator()
        self.loop = self._add(
            sound, "Loop", lambda: work.auditioner.set_loop(not work.auditioner.loop), "L", checkable=True
        )
        self.level = self._add(
            sound,
            "Level match",
            lambda: work.auditioner.set_level_match(not work.auditioner.level_match),
            checkable=True,
        )
        fitting, listening = work.fitting, work.listening
        self.pitch = self._add(
            sound, "At the slot's pitch", lambda: fitting.set_at_pitch(not fitting.at_pitch), "P", checkable=True
        )
        self.tempo = self._add(
            sound, "At the song's tempo", lambda: fitting.set_at_tempo(not fitting.at_tempo), "T", checkable=True
        )
        self.context = self._add(
            sound,
            "In context: over the song",
            lambda: listening.set_in_context(not work.auditioner.in_context),
            "O",
            checkable=True,
        )
        self.autoplay = self._add(sound, "Play when chosen", self._toggle_autoplay, checkable=True)
        sound.addSeparator()
        self.favourite = self._add(sound, "Favourite", w.toggle_favourite, "F")
        self.search = self._add(sound, "Search", w.focus_search, "/", "Ctrl+F")
        self.similar = self._add(sound, "Find similar to this sound", work.find_similar, "G")
        self.part_actions = PartActions(w, slot, sound, self._add)
        self.back = self._add(sound, "Back to what was shown before", work.matching.back, "Backspace", "Alt+Left")
        sound.addSeparator()
        self.mark_actions = MarkActions(w, sound, self._add)
        sound.addSeparator()
        self.reveal = self._add(sound, "Show in folder", w.outbox.reveal_sound, "Ctrl+Return")
        sound.addSeparator()
        self.typing = self._add(
            sound,
            "Play notes by typing",
            lambda: work.keyboard.set_typing(not work.keyboard.typing),
            "Ctrl+K",
            checkable=True,
        )
        self.midi = sound.addMenu("MIDI keyboard")
        self.midi.aboutToShow.connect(work.keyboard.read_inputs)
        self.outputs = sound.addMenu("Output")
        self.outputs.aboutToShow.connect(work.outputs.read)

        help_menu = bar.addMenu("Help")
        self.keys = self._add(help_menu, "Keyboard", lambda: w.keys.toggle(), "?")
        self._add(help_menu, "About Earshot", w.show_about)

    def refresh(self, *, usable: bool, small: bool, compares: bool) -> None:
        """What can be done now.

        usable : there is a song to be seen and heard.
        small : the comparison takes the place of the table, where it is shown (`compares`).
        """
        work = self._window.workspace
        self.hear_region.setEnabled(usable and work.timeline.region is not None)
        for action in (self.begin_region, self.end_region, self.region_slot):
            action.setEnabled(usable)
        self.whole_song.setEnabled(usable and not work.is_whole_song)
        self.compare.setEnabled(small)
        self.compare.setChecked(compares)
        self.rescan.setEnabled(not work.library.empty)
        self.export_favourites.setEnabled(work.marks.state.favourites > 0)
        self.save_sheet.setEnabled(work.export.has_sheet)
        self.similar.setEnabled(work.listening.row is not None)
        self.back.setEnabled(work.matching.has_way_back)
        self.copy_list.setEnabled(work.matches.rowCount() > 0)
        self._name_slots()
        self.slot_actions.refresh()
        self.refresh_chosen()

    def refresh_chosen(self) -> None:
        """What can be done with the chosen sounds, if there are any."""
        panel = self._window.matches_panel
        chosen = panel.table.selectionModel().hasSelection()
        for action in (self.favourite, self.copy_path):
            action.setEnabled(chosen)
        self.reveal.setEnabled(panel.current is not None)
        self.mark_actions.set_chosen(chosen)

    def _name_slots(self) -> None:
        """The menu has the slots there are, as their rows are called."""
        slots = self._window.workspace.slots
        for row, action in enumerate(self.slots):
            slot = slots.slot(row)
            action.setVisible(slot is not None)
            if slot is not None:
                action.setText(f"Slot {row + 1}: {plain(slots.word(slot))}")

    def popup_for_sound(self, at: QPoint) -> None:
        """What can be done with the chosen sounds, at a place on the screen."""
        menu = passing_menu(self._window)
        menu.addAction(self.similar)
        add_shared(menu, self.part_actions.similar)
        menu.addAction(self.favourite)
        menu.addSeparator()
        self.mark_actions.add_to(menu)
        menu.addSeparator()
        menu.addActions([self.copy_path, self.copy_list, self.reveal])
        menu.popup(at)

    def _fill_columns(self) -> None:
        """The columns that can be hidden, with those that are shown checked."""
        self.columns.clear()
        table = self._window.matches_panel.table
        for column in VISUAL_ORDER:
            if column not in ALWAYS_SHOWN:
                action = self.columns.addAction(NAMES[column], partial(table.toggle_column, column))
                action.setCheckable(True)
                action.setChecked(column in table.shown)
        self.columns.addSeparator()
        self.columns.addAction("As they were at first", table.reset_columns)

    def _choose_slot(self, row: int) -> None:
        self._window.workspace.matching.leave()
        self._window.slots_panel.choose(row)

    def _listen(self) -> None:
        self._window.workspace.listening.listen_to_slot(self._window.slots_panel.row)

    def _leave_out(self) -> None:
        self._window.workspace.toggle_muted(self._window.slots_panel.row)

    def _toggle_snap(self) -> None:
        self._window.workspace.timeline.set_snaps(self.snap.isChecked())

    def _toggle_autoplay(self) -> None:
        self._window.workspace.listening.autoplay = self.autoplay.isChecked()

    def _fill_recent(self) -> None:
        self.recent.clear()
        songs = self._window.settings.recent_songs
        for path in songs:
            self.recent.addAction(plain(path.name), partial(self._window.workspace.open_song, path))
        if not songs:
            self.recent.addAction("No songs yet").setEnabled(False)

    def _add(self, menu: QMenu, text: str, act: Callable[[], object], *keys: str, checkable: bool = False) -> QAction:
        action = QAction(text, self._window)
        action.setCheckable(checkable)
        action.triggered.connect(lambda _=False: act())
        return self._keep(menu, action, *keys)

    def _keep(self, menu: QMenu, action: QAction, *keys: str) -> QAction:
        action.setShortcuts([QKeySequence(key) for key in keys])
        menu.addAction(action)
        self._window.addAction(action)
        self.all.append(action)
        return action
