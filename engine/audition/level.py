"""How loud a sound is played, so that comparing sounds compares their character and not their level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.audio.decode import Audio

_TWO_LOUDSPEAKERS_DB = 10.0 * math.log10(2.0)

UNDER_SONG_DB = 6.0
"""How far a sound lies below the song that it is heard over: about where one instrument of several lies in a mix."""


def heard_level(
    audio: Audio, loudness_lufs: float | None = None, peak_db: float | None = None
) -> tuple[float | None, float | None]:
    """Loudness in LUFS and highest sample in dB of full scale of a sound as a stereo output plays it.

    The standard measures the channels of a file. A mono one is played by two loudspeakers, so that it is heard 3 dB
    louder than that; of one with many channels what they are folded to is heard.

    Parameters
    ----------
    audio : the sound.
    loudness_lufs, peak_db : as the library measured them, where both are known; they save measuring of mono and
        stereo. Of what is longer than the library heard they tell nothing.

    Returns
    -------
    As `level_gain_db` takes them; None for silence.
    """
    from engine.audio.hearable import is_heard_whole
    from engine.audio.loudness import loudness
    from engine.audition.prepare import to_channels

    if loudness_lufs is not None and peak_db is not None and audio.channels <= 2 and is_heard_whole(audio):
        return loudness_lufs + (_TWO_LOUDSPEAKERS_DB if audio.channels == 1 else 0.0), peak_db
    samples = to_channels(audio.samples, 2)
    return loudness(samples, audio.rate), peak_db_of(samples)


def peak_db_of(samples: np.ndarray) -> float | None:
    """The highest of float32 [channels, n], in dB of full scale; None for silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    return 20.0 * math.log10(peak) if peak > 0 else None


def level_gain_db(
    loudness_lufs: float | None, peak_db: float | None, target_lufs: float = -18.0, ceiling_db: float = -1.0
) -> float:
    """The gain that brings a sound to `target_lufs` without its peak passing `ceiling_db`.

    Parameters
    ----------
    loudness_lufs : BS.1770 loudness of the sound; None or -inf (silent, unmeasured) asks for no change of level.
    peak_db : the sound's highest sample in dB of full scale; None or -inf when there is none.
    target_lufs, ceiling_db : what is wanted and what is never passed.

    Returns
    -------
    Gain in dB, finite. A sound with a high crest stays below the target rather than being clipped or limited.
    """
    known = loudness_lufs is not None and math.isfinite(loudness_lufs)
    gain = target_lufs - loudness_lufs if known and loudness_lufs is not None else 0.0
    if peak_db is not None and math.isfinite(peak_db):
        gain = min(gain, ceiling_db - peak_db)
    return gain


def unmatched_gain_db(peak_db: float | None) -> float:
    """The gain of a sound that is played at its own level: none, but what is louder than full scale is turned down.

    Float files may be louder, some by as much as integers are; clipped, they would sound at full scale whatever the
    volume is.

    Parameters
    ----------
    peak_db : the sound's highest sample in dB of full scale; None for silence.
    """
    return 0.0 if peak_db is None else min(0.0, -peak_db)


def gain_over_bed_db(loudness_lufs: float | None, peak_db: float | None, bed_lufs: float | None) -> float:
    """The gain of a sound that is heard over a part of the reference, `UNDER_SONG_DB` below it.

    Parameters
    ----------
    loudness_lufs, peak_db : of the sound, as in `level_gain_db`.
    bed_lufs : loudness of the reference as it is played; None where it is silent.
    """
    return (
        level_gain_db(loudness_lufs, peak_db)
        if bed_lufs is None
        else level_gain_db(loudness_lufs, peak_db, target_lufs=bed_lufs - UNDER_SONG_DB)
    )
