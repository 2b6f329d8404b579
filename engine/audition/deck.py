"""What happens inside the audio callback: copying prepared samples, with short fades wherever a sound is cut.

The callback may not wait. It takes its orders from a queue that needs no lock, reads buffers that were resampled
before, and writes into memory that was reserved before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]
"""Interleaved audio as the device takes it, float32 [frames, channels]."""

FADE_SECONDS = 0.005
LARGEST_BLOCK = 4096
LEAVING_AT_ONCE = 6


class PlayableClip(Protocol):
    """A sound at the device's rate, of which some stretches may still be in preparation."""

    frames: Frames

    def ready_until(self, position: int) -> int:
        """The end of the prepared stretch that holds `position`, or `position` itself if it is not prepared yet."""


class Layer(Protocol):
    """Something else that sounds in the same blocks."""

    @property
    def silent(self) -> bool:
        """Whether it has nothing to add."""

    def add_to(self, out: Frames) -> None:
        """Add to a block of at most `LARGEST_BLOCK` frames, by the rules of the callback."""


@dataclass(slots=True)
class _Voice:
    clip: PlayableClip
    position: int
    loop: bool
    # Frames since it began to come in or go out; beyond the fade's length there is no fade.
    faded: int = 0
    level: float = 1.0

    def read(self, out: Frames) -> int:
        """Copy the next frames into `out`, silence where there are none (yet); the number of frames it went on by."""
        total = self.clip.frames.shape[0]
        wanted, done = out.shape[0], 0
        while done < wanted:
            if self.position >= total:
                if not self.loop:
                    break
                self.position = 0
            until = min(self.clip.ready_until(self.position), self.position + wanted - done)
            count = until - self.position
            if count <= 0:
                break
            np.copyto(out[done : done + count], self.clip.frames[self.position : until])
            self.position = until
            done += count
        out[done:] = 0.0
        return done

    @property
    def ended(self) -> bool:
        return not self.loop and self.position >= self.clip.frames.shape[0]


class Deck:
    """Plays one sound at a time into blocks of frames; another may be fading out below it.

    Below the sound there may be a bed: a part of the reference that goes on while sounds are tried out over it. Orders
    may be given from any one thread while another renders. They are obeyed at the start of the next block.

    Parameters
    ----------
    rate, channels : of the blocks.
    layer : added to every block, whatever the deck plays.
    """

    def __init__(self, rate: int, channels: int, layer: Layer | None = None) -> None:
        self.rate = rate
        self.channels = channels
        self._layer = layer
        self._orders: deque[tuple[str, object]] = deque()
        self._lent: list[PlayableClip] = []
        self._current: _Voice | None = None
        self._bed: _Voice | None = None
        self._paused = False
        self._volume = 1.0
        self._wanted_volume = 1.0
        self._was_silent = True
        self._leaving: list[_Voice | None] = [None] * LEAVING_AT_ONCE
        fade = max(2, round(FADE_SECONDS * rate))
        # Equal gain at the crossing: the two sounds of a cut are seldom alike, but a resumed one is.
        rise = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, fade))
        # As wide as a block, because broadcasting would make numpy reserve memory on the way.
        self._fade_in: Frames = np.tile(rise.astype(np.float32)[:, None], (1, channels))
        self._fade_out: Frames = np.ascontiguousarray(self._fade_in[::-1])
        self._scratch = np.zeros((LARGEST_BLOCK, channels), dtype=np.float32)
        self._ramp = np.tile(np.linspace(0.0, 1.0, LARGEST_BLOCK, dtype=np.float32)[:, None], (1, channels))

    def play(self, clip: PlayableClip, *, position: int = 0, loop: bool = False) -> None:
        """Cut to `clip` from frame `position`."""
        self._lend(clip)
        self._orders.append(("play", _Voice(clip, position, loop, 0 if position > 0 else self._fade_in.shape[0])))

    def lay(self, bed: PlayableClip | None, *, position: int = 0, loop: bool = False) -> None:
        """Cut to another bed, from frame `position`; None takes it away."""
        if bed is not None:
            self._lend(bed)
        faded = 0 if position > 0 else self._fade_in.shape[0]
        self._orders.append(("lay", None if bed is None else _Voice(bed, position, loop, faded)))

    def _lend(self, clip: PlayableClip) -> None:
        """Keep a clip for as long as it may sound: to give the memory of a long one back takes milliseconds, which the
        callback has not."""
        # In the order in which a voice goes from one to the next, so that none is overlooked on its way.
        ordered = [argument for _, argument in tuple(self._orders) if isinstance(argument, _Voice)]
        sounding = [voice.clip for voice in (*ordered, self._current, self._bed, *self._leaving) if voice is not None]
        self._lent = [lent for lent in self._lent if lent is not clip and any(lent is other for other in sounding)]
        self._lent.append(clip)

    def stop(self) -> None:
        """Fade to silence and forget the sound and its bed."""
        self._orders.append(("stop", None))

    def pause(self) -> None:
        """Fade to silence and remember where."""
        self._orders.append(("pause", None))

    def resume(self) -> None:
        """Fade in where `pause` left."""
        self._orders.append(("resume", None))

    def seek(self, position: int) -> None:
        """Jump to frame `position` of the sound, and of the bed, as often as it has gone round by then."""
        self._orders.append(("seek", position))

    def set_loop(self, loop: bool) -> None:
        """Whether the sound begins again at its end."""
        self._orders.append(("loop", loop))

    def set_bed_loop(self, loop: bool) -> None:
        """Whether the bed begins again at its end."""
        self._orders.append(("loop bed", loop))

    def set_volume(self, gain: float) -> None:
        """The linear gain of everything: within a block of what sounds, at once for what begins."""
        self._wanted_volume = gain

    @property
    def position(self) -> int | None:
        """The next frame of the sound to be rendered, None when there is no sound."""
        orders = tuple(self._orders)
        return self._position_of(self._current, "play", orders)

    @property
    def bed_position(self) -> int | None:
        """The next frame of the bed to be rendered, None when there is no bed."""
        orders = tuple(self._orders)
        return self._position_of(self._bed, "lay", orders)

    @staticmethod
    def _position_of(voice: _Voice | None, replaced_by: str, orders: tuple[tuple[str, object], ...]) -> int | None:
        """Of a voice, or of what waits in the orders to take its place."""
        for order, argument in orders:
            if order == replaced_by:
                voice = argument  # type: ignore[assignment]
            elif order == "stop":
                voice = None
        return None if voice is None else voice.position

    @property
    def playing(self) -> bool:
        """Whether a sound or its bed is going on, or will with the next block."""
        orders = tuple(self._orders)
        sound, bed, paused = self._current is not None, self._bed is not None, self._paused
        for order, argument in orders:
            if order == "play":
                sound, paused = True, False
            elif order == "lay":
                bed = argument is not None
            elif order == "stop":
                sound = bed = False
            elif order in ("pause", "resume"):
                paused = order == "pause"
        return (sound or bed) and not paused

    @property
    def silent(self) -> bool:
        """Whether nothing sounds, not even a fade, and nothing is ordered."""
        if self._orders:
            return False
        still = (self._current is None and self._bed is None) or self._paused
        other = self._layer is not None and not self._layer.silent
        return still and not any(self._leaving) and not other

    @property
    def muted(self) -> bool:
        """Whether a volume of 0 is reached."""
        return self._volume == 0.0

    def render(self, out: Frames) -> None:
        """Fill `out` ([frames, channels]); the whole of the audio callback."""
        while self._orders:
            # An order stands until it is obeyed, and is looked at before what it changes: in between, a sound that was
            # just begun would seem to be over.
            self._obey(*self._orders[0])
            self._orders.popleft()
        for start in range(0, out.shape[0], LARGEST_BLOCK):
            self._render_block(out[start : start + LARGEST_BLOCK])

    def _obey(self, order: str, argument: object) -> None:
        voices = [voice for voice in (self._current, self._bed) if voice is not None]
        if order == "play":
            self._let_go(self._current)
            self._current = argument  # type: ignore[assignment]
            self._paused = False
        elif order == "lay":
            self._let_go(self._bed)
            self._bed = argument  # type: ignore[assignment]
        elif order == "stop":
            for voice in voices:
                self._let_go(voice)
            self._current = self._bed = None
        elif order == "pause" and voices and not self._paused:
            for voice in voices:
                self._let_go(voice)
            self._paused = True
        elif order == "resume" and self._paused:
            self._paused = False
            for voice in voices:
                voice.faded = 0
        elif order == "seek":
            for voice in voices:
                self._let_go(voice)
                voice.position = int(argument)  # type: ignore[call-overload]
                voice.faded = 0
            if self._current is not None:
                self._current.position = min(self._current.position, self._current.clip.frames.shape[0])
            if self._bed is not None:
                self._bed.position %= self._bed.clip.frames.shape[0]
        elif order == "loop" and self._current is not None:
            self._current.loop = bool(argument)
        elif order == "loop bed" and self._bed is not None:
            self._bed.loop = bool(argument)

    def _let_go(self, voice: _Voice | None) -> None:
        """Leave a copy of a voice behind to fade out."""
        if voice is None or self._paused or voice.ended:
            return
        slot = 0
        for number, leaving in enumerate(self._leaving):
            if leaving is None:
                slot = number
                break
            if leaving.faded > self._leaving[slot].faded:  # type: ignore[union-attr]
                slot = number
        # A sound that is cut while it still comes in goes out from where it had come to.
        come_in = voice.faded < self._fade_in.shape[0]
        level = float(self._fade_in[voice.faded, 0]) if come_in else 1.0
        self._leaving[slot] = _Voice(voice.clip, voice.position, voice.loop, level=level)

    def _render_block(self, out: Frames) -> None:
        out.fill(0.0)
        if not self._paused:
            for voice in (self._current, self._bed):
                if voice is not None:
                    self._add(voice, out)
            if self._current is not None and self._current.ended:
                self._current = None
            if self._bed is not None and self._bed.ended:
                self._bed = None
        for number, leaving in enumerate(self._leaving):
            if leaving is None:
                continue
            left = self._fade_out.shape[0] - leaving.faded
            part = self._scratch[: min(left, out.shape[0])]
            done = leaving.read(part)
            self._fade(leaving, self._fade_out, part, part.shape[0])
            np.multiply(part, np.float32(leaving.level), out=part)
            np.add(out[: part.shape[0]], part, out=out[: part.shape[0]])
            if leaving.faded >= self._fade_out.shape[0] or done < part.shape[0]:
                self._leaving[number] = None
        if self._layer is not None:
            self._layer.add_to(out)
        self._apply_volume(out)
        self._was_silent = self.silent

    def _add(self, voice: _Voice, out: Frames) -> None:
        part = self._scratch[: out.shape[0]]
        done = voice.read(part)
        self._fade(voice, self._fade_in, part, done)
        np.add(out, part, out=out)

    @staticmethod
    def _fade(voice: _Voice, curve: Frames, out: Frames, done: int) -> None:
        count = min(done, curve.shape[0] - voice.faded)
        if count > 0:
            np.multiply(out[:count], curve[voice.faded : voice.faded + count], out=out[:count])
            voice.faded += count

    def _apply_volume(self, out: Frames) -> None:
        wanted = self._wanted_volume
        if self._was_silent:
            self._volume = wanted
        if wanted == self._volume:
            if wanted != 1.0:
                np.multiply(out, np.float32(wanted), out=out)
        else:
            gains = self._scratch[: out.shape[0]]
            np.multiply(self._ramp[: out.shape[0]], np.float32((wanted - self._volume) * LARGEST_BLOCK), out=gains)
            np.divide(gains, np.float32(out.shape[0]), out=gains)
            np.add(gains, np.float32(self._volume), out=gains)
            np.multiply(out, gains, out=out)
            self._volume = wanted
        np.clip(out, -1.0, 1.0, out=out)
