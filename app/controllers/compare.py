"""The two pictures side by side: what was asked about - the reference where the slot or the parts are best heard, or
another sound - and the chosen sound."""

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
    """Both plates cover the same length of time, that of the sound, or of the longer of two."""

    changed = Signal()

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.asked: Stretch | Sound | None = None
        """What the sound is compared with."""
        self.subject = ""
        """What that is, in words: the slot, the parts, the region; the name of the other sound."""
        self.sound: Sound | None = None
        self.reference: Plate | None = None
        self.candidate: Plate | None = None
        self.failures: dict[str, str] = {}
        """Why there is no picture, in words, by its side: "A" the reference, "B" the sound."""

    @property
    def span(self) -> float:
        """Seconds that both plates show."""
        lengths = [sound.duration_seconds or 0.0 for sound in (self.sound, self.asked_sound) if sound is not None]
        seconds = max(lengths, default=0.0)
        if not seconds and self.stretch is not None:
            seconds = self.stretch.end - self.stretch.start
        return min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS) if seconds else 2.0

    @property
    def stretch(self) -> Stretch | None:
        """The passage of the reference that is shown; None where none is."""
        return self.asked if isinstance(self.asked, Stretch) else None

    @property
    def asked_sound(self) -> Sound | None:
        """The sound that is shown in place of the reference."""
        return None if isinstance(self.asked, Stretch) else self.asked

    def show(self, asked: Stretch | Sound | None, sound: Sound | None, subject: str = "") -> None:
        """Draw for another passage or another sound."""
        if (asked, sound) == (self.asked, self.sound):
            self.call(subject)  # a slot was renamed, or a part is best heard where the slot is
            return
        span_before = self.span
        other_asked, other_sound = asked != self.asked, sound != self.sound
        if isinstance(asked, Stretch) != isinstance(self.asked, Stretch):
            self.reference = None  # a song's picture is no sound's, not even until that is drawn
        self.asked, self.sound, self.subject = asked, sound, subject
        if asked is None:
            self.reference = None
            self.failures.pop("A", None)
            self._jobs.cancel("plate A")
        elif not isinstance(asked, Stretch):
            if other_asked:
                self._draw("A", lambda: audio_files.sound_picture(asked, LONGEST_SECONDS), self._take_reference)
        elif other_asked or self.span > span_before:
            path, start, end = asked.path, asked.start, asked.start + self.span
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
        """Say in other words what is shown above."""
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
