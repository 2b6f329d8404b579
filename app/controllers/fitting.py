"""Which change makes a sound fit the song: at the chosen slot's pitch, at the song's tempo, and why not where not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import text
from app.controllers.reference import ReferenceController
from app.jobs import Job, JobRunner
from engine.audition.fit import LONGEST_CHANGED_SECONDS, UNCHANGED, Change, semitones_between, speed_between

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.matching.slots import Slot


@dataclass(frozen=True)
class _Place:
    """Where a pitch is measured."""

    path: Path
    passage: tuple[float, float]
    family: str


class Fitting(QObject):
    """Two switches, what they need to know, and what comes of them for a sound."""

    changed = Signal()
    """A switch, or what is known of slot or song."""
    turned = Signal()
    """What is done to a sound may be another from now on: after a switch, or when what it needs has become known."""
    failed = Signal(str)

    def __init__(self, jobs: JobRunner, reference: ReferenceController, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._reference = jobs, reference
        self.at_pitch = False
        self.at_tempo = False
        self._place: _Place | None = None
        self._pitches: dict[_Place, float | None] = {}
        self._asked = False
        """Whether a switch was used: before that, a switch that was left on is no reason for words."""
        reference.opened.connect(self._forget)
        reference.facts_changed.connect(self.turned)
        reference.facts_changed.connect(self.changed)

    def set_slot(self, slot: Slot | None) -> None:
        """Whose pitch is meant; measured where the slot is most exposed, as soon as it is asked for."""
        path = self._reference.path
        place = None if slot is None or path is None else _Place(path, slot.exposed_seconds, slot.family)
        if place != self._place:
            self._place = place
            if not self._measure() and place is not None:
                self.turned.emit()
            self.changed.emit()

    def set_at_pitch(self, on: bool) -> None:
        """Sounds with a pitch are heard at the slot's note."""
        self.at_pitch, self._asked = on, True
        if not self._measure():
            self.turned.emit()
        self.changed.emit()

    def set_at_tempo(self, on: bool) -> None:
        """Loops are heard at the song's tempo."""
        self.at_tempo, self._asked = on, True
        self.turned.emit()
        self.changed.emit()

    @property
    def slot_hz(self) -> float | None:
        """The slot's pitch, where it is known and there is one."""
        return self._pitches.get(self._place) if self._place is not None else None

    def change(self, sound: Sound) -> Change:
        """What is done to a sound before it is heard; nothing where it cannot be."""
        if not (self.at_pitch or self.at_tempo) or (sound.duration_seconds or 0.0) > LONGEST_CHANGED_SECONDS:
            return UNCHANGED
        semitones, speed = 0, 1.0
        if self.at_pitch and self.slot_hz is not None and sound.pitch_hz is not None:
            semitones = semitones_between(sound.pitch_hz, self.slot_hz)
        if self.at_tempo and self._tempo is not None and sound.tempo_bpm is not None:
            speed = speed_between(sound.tempo_bpm, self._tempo)
        return Change(semitones, speed)

    def words(self, sound: Sound) -> str:
        """What is done to a sound, in a few words: "+3 st, 122 BPM"; empty where neither switch is on."""
        change = self.change(sound)
        said = []
        if self.at_pitch and self.slot_hz is not None:
            shifted = f"{change.semitones:+d} st".replace("-", "−") if change.semitones else "pitch as it is"
            said.append(shifted if sound.pitch_hz is not None else "no pitch")
        if self.at_tempo and self._tempo is not None and sound.tempo_bpm is not None:
            said.append(f"{sound.tempo_bpm * change.speed:.0f} BPM" if change.speed != 1.0 else "tempo as it is")
        return ", ".join(said)

    @property
    def obstacle(self) -> str:
        """Why a switch that is on does nothing, in words; empty where nothing is in the way."""
        reference = self._reference
        if reference.path is None:
            words = "There is no song yet to take pitch and tempo from: sounds play as they are."
            return words if self._asked and (self.at_pitch or self.at_tempo) else ""
        if self.at_pitch:
            if self._place is None and reference.hearing is not None and reference.hearing.done:
                return "At slot pitch: choose a slot. Until then sounds play at their own pitch."
            if self._place is not None and self._pitches.get(self._place, 1.0) is None:
                family = self._place.family
                return f"No steady pitch is heard in this slot ({family}): sounds play at their own."
        if self.at_tempo and reference.facts is not None and self._tempo is None:
            return "This song has no clear tempo: loops play at their own."
        return ""

    @property
    def note(self) -> str:
        """The name of the slot's note, marked as measured; empty where it has none."""
        name = text.note_name(self.slot_hz) if self.at_pitch else None
        return f"{name}~" if name else ""

    @property
    def _tempo(self) -> float | None:
        facts = self._reference.facts
        return facts.tempo_bpm if facts is not None else None

    def _measure(self) -> bool:
        """Begin to measure the slot's pitch if it is needed and not known; whether something was begun."""
        place = self._place
        if not self.at_pitch or place is None or place in self._pitches:
            return False

        def work(job: Job) -> float | None:
            from engine.matching.pitch import slot_pitch

            return slot_pitch(place.path, place.passage, place.family)

        def take(hertz: float | None) -> None:
            self._pitches[place] = hertz
            self.turned.emit()
            self.changed.emit()

        self._jobs.start("slot pitch", work, on_done=take, on_failed=self.failed.emit, gentle=True)
        return True

    def _forget(self) -> None:
        self._pitches.clear()
        self._place = None
        self.changed.emit()
