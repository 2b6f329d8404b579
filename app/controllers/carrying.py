"""Sounds on their way to other programs: the untouched originals, or files of what was heard where it was changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.backend import Backend
from app.controllers.fitting import Fitting
from app.jobs import Job, JobRunner
from engine.audition.fit import Change
from engine.errors import AudioError
from engine.library.drives import ANSWER_SECONDS, are_there

if TYPE_CHECKING:
    from engine.library.catalog import Sound

MOST_NAMED = 3
"""Of the sounds that are left out for one reason so many are named."""

Receiver = Callable[[list[Path]], None]
_Key = tuple[str, str | None, Change]


class Carrying(QObject):
    """Finds or makes the files that stand for sounds."""

    failed = Signal(str)
    """Why files cannot be made, or which sounds were left out and why."""
    carried = Signal()
    """All that was asked for last is there."""

    def __init__(self, backend: Backend, jobs: JobRunner, fitting: Fitting, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._fitting = backend, jobs, fitting
        self._made: dict[_Key, tuple[int, Path]] = {}
        """The last file of each, and when what it was made of was written."""

    def expected(self, sounds: Sequence[Sound]) -> list[Path]:
        """The files that stand for sounds, as far as they need not be made, without a look at any drive."""
        paths = []
        for sound in sounds:
            change = self._fitting.change(sound)
            made = self._made.get(_key(sound, change))
            if not _needs_file(sound, change):
                paths.append(Path(sound.path))
            elif made is not None:
                paths.append(made[1])
        return list(dict.fromkeys(paths))

    def fetch(self, sounds: Sequence[Sound], receive: Receiver, *, what_for: str = "carry") -> None:
        """The files of sounds as they are heard now, as soon as they are looked for on their drives, or made.

        Sounds whose file is away, or cannot be decoded, are left out, and `failed` says which; `receive` may get none.

        what_for : of two calls for the same thing the last one counts.
        """
        wanted = [(sound, self._fitting.change(sound)) for sound in sounds]
        folder, made = self._backend.rendered_dir, self._made

        def work(job: Job) -> tuple[list[Path], str]:
            paths: list[Path] = []
            left_out: dict[str, list[str]] = {}
            # Of a drive that is away, or does not answer, no file is looked for.
            roots = are_there({sound.root for sound, _ in wanted}, ANSWER_SECONDS, job.checkpoint)
            for sound, change in wanted:
                job.checkpoint()
                is_there = roots[sound.root]
                written = audio_files.written_at(sound.path) if is_there else None
                if written is None:
                    left_out.setdefault(_words_for_missing(sound, is_there), []).append(sound.name)
                    continue
                if not _needs_file(sound, change):
                    paths.append(Path(sound.path))
                    continue
                key = _key(sound, change)
                known = made.get(key)
                try:
                    if known is None or known[0] != written or not os.path.exists(known[1]):
                        made[key] = written, audio_files.export_changed(sound, change, folder)
                    paths.append(made[key][1])
                except AudioError as error:
                    left_out.setdefault(error.reason, []).append(sound.name)
            return list(dict.fromkeys(paths)), _words(left_out)

        def take(found: tuple[list[Path], str]) -> None:
            paths, left_out = found
            receive(paths)
            if left_out:
                self.failed.emit(left_out)
            else:
                self.carried.emit()

        self._jobs.start(what_for, work, on_done=take, on_failed=self.failed.emit)

    def give_up(self, what_for: str) -> None:
        """What was fetched for this is not wanted any more."""
        self._jobs.cancel(what_for)


def _needs_file(sound: Sound, change: Change) -> bool:
    """Whether a file has to be made of a sound: no other program takes one preset of a font."""
    return bool(change) or sound.is_preset


def _key(sound: Sound, change: Change) -> _Key:
    return sound.path, sound.preset, change


def _words_for_missing(sound: Sound, root_is_there: bool | None) -> str:
    if root_is_there:
        return "The file is not there any more."
    return f"{sound.root} does not answer." if root_is_there is None else f"{sound.root} is away."


def _words(left_out: dict[str, list[str]]) -> str:
    """Names what was left out, and why; empty where nothing was."""
    said = []
    for reason, names in left_out.items():
        more = len(names) - MOST_NAMED
        shown = ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        said.append(f"{shown}: {reason}")
    return f"Left out: {' '.join(said)}" if said else ""
