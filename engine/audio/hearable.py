"""What the ear is given of a file: its beginning, and nothing where that is silent. One answer for all who ask it, so
that a sound is the same in the library and by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.audio.decode import Audio, decode_beginning
from engine.errors import AudioError

LONGEST_HEARD_SECONDS = 60.0
"""Of longer files only this much is decoded, so that a mix of three hours takes no more time or memory than a loop."""

_MOST_SAMPLES = 24_000_000
"""Over all channels: a minute of eight channels at 48 kHz. A hundred megabytes is enough for one file."""

_SILENT = 10 ** (-90.0 / 20)


def decode_to_hear(path: str | Path) -> tuple[Audio, float]:
    """The beginning of a sound, and the seconds of the whole. Raises AudioError as `decode`."""
    return decode_beginning(path, seconds=LONGEST_HEARD_SECONDS, most_samples=_MOST_SAMPLES)


def refuse_silence(path: str | Path, audio: Audio) -> None:
    """Raises AudioError where no sample is loud enough to be heard: the ear finds a family in anything."""
    if np.abs(audio.samples).max() < _SILENT:
        raise AudioError(path, "Silent: there is nothing to hear.")
