"""Rendering a sound at another pitch and tempo, its start first.

Rubber Band renders (pedalboard's `time_stretch`, its finer engine). It wants the whole sound before it gives anything
back, which for a loop of four bars takes the better part of a second; but what it makes of the beginning of a sound
does not depend on how the sound goes on. So a beginning is rendered first and played, a longer one behind it, and so
on: each is ready well before the one before it has been heard, and no joint is audible because the samples are the
same.
"""

from __future__ import annotations

import threading

import numpy as np

from engine.audio.decode import Audio
from engine.audition.fit import Change

_FIRST_SECONDS = 1.25
"""Of the result: enough for the first second that a player prepares, with its neighbourhood."""
_GROWTH = 4.0
_UNSURE_SECONDS = 0.15
"""The end of a beginning is not yet what it will be; twice as long as was measured."""
_RAMP_SECONDS = 0.0005
_FEWEST_SAMPLES = 1024
_one_at_a_time = threading.Lock()


class Rendering:
    """A changed sound on its way: `audio` is filled from its start on. Its methods may be called from any thread.

    Parameters
    ----------
    source : the sound as it is.
    change : what is done to it.

    Attributes
    ----------
    audio : as long as the result will be; silent where it is not rendered yet.
    """

    def __init__(self, source: Audio, change: Change) -> None:
        self._source, self._change = source, change
        length = max(1, round(source.samples.shape[1] / change.speed))
        self.audio = Audio(np.zeros((source.channels, length), np.float32), source.rate)
        self._done = 0
        self._beginnings = _beginnings(source, change.speed)
        self._turn = threading.Lock()

    def has(self, samples: int) -> bool:
        """Whether that many samples of the result are there, or all of a shorter one."""
        return self._done >= min(samples, self.audio.samples.shape[1])

    def begin(self) -> None:
        """Render the first beginning: all there is of a short sound, more than a second of a longer one."""
        with self._turn:
            if not self._done:
                self._render(self._beginnings.pop(0))

    def reach(self, samples: int, abandoned: threading.Event) -> bool:
        """Render on until that many samples are there; False when abandoned before. It can be called again then."""
        while not self.has(samples):
            # A producer who steps through a list leaves renderings behind; they shall not all compute at once.
            with _one_at_a_time, self._turn:
                if abandoned.is_set():
                    return False
                if not self.has(samples):
                    self._render(self._beginnings.pop(0))
        return True

    def finish(self) -> Audio:
        """The whole, rendered at once where nothing was yet."""
        with self._turn:
            if self._beginnings:
                self._render(self._beginnings[-1])
                self._beginnings.clear()
        return self.audio

    def _render(self, samples: int) -> None:
        import pedalboard

        whole = samples == self._source.samples.shape[1]
        piece = np.ascontiguousarray(self._source.samples[:, :samples])
        # Of so few samples Rubber Band makes nothing, or takes them for channels.
        piece = np.pad(piece, ((0, 0), (0, max(0, _FEWEST_SAMPLES - samples))))
        rendered = pedalboard.time_stretch(
            piece,
            self._source.rate,
            stretch_factor=self._change.speed,
            pitch_shift_in_semitones=float(self._change.semitones),
            # As a sampler transposes; kept formants cost level and peaks on bass and drums.
            preserve_formants=False,
        )
        sure = rendered.shape[1] if whole else rendered.shape[1] - round(_UNSURE_SECONDS * self._source.rate)
        if not self._done:
            # What began in silence begins a little before it was meant to: not with a step.
            ramp = np.linspace(0.0, 1.0, max(1, round(_RAMP_SECONDS * self._source.rate)), dtype=np.float32)
            rendered[:, : ramp.size] *= ramp[: rendered.shape[1]]
        target = self.audio.samples
        end = min(sure, target.shape[1])
        if end > self._done:
            fresh = rendered[:, self._done : end]
            target[:, self._done : self._done + fresh.shape[1]] = fresh
        self._done = target.shape[1] if whole else max(self._done, end)


def _beginnings(source: Audio, speed: float) -> list[int]:
    """Samples of the source to be rendered one time after the other, the last time all of them."""
    total, lengths = source.samples.shape[1], []
    length = _FIRST_SECONDS * speed * source.rate
    # A last piece that is hardly longer than the one before it is not worth a pass of its own.
    while length * 1.5 < total:
        lengths.append(round(length))
        length *= _GROWTH
    return [*lengths, total]
