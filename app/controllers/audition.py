"""Hearing: the reference (A) and the chosen sound (B), at matched loudness."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app import audio_files, text
from app.audio_files import Clip
from app.backend import Backend
from app.controllers.fitting import Fitting
from app.jobs import Job, JobRunner
from app.settings import OFF_DB
from engine.audition.fit import UNCHANGED, Change

if TYPE_CHECKING:
    from engine.audition.wish import Bed
    from engine.library.catalog import Sound

POSITION_MILLISECONDS = 33
KEPT_CLIPS = 24
LONGEST_KEPT_SECONDS = 20.0
LEAST_LONG_SECONDS = 5.0
"""What is heard of a very long sound is longer than this, however many channels it has."""
LONGEST_REFERENCE_SECONDS = 600.0
"""More of a reference than this is not held in memory at once; what is played begins at the playhead then."""


@dataclass(frozen=True)
class Stretch:
    """A part of the reference that is listened to."""

    path: Path
    start: float
    end: float


class Auditioner(QObject):
    """At most one thing sounds. `side` says which is heard, or would be: "A" the reference, "B" the sound."""

    changed = Signal()
    """Side, what is loaded, playing or paused, loop, level."""
    began = Signal(object)
    """A sound of the library is heard from now on: once for each time that it is played."""
    moved = Signal()
    """The position."""
    ended = Signal(float)
    """The reference was heard to the end of what was asked for: where it begins the next time, in seconds of it."""
    failed = Signal(str)
    noted = Signal(str)
    """It sounds, but not as it was asked for: words, or none where all is as it should be."""

    def __init__(self, backend: Backend, jobs: JobRunner, fitting: Fitting, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._fitting = backend, jobs, fitting
        self.side = "A"
        self.sound: Sound | None = None
        self.change: Change | None = None
        """What was done to the sound that was played last."""
        self.clip: Clip | None = None
        """The sound that was played last, as it was heard."""
        self.in_context = False
        self.stretch: Stretch | None = None
        self.asked: Sound | None = None
        """The sound that A stood for when it was played last, in place of a `stretch`."""
        self.asked_change: Change | None = None
        self._next_start = 0.0
        """Where the reference begins once `stretch` was heard to its end, in seconds of the reference."""
        self.loop = False
        self.level_match = True
        self.volume_db = self.audible_db = -6.0
        """Of listening, and what it was when it was not off."""
        self.device: str | None = None
        self.playing = False
        self.loading = False
        self.position = 0.0
        """Seconds within what is loaded on the side that is heard."""
        self.duration = 0.0
        self._clips: OrderedDict[tuple[object, ...], tuple[int | None, Clip]] = OrderedDict()
        """With the time at which the file was written."""
        self._reference: tuple[Stretch, Clip] | None = None
        self._bed: tuple[tuple[object, ...], Bed] | None = None
        self._current: Clip | None = None
        self._turn = threading.Lock()
        """Of the jobs that play: one that was replaced in the last moment does not play after its successor."""
        self._timer = QTimer(self)
        self._timer.setInterval(POSITION_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def reference_position(self) -> float | None:
        """Where in the reference the listener is; None while the other side is heard."""
        if self.side != "A" or self.stretch is None:
            return None
        return self.stretch.start + self.position

    def play_sound(self, sound: Sound, *, start: float = 0.0, bed: Stretch | None = None) -> None:
        """Play a sound of the library at once, changed as the switches ask, alone or over a part of the reference."""
        self.side, self.sound, self.change = "B", sound, self._fitting.change(sound)
        self._play_whole(sound, self.change, start, bed)

    def play_asked(self, sound: Sound, *, bed: Stretch | None = None) -> None:
        """Play a sound of the library as the side that others are compared with, changed as they are."""
        self.side, self.asked, self.stretch = "A", sound, None
        self.asked_change = self._fitting.change(sound)
        self._play_whole(sound, self.asked_change, 0.0, bed)

    def _play_whole(self, sound: Sound, change: Change, start: float, bed: Stretch | None) -> None:
        self.position, self.duration = start, (sound.duration_seconds or 0.0) / change.speed
        kind = sound.kind
        self._play(
            lambda: self._sound_clip(sound, change), start, loops=kind != "one-shot", bed=bed, in_step=kind == "loop"
        )

    def _sound_clip(self, sound: Sound, change: Change) -> Clip:
        """A sound, changed or not, from memory where it was heard before and its file is not another one by now; also
        where that is away. Called in a job."""
        key, written = (sound.path, sound.preset, change), audio_files.written_at(sound.path)
        kept = self._clips.get(key)
        if kept is not None and written in (None, kept[0]):
            self._clips.pop(key, None)  # another job may have let go of it
            self._clips[key] = kept  # the last to go
            return kept[1]
        if change:
            clip = audio_files.changed(self._sound_clip(sound, UNCHANGED), change)
        else:
            clip = audio_files.sound_clip(sound)
        if clip.audio.duration_seconds <= LONGEST_KEPT_SECONDS:
            self._clips[key] = written, clip
            while len(self._clips) > KEPT_CLIPS:
                self._clips.popitem(last=False)
        return clip

    def play_reference(self, stretch: Stretch, *, position: float = 0.0) -> None:
        """Play a part of the reference, from `position` seconds inside it."""
        whole = stretch
        if whole.end - whole.start > LONGEST_REFERENCE_SECONDS:
            stretch, position = _shortened(whole, position), 0.0
        self.side, self.stretch, self.asked = "A", stretch, None
        self._next_start = whole.start if stretch.end >= whole.end else stretch.end
        self.position, self.duration = position, stretch.end - stretch.start
        self._play(lambda: self._reference_clip(stretch), position)

    def _reference_clip(self, stretch: Stretch) -> Clip:
        """A part of the reference; the last one is kept. Called in a job."""
        kept = self._reference
        if kept is None or kept[0] != stretch:
            kept = stretch, audio_files.clip(stretch.path, start=stretch.start, end=stretch.end)
            self._reference = kept
        return kept[1]

    def toggle_pause(self) -> bool:
        """Pause or go on; False when there is nothing to go on with. What does not sound yet is given up."""
        if self.loading:
            self.stop()
            return True
        player = self._backend.existing_player()
        if player is None or self._current is None:
            return False
        if self.playing:
            self._jobs.cancel("resume")
            self._set_playing(False)
            player.pause()
            return True
        if not player.can_go_on:
            return False

        def work(job: Job) -> None:
            job.checkpoint()
            player.resume(job.token)  # a device that was given back is opened again, which takes its time

        self._jobs.start("resume", work, on_failed=self._fail)
        self._set_playing(True)
        return True

    def stop(self) -> None:
        """Silence; the next play begins at the start."""
        for lane in ("audition", "resume"):
            self._jobs.cancel(lane)
        self.loading = self.playing = False
        player = self._backend.existing_player()
        if player is not None:
            player.stop()
        self._current = None
        self.position = 0.0
        self._set_playing(False)
        self.moved.emit()

    def to_start(self) -> None:
        """Back to the start, playing or not."""
        player = self._backend.existing_player()
        if player is not None and self._current is not None:
            player.seek(0.0)
        self.position = 0.0
        self.moved.emit()

    def forget(self) -> None:
        """Another reference: nothing of the last one is heard."""
        self.stop()
        self.stretch = self.asked = None
        self._reference = self._bed = None
        self.side = "A"
        self.changed.emit()

    def expect_reference(self, seconds: float) -> None:
        """Nothing but the reference, so long, is chosen to be heard; what was begun stays where it is."""
        begun = self.playing or self.loading or self.position > 0
        if begun or (self.side == "A" and (self.stretch is not None or self.asked is not None)):
            return
        if (self.side, self.stretch, self.asked, self.duration) != ("A", None, None, seconds):
            self.side, self.stretch, self.asked, self.duration = "A", None, None, seconds
            self.changed.emit()

    def set_side(self, side: str) -> None:
        """Choose what is heard next, without playing it."""
        if side != self.side:
            self.stop()
            self.side = side
            self.changed.emit()

    def set_loop(self, loop: bool) -> None:
        """Loops repeat; one-shots play once."""
        self.loop = loop
        player = self._backend.existing_player()
        if player is not None:
            sound = self._heard_sound
            loops = self.side == "A" if sound is None else sound.kind != "one-shot"
            player.set_loop(loop and loops, bed=loop)
        self.changed.emit()

    def set_in_context(self, on: bool) -> None:
        """Sounds are heard over the reference; takes effect with the next one."""
        self.in_context = on
        self.changed.emit()

    def set_level_match(self, on: bool) -> None:
        """Takes effect with the next sound."""
        self.level_match = on
        self.changed.emit()

    def set_volume(self, volume_db: float) -> None:
        """Of listening only."""
        self.volume_db = volume_db
        if volume_db > OFF_DB:
            self.audible_db = volume_db
        player = self._backend.existing_player()
        if player is not None:
            player.set_volume_db(volume_db)
        self.changed.emit()

    def set_device(self, device: str | None) -> None:
        """Play through another output; None is the system's default. Where it is the same what plays goes on."""
        if device == self.device:
            return
        self.device = device
        self.stop()
        backend = self._backend

        def work(job: Job) -> None:
            backend.player().device = device

        self._jobs.start("device", work, on_failed=self._fail)

    def _play(
        self,
        load: Callable[[], Clip],
        start: float,
        *,
        loops: bool = True,
        bed: Stretch | None = None,
        in_step: bool = False,
    ) -> None:
        """`loops` lets it go round where that is asked for; `in_step` lets a sound join a bed that sounds already where
        it would be, had it begun with it."""
        backend, level_match = self._backend, self.level_match

        def work(job: Job) -> Clip:
            clip = load()
            job.checkpoint()
            player = backend.player()
            gain_db, begin = clip.gain_db(level_match), start
            below = None
            if bed is not None:
                below, gain_db = self._put_over(clip, bed, level_match)
                job.checkpoint()
                position = player.bed_position_seconds
                if in_step and position is not None:
                    begin = position % clip.audio.duration_seconds
            with self._turn:
                job.checkpoint()
                player.set_volume_db(self.volume_db)  # which, like the loop, may have been changed while it was decoded
                loop = self.loop and loops
                player.play(clip.sound, loop=loop, gain_db=gain_db, start=begin, bed=below, cancel=job.token)
            return clip

        self.loading = True
        self._jobs.cancel("resume")
        self._jobs.start("audition", work, on_done=self._started, on_failed=self._fail)
        self.changed.emit()
        self.moved.emit()

    def _put_over(self, clip: Clip, stretch: Stretch, level_match: bool) -> tuple[Bed, float]:
        """The bed that a part of the reference makes, and the gain of a sound over it. Called in a job."""
        from engine.audition.level import gain_over_bed_db
        from engine.audition.wish import Bed

        reference = self._reference_clip(_shortened(stretch, 0.0))
        bed_gain_db = reference.gain_db(level_match)
        kept = (stretch, bed_gain_db, self.loop)
        if self._bed is None or self._bed[0] != kept:
            self._bed = kept, Bed(reference.audio, bed_gain_db, self.loop)
        bed_lufs = None if reference.loudness_lufs is None else reference.loudness_lufs + bed_gain_db
        return self._bed[1], gain_over_bed_db(clip.loudness_lufs, clip.peak_db, bed_lufs)

    def _started(self, clip: Clip) -> None:
        self.loading = False
        self._current = clip
        if self.side == "B":
            self.clip = clip
        self.duration = clip.audio.duration_seconds
        player = self._backend.existing_player()
        substitute = (player.substitute if player is not None else None) or ""
        self.noted.emit(" ".join(filter(None, (substitute, self._shortened_words(clip), self._lacking_words()))))
        self._set_playing(True)
        if self.side == "B" and self.sound is not None:
            self.began.emit(self.sound)

    def _shortened_words(self, clip: Clip) -> str:
        """Says that only the beginning of a very long sound is heard; empty where all of it is."""
        sound, heard = self._heard_sound, clip.audio.duration_seconds
        if sound is None or sound.is_preset or clip.rendering is not None:
            return ""
        lasts = sound.duration_seconds or 0.0
        if heard < LEAST_LONG_SECONDS or lasts < 2 * heard:
            return ""
        return f"{sound.name} lasts {text.clock(lasts, 0)}: its first {text.clock(heard, 0)} are heard."

    def _lacking_words(self) -> str:
        """Says that a preset sounds without some of its samples; empty for what is whole."""
        sound = self._heard_sound
        return f"{sound.name}: {sound.lacks}" if sound is not None and sound.lacks else ""

    @property
    def _heard_sound(self) -> Sound | None:
        """The sound of the library on the side that is heard; None where that is the reference."""
        return self.sound if self.side == "B" else self.asked

    def _fail(self, reason: str) -> None:
        self.loading = False
        self._current = None
        player = self._backend.existing_player()
        if player is not None:
            player.stop()  # what sounded before goes on until another sound takes its place
        self._set_playing(False)
        self.failed.emit(reason)

    def _set_playing(self, playing: bool) -> None:
        self.playing = playing
        if playing:
            self._timer.start()
        else:
            self._timer.stop()
        self.changed.emit()

    def _poll(self) -> None:
        player = self._backend.existing_player()
        if player is None:
            return
        position = player.position_seconds
        if position is not None and not self.loading:  # until then what sounds is what was played before
            self.position = position
        if not player.playing and not self.loading and self._jobs.running("resume") is None:
            if player.failure:
                self.failed.emit(player.failure)
            self.position = 0.0 if position is None else position
            self._set_playing(False)
            if position is None and self.side == "A" and self.asked is None and not player.failure:
                self.ended.emit(self._next_start)
        self.moved.emit()


def _shortened(stretch: Stretch, position: float) -> Stretch:
    """As much of a part of the reference, from `position` seconds inside it, as is held in memory at once."""
    if stretch.end - stretch.start <= LONGEST_REFERENCE_SECONDS:
        return stretch
    start = stretch.start + position
    return Stretch(stretch.path, start, min(stretch.end, start + LONGEST_REFERENCE_SECONDS))
