"""What the ear is given of a file: its beginning, or where that is silent what comes first. One answer for all who ask
it, so that a sound is the same in the library and by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.audio.decode import Audio, decode, decode_beginning, first_above
from engine.errors import AudioError

LONGEST_HEARD_SECONDS = 60.0
"""Of longer files only this much is decoded, so that a mix of three hours takes no more time or memory than a loop."""

_MOST_SAMPLES = 24_000_000
"""Over all channels: a minute of eight channels at 48 kHz. A hundred megabytes is enough for one file."""

_SILENT = 10 ** (-90.0 / 20)


def decode_to_hear(path: str | Path) -> tuple[Audio, float]:
    """The beginning of a sound, and the seconds of the whole. Of a stem that is silent for longer than that, what comes
    after the silence. Raises AudioError as `decode`."""
    audio, seconds = decode_beginning(path, seconds=LONGEST_HEARD_SECONDS, most_samples=_MOST_SAMPLES)
    heard = audio.duration_seconds
    if heard < seconds and _is_silent(audio) and (start := first_above(path, _SILENT, after=heard)) is not None:
        audio = decode(path, start=start, end=start + heard)
    return audio, seconds


def is_heard_whole(audio: Audio) -> bool:
    """Whether what the library measured of a sound is true of all of it."""
    return audio.duration_seconds <= LONGEST_HEARD_SECONDS and audio.samples.size <= _MOST_SAMPLES


def refuse_silence(path: str | Path, audio: Audio) -> None:
    """Raises AudioError where no sample is loud enough to be heard: the ear finds a family in anything."""
    if _is_silent(audio):
        raise AudioError(path, "Silent: there is nothing to hear.")


def _is_silent(audio: Audio) -> bool:
    return bool(np.abs(audio.samples).max() < _SILENT)
