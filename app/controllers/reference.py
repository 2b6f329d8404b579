"""The reference: opened, drawn, heard."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.audio_files import MusicFacts
from app.backend import Backend
from app.jobs import Job, JobRunner
from app.models.slots import SlotsModel, SlotsState
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
_MOST_REMEMBERED = 50


@dataclass(frozen=True)
class HeardState:
    """What was heard of a reference, `region` of it or the whole, and what was done to its slots by hand."""

    hearing: Hearing | None
    region: tuple[float, float] | None
    slots: SlotsState


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
    stopped = Signal()
    """Hearing was ended before it was through."""
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
        self._version: tuple[int, int] | None = None
        """By which the open file is known when it is opened again; None before it was read."""
        self._remembered: dict[Path, tuple[tuple[int, int], HeardState]] = {}
        """Of references that were left, the last one last."""

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

    @property
    def is_partly_heard(self) -> bool:
        """Whether hearing ended before it was through, by who stopped it or by a failure."""
        through = self.hearing is not None and self.hearing.done
        # Until a reference was read it is not to be heard yet.
        return self._version is not None and self.failure is None and not through and self.hearing_job is None

    @property
    def state(self) -> HeardState:
        """What there is to be `recall`ed."""
        return HeardState(self.hearing, self.heard_region, self._slots.state)

    def recall(self, state: HeardState) -> None:
        """Have back what was heard of this reference."""
        self._jobs.cancel("hear")
        self.hearing, self.heard_region = state.hearing, state.region
        self._slots.restore(state.slots)
        self.progress_changed.emit(None)
        if state.hearing is not None:
            self.heard.emit(state.hearing)

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
        self._leave(path)
        self._jobs.start(
            "look", self._draw(path), on_item=self._drawn, on_done=self._all_drawn, on_failed=self._fail, gentle=True
        )

    def close(self) -> None:
        """Back to no reference."""
        self._leave(None)

    def _leave(self, path: Path | None) -> None:
        """What runs for this reference is dropped at once; what was heard and done is there when it is opened again."""
        for lane in LANES:
            self._jobs.cancel(lane)
        if self.path is not None and self._version is not None and self.hearing is not None and self.hearing.done:
            self._remembered.pop(self.path, None)
            self._remembered[self.path] = self._version, self.state
            if len(self._remembered) > _MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        self.path = path
        self.failure = self.facts = self.credits = self.hearing = self.heard_region = self._version = None
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
        self.stopped.emit()

    def _draw(self, path: Path) -> Callable[[Job], None]:
        def work(job: Job) -> None:
            info = _probe(path)
            job.item((info, audio_files.credits_of(path), _version_of(path)))
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
        info, self.credits, self._version = item
        self._timeline.set_duration(info.duration_seconds)
        self._timeline.set_playhead(0.0)
        self.facts_changed.emit()
        version, state = self._remembered.get(self.path, (None, None))
        if state is not None and version == self._version:
            self.recall(state)
        else:
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
        self.failed.emit(f"{reason.removeprefix(f'{self.path}: ')} Whole song (Shift+R) tries again.")


def _probe(path: Path) -> AudioInfo:
    """Raises AudioError."""
    from engine.audio.decode import probe

    if os.path.isdir(path):
        raise AudioError(path, "This is a folder, not a song.")
    try:
        return probe(path)
    except AudioError as error:
        raise _if_there(error, path) from error


def _version_of(path: Path) -> tuple[int, int]:
    """Raises AudioError."""
    try:
        facts = path.stat()
    except OSError as error:
        raise AudioError(path, MISSING) from error
    return facts.st_mtime_ns, facts.st_size


def _if_there(error: AudioError, path: Path) -> AudioError:
    """The same, or that the file is gone."""
    return error if os.path.exists(path) else AudioError(path, MISSING)


def _waiting() -> Progress:
    from engine.jobs import Progress

    return Progress("loading", 0.0)
