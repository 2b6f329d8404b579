"""Hearing a sound at once: the player behind the matches, the reference and the library."""

from __future__ import annotations

import threading

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.clips import Clips
from engine.audition.line import Line, OpenLine
from engine.audition.output import OutputDevice, output_devices
from engine.audition.wish import Bed, Wish
from engine.errors import PlaybackError
from engine.jobs import CancelToken


class Player:
    """Plays one sound at a time, alone or over a bed; a new one cuts the old with a 5 ms fade. Keys play beside it.

    The device is opened by the first sound and given back when nothing has sounded for a while. Where the chosen
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
        self._line = Line(device, on_open=self._equip, on_leave=self._leave, on_stutter=self._reopen)
        # Held for moments only, around everything that is written below; where the line's turn is needed too, that one
        # is taken first.
        self._lock = threading.Lock()
        self._pedal = False
        self._bend = 0.0
        self._clips = Clips()
        self._wish: Wish | None = None
        self._bed: Bed | None = None
        """The one that was laid on the deck last."""
        self._key_sound: tuple[Audio | Rendering, float, float] | None = None
        self._volume = 1.0
        self._failure: str | None = None
        self._substitute: str | None = None
        # While the device is opened anew under a sound, which goes on.
        self._reopening = False

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
        wish = Wish(sound, gain_db, loop, bed, start)
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

    def _fulfil(self, wish: Wish, cancel: CancelToken | None) -> None:
        """Open the device if need be, and give its deck what is wished for, if that still is by then."""
        with self._line.turn:
            line = self._line.open()
            with self._lock:
                if self._wish is not wish or wish.paused or wish.place is None:
                    return
                if cancel is not None and cancel.cancelled:
                    return
                self._lay(wish.bed, wish.bed_place, line)
                if not wish.ended:
                    clip = self._clips.prepare(
                        "sound", wish.sound, line.rate, line.channels, gain_db=wish.gain_db, start=wish.place
                    )
                    line.deck.play(clip, position=clip.frame(wish.place), loop=wish.loop)
                wish.place = None

    def _lay(self, bed: Bed | None, place: float | None, line: OpenLine) -> None:
        deck = line.deck
        if bed is not None and bed.sounds_like(self._bed) and deck.playing and deck.bed_position is not None:
            deck.set_bed_loop(bed.loop)
        elif bed is None or place is None:
            self._bed = None
            self._clips.abandon("bed")
            deck.lay(None)
        else:
            self._bed = bed
            below = self._clips.prepare("bed", bed.audio, line.rate, line.channels, gain_db=bed.gain_db, start=place)
            deck.lay(below, position=below.frame(place), loop=bed.loop)

    def set_key_sound(self, sound: Audio | Rendering, root: float, gain_db: float = 0.0) -> None:
        """What the keys play; `root` is the MIDI number (not necessarily whole) at which it sounds as it is."""
        with self._lock:
            self._key_sound = sound, root, gain_db
            line = self._line.current
            if line is not None:
                self._give_keys(line)

    def _give_keys(self, line: OpenLine) -> None:
        """The keys get their sound. Called inside the lock."""
        if self._key_sound is not None:
            sound, root, gain_db = self._key_sound
            line.keys.set_sound(self._clips.prepare("keys", sound, line.rate, line.channels, gain_db=gain_db), root)

    def press(self, note: int, velocity: float) -> None:
        """Strike MIDI key `note` with a velocity of 0 to 1; silent before `set_key_sound`. Raises PlaybackError."""
        with self._line.turn:
            if self._key_sound is None:
                return
            self._failure = None
            self._line.open().keys.press(note, velocity)

    def release(self, note: int) -> None:
        """Let go of a key."""
        line = self._line.current
        if line is not None:
            line.keys.release(note)

    def hold(self, down: bool) -> None:
        """Press or lift the sustain pedal; it stays down where no device is open yet, or another one opens."""
        with self._lock:
            self._pedal = down
            line = self._line.current
            if line is not None:
                line.keys.hold(down)

    def release_all(self) -> None:
        """Let go of every key, and of the pedal."""
        with self._lock:
            self._pedal = False
            line = self._line.current
            if line is not None:
                line.keys.release_all()

    def bend(self, amount: float) -> None:
        """Bend what the keys play; -1 to 1. It stays bent where no device is open yet, or another one opens."""
        with self._lock:
            self._bend = amount
            line = self._line.current
            if line is not None:
                line.keys.bend(amount)

    def wake(self) -> None:
        """Open the device ahead of a likely `play`, so that its first sound comes sooner. Raises PlaybackError."""
        with self._line.turn:
            self._line.open()

    def pause(self) -> None:
        """Fade out and stay where it is."""
        with self._lock:
            if self._wish is not None and self._wish.place is not None:
                self._wish.paused = True
            line = self._line.current
            if line is not None:
                line.deck.pause()

    def resume(self, cancel: CancelToken | None = None) -> None:
        """Go on where `pause` stopped, or where the device was lost or given back. Raises PlaybackError.

        cancel : once it is set the sound does not go on any more, also where that is while the device opens.
        """
        with self._lock:
            wish = self._wish
            if wish is None or (cancel is not None and cancel.cancelled):
                return
            if wish.place is None:
                line = self._line.current
                if line is not None:
                    line.deck.resume()
                return
            self._failure, wish.paused = None, False
        self._fulfil(wish, cancel)

    def stop(self) -> None:
        """Fade out and forget the sound and its bed."""
        with self._lock:
            self._wish = self._bed = None
            line = self._line.current
            if line is not None:
                line.deck.stop()
            for role in ("sound", "bed"):
                self._clips.abandon(role)

    def seek(self, seconds: float) -> None:
        """Jump within the sound that plays or is paused."""
        with self._lock:
            wish, line, clip = self._wish, self._line.current, self._clips.get("sound")
            if wish is not None and wish.place is not None:
                wish.seek(seconds)
            elif line is not None and clip is not None:
                frame = clip.frame(seconds)
                clip.prepare(frame)
                line.deck.seek(frame)

    def set_loop(self, loop: bool, *, bed: bool) -> None:
        """Whether the present sound begins again at its end, and whether its bed does."""
        with self._lock:
            wish, line = self._wish, self._line.current
            if wish is not None:
                wish.set_loop(loop, bed=bed)
            if line is not None:
                line.deck.set_loop(loop)
                line.deck.set_bed_loop(bed)

    def set_volume_db(self, volume_db: float) -> None:
        """The gain of everything that is played, in dB; at once and without a click."""
        with self._lock:
            self._volume = 10.0 ** (volume_db / 20.0)
            line = self._line.current
            if line is not None:
                line.deck.set_volume(self._volume)

    @property
    def device(self) -> str | int | None:
        """The chosen output; None is the system's default. Setting it stops the sound; the next opens the new one."""
        return self._line.device

    @device.setter
    def device(self, device: str | int | None) -> None:
        if device == self._line.device:
            return
        # At once: what is asked for from now on does not begin on the old one, however long that takes to come or go.
        self._line.device = device
        self.stop()
        with self._line.turn:
            line = self._line.current
            if line is not None and line.chosen != device:
                self._line.give_back()

    @property
    def playing(self) -> bool:
        """Whether a sound is going on (not when paused)."""
        line = self._line.current
        # Who sees a failure finds that nothing plays, and who sees that nothing plays any more finds the failure.
        return self._reopening or (line is not None and line.deck.playing and self._failure is None)

    @property
    def position_seconds(self) -> float | None:
        """Where in the sound the listener is; None when there is none. Never waits: fit for every frame of a window."""
        wish, line = self._wish, self._line.current
        place = None if wish is None else wish.place
        if wish is not None and place is not None:
            return None if wish.ended else place
        position = None if line is None else line.deck.position
        if line is None or position is None:
            return None
        return max(0.0, position / line.rate - (line.output.latency_seconds if line.deck.playing else 0.0))

    @property
    def can_go_on(self) -> bool:
        """Whether `resume` would let anything be heard: a sound, or the bed that outlasts it."""
        wish, line = self._wish, self._line.current
        if wish is not None and wish.place is not None:
            return True
        return line is not None and (line.deck.position is not None or line.deck.bed_position is not None)

    @property
    def bed_position_seconds(self) -> float | None:
        """Where in the bed the next block will be; None while there is none."""
        line = self._line.current
        position = None if line is None or not line.deck.playing else line.deck.bed_position
        return None if line is None or position is None else position / line.rate

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
        line = self._line.current
        return None if line is None else line.output.latency_seconds

    def close(self) -> None:
        """Stop and give the device back; the player cannot be used afterwards."""
        self.stop()
        self._line.close()
        with self._lock:
            self._clips.forget()

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _equip(self, line: OpenLine) -> None:
        """A device was opened: what was set before holds on it too."""
        self._substitute = line.substitute
        with self._lock:
            line.deck.set_volume(self._volume)
            line.keys.hold(self._pedal)
            line.keys.bend(self._bend)
            self._give_keys(line)

    def _leave(self, line: OpenLine, reason: str | None) -> None:
        """A device is about to be given back: keep the place, and leave the rest to the next `play` or `resume`."""
        with self._lock:
            wish = self._wish
            if wish is not None and wish.place is None:
                if not wish.take_from(line.deck):
                    self._wish = None  # it has ended
                elif reason is not None:
                    self._failure = reason
            self._clips.abandon_all()

    def _reopen(self) -> None:
        """The device stutters: open it anew, and go on."""
        self._reopening = self.playing
        self._line.give_back()
        wish = self._wish
        if self._reopening and wish is not None:
            try:
                self._fulfil(wish, None)
            except PlaybackError as error:
                self._failure = str(error)
        self._reopening = False
