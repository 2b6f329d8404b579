"""What a key or a click means for the ear: which side, which part, from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.audition import Auditioner, Stretch
from app.controllers.fitting import Fitting
from app.controllers.reference import ReferenceController
from app.models.columns import Row
from app.models.slots import SlotsModel
from app.models.timeline import Timeline
from engine.families import words_for

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.matching.slots import Slot

SHORTEST_STRETCH_SECONDS = 0.3


class Listening(QObject):
    """Ties the playhead, the region, the chosen slot and the chosen sound to the auditioner."""

    stretch_changed = Signal()
    """The part of the reference that A stands for."""

    def __init__(
        self,
        auditioner: Auditioner,
        fitting: Fitting,
        reference: ReferenceController,
        timeline: Timeline,
        slots: SlotsModel,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._auditioner, self._fitting = auditioner, fitting
        self._reference, self._timeline, self._slots = reference, timeline, slots
        self.slot: Slot | None = None
        self.parts: tuple[tuple[str, ...], tuple[float, float]] | None = None
        """The parts that are ranked by in place of the slot, and where they are heard most surely."""
        self.elsewhere: tuple[str, ...] = ()
        """Those that are ranked by as well, but are not heard there."""
        self.asked: Sound | None = None
        """The sound that the others are ranked by in place of the reference: it is A then."""
        self.asked_part: str | None = None
        self.row: Row | None = None
        self.autoplay = True
        reference.opened.connect(self._opened)
        timeline.seek_asked.connect(self.seek)
        timeline.region_committed.connect(self.stretch_changed)
        timeline.view_changed.connect(self._expect_reference)
        auditioner.moved.connect(self._follow)
        auditioner.changed.connect(self._follow)
        auditioner.ended.connect(timeline.set_playhead)
        fitting.turned.connect(self._refit)

    @property
    def stretch(self) -> Stretch | None:
        """What is compared with a sound: where the chosen parts or slot are best heard, inside the region if there is
        one."""
        path, region = self._reference.path, self._timeline.region
        if path is None or self._timeline.duration <= 0:
            return None
        exposed = self._exposed
        if region is not None:
            if exposed is not None and region[0] <= exposed[0] < region[1] - SHORTEST_STRETCH_SECONDS:
                return Stretch(path, exposed[0], min(exposed[1], region[1]))
            return Stretch(path, *region)
        if exposed is not None and exposed[1] - exposed[0] >= SHORTEST_STRETCH_SECONDS:
            return Stretch(path, *exposed)
        return None

    @property
    def _exposed(self) -> tuple[float, float] | None:
        if self.parts is not None:
            return self.parts[1]
        return self.slot.exposed_seconds if self.slot is not None else None

    @property
    def subject(self) -> str:
        """What A stands for, in words: the sound that was asked about, or what `stretch` does; empty where there is
        none."""
        if self.asked is not None:
            return f"{self.asked.name} by {self.asked_part}" if self.asked_part else self.asked.name
        stretch, exposed = self.stretch, self._exposed
        if stretch is None:
            return ""
        if exposed is None or stretch.start != exposed[0]:
            return "region"
        if self.parts is not None:
            without = f" without {words_for(self.elsewhere, 'or')}" if self.elsewhere else ""
            return words_for(self.parts[0]) + without
        return self._slots.word(self.slot) if self.slot is not None else ""

    @property
    def bed(self) -> Stretch | None:
        """What sounds are heard over in context: the region, else what they are compared with."""
        path, region = self._reference.path, self._timeline.region
        return Stretch(path, *region) if path is not None and region is not None else self.stretch

    @property
    def obstacle(self) -> str:
        """Why sounds are not heard in context although it was asked for; empty where they are."""
        if self._auditioner.in_context and self.bed is None:
            return "In context: open a song, then choose a slot or mark a region. Until then sounds play alone."
        return ""

    def set_in_context(self, on: bool) -> None:
        """Hear sounds over the reference; what plays is begun anew."""
        self._auditioner.set_in_context(on)
        if self._trying:
            self._play_row()
        elif self._asking:
            self._play_asked()

    def choose(self, row: Row | None) -> None:
        """The user moved to a sound: it plays at once."""
        self.row = row
        if row is None:
            self._expect_reference()
        elif self.autoplay:
            self._play_row()

    def follow(self, row: Row | None) -> None:
        """More is known of the chosen sound, or its file lies elsewhere now: it is not played for that."""
        if row is not None and self.row is not None and row.sound.id == self.row.sound.id:
            self.row = row

    def play_pause(self) -> None:
        """Go on, pause, or begin."""
        if self._auditioner.toggle_pause():
            return
        if self._auditioner.side == "B" and self.row is not None:
            self._play_row()
        elif self._asked_is_heard:
            self._play_asked()
        else:
            self.play_from(self._timeline.playhead or 0.0)

    def restart(self) -> None:
        """From the start, whatever it does now."""
        if self._auditioner.side == "B" and self.row is not None:
            self._play_row()
            return
        stretch = self._auditioner.stretch
        if self._asked_is_heard:
            self._play_asked()
        elif stretch is not None and self._auditioner.side == "A":
            self._auditioner.play_reference(stretch)
        else:
            self.play_from(self._timeline.region[0] if self._timeline.region else 0.0)

    def to_start(self) -> None:
        """Back to the start; it goes on from there if it plays."""
        if self._auditioner.side == "A" and not self._auditioner.playing and not self._asked_is_heard:
            self._timeline.set_playhead(self._timeline.region[0] if self._timeline.region else 0.0)
        self._auditioner.to_start()

    def stop(self) -> None:
        self._slots.set_listening(None)
        self._auditioner.stop()

    def toggle_side(self) -> None:
        """From the reference to the sound and back, at matched loudness."""
        self.play_side("A" if self._auditioner.side == "B" else "B")

    def play_side(self, side: str) -> None:
        """Play what is compared with, or the chosen sound."""
        if side == "B":
            if self.row is not None:
                self._play_row()
            return
        if self.asked is not None:
            self._slots.set_listening(None)
            self._play_asked()
            return
        region, path = self._timeline.region, self._reference.path
        if path is None:
            return
        if region is not None:
            self._auditioner.play_reference(Stretch(path, *region))
        elif self.stretch is not None and self.row is not None:
            self._auditioner.play_reference(self.stretch)
        else:
            self.play_from(self._timeline.playhead or 0.0)

    def play_from(self, seconds: float) -> None:
        """Play the reference from here: to the end of the region, if this lies in it, else of the song."""
        path, duration, region = self._reference.path, self._timeline.duration, self._timeline.region
        if path is None or duration <= 0 or self._reference.failure is not None:
            return
        if seconds >= duration - 0.05:
            seconds = 0.0
        stretch = Stretch(path, 0.0, duration)
        if region is not None and region[0] <= seconds < region[1]:
            stretch = Stretch(path, *region)
        self._auditioner.play_reference(stretch, position=seconds - stretch.start)

    def seek(self, seconds: float) -> None:
        """Move the playhead; what plays goes on from there."""
        sounding = self._auditioner.playing or self._auditioner.loading
        self._slots.set_listening(None)
        if sounding:
            self.play_from(seconds)
        else:
            self._auditioner.set_side("A")
            self._auditioner.stop()
            self._timeline.set_playhead(seconds)

    def listen_to_slot(self, row: int) -> None:
        """Play the reference only where this slot is most exposed; again to stop."""
        slot, path = self._slots.slot(row), self._reference.path
        if slot is None or path is None:
            return
        if self._slots.listening == slot.id:
            self.stop()
            return
        self._auditioner.play_reference(Stretch(path, *slot.exposed_seconds))
        self._slots.set_listening(slot.id)

    @property
    def _trying(self) -> bool:
        """Whether the chosen sound is being heard."""
        auditioner = self._auditioner
        return auditioner.side == "B" and self.row is not None and (auditioner.playing or auditioner.loading)

    @property
    def _asked_is_heard(self) -> bool:
        """Whether the sound that was asked about is what A played last."""
        auditioner = self._auditioner
        return auditioner.side == "A" and self.asked is not None and auditioner.asked is not None

    @property
    def _asking(self) -> bool:
        """Whether it is being heard."""
        return self._asked_is_heard and (self._auditioner.playing or self._auditioner.loading)

    def _play_row(self) -> None:
        if self.row is not None:
            self._auditioner.play_sound(self.row.sound, bed=self.bed if self._auditioner.in_context else None)

    def _play_asked(self) -> None:
        if self.asked is not None:
            self._auditioner.play_asked(self.asked, bed=self.bed if self._auditioner.in_context else None)

    def _refit(self) -> None:
        """Pitch or tempo was switched, or has become known: what is heard follows, if that changes it."""
        auditioner, change = self._auditioner, self._fitting.change
        if self._trying and self.row is not None and change(self.row.sound) != auditioner.change:
            self._play_row()
        elif self._asking and self.asked is not None and change(self.asked) != auditioner.asked_change:
            self._play_asked()

    def _opened(self) -> None:
        self._auditioner.forget()
        self.slot = self.parts = self.asked = self.asked_part = None
        self.elsewhere = ()
        self.stretch_changed.emit()

    def _expect_reference(self) -> None:
        if self.row is None:
            self._auditioner.expect_reference(self._timeline.duration)

    def _follow(self) -> None:
        auditioner = self._auditioner
        sounding = auditioner.playing and auditioner.side == "A"
        position = auditioner.reference_position
        active = auditioner.playing or auditioner.loading or auditioner.position > 0
        if auditioner.side == "A" and position is not None and active:
            self._timeline.set_playhead(min(position, self._timeline.duration), sounding=sounding)
        elif self._timeline.playhead is not None:
            self._timeline.set_playhead(self._timeline.playhead, sounding=False)
        if self._slots.listening is not None and not (auditioner.playing or auditioner.loading):
            self._slots.set_listening(None)
