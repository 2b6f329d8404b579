"""What can be measured in a sound without knowing what it is: level, pitch, tempo, key, one-shot or loop.

Fast enough for a scan of hundreds of thousands of files: a sound of one second takes a few milliseconds on one core.
"""

from __future__ import annotations

import math

import librosa
import numpy as np
import scipy.fft
import scipy.ndimage

from engine.audio.declared import NOTHING, Declared
from engine.audio.decode import Audio, resample
from engine.audio.facts import Facts
from engine.audio.loudness import loudness
from engine.audio.onsets import (
    keeps_the_time_of_its_length,
    onset_strength,
    onset_times,
    power_of,
    strongest_pulse,
    tempo_of_grid,
    tempo_of_loop,
    tempo_of_onsets,
)
from engine.notes import NOTE_NAMES, midi_to_hz

LONGEST_LOOP_SECONDS = 30.0
_SHORTEST_LOOP_SECONDS = 1.0
_LEAST_PULSE_OF_LOOP = 0.25
_LEAST_LAST_POWER = 0.2
_SILENCE_DB = -120.0
_KEY_SECONDS = 30
_TAPER = np.hanning(1 << 12).astype(np.float32)


def measure(audio: Audio, said: Declared = NOTHING) -> Facts:
    """Measure a sound as it would be auditioned from its start; what its file says of itself is not measured."""
    mono = audio.mono()
    peak = float(np.max(np.abs(audio.samples)))
    kind, tempo = _kind_and_tempo(mono, audio.rate, said)
    if kind == "loop" and _is_one_note(mono, audio.rate, said):
        kind, tempo = "one-shot", None
    pitch, confidence, key = None, 0.0, said.key
    if kind != "one-shot":
        key = key or estimate_key(mono[: _KEY_SECONDS * audio.rate], audio.rate)
    else:
        pitch, confidence = estimate_pitch(mono, audio.rate)
        if said.root_note is not None:
            pitch, confidence = _told_pitch(said.root_note, pitch), 1.0
    told = {
        "kind": said.kind == kind,
        "pitch": pitch is not None and said.root_note is not None,
        "tempo": tempo is not None and tempo in (said.tempo_bpm, *(said.supposed_tempi or ())),
        "key": key is not None and key == said.key,
    }
    return Facts(
        duration_seconds=audio.duration_seconds,
        rate=audio.rate,
        channels=audio.channels,
        peak_db=_decibels(peak),
        loudness_lufs=loudness(audio.samples, audio.rate),
        kind=kind,
        pitch_hz=pitch,
        pitch_confidence=confidence,
        tempo_bpm=tempo,
        key=key,
        loop_seconds=said.loop_seconds,
        declared=tuple(name for name, is_told in told.items() if is_told),
        brightness_hz=brightness(mono, audio.rate),
        attack_seconds=attack(mono, audio.rate) if kind == "one-shot" else None,
    )


def _is_one_note(mono: np.ndarray, rate: int, said: Declared) -> bool:
    """Whether a pulse is that of one note, such as a tremolo: the note that the file tells, and nothing of a loop."""
    if said.root_note is None or said.kind is not None or said.tempo_bpm is not None:
        return False
    pitch, _ = estimate_pitch(mono, rate)
    return pitch is not None and _told_pitch(said.root_note, pitch) == pitch


def _told_pitch(root_note: int, measured: float | None) -> float:
    """The pitch of a note that the file tells, in the octave that was measured: makers do not agree whether middle C is
    C3 or C4."""
    told = midi_to_hz(root_note)
    if measured is None:
        return told
    octaves = math.log2(measured / told)
    return measured if abs(octaves - round(octaves)) < 0.5 / 12 else told


def brightness(mono: np.ndarray, rate: int) -> float | None:
    """Centre of gravity of the power spectrum of float32 [n], in Hz; None for silence."""
    frames = np.pad(mono, (0, -len(mono) % len(_TAPER))).reshape(-1, len(_TAPER)) * _TAPER
    power = power_of(scipy.fft.rfft(frames, axis=1)).sum(axis=0, dtype=np.float64)
    total = float(power.sum())
    return float(power @ np.linspace(0.0, rate / 2, len(power)) / total) if total > 0 else None


def attack(mono: np.ndarray, rate: int) -> float:
    """Seconds that the level of float32 [n] takes from a tenth of its maximum to nine tenths of it.

    The level is the greatest amplitude of each two milliseconds, held for twenty, so that it does not follow the wave
    of a low note.
    """
    step = max(1, rate // 500)
    peaks = np.abs(np.pad(mono, (0, -len(mono) % step))).reshape(-1, step).max(axis=1)
    level = scipy.ndimage.maximum_filter1d(peaks, 10, origin=4, mode="constant")
    first, last = np.argmax(level >= 0.1 * level.max()), np.argmax(level >= 0.9 * level.max())
    return float((last - first) * step / rate)


def estimate_tempo(mono: np.ndarray, rate: int) -> float | None:
    """Beats per minute of music, 60 to 200; None where no pulse stands out. A minute of it is enough."""
    return tempo_of_onsets(onset_strength(mono, rate))


# How much each pitch class, from the tonic up, belongs to a key: C. L. Krumhansl, Cognitive Foundations of Musical
# Pitch (1990), table 2.1.
_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_LEAST_KEY_CORRELATION = 0.5


def estimate_key(mono: np.ndarray, rate: int) -> str | None:
    """The key of music, such as 'A minor'; None where no key fits (drums, noise, silence). A minute is enough."""
    analysis_rate = 22_050
    mono = resample(mono, rate, analysis_rate)
    if len(mono) < analysis_rate or not np.any(mono):
        return None
    chroma = librosa.feature.chroma_stft(y=mono, sr=analysis_rate, n_fft=8_192, hop_length=4_096, tuning=0.0)
    classes = chroma.mean(axis=1)
    if np.ptp(classes) < 1e-6:
        return None
    best = max(
        (float(np.corrcoef(np.roll(profile, tonic), classes)[0, 1]), tonic, mode)
        for mode, profile in (("major", _MAJOR_PROFILE), ("minor", _MINOR_PROFILE))
        for tonic in range(12)
    )
    correlation, tonic, mode = best
    return f"{NOTE_NAMES[tonic]} {mode}" if correlation >= _LEAST_KEY_CORRELATION else None


_LOWEST_PITCH_HZ, _HIGHEST_PITCH_HZ = 27.0, 4_500.0
_PITCH_FRAMES = 16
_FRAMES_AT_ONCE = 256
_PITCH_SECONDS = 1.0
_PERIODIC = 0.15
_STEADY_SEMITONES = 0.5
_LEAST_PITCH_CONFIDENCE = 0.5


def estimate_pitch(mono: np.ndarray, rate: int) -> tuple[float | None, float]:
    """The steady pitch of a single note in Hz, or None, and a confidence of 0 to 1.

    The YIN difference function (de Cheveigne and Kawahara 2002) of 16 frames spread over the second after the loudest
    moment, weighted by their energy. Confidence is how periodic the frames are, times the share of their energy that
    agrees with the median pitch to half a semitone.
    """
    longest = int(rate / _LOWEST_PITCH_HZ) + 2
    window = longest
    onset = int(np.argmax(np.abs(mono)))
    part = mono[onset : onset + int(_PITCH_SECONDS * rate) + window + longest]
    if len(part) < rate // 50:
        return None, 0.0
    part = np.pad(part, (0, max(0, window + longest - len(part))))
    starts = np.linspace(0, len(part) - window - longest, _PITCH_FRAMES).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(part, window + longest)[np.unique(starts)]
    energy = np.square(frames[:, :window], dtype=np.float64).sum(axis=1)
    loud = energy > 1e-3 * energy.max(initial=0.0)
    frames, energy = frames[loud], energy[loud]
    if not len(frames) or energy.max() <= 1e-9:
        return None, 0.0
    difference = _normalised_difference(frames, window, longest)
    periods, aperiodicity = _first_dips(difference, int(rate / _HIGHEST_PITCH_HZ))
    pitches = 12.0 * np.log2(rate / periods)
    weights = np.sqrt(energy)
    order = np.argsort(pitches)
    cumulative = np.cumsum(weights[order])
    median = pitches[order][np.searchsorted(cumulative, 0.5 * cumulative[-1])]
    agrees = np.abs(pitches - median) < _STEADY_SEMITONES
    periodicity = np.clip(1.0 - aperiodicity, 0.0, 1.0)
    confidence = float(np.sum(weights * agrees * periodicity) / np.sum(weights))
    if confidence < _LEAST_PITCH_CONFIDENCE:
        return None, confidence
    steady = float(np.average(pitches[agrees], weights=(weights * periodicity)[agrees]))
    return float(2.0 ** (steady / 12.0)), confidence


def pitch_track(mono: np.ndarray, rate: int, hop_seconds: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pitch in Hz, periodicity 0 to 1 and energy, each [frames], of float32 [n] from moment to moment.

    A pitch is told for every frame, whether it has one or not; the periodicity says what to think of it. Memory beyond
    the answer does not grow with the sound.
    """
    longest = int(rate / _LOWEST_PITCH_HZ) + 2
    padded = np.pad(mono, (0, max(0, 2 * longest - len(mono))))
    starts = np.arange(0, len(padded) - 2 * longest + 1, max(1, round(hop_seconds * rate)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * longest)
    periods, aperiodicity, energy = (np.empty(len(starts)) for _ in range(3))
    for first in range(0, len(starts), _FRAMES_AT_ONCE):
        part = slice(first, first + _FRAMES_AT_ONCE)
        frames = windows[starts[part]]
        energy[part] = np.square(frames, dtype=np.float64).sum(axis=1)
        difference = _normalised_difference(frames, longest, longest)
        periods[part], aperiodicity[part] = _first_dips(difference, int(rate / _HIGHEST_PITCH_HZ))
    return rate / periods, np.clip(1.0 - aperiodicity, 0.0, 1.0), energy


def _normalised_difference(frames: np.ndarray, window: int, longest: int) -> np.ndarray:
    """YIN's cumulative mean normalised difference [frames, lags] of float32 frames [frames, window + longest lag]."""
    size = scipy.fft.next_fast_len(frames.shape[1], real=True)
    spectrum = scipy.fft.rfft(frames, size)
    head = scipy.fft.rfft(frames[:, :window], size)
    correlation = scipy.fft.irfft(np.conj(head) * spectrum, size)[:, :longest]
    squares = np.square(frames, dtype=np.float64)
    energies = np.empty((len(frames), longest))  # of the window at each lag: the one before, what came and what went
    energies[:, 0] = squares[:, :window].sum(axis=1)
    energies[:, 1:] = squares[:, window : window + longest - 1] - squares[:, : longest - 1]
    np.cumsum(energies, axis=1, out=energies)
    difference = np.maximum(energies[:, :1] + energies - 2.0 * correlation, 0.0)
    mean = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, longest)
    normalised = np.ones_like(difference)
    np.divide(difference[:, 1:], mean, out=normalised[:, 1:], where=mean > 0)
    return normalised


def _first_dips(difference: np.ndarray, shortest: int) -> tuple[np.ndarray, np.ndarray]:
    """Period in samples and aperiodicity of each frame: its first deep dip, else its deepest, refined by a parabola."""
    inner = difference[:, 1:-1]
    is_dip = np.zeros(difference.shape, bool)
    is_dip[:, 1:-1] = (inner <= difference[:, :-2]) & (inner < difference[:, 2:])
    is_dip[:, :shortest] = False
    depths = np.where(is_dip, difference, np.inf)
    deepest = depths.min(axis=1)
    lags = (depths < np.maximum(_PERIODIC, 1.1 * deepest)[:, None]).argmax(axis=1)
    before, at, after = (difference[np.arange(len(lags)), lags + step] for step in (-1, 0, 1))
    curvature = before - 2.0 * at + after
    shift = np.divide(0.5 * (before - after), curvature, out=np.zeros(len(lags)), where=curvature > 0)
    has_dip = np.isfinite(deepest)
    return np.where(has_dip, lags + shift, difference.shape[1]), np.where(has_dip, at, 1.0)


def _kind_and_tempo(mono: np.ndarray, rate: int, said: Declared) -> tuple[str, float | None]:
    """A tempo that is told settles what can be heard as half or double of it."""
    seconds = len(mono) / rate
    supposed = said.supposed_tempi or ()
    told = said.tempo_bpm or next((tempo for tempo in supposed if _lasts_whole_bars(seconds, tempo)), None)
    if seconds > LONGEST_LOOP_SECONDS:
        return "long", told
    if said.kind == "one-shot":
        return "one-shot", None
    if said.kind == "loop" and told is not None:
        return "loop", told
    if seconds < _SHORTEST_LOOP_SECONDS:
        return said.kind or "one-shot", None
    onsets = onset_strength(mono, rate)
    times = onset_times(onsets)
    keeps_beginning = len(times) >= 4 and times[-1] >= 0.55 * seconds
    pulse = strongest_pulse(onsets) if keeps_beginning else 0.0
    # A loop keeps beginning until near its end, and does so in a pulse; textures and rolls do not.
    if pulse < _LEAST_PULSE_OF_LOOP:
        # Nor do held chords; but what tells a tempo, or a key beside what may be one, and lasts whole bars is a loop.
        if told is not None and _lasts_whole_bars(seconds, told) and (said.tempo_bpm or said.key):
            return "loop", told
        return said.kind or "one-shot", None
    # Speech has a pulse too, half the time; what tells a tempo, or that it is a loop, need not prove it.
    lengths = seconds, _sounding_seconds(mono, rate)
    if said.kind is None and said.tempo_bpm is None and not supposed:
        is_cut = any(keeps_the_time_of_its_length(onsets, times, pulse, length) for length in lengths)
        rings = tempo_of_grid(onsets, times, pulse) is not None and _keeps_its_level(mono[: round(times[-1] * rate)])
        if not is_cut and not rings:
            return "one-shot", None
    if told is None and supposed and (heard := tempo_of_onsets(onsets)) is not None:
        told = next((tempo for tempo in supposed if _is_octave_of(heard, tempo)), None)
    return "loop", told or tempo_of_loop(onsets, times, pulse, lengths)


def _keeps_its_level(mono: np.ndarray) -> bool:
    """Whether float32 [n] is as loud at its end as before, which the repeats of an echo are not."""
    levels = [float(np.square(part).mean()) for part in np.array_split(mono, 4)]
    return levels[-1] >= _LEAST_LAST_POWER * max(levels)


def _sounding_seconds(mono: np.ndarray, rate: int) -> float:
    """Seconds until float32 [n] falls silent for good, 60 dB below its peak."""
    level = np.abs(mono)
    return float(np.flatnonzero(level >= 1e-3 * level.max(initial=0.0))[-1] + 1) / rate


def _lasts_whole_bars(seconds: float, tempo_bpm: float) -> bool:
    """Whether a sound was cut to bars of four beats; of all tempi one in twenty-five would fit by chance."""
    bars = seconds * tempo_bpm / 240.0
    return bars > 0.5 and abs(bars - round(bars)) < 0.02


def _is_octave_of(heard_bpm: float, tempo_bpm: float) -> bool:
    octaves = math.log2(heard_bpm / tempo_bpm)
    return abs(octaves - round(octaves)) < 0.02


def _decibels(amplitude: float) -> float:
    return max(_SILENCE_DB, 20.0 * math.log10(max(amplitude, 1e-9)))
