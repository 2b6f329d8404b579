"""What is dropped on the window, or named where it is started: each path goes to where it belongs."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.jobs import JobRunner
from engine.audio.suffixes import PLUGIN_SUFFIX


class Intake(QObject):
    """Tells folders from files behind the window: a drive that sleeps takes seconds to say what a path is."""

    instrument = Signal(object)
    """The path of a plug-in."""
    folders = Signal(object)
    """Paths that are to join the library."""
    song = Signal(object)
    """The path of what is to become the reference."""
    said = Signal(str)

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._drops = 0
        self._pushed_aside = 0
        """Of drops up to this one no song is opened any more: a later one was."""

    def take(self, paths: list[Path]) -> None:
        """Folders join the library, and so do plug-in instruments; a file becomes the reference, of several the first
        that is named as audio. Another drop that comes meanwhile takes nothing from it but its song."""
        rest = []
        for path in paths:
            if path.suffix.lower() == PLUGIN_SUFFIX:
                self.instrument.emit(path)
            else:
                rest.append(path)
        if rest:
            self._drops += 1
            number = self._drops
            self._jobs.start(
                f"drop {number}",
                lambda _: [path for path in rest if os.path.isdir(path)],
                on_done=lambda folders: self._sorted(number, folders, [path for path in rest if path not in folders]),
            )

    def song_opened(self) -> None:
        """A song was opened by other means: it stays, whatever was dropped before."""
        self._pushed_aside = self._drops

    def _sorted(self, number: int, folders: list[Path], files: list[Path]) -> None:
        if folders:
            self.folders.emit(folders)
        if not files or number <= self._pushed_aside:
            return
        self._pushed_aside = number
        if len(files) > 1:
            from engine.audio.decode import AUDIO_SUFFIXES

            files.sort(key=lambda path: path.suffix.lower() not in AUDIO_SUFFIXES)
        self.song.emit(files[0])
        if len(files) > 1:
            rest = len(files) - 1
            self.said.emit(
                f"One song at a time: {files[0].name} was opened, the other {rest} {'was' if rest == 1 else 'were'} "
                "not. To add sounds to the library, drop their folder."
            )
