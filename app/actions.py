"""The menus: everything that can be done, with its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

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
        w = window
        file = bar.addMenu("File")
        self.open_song = self._add(file, "Open song…", w.choose_song, "Ctrl+O")
        self.recent = file.addMenu("Open recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self.add_folder = self._add(file, "Add folder of sounds…", w.choose_folder, "Ctrl+Shift+O")
        self.rescan = self._add(file, "Scan the library again", w.library.rescan, "F5")
        file.addSeparator()
        self.demo = self._add(file, "Try the demo", w.try_demo)
        file.addSeparator()
        self._add(file, "Quit", w.close, "Ctrl+Q")

        view = bar.addMenu("View")
        themes = QActionGroup(w)
        self.dark = self._add(view, "Dark", lambda: w.set_theme("dark"), checkable=True)
        self.light = self._add(view, "Light", lambda: w.set_theme("light"), checkable=True)
        themes.addAction(self.dark)
        themes.addAction(self.light)
        view.addSeparator()
        self.zoom_in = self._add(view, "Zoom in", lambda: w.timeline.zoom(0.7), "Ctrl++", "Ctrl+=")
        self.zoom_out = self._add(view, "Zoom out", lambda: w.timeline.zoom(1 / 0.7), "Ctrl+-")
        self.zoom_all = self._add(view, "Whole song", w.timeline.show_all, "Ctrl+0")
        view.addSeparator()
        self.compare = self._add(view, "Compare in place of the table", w.swap_compare, "C", checkable=True)

        slot = bar.addMenu("Slot")
        for number in range(1, 10):
            self._add(slot, f"Slot {number}", lambda row=number - 1: w.slots_panel.choose(row), str(number))
        slot.addSeparator()
        self.listen = self._add(slot, "Listen where it is most exposed", w.listen_to_slot, "S")
        self.leave_out = self._add(slot, "Leave out of the results", w.toggle_muted, "M")
        slot.addSeparator()
        self.hear_region = self._add(slot, "Hear the region alone", w.hear_region, "R")
        self.whole_song = self._add(slot, "Let go of the region", w.whole_song, "Shift+R")

        sound = bar.addMenu("Sound")
        self.play = self._add(sound, "Play or pause", w.listening.play_pause, "Space")
        self.restart = self._add(sound, "Play from the start", w.listening.restart, "Return", "Enter")
        self.stop = self._add(sound, "Stop", w.listening.stop, "Esc")
        self.to_start = self._add(sound, "To the start", w.listening.to_start, "Left")
        self.toggle = self._add(sound, "Reference or candidate (A/B)", w.listening.toggle_side, "A")
        sound.addSeparator()
        self.loop = self._add(sound, "Loop", w.toggle_loop, "L", checkable=True)
        self.level = self._add(sound, "Level match", w.toggle_level_match, checkable=True)
        self.autoplay = self._add(sound, "Play when chosen", w.toggle_autoplay, checkable=True)
        sound.addSeparator()
        self.favourite = self._add(sound, "Favourite", w.toggle_favourite, "F")
        self.search = self._add(sound, "Search", w.focus_search, "/", "Ctrl+F")
        sound.addSeparator()
        self.copy_path = self._add(sound, "Copy path", w.copy_path, "Ctrl+C")
        self.reveal = self._add(sound, "Show in folder", w.reveal_sound, "Ctrl+Return")
        self.outputs = sound.addMenu("Output")
        self.outputs.aboutToShow.connect(w.read_outputs)

        help_menu = bar.addMenu("Help")
        self.keys = self._add(help_menu, "Keyboard", w.show_keys, "?")
        self._add(help_menu, "About Earshot", w.show_about)

    def fill_outputs(
        self, menu: QMenu, names: list[str], chosen: str | None, choose: Callable[[str | None], None]
    ) -> None:
        """One entry for the default output and one for each other."""
        menu.clear()
        for name in (None, *names):
            action = menu.addAction(name or "Default output")
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(lambda _=False, name=name: choose(name))
        if not names:
            none = menu.addAction("No audio output was found")
            none.setEnabled(False)

    def _fill_recent(self) -> None:
        self.recent.clear()
        songs = self._window.settings.recent_songs
        for path in songs:
            self.recent.addAction(path.name, lambda path=path: self._window.open_song(path))
        if not songs:
            self.recent.addAction("No songs yet").setEnabled(False)

    def _add(self, menu: QMenu, text: str, act: Callable[[], object], *keys: str, checkable: bool = False) -> QAction:
        action = QAction(text, self._window)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setCheckable(checkable)
        action.triggered.connect(lambda _=False: act())
        menu.addAction(action)
        self._window.addAction(action)
        self.all.append(action)
        return action
