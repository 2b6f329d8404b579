"""Samples -> WAV files."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import soundfile

from engine.audio.sources import sndfile_name


def write_wav(path: Path, samples: np.ndarray, rate: int, subtype: str) -> None:
    """Write float32 [channels, n] or [n], at most full scale, in place of what lies there.

    Raises
    ------
    OSError : the folder is missing, the file may not be written, the disk is full.
    """
    try:
        soundfile.write(sndfile_name(path), samples.T, rate, format="WAV", subtype=subtype)
    except soundfile.LibsndfileError as error:  # which knows no more than 'System error.'
        reason = "it may not be written there, or the disk is full"
        raise OSError(errno.EIO, reason, str(path)) from error
