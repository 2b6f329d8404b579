"""Sounds on their way to other programs: the untouched originals, or files of what was heard where it was changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.backend import Backend
from app.controllers.fitting import Fitting
from app.jobs import Job, JobRunner
from engine.audition.fit import Change

if TYPE_CHECKING:
    from engine.library.catalog import Sound

Receiver = Callable[[list[Path]], None]
_Key = tuple[str, str | None, Change, int]


class Carrying(QObject):
    """Finds or makes the files that stand for sounds."""

    failed = Signal(str)

    def __init__(self, backend: Backend, jobs: JobRunner, fitting: Fitting, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._fitting = backend, jobs, fitting
        self._made: dict[_Key, Path] = {}

    def fetch(self, sounds: Sequence[Sound], receive: Receiver) -> None:
        """The files of sounds as they are heard now, at once where all are there, else when they are made.

        Sounds whose file is away are left out; without any, `receive` is not called.
        """
        known = [(sound, self._fitting.change(sound), audio_files.written_at(sound.path)) for sound in sounds]
        wanted = [(sound, change, written) for sound, change, written in known if written is not None]
        there = [self._there(*one) for one in wanted]
        if all(path is not None for path in there):
            self._hand_over([path for path in there if path is not None], receive)
            return
        folder = self._backend.rendered_dir

        def work(job: Job) -> list[Path]:
            paths = []
            for (sound, change, _), path in zip(wanted, there, strict=True):
                job.checkpoint()
                paths.append(path or audio_files.export_changed(sound, change, folder))
            return paths

        def take(paths: list[Path]) -> None:
            for (sound, change, written), path in zip(wanted, paths, strict=True):
                if change or sound.is_preset:
                    self._made[_key(sound, change, written)] = path
            self._hand_over(paths, receive)

        self._jobs.start("carry", work, on_done=take, on_failed=self.failed.emit)

    def _there(self, sound: Sound, change: Change, written: int) -> Path | None:
        """The file that stands for a sound, if it need not be made: no other program takes one preset of a font."""
        if not change and not sound.is_preset:
            return Path(sound.path)
        made = self._made.get(_key(sound, change, written))
        return made if made is not None and made.exists() else None

    @staticmethod
    def _hand_over(paths: list[Path], receive: Receiver) -> None:
        if paths:
            receive(list(dict.fromkeys(paths)))


def _key(sound: Sound, change: Change, written: int) -> _Key:
    """What is made anew where any of it is another: a file that was written again is another sound."""
    return sound.path, sound.preset, change, written
