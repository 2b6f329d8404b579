"""The reference: opened, drawn, heard."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.audio_files import MusicFacts
from app.backend import Backend
from app.jobs import Job, JobRunner
from app.models.slots import SlotsModel
from app.models.sonogram import Look
from app.models.timeline import Timeline
from engine.errors import AudioError

if TYPE_CHECKING:
    from engine.audio.declared import Credits
    from engine.audio.decode import AudioInfo
    from engine.jobs import Progress
    from engine.matching.reference import Hearing

LANES = ("open", "look", "facts", "beats", "hear")
MISSING = "There is no such file any more. Was the drive unplugged, or the file moved?"
LONGEST_WITH_BEATS_SECONDS = 900.0
"""What is longer is hardly of one tempo, and is not held in memory for it."""


class ReferenceController(QObject):
    """Waveform first, then the spectrogram, then slots as windows are heard."""

    opened = Signal()
    """Another reference, or none, is shown from now on."""
    facts_changed = Signal()
    look_changed = Signal(object)
    progress_changed = Signal(object)
    """`Progress` of hearing; None when it has ended."""
    heard = Signal(object)
    """A `Hearing`, after the slots model took it."""
    failed = Signal(str)
    refused = Signal(str)
    """Why what was to be opened cannot be, in words; the open reference stays."""

    def __init__(
        self, backend: Backend, jobs: JobRunner, timeline: Timeline, slots: SlotsModel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._timeline, self._slots = backend, jobs, timeline, slots
        self.path: Path | None = None
        self.failure: str | None = None
        self.facts: MusicFacts | None = None
        self.credits: Credits | None = None
        """Title and artist of its tags, once they were read."""
        self.hearing: Hearing | None = None
        self.heard_region: tuple[float, float] | None = None
        """What was asked to be heard; None for the whole."""

    @property
    def title(self) -> str:
        """As its tags call it, else its file."""
        if self.path is None:
            return ""
        return (self.credits.title if self.credits is not None else None) or self.path.stem

    @property
    def hearing_job(self) -> Job | None:
        """The running analysis, to be paused or cancelled."""
        return self._jobs.running("hear")

    def open(self, path: Path) -> None:
        """Show and hear another reference; what cannot be opened does not take the place of one that is, nor of what
        was done to its slots."""
        if self.path is None or self.failure is not None:
            self._show(path)
            return
        self._jobs.start(
            "open", lambda _: _probe(path), on_done=lambda _: self._show(path), on_failed=self.refused.emit
        )

    def _show(self, path: Path) -> None:
        """What ran for the last one is dropped at once."""
        for lane in LANES:
            self._jobs.cancel(lane)
        self.path, self.failure, self.facts, self.credits, self.hearing = path, None, None, None, None
        self.heard_region = None
        self._slots.clear()
        self._timeline.reset()
        self.opened.emit()
        self._jobs.start(
            "look", self._draw(path), on_item=self._drawn, on_done=self._all_drawn, on_failed=self._fail, gentle=True
        )

    def close(self) -> None:
        """Back to no reference."""
        for lane in LANES:
            self._jobs.cancel(lane)
        self.path = self.failure = self.facts = self.credits = self.hearing = None
        self._slots.clear()
        self._timeline.reset()
        self.opened.emit()

    def hear(self, region: tuple[float, float] | None) -> None:
        """Hear the whole, or a region; slots of an earlier hearing go, unless they are pinned."""
        if self.path is None or self.failure is not None:
            return
        self._slots.forget_heard()
        self.hearing, self.heard_region = None, region
        self._start_hearing(self.path)

    def cancel_hearing(self) -> None:
        """Stop here; the slots found so far stay."""
        self._jobs.cancel("hear")
        self.progress_changed.emit(None)

    def _draw(self, path: Path) -> Callable[[Job], None]:
        def work(job: Job) -> None:
            info = _probe(path)
            job.item((info, audio_files.credits_of(path)))
            try:
                for look in audio_files.look(path, info.duration_seconds):
                    job.checkpoint()
                    job.item(look)
            except AudioError as error:
                raise _if_there(error, path) from error

        return work

    def _drawn(self, item: Any) -> None:
        if isinstance(item, Look):
            if item.drawn_seconds > self._timeline.duration:
                self._timeline.set_duration(item.drawn_seconds)
            self.look_changed.emit(item)
            return
        assert self.path is not None
        info, self.credits = item
        self._timeline.set_duration(info.duration_seconds)
        self._timeline.set_playhead(0.0)
        self.facts_changed.emit()
        self._start_hearing(self.path)

    def _all_drawn(self, _: object) -> None:
        assert self.path is not None
        path, duration = self.path, self._timeline.duration
        self._jobs.start(
            "facts",
            lambda job: audio_files.music_facts(path, duration),
            on_done=self._take_facts,
            on_failed=self._no_facts,
            gentle=True,
        )

    def _take_facts(self, facts: MusicFacts) -> None:
        self.facts = facts
        self.facts_changed.emit()
        path, tempo = self.path, facts.tempo_bpm
        if path is not None and tempo is not None and self._timeline.duration <= LONGEST_WITH_BEATS_SECONDS:
            # Without them regions are dragged freely, which needs no words.
            self._jobs.start(
                "beats", lambda job: audio_files.beats(path, tempo), on_done=self._timeline.set_beats, gentle=True
            )

    def _no_facts(self, reason: str) -> None:
        self._take_facts(MusicFacts(None, None))

    def _start_hearing(self, path: Path) -> None:
        backend = self._backend
        start, end = self.heard_region or (None, None)

        def work(job: Job) -> None:
            ear = backend.ear()
            job.checkpoint()
            from engine.matching.reference import hear

            for hearing in hear(path, ear, start=start, end=end, progress=job.progress, cancel=job.token):
                job.item(hearing)
                job.checkpoint()

        self._jobs.start(
            "hear",
            work,
            on_item=self._take_hearing,
            on_progress=self.progress_changed.emit,
            on_done=lambda _: self.progress_changed.emit(None),
            on_failed=self._fail_hearing,
            gentle=True,
        )
        self.progress_changed.emit(_waiting())

    def _take_hearing(self, hearing: Hearing) -> None:
        self.hearing = hearing
        if (
            hearing.done
            and hearing.duration_seconds > 0
            and abs(hearing.duration_seconds - self._timeline.duration) > 0.5
        ):
            self._timeline.set_duration(hearing.duration_seconds)
        self._slots.set_hearing(hearing)
        self.heard.emit(hearing)

    def _fail(self, reason: str) -> None:
        self._jobs.cancel("hear")
        path = str(self.path)
        self.failure = reason.removeprefix(f"{path}: ")
        self._timeline.reset()  # no axis stands beside words
        self.progress_changed.emit(None)
        self.failed.emit(self.failure)

    def _fail_hearing(self, reason: str) -> None:
        self.progress_changed.emit(None)
        self.failed.emit(reason.removeprefix(f"{self.path}: "))


def _probe(path: Path) -> AudioInfo:
    """Raises AudioError."""
    from engine.audio.decode import probe

    if os.path.isdir(path):
        raise AudioError(path, "This is a folder, not a song.")
    try:
        return probe(path)
    except AudioError as error:
        raise _if_there(error, path) from error


def _if_there(error: AudioError, path: Path) -> AudioError:
    """The same, or that the file is gone."""
    return error if os.path.exists(path) else AudioError(path, MISSING)


def _waiting() -> Progress:
    from engine.jobs import Progress

    return Progress("loading", 0.0)
