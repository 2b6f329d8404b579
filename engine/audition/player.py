"""Hearing a sound at once: the player behind the matches, the reference and the library."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.clips import Clips
from engine.audition.deck import Deck, Frames
from engine.audition.keys import KeyVoices
from engine.audition.level import level_gain_db
from engine.audition.output import LATENCY_SECONDS, Output, OutputDevice, output_devices, refresh
from engine.audition.prepare import load_for_audition
from engine.errors import PlaybackError
from engine.jobs import CancelToken

__all__ = ["Bed", "OutputDevice", "Player", "level_gain_db", "load_for_audition"]

IDLE_SECONDS = 3.0
"""How long the device is kept after the last sound: the next click is heard sooner, other programs are not shut out."""

_SUPERVISION_SECONDS = 0.25
_CLOSING_SECONDS = 2.0
_TOLERATED_UNDERFLOWS = 8
_LARGEST_LATENCY_SECONDS = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Bed:
    """What a sound is heard over: a part of the reference, its gain, and whether it goes round."""

    audio: Audio
    gain_db: float = 0.0
    loop: bool = False


@dataclass(eq=False)
class _Wish:
    """What was asked for last.

    Attributes
    ----------
    place : seconds at which it begins as soon as the device is open; None once the deck has it.
    bed_place : seconds at which its bed begins then; None where that was heard to its end.
    ended : the sound was heard to its end, and only its bed goes on.
    paused : it waits for `resume` before that.
    """

    sound: Audio | Rendering
    gain_db: float
    loop: bool
    bed: Bed | None
    place: float | None
    bed_place: float | None = 0.0
    ended: bool = False
    paused: bool = False


class Player:
    """Plays one sound at a time, alone or over a bed; a new one cuts the old with a 5 ms fade. Keys play beside it.

    The device is opened by the first sound and given back when nothing has sounded for `IDLE_SECONDS`. Where the chosen
    device is away the default one takes its place, and `substitute` says so. Without any device everything but `play`,
    `resume`, `press` and `devices` works, and those raise PlaybackError.

    All methods may be called from any thread. Those that need the device - the ones that raise PlaybackError, setting
    `device`, and `close` - wait until it is open or closed, which of a sleeping one takes seconds; no other one waits
    for that, and what is asked meanwhile is obeyed: a sound that is stopped or paused before the device is open is not
    heard.

    Parameters
    ----------
    device : name or index of the output, None for the system's default.
    """

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        # Two locks, taken in this order. The first is held while a device opens or closes, the second for moments only,
        # around everything else that is written below.
        self._turn = threading.RLock()
        self._lock = threading.Lock()
        self._output: Output | None = None
        self._opened_for = device
        """Of `_output`: the device that was asked for, which need not be the one that plays."""
        self._deck: Deck | None = None
        self._keys: KeyVoices | None = None
        self._pedal = False
        self._clips = Clips()
        self._wish: _Wish | None = None
        self._bed: Bed | None = None
        self._key_sound: tuple[Audio | Rendering, float, float] | None = None
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
        cancel: CancelToken | None = None,
    ) -> None:
        """Play `sound` from `start` seconds, cutting what plays now.

        Parameters
        ----------
        sound : decoded sound of any rate, mono or more, or a rendering that has begun.
        loop : begin again at the end.
        gain_db : see `level_gain_db`.
        bed : heard below it. One that sounds already goes on; without one the sound is alone.
        cancel : once it is set the sound does not begin any more, also where that is while the device opens.

        Raises PlaybackError when there is no output or it refuses.
        """
        wish = _Wish(sound, gain_db, loop, bed, start)
        with self._lock:
            if cancel is not None and cancel.cancelled:
                return
            self._failure, self._wish = None, wish
        try:
            self._fulfil(wish, cancel)
        except PlaybackError:
            with self._lock:
                if self._wish is wish:
                    self._wish = None
            raise

    def _fulfil(self, wish: _Wish, cancel: CancelToken | None) -> None:
        """Open the device if need be, and give its deck what is wished for, if that still is by then."""
        with self._turn:
            output, deck = self._open()
            with self._lock:
                if self._wish is not wish or wish.paused or wish.place is None:
                    return
                if cancel is not None and cancel.cancelled:
                    return
                self._lay(wish.bed, wish.bed_place, output, deck)
                if not wish.ended:
                    clip = self._clips.prepare(
                        "sound", wish.sound, output.rate, output.channels, gain_db=wish.gain_db, start=wish.place
                    )
                    deck.play(clip, position=clip.frame(wish.place), loop=wish.loop)
                wish.place = None

    def _lay(self, bed: Bed | None, place: float | None, output: Output, deck: Deck) -> None:
        before, sounds = self._bed, deck.playing and deck.bed_position is not None
        same = bed is not None and before is not None and bed.audio is before.audio and bed.gain_db == before.gain_db
        if bed is not None and same and sounds:
            deck.set_bed_loop(bed.loop)
            return
        if bed is None or place is None:
            self._bed = None
            self._clips.abandon("bed")
            deck.lay(None)
        else:
            self._bed = bed
            below = self._clips.prepare(
                "bed", bed.audio, output.rate, output.channels, gain_db=bed.gain_db, start=place
            )
            deck.lay(below, position=below.frame(place), loop=bed.loop)

    def set_key_sound(self, sound: Audio | Rendering, root: float, gain_db: float = 0.0) -> None:
        """What the keys play; `root` is the MIDI number (not necessarily whole) at which it sounds as it is."""
        with self._lock:
            self._key_sound = sound, root, gain_db
            self._give_keys()

    def _give_keys(self) -> None:
        """The keys of an open device get their sound. Called inside the lock."""
        output, keys = self._output, self._keys
        if self._key_sound is not None and output is not None and keys is not None:
            sound, root, gain_db = self._key_sound
            keys.set_sound(self._clips.prepare("keys", sound, output.rate, output.channels, gain_db=gain_db), root)

    def press(self, note: int, velocity: float) -> None:
        """Strike MIDI key `note` with a velocity of 0 to 1; silent before `set_key_sound`. Raises PlaybackError."""
        with self._turn:
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

    def hold(self, down: bool) -> None:
        """Press or lift the sustain pedal; it stays down where no device is open yet, or another one opens."""
        with self._lock:
            self._pedal = down
            if self._keys is not None:
                self._keys.hold(down)

    def release_all(self) -> None:
        """Let go of every key, and of the pedal."""
        with self._lock:
            self._pedal = False
            if self._keys is not None:
                self._keys.release_all()

    def bend(self, amount: float) -> None:
        """Bend what the keys play; -1 to 1."""
        keys = self._keys
        if keys is not None:
            keys.bend(amount)

    def wake(self) -> None:
        """Open the device ahead of a likely `play`, so that its first sound comes sooner. Raises PlaybackError."""
        with self._turn:
            self._open()

    def pause(self) -> None:
        """Fade out and stay where it is."""
        with self._lock:
            if self._wish is not None and self._wish.place is not None:
                self._wish.paused = True
            if self._deck is not None:
                self._deck.pause()

    def resume(self, cancel: CancelToken | None = None) -> None:
        """Go on where `pause` stopped, or where the device was lost or given back. Raises PlaybackError.

        cancel : once it is set the sound does not go on any more, also where that is while the device opens.
        """
        with self._lock:
            wish = self._wish
            if wish is None or (cancel is not None and cancel.cancelled):
                return
            if wish.place is None:
                if self._deck is not None:
                    self._deck.resume()
                return
            self._failure, wish.paused = None, False
        self._fulfil(wish, cancel)

    def stop(self) -> None:
        """Fade out and forget the sound and its bed."""
        with self._lock:
            self._wish = self._bed = None
            if self._deck is not None:
                self._deck.stop()
            for role in ("sound", "bed"):
                self._clips.abandon(role)

    def seek(self, seconds: float) -> None:
        """Jump within the sound that plays or is paused."""
        with self._lock:
            wish = self._wish
            if wish is not None and wish.place is not None:
                wish.place = max(0.0, seconds)
                if wish.bed is not None and wish.bed_place is not None:  # with it, as on the deck
                    wish.bed_place = wish.place % wish.bed.audio.duration_seconds
                return
            clip = self._clips.get("sound")
            if self._deck is None or clip is None:
                return
            frame = clip.frame(seconds)
            clip.prepare(frame)
            self._deck.seek(frame)

    def set_loop(self, loop: bool, *, bed: bool) -> None:
        """Whether the present sound begins again at its end, and whether its bed does."""
        with self._lock:
            wish = self._wish
            if wish is not None:
                wish.loop = loop
                if wish.bed is not None:
                    wish.bed = replace(wish.bed, loop=bed)
            if self._deck is not None:
                self._deck.set_loop(loop)
                self._deck.set_bed_loop(bed)

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
        if device == self._device:
            return
        # At once: what is asked for from now on does not begin on the old one, however long that takes to come or go.
        self._device = device
        self.stop()
        with self._turn:
            if self._opened_for != device:
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
        wish, output, deck = self._wish, self._output, self._deck
        place = None if wish is None else wish.place
        if wish is not None and place is not None:
            return None if wish.ended else place
        position = None if deck is None else deck.position
        if deck is None or output is None or position is None:
            return None
        return max(0.0, position / deck.rate - (output.latency_seconds if deck.playing else 0.0))

    @property
    def can_go_on(self) -> bool:
        """Whether `resume` would let anything be heard: a sound, or the bed that outlasts it."""
        wish, deck = self._wish, self._deck
        if wish is not None and wish.place is not None:
            return True
        return deck is not None and (deck.position is not None or deck.bed_position is not None)

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
        self.stop()
        # A device that is being opened is closed by whoever opens it, as soon as that is done.
        if self._turn.acquire(timeout=_CLOSING_SECONDS):
            try:
                self._release()
                with self._lock:
                    self._clips.forget()
            finally:
                self._turn.release()
        if self._supervisor is not None and self._supervisor is not threading.current_thread():
            self._supervisor.join(timeout=_CLOSING_SECONDS)

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> tuple[Output, Deck]:
        """The open output and its deck; opens it if need be, looking for devices anew if that fails. Called in turn."""
        self._check_not_closed()
        wanted = self._device
        if self._output is not None and self._output.alive and self._deck is not None and self._opened_for == wanted:
            return self._output, self._deck
        self._release()
        self._opened_for = wanted
        try:
            self._connect(wanted)
        except PlaybackError as error:
            _log.info("looking for audio outputs anew: %s", error)
            refresh()
            try:
                self._connect(wanted)
            except PlaybackError:
                if wanted is None:
                    raise
                self._connect(None)
                self._substitute = f"{wanted} is not there or cannot be used: the default output plays instead."
        assert self._output is not None
        assert self._deck is not None
        if self._closed.is_set():  # while it was opened
            self._release()
        self._check_not_closed()
        with self._lock:
            self._give_keys()
        if self._supervisor is None:
            self._supervisor = threading.Thread(target=self._supervise, name="earshot-player", daemon=True)
            self._supervisor.start()
        return self._output, self._deck

    def _check_not_closed(self) -> None:
        if self._closed.is_set():
            raise PlaybackError("The player was closed.")

    def _connect(self, device: str | int | None) -> None:
        """Open a device, with a deck and keys of its rate. Raises PlaybackError."""

        def prepare(rate: int, channels: int) -> Callable[[Frames], None]:
            with self._lock:
                self._keys = KeyVoices(rate, channels)
                self._keys.hold(self._pedal)
                self._deck = deck = Deck(rate, channels, self._keys)
                deck.set_volume(self._volume)
            return deck.render

        try:
            self._output = Output(device, prepare, self._latency)
        except PlaybackError:
            with self._lock:
                self._deck = self._keys = None
            raise
        self._substitute = None

    def _release(self) -> None:
        """Give the device back, if one is open. Called in turn."""
        with self._lock:
            self._clips.abandon_all()
            output, self._output, self._deck, self._keys = self._output, None, None, None
        if output is not None:
            output.close()

    def _supervise(self) -> None:
        """Gives an idle device back, notices one that is gone, and lengthens the latency of one that stutters."""
        idle_since: float | None = None
        while not self._closed.wait(_SUPERVISION_SECONDS):
            with self._turn:
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
        wish = self._wish
        if self._reopening and wish is not None:
            try:
                self._fulfil(wish, None)
            except PlaybackError as error:
                self._failure = str(error)
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
        """Sound and bed will go on where they are on the deck, which is about to go."""
        with self._lock:
            wish, deck = self._wish, self._deck
            if wish is None or wish.place is not None or deck is None:
                return
            position, below = deck.position, deck.bed_position
            if position is None and below is None:
                self._wish = None  # it has ended
                return
            wish.ended, wish.paused = position is None, not deck.playing
            wish.bed_place = None if below is None else below / deck.rate
            wish.place = (position or 0) / deck.rate
