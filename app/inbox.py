"""What comes into the window: songs, folders and plug-ins that are chosen in a dialog, or dropped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog

from app.widgets.carried import path_of

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Inbox:
    """Asks which, and says what a drop would do."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def choose_song(self) -> None:
        """Ask for a file."""
        from engine.audio.decode import AUDIO_SUFFIXES

        patterns = " ".join(f"*{suffix}" for suffix in sorted(AUDIO_SUFFIXES))
        recent = self._window.settings.recent_songs
        folder = str(recent[0].parent) if recent else ""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open song", folder, f"Audio ({patterns});;All files (*)")
        if path:
            self._window.workspace.open_song(Path(path))

    def choose_folder(self) -> None:
        """Ask for a folder of sounds."""
        path = QFileDialog.getExistingDirectory(self._window, "Add a folder of sounds")
        if path:
            self._window.workspace.library.scan([Path(path)])

    def choose_instrument(self) -> None:
        """Ask for a plug-in: a folder on Linux, elsewhere what is shown as a file."""
        if sys.platform == "linux":
            path = QFileDialog.getExistingDirectory(self._window, "Add a VST3 instrument")
        else:
            path, _ = QFileDialog.getOpenFileName(self._window, "Add a VST3 instrument", "", "VST3 (*.vst3)")
        if path:
            self._window.workspace.library.add_instrument(Path(path))

    def drag_enters(self, event: QDragEnterEvent) -> None:
        """Files from elsewhere can be dropped; what comes from the window itself cannot."""
        if event.source() is None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_drop(True)

    def drag_leaves(self) -> None:
        """Nothing is about to be dropped any more."""
        self._show_drop(False)

    def drop(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self._show_drop(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._window.workspace.take([path_of(url) for url in event.mimeData().urls() if url.isLocalFile()])

    def _show_drop(self, hovered: bool) -> None:
        window = self._window
        if hovered:
            window.notice.say("Drop a song to hear it, a folder to add its sounds.", topic="drag", danger=False)
        else:
            window.notice.settle("drag")
        window.reference_panel.invitation.set_drop_hovered(hovered)
        window.matches_panel.welcome.invitation.set_drop_hovered(hovered)
