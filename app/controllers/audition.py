"""Hearing: the reference (A) and the chosen sound (B), at matched loudness."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.backend import Backend, Clip
from app.jobs import Job, JobRunner

if TYPE_CHECKING:
    from engine.library.catalog import Sound

POSITION_MILLISECONDS = 33
KEPT_CLIPS = 24
LONGEST_KEPT_SECONDS = 20.0
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
    moved = Signal()
    """The position."""
    failed = Signal(str)

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.side = "A"
        self.sound: Sound | None = None
        self.stretch: Stretch | None = None
        self.loop = False
        self.level_match = True
        self.volume_db = -6.0
        self.playing = False
        self.loading = False
        self.position = 0.0
        """Seconds within what is loaded on the side that is heard."""
        self.duration = 0.0
        self._clips: OrderedDict[tuple[object, ...], Clip] = OrderedDict()
        self._reference: tuple[Stretch, Clip] | None = None
        self._current: Clip | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POSITION_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def reference_position(self) -> float | None:
        """Where in the reference the listener is; None while the other side is heard."""
        if self.side != "A" or self.stretch is None:
            return None
        return self.stretch.start + self.position

    def play_sound(self, sound: Sound, *, start: float = 0.0) -> None:
        """Play a sound of the library at once."""
        self.side, self.sound = "B", sound
        self.position, self.duration = start, sound.duration_seconds or 0.0
        key = (sound.path, sound.preset, sound.size)
        backend = self._backend

        def load() -> Clip:
            clip = self._clips.get(key)
            if clip is None:
                clip = backend.clip(sound.path, loudness_lufs=sound.loudness_lufs, peak_db=sound.peak_db)
                if clip.audio.duration_seconds <= LONGEST_KEPT_SECONDS:
                    self._clips[key] = clip
                    while len(self._clips) > KEPT_CLIPS:
                        self._clips.popitem(last=False)
            return clip

        self._play(load, start, loop=self.loop and sound.kind != "one-shot")

    def play_reference(self, stretch: Stretch, *, position: float = 0.0) -> None:
        """Play a part of the reference, from `position` seconds inside it."""
        if stretch.end - stretch.start > LONGEST_REFERENCE_SECONDS:
            start = stretch.start + position
            stretch = Stretch(stretch.path, start, min(stretch.end, start + LONGEST_REFERENCE_SECONDS))
            position = 0.0
        self.side, self.stretch = "A", stretch
        self.position, self.duration = position, stretch.end - stretch.start
        backend = self._backend

        def load() -> Clip:
            if self._reference is None or self._reference[0] != stretch:
                clip = backend.clip(stretch.path, start=stretch.start, end=stretch.end)
                self._reference = (stretch, clip)
            return self._reference[1]

        self._play(load, position, loop=self.loop)

    def toggle_pause(self) -> bool:
        """Pause or go on; False when there is nothing to go on with."""
        player = self._backend.existing_player()
        if player is None or self._current is None:
            return False
        if self.playing:
            player.pause()
            self._set_playing(False)
            return True
        if player.position_seconds is None:
            return False
        self._jobs.start("resume", lambda job: player.resume(), on_failed=self._fail)
        self._set_playing(True)
        return True

    def stop(self) -> None:
        """Silence; the next play begins at the start."""
        self._jobs.cancel("audition")
        player = self._backend.existing_player()
        if player is not None:
            player.stop()
        self.loading = False
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
        self.stretch = None
        self._reference = None
        self.side = "A"
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
            player.set_loop(loop and (self.side == "A" or (self.sound is not None and self.sound.kind != "one-shot")))
        self.changed.emit()

    def set_level_match(self, on: bool) -> None:
        """Takes effect with the next sound."""
        self.level_match = on
        self.changed.emit()

    def set_volume(self, volume_db: float) -> None:
        """Of listening only."""
        self.volume_db = volume_db
        player = self._backend.existing_player()
        if player is not None:
            player.set_volume_db(volume_db)
        self.changed.emit()

    def set_device(self, device: str | None) -> None:
        """Play through another output; None is the system's default."""
        self.stop()
        backend = self._backend

        def work(job: Job) -> None:
            backend.player().device = device

        self._jobs.start("device", work, on_failed=self._fail)

    def _play(self, load: object, start: float, *, loop: bool) -> None:
        backend, level_match, volume_db = self._backend, self.level_match, self.volume_db

        def work(job: Job) -> Clip:
            clip: Clip = load()  # type: ignore[operator]
            job.checkpoint()
            player = backend.player()
            player.set_volume_db(volume_db)
            gain_db = clip.level_gain_db if level_match else 0.0
            player.play(clip.audio, loop=loop, gain_db=gain_db, start=start)
            return clip

        self.loading = True
        self._jobs.start("audition", work, on_done=self._started, on_failed=self._fail)
        self.changed.emit()
        self.moved.emit()

    def _started(self, clip: Clip) -> None:
        self.loading = False
        self._current = clip
        self.duration = clip.audio.duration_seconds
        self._set_playing(True)

    def _fail(self, reason: str) -> None:
        self.loading = False
        self._current = None
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
        if position is not None:
            self.position = position
        if not player.playing and not self.loading:
            if player.failure:
                self.failed.emit(player.failure)
            self.position = 0.0 if position is None else position
            self._set_playing(False)
        self.moved.emit()
