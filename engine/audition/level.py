"""How loud a sound is played, so that comparing sounds compares their character and not their level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.audio.decode import Audio

UNDER_SONG_DB = 6.0
"""How far a sound lies below the song that it is heard over: about where one instrument of several lies in a mix."""


def level_of(audio: Audio) -> tuple[float | None, float | None]:
    """Loudness in LUFS and highest sample in dB of full scale, as `level_gain_db` takes them; None for silence."""
    from engine.audio.measure import loudness

    peak = float(np.abs(audio.samples).max(initial=0.0))
    return loudness(audio.samples, audio.rate), 20 * math.log10(peak) if peak > 0 else None


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
