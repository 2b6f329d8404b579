"""Hearing a sound at once: the player behind the matches, the reference and the library."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.clips import Clips
from engine.audition.deck import Deck, Frames
from engine.audition.keys import KeyVoices
from engine.audition.level import level_gain_db
from engine.audition.output import LATENCY_SECONDS, Output, OutputDevice, output_devices, refresh
from engine.audition.prepare import load_for_audition
from engine.errors import PlaybackError

__all__ = ["Bed", "OutputDevice", "Player", "level_gain_db", "load_for_audition"]

IDLE_SECONDS = 3.0
"""How long the device is kept after the last sound: the next click is heard sooner, other programs are not shut out."""

_SUPERVISION_SECONDS = 0.25
_TOLERATED_UNDERFLOWS = 8
_LARGEST_LATENCY_SECONDS = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Bed:
    """What a sound is heard over: a part of the reference, its gain, and whether it goes round."""

    audio: Audio
    gain_db: float = 0.0
    loop: bool = False


class Player:
    """Plays one sound at a time, alone or over a bed; a new one cuts the old with a 5 ms fade. Keys play beside it.

    The device is opened by the first sound and given back when nothing has sounded for `IDLE_SECONDS`. Where the chosen
    device is away the default one takes its place, and `substitute` says so. Without any device everything but `play`,
    `resume`, `press` and `devices` works, and those raise PlaybackError.

    All methods may be called from any thread; none blocks longer than opening the device takes.

    Parameters
    ----------
    device : name or index of the output, None for the system's default.
    """

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        self._lock = threading.RLock()
        self._output: Output | None = None
        self._deck: Deck | None = None
        self._keys: KeyVoices | None = None
        self._clips = Clips()
        self._source: Audio | Rendering | None = None
        self._bed: Bed | None = None
        self._key_sound: tuple[Audio | Rendering, float, float] | None = None
        self._gain_db = 0.0
        self._loop = False
        # Where the sound is while no device is open: it was lost, or given back during a long pause.
        self._resume_at: float | None = None
        self._volume = 1.0
        self._latency = LATENCY_SECONDS
        self._failure: str | None = None
        self._substitute: str | None = None
        # While the device is opened anew under a sound, which goes on.
        self._reopening = False
        self._closed = threading.Event()
        self._supervisor: threading.Thread | None = None

    @classmethod
    def devices(cls) -> list[OutputDevice]:
        """The outputs there are now, the default first; empty when there are none. Raises PlaybackError without
        the PortAudio library."""
        return output_devices()

    def play(
        self,
        sound: Audio | Rendering,
        *,
        loop: bool = False,
        gain_db: float = 0.0,
        start: float = 0.0,
        bed: Bed | None = None,
    ) -> None:
        """Play `sound` from `start` seconds, cutting what plays now.

        Parameters
        ----------
        sound : decoded sound of any rate, mono or more, or a rendering that has begun.
        loop : begin again at the end.
        gain_db : see `level_gain_db`.
        bed : heard below it. One that sounds already goes on; without one the sound is alone.

        Raises PlaybackError when there is no output or it refuses.
        """
        with self._lock:
            self._failure = None
            self._source, self._gain_db, self._loop, self._resume_at = sound, gain_db, loop, None
            output, deck = self._open()
            sounding = deck.playing and deck.bed_position is not None
            if bed is not self._bed or not sounding:
                self._bed = bed
                if bed is None:
                    self._clips.abandon("bed")
                    deck.lay(None)
                else:
                    below = self._clips.prepare("bed", bed.audio, output.rate, output.channels, gain_db=bed.gain_db)
                    deck.lay(below, loop=bed.loop)
            clip = self._clips.prepare("sound", sound, output.rate, output.channels, gain_db=gain_db, start=start)
            deck.play(clip, position=clip.frame(start), loop=loop)

    def set_key_sound(self, sound: Audio | Rendering, root: float, gain_db: float = 0.0) -> None:
        """What the keys play; `root` is the MIDI number (not necessarily whole) at which it sounds as it is."""
        with self._lock:
            self._key_sound = sound, root, gain_db
            output, keys = self._output, self._keys
            if output is not None and keys is not None:
                clip = self._clips.prepare("keys", sound, output.rate, output.channels, gain_db=gain_db)
                keys.set_sound(clip, root)

    def press(self, note: int, velocity: float) -> None:
        """Strike MIDI key `note` with a velocity of 0 to 1; silent before `set_key_sound`. Raises PlaybackError."""
        with self._lock:
            if self._key_sound is None:
                return
            self._failure = None
            self._open()
            assert self._keys is not None
            self._keys.press(note, velocity)

    def release(self, note: int) -> None:
        """Let go of a key."""
        keys = self._keys
        if keys is not None:
            keys.release(note)

    def release_all(self) -> None:
        """Let go of every key."""
        keys = self._keys
        if keys is not None:
            keys.release_all()

    def bend(self, amount: float) -> None:
        """Bend what the keys play; -1 to 1."""
        keys = self._keys
        if keys is not None:
            keys.bend(amount)

    def wake(self) -> None:
        """Open the device ahead of a likely `play`, so that its first sound comes sooner. Raises PlaybackError."""
        with self._lock:
            self._open()

    def pause(self) -> None:
        """Fade out and stay where it is."""
        with self._lock:
            if self._deck is not None:
                self._deck.pause()

    def resume(self) -> None:
        """Go on where `pause` stopped, or where the device was lost or given back. Raises PlaybackError."""
        with self._lock:
            if self._deck is not None and self._deck.position is not None:
                self._deck.resume()
            elif self._resume_at is not None and self._source is not None:
                self.play(self._source, loop=self._loop, gain_db=self._gain_db, start=self._resume_at, bed=self._bed)

    def stop(self) -> None:
        """Fade out and forget the sound and its bed."""
        with self._lock:
            self._resume_at = self._bed = None
            if self._deck is not None:
                self._deck.stop()
            for role in ("sound", "bed"):
                self._clips.abandon(role)

    def seek(self, seconds: float) -> None:
        """Jump within the sound that plays or is paused."""
        with self._lock:
            if self._resume_at is not None:
                self._resume_at = max(0.0, seconds)
            clip = self._clips.get("sound")
            if self._deck is None or clip is None:
                return
            frame = clip.frame(seconds)
            clip.prepare(frame)
            self._deck.seek(frame)

    def set_loop(self, loop: bool) -> None:
        """Whether the present sound begins again at its end."""
        with self._lock:
            self._loop = loop
            if self._deck is not None:
                self._deck.set_loop(loop)

    def set_volume_db(self, volume_db: float) -> None:
        """The gain of everything that is played, in dB; at once and without a click."""
        with self._lock:
            self._volume = 10.0 ** (volume_db / 20.0)
            if self._deck is not None:
                self._deck.set_volume(self._volume)

    @property
    def device(self) -> str | int | None:
        """The chosen output; None is the system's default. Setting it stops the sound; the next opens the new one."""
        return self._device

    @device.setter
    def device(self, device: str | int | None) -> None:
        with self._lock:
            if device != self._device:
                self._device = device
                self._resume_at = None
                self._release()

    @property
    def playing(self) -> bool:
        """Whether a sound is going on (not when paused)."""
        deck = self._deck
        # Who sees a failure finds that nothing plays, and who sees that nothing plays any more finds the failure.
        return self._reopening or (deck is not None and deck.playing and self._failure is None)

    @property
    def position_seconds(self) -> float | None:
        """Where in the sound the listener is; None when there is none. Never waits: fit for every frame of a window."""
        place, output, deck = self._resume_at, self._output, self._deck
        if place is not None:
            return place
        position = None if deck is None else deck.position
        if deck is None or output is None or position is None:
            return None
        return max(0.0, position / deck.rate - (output.latency_seconds if deck.playing else 0.0))

    @property
    def bed_position_seconds(self) -> float | None:
        """Where in the bed the next block will be; None while there is none."""
        deck = self._deck
        position = None if deck is None else deck.bed_position
        return None if deck is None or position is None or not deck.playing else position / deck.rate

    @property
    def substitute(self) -> str | None:
        """Says, in words for the user, that the default output plays because the chosen one is away; else None."""
        return self._substitute

    @property
    def failure(self) -> str | None:
        """Why the sound stopped by itself, in words for the user; None when it did not."""
        return self._failure

    @property
    def output_latency_seconds(self) -> float | None:
        """What the open device says of its latency; None while none is open."""
        output = self._output
        return None if output is None else output.latency_seconds

    def close(self) -> None:
        """Stop and give the device back; the player cannot be used afterwards."""
        self._closed.set()
        with self._lock:
            self._release()
            self._clips.forget()
        if self._supervisor is not None and self._supervisor is not threading.current_thread():
            self._supervisor.join(timeout=2.0)

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> tuple[Output, Deck]:
        """The open output and its deck; opens it if need be, looking for devices anew if that fails."""
        if self._closed.is_set():
            raise PlaybackError("The player was closed.")
        if self._output is not None and self._output.alive and self._deck is not None:
            return self._output, self._deck
        self._release()
        try:
            self._connect(self._device)
        except PlaybackError as error:
            _log.info("looking for audio outputs anew: %s", error)
            refresh()
            try:
                self._connect(self._device)
            except PlaybackError:
                if self._device is None:
                    raise
                self._connect(None)
                self._substitute = f"{self._device} is not there or cannot be used: the default output plays instead."
        assert self._output is not None
        assert self._deck is not None
        if self._key_sound is not None:
            self.set_key_sound(*self._key_sound)
        if self._supervisor is None:
            self._supervisor = threading.Thread(target=self._supervise, name="earshot-player", daemon=True)
            self._supervisor.start()
        return self._output, self._deck

    def _connect(self, device: str | int | None) -> None:
        """Open a device, with a deck and keys of its rate. Raises PlaybackError."""

        def prepare(rate: int, channels: int) -> Callable[[Frames], None]:
            self._keys = KeyVoices(rate, channels)
            self._deck = Deck(rate, channels, self._keys)
            self._deck.set_volume(self._volume)
            return self._deck.render

        try:
            self._output = Output(device, prepare, self._latency)
        except PlaybackError:
            self._deck = self._keys = None
            raise
        self._substitute = None

    def _release(self) -> None:
        self._clips.abandon_all()
        output, self._output, self._deck, self._keys = self._output, None, None, None
        if output is not None:
            output.close()

    def _supervise(self) -> None:
        """Gives an idle device back, notices one that is gone, and lengthens the latency of one that stutters."""
        idle_since: float | None = None
        while not self._closed.wait(_SUPERVISION_SECONDS):
            with self._lock:
                if self._output is None or self._deck is None:
                    idle_since = None
                    continue
                silent = self._deck.silent
                idle_since = (idle_since or time.monotonic()) if silent else None
                if not self._output.alive:
                    self._lose()
                elif self._output.underflows > _TOLERATED_UNDERFLOWS and self._latency < _LARGEST_LATENCY_SECONDS:
                    self._lengthen_latency()
                elif idle_since is not None and time.monotonic() - idle_since > IDLE_SECONDS:
                    self._keep_place()
                    self._release()

    def _lengthen_latency(self) -> None:
        """Too busy a machine for so short a latency: open anew with twice as much, and go on."""
        self._latency = min(2.0 * self._latency, _LARGEST_LATENCY_SECONDS)
        _log.info("the output stutters: raising its latency to %.0f ms", 1000.0 * self._latency)
        self._reopening = self.playing
        self._keep_place()
        self._release()
        if self._reopening:
            try:
                self.resume()
            except PlaybackError as error:
                self._failure = str(error)
            finally:
                self._reopening = False

    def _lose(self) -> None:
        """The device went away: keep the place, say so, and leave the rest to the next `play` or `resume`."""
        _log.warning("the audio output went away")
        self._failure = (
            "The audio output went away. Play again to go on: through it if it is back, else the default one."
        )
        self._keep_place()
        self._release()

    def _keep_place(self) -> None:
        if self._deck is not None and self._deck.position is not None:
            self._resume_at = self._deck.position / self._deck.rate
