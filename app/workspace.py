"""Everything behind the window: the state, the controllers, and how they hang together. Knows no widget."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app import garbage, text
from app.backend import Backend
from app.controllers.audition import Auditioner
from app.controllers.carrying import Carrying
from app.controllers.compare import CompareController
from app.controllers.demo import Demo
from app.controllers.devices import DeviceWatch
from app.controllers.export import ExportController
from app.controllers.fitting import Fitting
from app.controllers.intake import Intake
from app.controllers.keyboard import KeyboardController
from app.controllers.library import LibraryController, LibraryState
from app.controllers.listening import Listening
from app.controllers.marks import MarksController
from app.controllers.matching import MatchController, Results
from app.controllers.notices import Notices
from app.controllers.outputs import Outputs
from app.controllers.recording import RecordingController
from app.controllers.reference import ReferenceController
from app.controllers.region_slot import RegionSlot
from app.controllers.slots import SlotEditor
from app.jobs import Job, JobRunner
from app.models.columns import Row
from app.models.matches import MatchesModel
from app.models.slots import SlotsModel
from app.models.timeline import Timeline
from app.settings import Settings

if TYPE_CHECKING:
    from engine.encoder.ear_process import EarProcess
    from engine.library.catalog import Sound
    from engine.matching.slots import Slot


class Workspace(QObject):
    """One reference, one library, and what is being listened to."""

    analysis_changed = Signal(str, bool)
    """What the analysis runs on, and whether it runs."""
    row_changed = Signal()
    """Another sound is chosen, or none."""

    def __init__(self, backend: Backend, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.backend, self.settings = backend, settings
        settings.wait()
        self.jobs = JobRunner(self)
        self.timeline = Timeline(self)
        self.timeline.snaps = settings.snaps_to_beats
        self.slots = SlotsModel(self)
        self.slot_editor = SlotEditor(self.slots, self)
        self.matches = MatchesModel(self)
        self.reference = ReferenceController(backend, self.jobs, self.timeline, self.slots, self)
        self.region_slot = RegionSlot(backend, self.jobs, self.reference, self.timeline, self.slot_editor, self)
        self.library = LibraryController(backend, self.jobs, self)
        self.matching = MatchController(backend, self.jobs, self)
        self.marks = MarksController(backend, self.jobs, self)
        self.fitting = Fitting(self.jobs, self.reference, self)
        self.fitting.at_pitch, self.fitting.at_tempo = settings.at_pitch, settings.at_tempo
        self.auditioner = Auditioner(backend, self.jobs, self.fitting, self)
        self.auditioner.volume_db, self.auditioner.audible_db = settings.volume_db, settings.audible_db
        self.auditioner.loop, self.auditioner.level_match = settings.loop, settings.level_match
        self.auditioner.in_context = settings.in_context
        self.outputs = Outputs(backend, self.jobs, self.auditioner, settings, self)
        self.listening = Listening(self.auditioner, self.fitting, self.reference, self.timeline, self.slots, self)
        self.listening.autoplay = settings.autoplay
        self.carrying = Carrying(backend, self.jobs, self.fitting, self)
        self.recording = RecordingController(backend, self.jobs, self)
        self.keyboard = KeyboardController(backend, self.jobs, self.auditioner, self)
        self.devices = DeviceWatch(backend, self)
        self.compare = CompareController(self.jobs, self)
        self.intake = Intake(self.jobs, self)
        self.demo = Demo(backend, self.jobs, self)
        self.export = ExportController(backend, self.jobs, self.reference, self.slots, self.matching, self)
        self._garbage = QTimer(self)
        self._garbage.setInterval(garbage.LOOK_MILLISECONDS)
        self._garbage.timeout.connect(garbage.look)
        self._garbage.start()
        self._library_is_open = False
        self._left_over = settings.unfinished_scan
        self._connect()
        self.notices = Notices(self)

    def _connect(self) -> None:
        self._remembered = True
        self.reference.opened.connect(self._reference_opened)
        self.reference.refused.connect(self._reference_refused)
        self.reference.look_changed.connect(lambda _: self._remember_song())
        self.reference.heard.connect(
            lambda hearing: self.matching.parts.set_heard(
                hearing.parts, done=hearing.done, passages=hearing.part_passages, content=hearing.content
            )
        )
        self.matching.parts.changed.connect(self._part_chosen)
        self.matches.sorted_by.connect(self.matching.set_order)
        self.matching.results_ready.connect(self._results_came)
        self.matching.overviews_ready.connect(self.matches.set_overviews)
        self.library.changed.connect(self._library_changed)
        self.library.contents_changed.connect(self.matching.library_changed)
        self.library.changed.connect(self.marks.refresh)
        self.marks.sounds_changed.connect(self._sounds_marked)
        self.listening.stretch_changed.connect(self._show_compare)
        self.auditioner.failed.connect(self._playback_failed)
        self.auditioner.changed.connect(self._audition_changed)
        self.auditioner.moved.connect(self._mark_playing)
        self.auditioner.began.connect(self.marks.listening_to)
        self.devices.changed.connect(self.outputs.read)
        self.devices.changed.connect(lambda: self.keyboard.read_inputs())
        self.recording.recorded.connect(self._recorded)
        self.recording.kept.connect(self._recording_kept)
        self.intake.instrument.connect(self.library.add_instrument)
        self.intake.folders.connect(self.library.scan)
        self.intake.song.connect(self._open_song)
        self.demo.made.connect(self._demo_made)

    def wake(self) -> None:
        """Open the library, load the ear, look for outputs: all behind the window."""
        self.library.refresh()
        backend = self.backend
        self.jobs.start("ear", lambda _: backend.ear(), on_done=self._ear_ready, on_failed=self._ear_failed)
        self.jobs.start("warm", self._import_what_comes_later, gentle=True)
        self.outputs.read()
        self.keyboard.read_inputs(self.settings.midi_input)
        self.devices.start()

    def close(self) -> None:
        """Keep the settings, unless another window does, end the jobs, give back what is held."""
        self._garbage.stop()
        self.settings.volume_db, self.settings.audible_db = self.auditioner.volume_db, self.auditioner.audible_db
        self.settings.autoplay = self.listening.autoplay
        self.settings.scan_paused = (job := self.library.scan_job) is not None and job.paused
        self.settings.at_pitch, self.settings.at_tempo = self.fitting.at_pitch, self.fitting.at_tempo
        self.settings.in_context = self.auditioner.in_context
        self.settings.snaps_to_beats = self.timeline.snaps
        if self.library.state is None or not self.library.state.second_window:
            self.settings.keep()
        self.matching.stop()
        self.marks.stop()
        self.recording.stop()
        self.keyboard.close()
        self.jobs.stop()
        self.backend.end_hearing()  # which a job may be waiting for
        self.jobs.shutdown()
        self.marks.finish()
        self.backend.close()

    # what the user asks for

    def take(self, paths: list[Path]) -> None:
        """Folders join the library, and so do plug-in instruments; a file becomes the reference, of several the first
        that is named as audio."""
        self.intake.take(paths)

    def open_song(self, path: Path) -> None:
        """Show and hear a song, a loop or a single sound."""
        self.intake.song_opened()
        self._open_song(path)

    def _open_song(self, path: Path) -> None:
        for topic in ("drop", "playback"):
            self.notices.settled.emit(topic)
        self._remembered = False
        self.reference.open(path)

    def open_last_song(self) -> None:
        """Show and hear the song with which the last window ended, if that is wanted and it is still there; its drive
        may take long to say so, and a song that is opened meanwhile stays."""
        song = next(iter(self.settings.recent_songs), None)
        if song is not None and self.settings.restore_song:
            self.jobs.start(
                "last song",
                lambda _: os.path.isfile(song),
                on_done=lambda there: self._open_song(song) if there and self.reference.path is None else None,
            )

    def _reference_refused(self, reason: str) -> None:
        assert self.reference.path is not None
        self.notices.said.emit(f"{reason} {self.reference.path.name} stays open.", "drop", True)

    def _remember_song(self) -> None:
        """A song is among the recent ones once something of it was seen: the next start would open it again."""
        if not self._remembered and self.reference.path is not None:
            self._remembered = True
            self.settings.remember_song(self.reference.path)

    def record(self) -> None:
        """Get ready to record a song."""
        if not self.recording.active:
            self.notices.settled.emit("recording")
            self.recording.open(self.settings.input)

    def try_demo(self) -> None:
        """Make the demo's song and library once, then open both."""
        if self.library.refuses():
            return
        self.demo.make()

    def choose_slot(self, row: int) -> None:
        """Rank for this slot; called again when more of it is known."""
        slot = self.slots.slot(row)
        other = _id(slot) != _id(self.listening.slot)
        self.listening.slot = slot
        self.fitting.set_slot(slot)
        left_out = slot is None or self.slots.muted(slot.id)
        by_hand = slot is not None and slot.id in self.slots.edits.families
        self.matching.set_slot(None if left_out else slot, family_is_sure=by_hand)
        # While the slot is still being heard its best passage moves with every window: the picture waits for the last.
        if other or self.compare.asked is None or self.reference.hearing_job is None:
            self._show_compare()
        else:
            self.compare.call(self.listening.subject)

    def _part_chosen(self) -> None:
        """Compare shows where the parts are heard that are ranked by. While the reference is still being heard that
        moves with every window: the picture waits for the last, as it does for a slot."""
        parts, hearing, listening = self.matching.parts, self.reference.hearing, self.listening
        before, together = (listening.parts, listening.elsewhere), parts.together
        listening.elsewhere = tuple(part for part in parts.weights if part not in together) if together else ()
        if not together:
            listening.parts = None
        elif listening.parts is None or listening.parts[0] != together or hearing is None or hearing.done:
            listening.parts = together, parts.passages[together]
        if (listening.parts, listening.elsewhere) != before:
            self._show_compare()

    def _results_came(self, results: Results) -> None:
        """A is what the rows are ranked by: the reference, or a sound that was asked about."""
        asked = results.sound, next(iter(results.parts), None) if results.sound is not None else None
        if asked != (self.listening.asked, self.listening.asked_part):
            self.listening.asked, self.listening.asked_part = asked
            self._show_compare()

    def choose_row(self, row: Row | None) -> None:
        """The user moved to a sound: it plays at once."""
        self.listening.choose(row)
        self.matching.look_for_parts(row.sound if row is not None else None)
        self._show_compare()
        self.row_changed.emit()

    def toggle_muted(self, row: int) -> None:
        """Leave a slot out of results, or take it in again."""
        slot = self.slots.slot(row)
        if slot is not None:
            self.slots.set_muted(row, not self.slots.muted(slot.id))
            if self.listening.slot is not None and self.listening.slot.id == slot.id:
                self.choose_slot(row)

    def set_favourites(self, ids: Collection[int], on: bool = True) -> None:
        """Mark sounds, or take the mark away; the table shows it before it is written."""
        if self.library.refuses():
            return
        rows = [row for sound_id in ids if (row := self.matches.row(self.matches.number_of(sound_id))) is not None]
        self.matches.set_sounds([replace(row.sound, favourite=on) for row in rows])
        self.marks.set_favourites(ids, on)

    def find_similar(self, part: str | None = None) -> None:
        """Show what is near to the chosen sound, or by a part what has one like its own."""
        if self.listening.row is not None:
            self.matching.find_similar(self.listening.row.sound, part)

    def hear_region(self) -> None:
        """Hear the instruments of the region alone."""
        if self.timeline.region is not None:
            self.slot_editor.hear_again(self.reference, self.timeline.region)

    @property
    def is_whole_song(self) -> bool:
        """Whether the whole song was heard, or is, and no region of it is marked."""
        reference = self.reference
        return self.timeline.region is None and reference.heard_region is None and not reference.is_partly_heard

    def whole_song(self) -> None:
        """Let go of the region; if only a region was heard, or hearing was stopped, hear the rest too."""
        self.timeline.set_region(None)
        if not self.is_whole_song:
            self.slot_editor.hear_again(self.reference, None)

    def choose_midi_input(self, name: str | None) -> None:
        """Play on another MIDI keyboard, or on none."""
        self.settings.midi_input = name
        self.keyboard.choose_input(name)

    # what the engine says

    def _recorded(self, path: Path) -> None:
        self._remember_input()
        self.open_song(path)

    def _recording_kept(self, path: Path) -> None:
        self._remember_input()
        self.notices.said.emit(f"The recording was kept: {path}", "recording", False)

    def _remember_input(self) -> None:
        if self.recording.device is not None:
            self.settings.input = self.recording.device.name

    def _reference_opened(self) -> None:
        self.recording.close()
        self.listening.row = None
        self.matching.parts.set_heard({}, done=True)
        self.matching.look_for_parts(None)
        self.matching.set_slot(None)
        self._show_compare()
        self.row_changed.emit()

    def _show_compare(self) -> None:
        row = self.listening.row
        sound = row.sound if row is not None else None
        self.compare.show(self.listening.asked or self.listening.stretch, sound, self.listening.subject)

    def _library_changed(self) -> None:
        state = self.library.state
        if state is not None:
            self.matches.set_roots({root.id: (root.path, not root.away) for root in state.roots})
            if not self._library_is_open:
                self._library_opened(state)
            if not state.why_read_only:
                self._resume_scan({Path(root.path): root.online for root in state.roots})
                self.settings.unfinished_scan = (*self.library.scanning, *self._left_over)
        if self.library.failure is None:
            self.notices.settled.emit("library")

    def _library_opened(self, state: LibraryState) -> None:
        self._library_is_open = True
        self.library.refuses()  # says at once that nothing can be changed, where that is so
        if not state.second_window:
            self.settings.keep()

    def _resume_scan(self, roots: Mapping[Path, bool | None]) -> None:
        """Go on with the scan that the last window left, in the state in which it was left.

        roots : whether each is there; what is in those of which it is not known yet is left over for later.
        """
        there, unknown = [], []
        for folder in self._left_over:
            online = [known for root, known in roots.items() if folder.is_relative_to(root)]
            if any(online):
                there.append(folder)
            elif None in online:
                unknown.append(folder)
        self._left_over = unknown
        if there:
            self.library.scan(there, asked=False, paused=self.library.scan_job is None and self.settings.scan_paused)

    def _ear_ready(self, ear: EarProcess) -> None:
        self.analysis_changed.emit(text.DEVICES.get(ear.device, ear.device), True)

    def _ear_failed(self, reason: str) -> None:
        self.analysis_changed.emit("not available", False)
        self.notices.said.emit(reason, "ear", True)

    def _import_what_comes_later(self, job: Job) -> None:
        try:
            self.backend.warm()
            job.checkpoint()
            self.backend.warm_rest()
        finally:
            garbage.begin()

    def _demo_made(self, paths: list[Path]) -> None:
        self.notices.settled.emit("demo")
        self.take(paths)

    def _playback_failed(self, reason: str) -> None:
        self.notices.said.emit(reason, "playback", True)
        self._mark_playing()
        self.outputs.read()

    def _sounds_marked(self, sounds: list[Sound]) -> None:
        self.matches.set_sounds(sounds)
        self.matching.marks_changed()

    def _audition_changed(self) -> None:
        if self.auditioner.playing:
            self.notices.settled.emit("playback")
        self.settings.loop, self.settings.level_match = self.auditioner.loop, self.auditioner.level_match
        self._mark_playing()

    def _mark_playing(self) -> None:
        auditioner = self.auditioner
        sounding = auditioner.side == "B" and (auditioner.playing or auditioner.loading)
        if sounding and auditioner.sound is not None:
            share = auditioner.position / auditioner.duration if auditioner.duration else 0.0
            self.matches.set_playing(auditioner.sound.id, min(1.0, share))
        else:
            self.matches.set_playing(None)


def _id(slot: Slot | None) -> int | None:
    return slot.id if slot is not None else None
