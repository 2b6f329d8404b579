"""Turns decoded audio into frames for the device: its rate, its channels, the wanted gain."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import soxr

from engine.audio.decode import Audio, decode, probe
from engine.audio.sources import reading
from engine.audio.suffixes import is_preset_file
from engine.audition.change import Rendering
from engine.audition.deck import FADE_SECONDS, Frames
from engine.errors import AudioError
from engine.presets import audition

MOST_SAMPLES = 53_000_000
"""A file with more of them, in all its channels, is not heard whole: ten minutes in stereo at 44.1 kHz, 200 MB."""
BEGINNING_SAMPLES = 10_584_000
"""What of such a file is heard: two minutes in stereo at 44.1 kHz, decoded in a fraction of a second."""

_SMALL_BYTES = 1 << 18
"""No smaller file lasts so long; its header is read once, by whatever decodes it."""
_CONTEXT_SECONDS = 0.02


def _fold(left: str, right: str) -> np.ndarray:
    """float32 [2, channels]: what of each channel is heard left and right. 1 is all of it, / 3 dB less, - none."""
    shares = {"1": 1.0, "/": math.sqrt(0.5), "-": 0.0}
    return np.array([[shares[mark] for mark in side] for side in (left, right)], np.float32)


_FOLDS = {
    2: _fold("1-", "-1"),
    3: _fold("1-/", "-1/"),
    4: _fold("1-/-", "-1-/"),
    5: _fold("1-//-", "-1/-/"),
    6: _fold("1-/-/-", "-1/--/"),
    7: _fold("1-/-//-", "-1/-/-/"),
    8: _fold("1-/-/-/-", "-1/--/-/"),
}
"""By their number, in the order of WAV and FLAC: left, right, centre, low frequencies (from 5.1 on; BS.775 leaves them
out), back left and right, side left and right. Four are two in front and two behind; 6.1 has one behind."""


def load_for_audition(
    path: str | Path,
    *,
    preset: str | None = None,
    root: str | Path | None = None,
    start: float = 0.0,
    end: float | None = None,
    to_the_end: bool = False,
) -> Audio:
    """Decode `path`, or the stretch from `start` to `end` seconds, ready to be played or looped without clicks.

    The one place where a sound becomes audio, whether it is a file or a preset inside of one; of a preset it is what
    `engine.presets.audition` plays, within `root`. Where neither an `end` is given nor `to_the_end` asked for, a file
    with more than `MOST_SAMPLES`, or whose header does not say how long it is, ends after its first
    `BEGINNING_SAMPLES`: it shall begin at once. A stretch cut out of a longer sound begins and ends in the middle of a
    wave, so its ends are faded (5 ms); a file that is asked for without `start` or `end` begins or ends as it does.
    Raises AudioError.
    """
    if start < 0.0 or (end is not None and end <= start):
        raise AudioError(path, f"There is no such part: {start:g} s to {end} s.")
    if is_preset_file(path):
        whole = audition(Path(path), preset or "", root=None if root is None else Path(root))
        first = round(start * whole.rate)
        last = None if end is None else max(first + 1, round(end * whole.rate))
        if first >= whole.samples.shape[1]:
            raise AudioError(path, f"Nothing is there after {start:g} s: it lasts {whole.duration_seconds:.1f} s.")
        audio = Audio(whole.samples[:, first:last], whole.rate)
    else:
        if end is None and not to_the_end and (longest := _longest_seconds(Path(path))) is not None:
            end = start + longest
        audio = decode(path, start=start, end=end)
    cut_start, cut_end = start > 0.0, end is not None
    if not (cut_start or cut_end):
        return audio
    samples = audio.samples.copy()
    fade = min(samples.shape[1] // 2, round(FADE_SECONDS * audio.rate))
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    if cut_start:
        samples[:, :fade] *= ramp
    if cut_end and fade:
        samples[:, -fade:] *= ramp[::-1]
    return Audio(samples=samples, rate=audio.rate)


def _longest_seconds(path: Path) -> float | None:
    """How much of a file is heard at once; None for all of it. Raises AudioError."""
    with reading(path):
        if path.stat().st_size < _SMALL_BYTES:
            return None
    info = probe(path)
    samples_a_second = info.rate * info.channels
    if 0.0 < info.duration_seconds <= MOST_SAMPLES / samples_a_second:
        return None
    return BEGINNING_SAMPLES / samples_a_second


def to_channels(samples: np.ndarray, channels: int) -> np.ndarray:
    """`samples` [any, n] as [channels, n]: mono on every channel; layouts of loudspeakers on two, or one, by ITU-R
    BS.775, which may exceed full scale; the mean of all on every channel where no layout is known."""
    count = samples.shape[0]
    if count == channels:
        return samples
    if count == 1:
        return np.broadcast_to(samples, (channels, samples.shape[1]))
    weights = _FOLDS.get(count)
    if weights is None:
        return np.broadcast_to(samples.mean(axis=0), (channels, samples.shape[1]))
    if channels == 1:
        return weights.mean(axis=0, keepdims=True) @ samples
    folded = weights @ samples
    if channels == 2:
        return folded
    return np.concatenate([folded, np.zeros((channels - 2, samples.shape[1]), np.float32)])


def _continued(frames: np.ndarray, before: int, behind: int) -> np.ndarray:
    """`frames` [n, channels] with so many more at both ends, going on as they come.

    A resampler takes what surrounds a sound for silence, and smooths the step into it: where a loop goes round in the
    middle of a wave that would be heard as a click.
    """
    # Turned about the last sample, which keeps the slope; a very short sound has no more to be turned.
    turned = min(before, frames.shape[0] - 1), min(behind, frames.shape[0] - 1)
    held = before - turned[0], behind - turned[1]
    return np.pad(np.pad(frames, (turned, (0, 0)), "reflect", reflect_type="odd"), (held, (0, 0)), "edge")


class PreparedClip:
    """A sound for the deck, prepared second by second: first the second that is played first, the rest behind it.

    Parameters
    ----------
    sound : decoded, or a rendering that has begun.
    rate, channels : of the device.
    gain_db : applied to the samples.
    """

    def __init__(self, sound: Audio | Rendering, rate: int, channels: int, gain_db: float = 0.0) -> None:
        self._rendering = sound if isinstance(sound, Rendering) else None
        audio = sound.audio if isinstance(sound, Rendering) else sound
        self._source, self._channels = audio.samples, channels
        self._rates = audio.rate, rate
        self._gain = np.float32(10.0 ** (gain_db / 20.0))
        seconds = -(-self._source.shape[1] // audio.rate)
        self.frames: Frames = np.zeros((max(1, round(self._source.shape[1] * rate / audio.rate)), channels), np.float32)
        # One byte a second of sound: written by one thread, read by the callback, no lock needed.
        self._ready = bytearray(max(1, seconds))
        self._wanted = 0
        """The second that was asked for last; those behind it are heard next."""
        self._turn = threading.Lock()
        self._abandoned = threading.Event()

    def frame(self, seconds: float) -> int:
        """The frame at a time, inside the clip."""
        return min(max(0, round(seconds * self._rates[1])), self.frames.shape[0] - 1)

    def ready_until(self, position: int) -> int:
        """The end of the prepared second that holds `position`, or `position` itself if it is not prepared yet."""
        rate = self._rates[1]
        second = min(position // rate, len(self._ready) - 1)
        if not self._ready[second]:
            return position
        if second == len(self._ready) - 1:
            return self.frames.shape[0]
        return min((second + 1) * rate, self.frames.shape[0])

    def prepare(self, position: int = 0) -> None:
        """Prepare the second that holds frame `position` now, unless it has to be rendered first, and let `prepare_all`
        go on behind it."""
        self._wanted = min(position // self._rates[1], len(self._ready) - 1)
        self._prepare_second(self._wanted, wait=False)

    def prepare_all(self) -> None:
        """Prepare everything, rendering what is not there yet, going round from what `prepare` was asked for last;
        returns early once abandoned."""
        with self._turn:  # each time that it is played a thread begins
            while not self.complete and not self._abandoned.is_set():
                missing = self._ready.find(0, self._wanted)
                self._prepare_second(missing if missing >= 0 else self._ready.find(0), wait=True)

    @property
    def complete(self) -> bool:
        """Whether every second is prepared."""
        return all(self._ready)

    def abandon(self) -> None:
        """Make `prepare_all` on another thread return soon."""
        self._abandoned.set()

    def resume_preparing(self) -> None:
        """Undo `abandon`."""
        self._abandoned.clear()

    def _prepare_second(self, second: int, *, wait: bool) -> None:
        """Resample one second with enough of its neighbours around it that the joints cannot be heard."""
        if self._ready[second]:
            return
        rate, out_rate = self._rates
        step = rate // math.gcd(rate, out_rate)
        # Whole periods of the two rates' common beat: then input and output positions are both whole numbers.
        context = step * -(-round(_CONTEXT_SECONDS * rate) // step)
        begin, end = second * rate, min((second + 1) * rate, self._source.shape[1])
        first, last = max(0, begin - context), min(self._source.shape[1], end + context)
        rendering = self._rendering
        if rendering is not None and not (rendering.reach(last, self._abandoned) if wait else rendering.has(last)):
            return
        piece = np.ascontiguousarray(to_channels(self._source[:, first:last], self._channels).T)
        if rate != out_rate:
            piece = _continued(piece, context - (begin - first), context - (last - end))
            piece = soxr.resample(piece, rate, out_rate)[context * out_rate // rate :]
        else:
            piece = piece[begin - first :]
        start = second * out_rate
        stop = self.frames.shape[0] if second == len(self._ready) - 1 else min(start + out_rate, self.frames.shape[0])
        piece = piece[: stop - start]
        np.multiply(piece, self._gain, out=self.frames[start : start + piece.shape[0]])
        self._ready[second] = 1
