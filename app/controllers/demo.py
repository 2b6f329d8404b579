"""The demo: a short song and a small library, made once and then opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.backend import Backend
from app.jobs import JobRunner

if TYPE_CHECKING:
    from engine.jobs import Progress

WORDS = "Making the demo: a short song and a small library."


class Demo(QObject):
    """Makes it behind the window."""

    running = Signal(bool)
    said = Signal(str)
    failed = Signal(str)
    made = Signal(object)
    """A list of the `Path`s of its library and its song."""

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs

    def make(self) -> None:
        """Make what is missing of it."""
        self.running.emit(True)
        self.said.emit(WORDS)
        self._jobs.start(
            "demo",
            lambda job: self._backend.demo(job.progress),
            on_progress=self._progress,
            on_done=self._done,
            on_failed=self._fail,
        )

    def _progress(self, progress: Progress) -> None:
        figures = f" {progress.done:,.0f} of {progress.total:,.0f}." if progress.total else ""
        self.said.emit(WORDS + figures)

    def _done(self, paths: tuple[Path, Path]) -> None:
        self.running.emit(False)
        self.made.emit(list(paths))

    def _fail(self, reason: str) -> None:
        self.running.emit(False)
        self.failed.emit(reason)
