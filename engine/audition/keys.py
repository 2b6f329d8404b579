"""The chosen sound under the keys of a keyboard: voices that read one prepared clip at different speeds.

A part of the audio callback, under its rules: no waiting, and no memory but what was reserved before.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.audition.deck import LARGEST_BLOCK, Frames, PlayableClip
from engine.notes import hz_to_midi

MOST_VOICES = 16
RELEASE_SECONDS = 0.08
BEND_SEMITONES = 2.0
_CUT_SECONDS = 0.005
_SPARE_VOICES = 8
"""For those that were cut and still fade."""
_HEADROOM = 0.5
"""Several voices at once shall not clip at once."""


def root_of(pitch_hz: float | None) -> float:
    """The MIDI number, not necessarily whole, at which a sound of this pitch plays as it is; middle C without one."""
    return 60.0 if pitch_hz is None else hz_to_midi(pitch_hz)


class _Voice:
    """One key: made once, used again and again."""

    __slots__ = ("age", "clip", "down", "fade", "gain", "left", "note", "position", "root")

    def __init__(self) -> None:
        self.clip: PlayableClip | None = None
        self.note = 0
        self.down = False
        self.root = 0.0
        self.position = 0.0
        self.gain = 0.0
        self.age = 0
        # Frames that a release takes, and how many are left of it; no release while `fade` is 0.
        self.fade = 0
        self.left = 0


class KeyVoices:
    """At most `MOST_VOICES` keys at once; one more cuts the oldest.

    Orders may be given from any thread while another renders, and are obeyed at the start of the next block.

    Parameters
    ----------
    rate, channels : of the blocks.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._orders: deque[tuple[str, int, float]] = deque()
        self._sound: tuple[PlayableClip, float] | None = None
        self._lent: list[PlayableClip] = []
        self._voices = [_Voice() for _ in range(MOST_VOICES + _SPARE_VOICES)]
        self._struck = 0
        self._bend = 0.0
        self._pedal = False
        self._steps = np.arange(LARGEST_BLOCK, dtype=np.float64)
        self._places = np.zeros(LARGEST_BLOCK, dtype=np.float64)
        self._whole = np.zeros(LARGEST_BLOCK, dtype=np.float64)
        self._indices = np.zeros(LARGEST_BLOCK, dtype=np.intp)
        self._before = np.zeros((LARGEST_BLOCK, channels), dtype=np.float32)
        self._after = np.zeros((LARGEST_BLOCK, channels), dtype=np.float32)
        self._weights = np.zeros((LARGEST_BLOCK, channels), dtype=np.float32)

    def set_sound(self, clip: PlayableClip, root: float) -> None:
        """What the keys struck from now on play.

        Parameters
        ----------
        root : the MIDI number, not necessarily whole, at which the clip sounds as it is.
        """
        before, self._sound = self._sound, (clip, root)
        # As on the deck the callback gives no memory back; it may be about to strike a key with the sound before.
        self._lent = [voice.clip for voice in self._voices if voice.clip is not None]
        if before is not None:
            self._lent.append(before[0])

    def press(self, note: int, velocity: float) -> None:
        """Strike MIDI key `note` with a velocity of 0 to 1."""
        self._orders.append(("press", note, velocity))

    def release(self, note: int) -> None:
        """Let go of a key: its sound fades in `RELEASE_SECONDS`, unless the pedal holds it."""
        self._orders.append(("release", note, 0.0))

    def bend(self, amount: float) -> None:
        """Bend every voice; -1 to 1 stand for `BEND_SEMITONES` down and up."""
        self._orders.append(("bend", 0, amount))

    def hold(self, down: bool) -> None:
        """Press or lift the sustain pedal: while it is down what is released sounds on."""
        self._orders.append(("hold", 0, float(down)))

    def release_all(self) -> None:
        """Let go of every key, and of the pedal."""
        self._orders.append(("release all", 0, 0.0))

    @property
    def silent(self) -> bool:
        """Whether no voice sounds and nothing is ordered."""
        return not self._orders and all(voice.clip is None for voice in self._voices)

    def add_to(self, out: Frames) -> None:
        """Add all voices to a block of at most `LARGEST_BLOCK` frames."""
        while self._orders:
            self._obey(*self._orders[0])  # which stands until it is obeyed: see the deck
            self._orders.popleft()
        for voice in self._voices:
            if voice.clip is not None:
                self._add_voice(voice, voice.clip, out)

    def _obey(self, order: str, note: int, value: float) -> None:
        if order == "bend":
            self._bend = value * BEND_SEMITONES
        elif order == "press":
            self._strike(note, value)
        else:
            if order in ("hold", "release all"):
                self._pedal = value > 0.0
            for voice in self._voices:
                if order == "release all" or (order == "release" and voice.note == note):
                    voice.down = False
                if voice.clip is not None and not voice.down and not self._pedal:
                    self._let_go(voice, RELEASE_SECONDS)

    def _strike(self, note: int, velocity: float) -> None:
        if self._sound is None:
            return
        held, oldest, free = 0, None, None
        for voice in self._voices:
            if voice.clip is None:
                free = voice
            elif voice.note == note:
                self._let_go(voice, _CUT_SECONDS)
            elif not voice.fade:
                held += 1
                oldest = voice if oldest is None or voice.age < oldest.age else oldest
        if held >= MOST_VOICES and oldest is not None:
            self._let_go(oldest, _CUT_SECONDS)
        if free is None:
            free = min(self._voices, key=_remaining)
        self._struck += 1
        free.clip, free.root = self._sound
        free.note, free.down, free.age = note, True, self._struck
        free.position, free.fade, free.left = 0.0, 0, 0
        # The square: half the velocity is a quarter of the amplitude, as most instruments have it.
        free.gain = _HEADROOM * velocity * velocity

    def _let_go(self, voice: _Voice, seconds: float) -> None:
        frames = max(1, round(seconds * self._rate))
        if not voice.fade:
            voice.fade = voice.left = frames
        elif voice.left > frames:
            # It faded slowly and is cut now: from the level to which it had come.
            voice.gain *= voice.left / voice.fade
            voice.fade = voice.left = frames

    def _add_voice(self, voice: _Voice, clip: PlayableClip, out: Frames) -> None:
        speed = 2.0 ** ((voice.note - voice.root + self._bend) / 12.0)
        total = clip.frames.shape[0]
        count = out.shape[0] if not voice.fade else min(out.shape[0], voice.left)
        end = _ready_until(clip, int(voice.position), int(voice.position + count * speed) + 2)
        count = min(count, max(0, int((end - 1 - voice.position) / speed)))
        if count:
            self._interpolate(clip, voice.position, speed, count)
            part = self._before[:count]
            if voice.fade:
                self._fade(voice, part)
            else:
                np.multiply(part, np.float32(voice.gain), out=part)
            np.add(out[:count], part, out=out[:count])
        voice.position += count * speed
        if voice.fade:
            voice.left -= out.shape[0]
        if voice.position >= total - 1 - speed or (voice.fade and voice.left <= 0):
            voice.clip = None

    def _interpolate(self, clip: PlayableClip, position: float, speed: float, count: int) -> None:
        """Frames between the clip's, along straight lines, into `_before`."""
        places, whole, indices = self._places[:count], self._whole[:count], self._indices[:count]
        before, after, weights = self._before[:count], self._after[:count], self._weights[:count]
        np.multiply(self._steps[:count], speed, out=places)
        np.add(places, position, out=places)
        np.floor(places, out=whole)
        np.copyto(indices, whole, casting="unsafe")
        np.subtract(places, whole, out=places)
        for channel in range(weights.shape[1]):
            np.copyto(weights[:, channel], places, casting="unsafe")
        # "clip" only because "raise" would copy first; no index is outside.
        np.take(clip.frames, indices, axis=0, out=before, mode="clip")
        np.add(indices, 1, out=indices)
        np.take(clip.frames, indices, axis=0, out=after, mode="clip")
        np.subtract(after, before, out=after)
        np.multiply(after, weights, out=after)
        np.add(before, after, out=before)

    def _fade(self, voice: _Voice, part: Frames) -> None:
        """Down a straight line, from where the release has come to."""
        places, weights = self._places[: part.shape[0]], self._weights[: part.shape[0]]
        np.subtract(voice.left, self._steps[: part.shape[0]], out=places)
        np.multiply(places, voice.gain / voice.fade, out=places)
        for channel in range(weights.shape[1]):
            np.copyto(weights[:, channel], places, casting="unsafe")
        np.multiply(part, weights, out=part)


def _remaining(voice: _Voice) -> float:
    """How much would be lost by cutting a voice off: those that fade go before those that are held."""
    return float(voice.left) if voice.fade else float("inf")


def _ready_until(clip: PlayableClip, position: int, wanted: int) -> int:
    """The end of what is prepared from `position` on, at most `wanted` or a little more."""
    end = clip.ready_until(position)
    while position < end < wanted:
        position, end = end, clip.ready_until(end)
    return max(position, end)
