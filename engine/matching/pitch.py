"""The note of a slot, measured where the slot is best heard, or the honest answer that there is none.

The reference is a mixture, and nothing here takes it apart: a note is told only where the passage itself is periodic
for the most part. Drums, chords and an instrument that is covered by others have none.

One note is told, not all of them: tracked from moment to moment where the slot is most exposed, notes could be offered
for 29 of 175 pitched instruments in 40 songs of validation instruments, and 41 % of them were those of the instrument
heard alone; asking for more periodicity, 58 % for 12. A sound that plays such a melody would not be the slot's.
"""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import scipy.fft
import scipy.signal

from engine.audio.decode import decode
from engine.audio.measure import pitch_track
from engine.families import DRUM_FAMILIES
from engine.notes import midi_to_hz

_RATE = 22_050
_HOP_SECONDS = 0.05
_PERIODIC = 0.8
_LEAST_PERIODIC_SHARE = 0.5
_LEAST_NOTE_SHARE = 0.15
_LEAST_NOTE_FRAMES = 3
_PERIODS = 16
_LEAST_PARTIALS = 0.6
_LEAST_LOW_PARTIALS = 0.1
_BASS_BELOW_HZ = 400.0
_SILENT = 1e-3


def slot_pitch(path: str | Path, passage: tuple[float, float], family: str) -> float | None:
    """The pitch in Hz of the note that a slot plays most in a passage; None where no steady pitch is heard.

    Parameters
    ----------
    passage : start and end in seconds, such as `Slot.exposed_seconds`.
    family : of the slot. A drum has no note; of a bass only what is low is listened to.

    Raises AudioError.
    """
    if family in DRUM_FAMILIES:
        return None
    mono = decode(path, rate=_RATE, start=passage[0], end=passage[1]).mono()
    if family == "bass":
        low = scipy.signal.butter(4, _BASS_BELOW_HZ, "lowpass", fs=_RATE, output="sos")
        mono = scipy.signal.sosfilt(low, mono).astype(np.float32)
    return most_played(mono, _RATE)


def most_played(mono: np.ndarray, rate: int) -> float | None:
    """The pitch in Hz of the note that sounds most in float32 [n], one note at a time; None for anything else."""
    hertz, periodicity, energy = pitch_track(mono, rate, _HOP_SECONDS)
    if energy.max() <= 1e-9:
        return None
    weight = np.sqrt(energy) * (energy > _SILENT * energy.max())
    weight /= weight.sum()
    steady = (periodicity > _PERIODIC) & (weight > 0)
    if weight[steady].sum() < _LEAST_PERIODIC_SHARE:
        return None
    numbers = librosa.hz_to_midi(hertz)
    notes = np.round(numbers)
    best = max(set(notes[steady]), key=lambda note: float(weight[steady & (notes == note)].sum()))
    # Half a semitone to either side, so that an instrument tuned between two notes is not counted as both.
    here = steady & (np.abs(numbers - best) <= 0.5)
    if weight[here].sum() < _LEAST_NOTE_SHARE or np.count_nonzero(here) < _LEAST_NOTE_FRAMES:
        return None
    pitch = midi_to_hz(float(np.average(numbers[here], weights=weight[here])))
    starts = np.flatnonzero(here) * round(_HOP_SECONDS * rate)
    return pitch if _is_played(mono, rate, pitch, starts) else None


def _is_played(mono: np.ndarray, rate: int, pitch: float, starts: np.ndarray) -> bool:
    """Whether the sound at these samples consists of the partials of a pitch, the first three of them not missing.

    A chord is periodic too, several octaves below its notes; but nothing sounds down there.
    """
    size = round(_PERIODS * rate / pitch)
    window = np.hanning(size)
    power = np.zeros(size // 2 + 1)
    for start in starts:
        frame = np.pad(mono[start : start + size], (0, max(0, start + size - len(mono))))
        power += np.abs(scipy.fft.rfft(frame * window)) ** 2
    # Partial k lies in bin k * _PERIODS; the window spreads it by one to either side.
    partials = [power[k * _PERIODS - 1 : k * _PERIODS + 2].sum() for k in range(1, (len(power) - 2) // _PERIODS + 1)]
    total = power[_PERIODS // 2 :].sum()
    return bool(sum(partials[:3]) >= _LEAST_LOW_PARTIALS * total and sum(partials) >= _LEAST_PARTIALS * total)
