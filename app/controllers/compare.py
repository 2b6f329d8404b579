"""The two pictures side by side: the reference where the slot or part is best heard, and the chosen sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.controllers.audition import Stretch
from app.jobs import Job, JobRunner
from app.models.sonogram import MelPicture

if TYPE_CHECKING:
    from engine.library.catalog import Sound

LONGEST_SECONDS = 6.0
SHORTEST_SECONDS = 0.5


@dataclass(frozen=True)
class Plate:
    """One picture, and the seconds it stands for."""

    picture: MelPicture
    seconds: float


class CompareController(QObject):
    """Both plates cover the same length of time, that of the sound."""

    changed = Signal()

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.stretch: Stretch | None = None
        self.subject = ""
        """What of the reference is shown, in a word: the slot, the part, the region."""
        self.sound: Sound | None = None
        self.reference: Plate | None = None
        self.candidate: Plate | None = None
        self.failures: dict[str, str] = {}
        """Why there is no picture, in words, by its side: "A" the reference, "B" the sound."""

    @property
    def span(self) -> float:
        """Seconds that both plates show."""
        if self.sound is not None and self.sound.duration_seconds:
            return min(max(self.sound.duration_seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
        if self.stretch is not None:
            return min(max(self.stretch.end - self.stretch.start, SHORTEST_SECONDS), LONGEST_SECONDS)
        return 2.0

    def show(self, stretch: Stretch | None, sound: Sound | None, subject: str = "") -> None:
        """Draw for another passage or another sound."""
        if (stretch, sound) == (self.stretch, self.sound):
            self.call(subject)  # a slot was renamed, or a part is best heard where the slot is
            return
        span_before = self.span
        other_stretch, other_sound = stretch != self.stretch, sound != self.sound
        self.stretch, self.sound, self.subject = stretch, sound, subject
        if stretch is None:
            self.reference = None
            self.failures.pop("A", None)
            self._jobs.cancel("plate A")
        elif other_stretch or self.span > span_before:
            path, start, end = stretch.path, stretch.start, stretch.start + self.span
            self._draw("A", lambda: audio_files.close_up(path, start, end), self._take_reference)
        if sound is None:
            self.candidate = None
            self.failures.pop("B", None)
            self._jobs.cancel("plate B")
        elif other_sound:
            self.candidate = None
            self._draw("B", lambda: audio_files.sound_picture(sound, LONGEST_SECONDS), self._take_candidate)
        self.changed.emit()

    def call(self, subject: str) -> None:
        """Say in another word what of the reference is shown."""
        if subject != self.subject:
            self.subject = subject
            self.changed.emit()

    def _draw(self, side: str, draw: Callable[[], MelPicture], take: object) -> None:
        self.failures.pop(side, None)

        def work(job: Job) -> Plate:
            picture = draw()
            return Plate(picture, len(picture.levels) / picture.frames_per_second)

        def fail(reason: str) -> None:
            self._fail(side, reason)

        self._jobs.start(f"plate {side}", work, on_done=take, on_failed=fail)  # type: ignore[arg-type]

    def _take_reference(self, plate: Plate) -> None:
        self.reference = plate
        self.changed.emit()

    def _take_candidate(self, plate: Plate) -> None:
        self.candidate = plate
        self.changed.emit()

    def _fail(self, side: str, reason: str) -> None:
        if side == "A":
            self.reference = None  # it is of another passage
        self.failures[side] = reason
        self.changed.emit()
