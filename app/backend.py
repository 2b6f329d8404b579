"""What of the engine a window holds: ear, library, player, inputs. Everything heavy is imported where it is first
needed, in a job's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.audio_files import FACTS_RATE
from app.models.scales import HIGH_HZ, LOW_HZ
from engine.paths import recordings_dir, rendered_dir

if TYPE_CHECKING:
    from app.audio_files import Clip
    from engine.audition.midi import MidiInput
    from engine.audition.output import OutputDevice
    from engine.audition.player import Player
    from engine.encoder.ear_process import EarProcess
    from engine.jobs import CancelToken, ProgressCallback
    from engine.library.ears import EarLoader
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

CLOSING_SECONDS = 2.0
"""Closing waits no longer than this for what watches folders: a tree of folders is walked to watch it, and a drive may
take for ever to answer."""


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
        self._ear: EarProcess | None = None
        self._library: Library | None = None
        self._player: Player | None = None
        self._watcher: Watcher | None = None
        self._closed = False
        self._watch_lock = threading.Lock()
        self._ear_lock = threading.Lock()
        self._library_lock = threading.Lock()
        self._player_lock = threading.Lock()

    def ear(self) -> EarProcess:
        """The ear, loaded once. Raises ModelError."""
        with self._ear_lock:
            if self._ear is None:
                from engine.encoder.ear_process import EarProcess

                self._ear = EarProcess(self.model, device=self.compute)
                if self._closed:
                    self._ear.close()
        self._ear.load()
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
        if ear is not None and ear.loaded and fingerprint is not None and fingerprint != ear.fingerprint:
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
        from engine.audio.measure import estimate_key

        estimate_key(np.random.default_rng(0).standard_normal(2 * FACTS_RATE).astype(np.float32), FACTS_RATE)

    def ear_of_scans(self) -> EarLoader:
        """What makes the ear in each process that scans."""
        from engine.library.ears import load_ear

        return load_ear

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
        from engine.library.scanner import most_workers, scan

        library = self.library()
        # A profile may come from a larger machine.
        workers = None if self.scan_workers is None else min(self.scan_workers, most_workers())
        return scan(
            library,
            folders,
            progress=progress,
            cancel=cancel,
            workers=workers,
            model=self.model,
            retry_failed=retry_failed,
            first=first,
            loader=self.ear_of_scans(),
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

    def watch(self, folders: Collection[str], changed: Callable[[list[str]], None]) -> dict[str, str]:
        """Tell `changed`, from another thread, which folders to scan when something in these changes. Returns those of
        which it will not be told, and why, in words."""
        from engine.library.watch import Watcher

        with self._watch_lock:
            if self._closed:
                return {}
            if self._watcher is None:
                self._watcher = Watcher(changed)
            return self._watcher.watch(folders)

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
        return MidiInput(name, Hands(player.press, player.release, player.bend, player.hold))

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

    def demo(self, progress: ProgressCallback) -> tuple[Path, Path]:
        """Make the demo's library and song where they are missing; their paths."""
        from engine.demo import ensure_demo
        from engine.paths import demo_dir

        files = ensure_demo(demo_dir(), progress)
        return files.library, files.song

    def end_hearing(self) -> None:
        """End the ear: nobody waits for an answer of it any more, and nobody is given another one."""
        self._closed = True
        with self._ear_lock:
            if self._ear is not None:
                self._ear.close()

    def close(self) -> None:
        """Give back the audio device, stop watching and hearing, and close the catalog."""
        self.end_hearing()
        # Beside this thread, which is the window's: it ends with the program, where folders hold it up for longer.
        ending = threading.Thread(target=self._stop_watching, name="earshot-watch-end", daemon=True)
        ending.start()
        ending.join(CLOSING_SECONDS)
        if self._player is not None:
            self._player.close()
        with self._library_lock:
            if self._library is not None:
                self._library.close()
                self._library = None

    def _stop_watching(self) -> None:
        with self._watch_lock:
            if self._watcher is not None:
                self._watcher.close()
