"""The engine as the window uses it. Everything heavy is imported where it is first needed, in a job's thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.models.scales import HIGH_HZ, LOW_HZ
from app.models.sonogram import Look, MelPicture
from engine.paths import recordings_dir, rendered_dir

if TYPE_CHECKING:
    from engine.audio.decode import Audio, AudioInfo
    from engine.audio.pictures import Picture
    from engine.audition.change import Rendering
    from engine.audition.fit import Change
    from engine.audition.midi import MidiInput
    from engine.audition.player import OutputDevice, Player
    from engine.encoder.ear import Ear
    from engine.jobs import CancelToken, ProgressCallback
    from engine.library.catalog import Sound
    from engine.library.library import Library
    from engine.library.query import Query
    from engine.library.scanner import ScanResult
    from engine.library.usage import Usage
    from engine.library.watch import Watcher
    from engine.matching.match import Match
    from engine.matching.slots import Slot
    from engine.plugins import Added
    from engine.recording.inputs import InputDevice
    from engine.recording.recorder import Recorder

FACTS_SECONDS = 60.0
"""Tempo and key are estimated from this much of the middle of the reference."""
FACTS_RATE = 16_000


@dataclass(frozen=True)
class MusicFacts:
    """What was estimated of a reference; None where nothing could be said."""

    tempo_bpm: float | None
    key: str | None


@dataclass(frozen=True)
class Clip:
    """Sound ready to be played, the gain that level matching asks for, and what it was measured by.

    rendering : of a changed sound, begun; `audio` is what it fills.
    """

    audio: Audio
    level_gain_db: float
    loudness_lufs: float | None
    peak_db: float | None
    rendering: Rendering | None = None

    @property
    def sound(self) -> Audio | Rendering:
        """What the player takes."""
        return self.rendering or self.audio


class Backend:
    """One per window. Methods may be called from any thread and may take long.

    Parameters
    ----------
    library_dir : the folder of catalog and index.
    model : the weights; None for the shipped ones.
    compute : what the ear runs on: 'cpu', 'cuda' or 'mps'; None for the fastest.
    scan_workers : processes that scan; None for as many as is usual.
    """

    def __init__(
        self,
        library_dir: Path,
        *,
        model: Path | None = None,
        compute: str | None = None,
        scan_workers: int | None = None,
    ) -> None:
        self.library_dir = library_dir
        self.model, self.compute, self.scan_workers = model, compute, scan_workers
        self.rendered_dir, self.recordings_dir = rendered_dir(), recordings_dir()
        self._ear: Ear | None = None
        self._library: Library | None = None
        self._player: Player | None = None
        self._watcher: Watcher | None = None
        self._closed = False
        self._watch_lock = threading.Lock()
        self._ear_lock = threading.Lock()
        self._library_lock = threading.Lock()
        self._player_lock = threading.Lock()

    def ear(self) -> Ear:
        """The ear, loaded once. Raises ModelError."""
        with self._ear_lock:
            if self._ear is None:
                from engine.encoder.ear import Ear

                self._ear = Ear.load(self.model, device=self.compute)
            return self._ear

    def library(self) -> Library:
        """The library, opened once, made if there is none; for reading where another window has it.

        Raises LibraryError."""
        with self._library_lock:
            if self._library is None:
                from engine.library.library import Library

                self._library = Library.open(self.library_dir, create=True, window=True)
            return self._library

    def require_fit(self) -> None:
        """Raise LibraryError where the library was heard by another model than that of the loaded ear."""
        from engine.errors import LibraryError

        ear, fingerprint = self._ear, self.library().fingerprint
        if ear is not None and fingerprint is not None and fingerprint != ear.fingerprint:
            raise LibraryError(
                "The library was heard by another version of the ear, and cannot be compared with this song. "
                "Scan it again: File, Scan the library again."
            )

    def rank(
        self,
        slot: Slot,
        *,
        top: int,
        any_family: bool = False,
        family_is_sure: bool = False,
        query: Query | None = None,
    ) -> list[Match]:
        """The library's sounds for a slot, as `engine.matching.match.rank`.

        family_is_sure : the producer named the slot's family: no other goes before it.

        Raises LibraryError, ModelError.
        """
        from engine.library.query import EVERYTHING
        from engine.matching.match import NEVER_BEFORE, OTHER_FAMILY, rank

        self.require_fit()
        return rank(
            slot,
            self.library(),
            calibration=self.ear().calibration,
            top=top,
            any_family=any_family,
            other_family=NEVER_BEFORE if family_is_sure else OTHER_FAMILY,
            query=query or EVERYTHING,
        )

    def warm(self) -> None:
        """Import what the first song needs, while nothing is asked for yet."""
        import app.widgets.plot  # noqa: F401
        from engine.audio.decode import Audio
        from engine.audio.pictures import RATE, close_up

        close_up(Audio(np.zeros((1, RATE), np.float32), RATE), low_hz=LOW_HZ, high_hz=HIGH_HZ)

    def warm_rest(self) -> None:
        """Import what a scan and the key of a song need, the heaviest of all, before they would stall the window."""
        import engine.library.scanner  # noqa: F401
        from engine.audio.facts import estimate_key

        estimate_key(np.random.default_rng(0).standard_normal(2 * FACTS_RATE).astype(np.float32), FACTS_RATE)
        # What is there now, imported modules for the most part, stays: looking through its hundreds of thousands of
        # objects for garbage, now and then, would stop every thread for a fifth of a second.
        gc.collect()
        gc.freeze()

    def scan(
        self,
        folders: Sequence[Path],
        *,
        progress: ProgressCallback,
        cancel: CancelToken,
        retry_failed: bool = False,
        first: Callable[[], Sequence[int]] = tuple,
    ) -> ScanResult:
        """Scan folders into the library; `first` gives the ids of what is to be heard before all else.

        Raises LibraryError, ModelError, Cancelled.
        """
        from engine.library.scanner import scan

        library = self.library()
        return scan(
            library,
            folders,
            progress=progress,
            cancel=cancel,
            workers=self.scan_workers,
            model=self.model,
            retry_failed=retry_failed,
            first=first,
        )

    def usage(self) -> Usage:
        """What the library takes on the disk and in memory."""
        from engine.library.usage import usage_of

        return usage_of(self.library_dir)

    def add_instrument(self, path: Path, *, progress: ProgressCallback, cancel: CancelToken) -> Added:
        """Play a plug-in instrument and keep its notes; a scan of their folder comes after. Raises AudioError,
        LibraryError, Cancelled."""
        from engine.plugins import add_instrument

        self.library().catalog.database.require_writable()
        return add_instrument(path, self.library_dir, progress=progress, cancel=cancel)

    def watch(self, folders: Collection[str], changed: Callable[[list[str]], None]) -> None:
        """Tell `changed`, from another thread, which folders to scan when something in these changes."""
        from engine.library.watch import Watcher

        with self._watch_lock:
            if self._closed:
                return
            if self._watcher is None:
                self._watcher = Watcher(changed)
            self._watcher.watch(folders)

    def player(self) -> Player:
        """The player; it opens no device before the first sound."""
        with self._player_lock:
            if self._player is None:
                from engine.audition.player import Player

                self._player = Player()
            return self._player

    def existing_player(self) -> Player | None:
        """The player, if something was played already."""
        return self._player

    def put_under_keys(self, clip: Clip, pitch_hz: float | None, semitones: int) -> None:
        """Let the keys play a sound of this pitch, changed by so much; without a pitch middle C plays it as it is."""
        from engine.audition.keys import root_of

        self.player().set_key_sound(clip.sound, root_of(pitch_hz) + semitones, clip.level_gain_db)

    def midi_inputs(self) -> list[str]:
        """The MIDI keyboards there are. Raises PlaybackError where there can be none, with the remedy."""
        from engine.audition.midi import midi_inputs

        return midi_inputs()

    def midi_input(self, name: str) -> MidiInput:
        """Let a MIDI keyboard play the player's keys, until it is closed. Raises PlaybackError."""
        from engine.audition.midi import Hands, MidiInput

        player = self.player()
        return MidiInput(name, Hands(player.press, player.release, player.bend))

    def device_trace(self) -> tuple[str, ...]:
        """Changes when a device comes or goes, where the system shows it; see the engine's."""
        from engine.audition.output import device_trace

        return device_trace()

    def output_is_open(self) -> bool:
        """Whether a device is held now; outputs cannot be looked for anew then."""
        return self._player is not None and self._player.output_latency_seconds is not None

    def devices(self) -> list[OutputDevice]:
        """The audio outputs. Raises PlaybackError."""
        from engine.audition.player import Player

        return Player.devices()

    def inputs(self) -> list[InputDevice]:
        """The audio inputs. Raises RecordingError."""
        from engine.recording.inputs import input_devices

        return input_devices()

    def recorder(self, device: InputDevice) -> Recorder:
        """Listen to an input, until it is closed. Raises RecordingError."""
        from engine.recording.recorder import Recorder

        return Recorder(device, self.recordings_dir)

    def probe(self, path: Path) -> AudioInfo:
        """Raises AudioError."""
        from engine.audio.decode import probe

        return probe(path)

    def look(self, path: Path, duration: float) -> Iterator[Look]:
        """Draw a reference piece by piece; bounded memory for any length. Raises AudioError."""
        import app.widgets.plot  # noqa: F401  the window, which is about to draw, does not wait for it
        from engine.audio.pictures import draw

        drawn: Picture | None = None
        picture: MelPicture | None = None
        for drawing in draw(path, duration, low_hz=LOW_HZ, high_hz=HIGH_HZ):
            if drawing.picture is not None and drawing.picture is not drawn:
                drawn, picture = drawing.picture, _coloured(drawing.picture)
            yield Look(drawing.peaks, picture, drawing.drawn_seconds)

    def close_up(self, path: str | Path, start: float, end: float) -> MelPicture:
        """A finer picture of a short stretch of a file. Raises AudioError."""
        from engine.audio.decode import decode
        from engine.audio.pictures import close_up

        return _coloured(close_up(decode(path, start=start, end=end), low_hz=LOW_HZ, high_hz=HIGH_HZ))

    def sound_picture(self, sound: Sound, longest_seconds: float) -> MelPicture:
        """A fine picture of the beginning of a sound of the library. Raises AudioError."""
        from engine.audio.pictures import close_up
        from engine.audition.player import load_for_audition

        audio = load_for_audition(sound.path, preset=sound.preset, root=sound.root, end=longest_seconds)
        return _coloured(close_up(audio, low_hz=LOW_HZ, high_hz=HIGH_HZ))

    def music_facts(self, path: Path, duration: float) -> MusicFacts:
        """Tempo and key of a reference. Raises AudioError."""
        from engine.audio.decode import decode
        from engine.audio.facts import estimate_key, estimate_tempo

        start = max(0.0, (duration - FACTS_SECONDS) / 2)
        audio = decode(path, rate=FACTS_RATE, start=start, end=start + FACTS_SECONDS)
        mono = audio.mono()
        return MusicFacts(estimate_tempo(mono, audio.rate), estimate_key(mono, audio.rate))

    def beats(self, path: Path, tempo_bpm: float) -> list[float]:
        """Seconds of the beats of a reference. Raises AudioError."""
        from engine.audio.decode import decode
        from engine.audio.onsets import beat_times, onset_strength

        mono = decode(path, rate=FACTS_RATE).mono()
        return beat_times(onset_strength(mono, FACTS_RATE), tempo_bpm).tolist()

    def clip(
        self,
        path: str | Path,
        *,
        preset: str | None = None,
        root: str | None = None,
        start: float = 0.0,
        end: float | None = None,
        loudness_lufs: float | None = None,
        peak_db: float | None = None,
    ) -> Clip:
        """Decode what is to be heard; its level is measured where the catalog does not know it. Raises AudioError."""
        from engine.audition.level import level_of
        from engine.audition.player import level_gain_db, load_for_audition

        audio = load_for_audition(path, preset=preset, root=root, start=start, end=end)
        if peak_db is None or loudness_lufs is None:
            loudness_lufs, peak_db = level_of(audio)
        return Clip(audio, level_gain_db(loudness_lufs, peak_db), loudness_lufs, peak_db)

    def sound_clip(self, sound: Sound) -> Clip:
        """A sound of the library, as `clip`. What plays a preset has a level of its own, which is measured."""
        return self.clip(
            sound.path,
            preset=sound.preset,
            root=sound.root,
            loudness_lufs=None if sound.is_preset else sound.loudness_lufs,
            peak_db=None if sound.is_preset else sound.peak_db,
        )

    def changed(self, clip: Clip, change: Change) -> Clip:
        """A sound at another pitch or tempo, begun and ready to be played; as loud as it was."""
        from engine.audition.change import Rendering

        rendering = Rendering(clip.audio, change)
        rendering.begin()
        return replace(clip, audio=rendering.audio, rendering=rendering)

    def slot_pitch(self, path: Path, passage: tuple[float, float], family: str) -> float | None:
        """The note in Hz that a slot plays most in a passage; None where it has none. Raises AudioError."""
        from engine.matching.pitch import slot_pitch

        return slot_pitch(path, passage, family)

    def export_changed(self, sound: Sound, change: Change) -> Path:
        """A changed sound, or a preset as it is auditioned, as a file that stays. Raises AudioError, ExportError."""
        from engine.audition.change import Rendering
        from engine.audition.export import changed_name, export
        from engine.audition.player import load_for_audition

        audio = load_for_audition(sound.path, preset=sound.preset, root=sound.root)
        name = changed_name(sound.name, change, sound.tempo_bpm)
        return export(Rendering(audio, change).finish() if change else audio, self.rendered_dir, name)

    def demo(self, progress: ProgressCallback) -> tuple[Path, Path]:
        """Make the demo's library and song where they are missing; their paths."""
        from engine.demo import ensure_demo
        from engine.paths import demo_dir

        files = ensure_demo(demo_dir(), progress)
        return files.library, files.song

    def close(self) -> None:
        """Give back the audio device, stop watching, and close the catalog."""
        with self._watch_lock:
            self._closed = True
            if self._watcher is not None:
                self._watcher.close()
        if self._player is not None:
            self._player.close()
        with self._library_lock:
            if self._library is not None:
                self._library.close()
                self._library = None


def _coloured(picture: Picture) -> MelPicture:
    return MelPicture.from_decibels(picture.decibels, picture.frames_per_second)
