"""A small sampler: one note of an SFZ, every region that sounds in it resampled to its pitch, shaped and mixed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from engine.audio.declared import declared
from engine.audio.decode import decode, probe
from engine.errors import AudioError
from engine.notes import midi_to_hz
from engine.presets.preset import Note
from engine.presets.sfz_region import SAMPLE_ITSELF, Instrument, Region, open_sfz
from engine.presets.sfz_text import inside
from engine.presets.waves import WAVES, wave

_LONGEST_SAMPLE_SECONDS = 60.0
_MOST_FRAMES = 16 << 20
"""Of one sample on its way to its pitch, some 100 MB."""
_MOST_OCTAVES = 4.0
_SHORTEST_RELEASE = 0.005
"""Seconds; shorter, the end of a note is a click that is not in the sample."""
_RELEASE_NEPERS = math.log(1_000)
"""A release or decay is over at -60 dB."""


def render(path: Path, note: Note, *, rate: int, longest_seconds: float, root: Path | None = None) -> np.ndarray:
    """float32 [2, n]: a note and its release, n >= 1.

    Raises
    ------
    AudioError : as `open_sfz`; nothing sounds at that key, all its samples are missing or outside the root, one is not
        audio.
    """
    instrument = open_sfz(path, root)
    regions, velocity = instrument.sounding(note)
    voices = [_voice(instrument, region, note, velocity, rate, longest_seconds) for region in regions]
    mix = np.zeros((2, max(voice.shape[1] for voice in voices)), np.float32)
    for voice in voices:
        mix[:, : voice.shape[1]] += voice
    return mix


def _voice(
    instrument: Instrument, region: Region, note: Note, velocity: int, rate: int, longest_seconds: float
) -> np.ndarray:
    """float32 [2, n]: what one region adds to a note."""
    if region.sample.startswith("*"):
        sample = None
        one_shot = False
    else:
        sample = _open(instrument, region)
        one_shot = sample.loop_mode == "one_shot"
    gate = longest_seconds if one_shot else min(note.gate_seconds, longest_seconds)
    release = 0.0 if one_shot else min(max(region.release, _SHORTEST_RELEASE), longest_seconds - gate)
    if sample is None:
        samples = _generated(instrument.path, region, note, gate + release, rate)
    else:
        speed = sample.rate * _ratio(region, note.midi, sample.centre)
        frames = _unrolled(instrument.path, sample, gate, gate + release, speed)
        samples = soxr.resample(frames.T, speed, rate).T
        if not samples.shape[1]:  # a few frames, played faster, are less than one
            samples = frames[:, :1]
        samples = samples[:, : max(1, round((gate + release) * rate))]
    shaped = samples[:2] * _envelope(region, samples.shape[1], rate, gate, release)
    return np.float32(_gain(region, velocity)) * _panned(shaped, region.pan)


def _ratio(region: Region, midi: int, centre: int) -> float:
    """How many times faster than it was recorded a sample is played."""
    octaves = (region.cents_per_key * (midi - centre) + region.tune_cents) / 1_200
    return float(2.0 ** min(max(octaves, -_MOST_OCTAVES), _MOST_OCTAVES))


def _generated(path: Path, region: Region, note: Note, seconds: float, rate: int) -> np.ndarray:
    if region.sample not in WAVES:
        raise AudioError(path, f"It asks for {region.sample!r}, which is not known here. Known are {', '.join(WAVES)}.")
    centre = 60 if region.centre == SAMPLE_ITSELF else region.centre
    hz = midi_to_hz(centre) * _ratio(region, note.midi, centre)
    return wave(region.sample, hz, max(1, round(seconds * rate)), rate)


@dataclass(frozen=True)
class _Sample:
    """A sample file with what is still open in its region settled; frames are counted from the file's start."""

    path: Path
    name: str
    rate: int
    first: int
    end: int | None
    centre: int
    loop_mode: str
    loop: tuple[int, int | None] | None


def _open(instrument: Instrument, region: Region) -> _Sample:
    path = inside(instrument.path.parent, region.sample, instrument.root, instrument.path)
    try:
        rate = probe(path).rate
    except AudioError as error:
        raise _named(instrument.path, region.sample, error) from error
    said = declared(path)
    told = tuple(round(seconds * rate) for seconds in said.loop_seconds) if said.loop_seconds else None
    mode = region.loop_mode or ("loop_continuous" if told else "no_loop")
    loop = None
    if mode in ("loop_continuous", "loop_sustain"):
        start = region.loop_start if region.loop_start is not None else told[0] if told else 0
        end = region.loop_end if region.loop_end is not None else told[1] if told else region.end_frame
        loop = (start, end)
    centre = region.centre
    if centre == SAMPLE_ITSELF:
        centre = 60 if said.root_note is None else said.root_note
    return _Sample(path, region.sample, rate, region.first_frame, region.end_frame, centre, mode, loop)


def _unrolled(path: Path, sample: _Sample, gate: float, seconds: float, speed: float) -> np.ndarray:
    """float32 [channels, n]: the sample's frames in the order in which they are played, loops repeated.

    Parameters
    ----------
    gate, seconds : until the key is let go, and in all.
    speed : frames per second.
    """
    wanted = min(math.ceil(seconds * speed) + 1, _MOST_FRAMES)
    # Without a loop what lies behind the end of the note need not be decoded.
    last = sample.first + wanted if sample.loop is None else round(_LONGEST_SAMPLE_SECONDS * sample.rate)
    last = min(last, sample.end) if sample.end is not None else last
    try:
        if last <= sample.first:
            raise AudioError(sample.path, "Nothing is left of it behind its offset.")
        audio = decode(sample.path, start=sample.first / sample.rate, end=last / sample.rate)
    except AudioError as error:
        raise _named(path, sample.name, error) from error
    frames = audio.samples
    length = frames.shape[1]
    if sample.loop is None:
        return frames
    start = sample.loop[0] - sample.first
    end = length if sample.loop[1] is None else min(sample.loop[1] - sample.first, length)
    if not 0 <= start < end:
        return frames[:, :wanted]
    order = np.arange(wanted)
    let_go = math.ceil(gate * speed) if sample.loop_mode == "loop_sustain" else wanted
    order = np.where(order < end, order, start + (order - start) % (end - start))
    # Let go, a sustain loop is left by way of the rest of the sample.
    if let_go < wanted:
        order[let_go:] = order[let_go] + np.arange(wanted - let_go)
    return frames[:, order[order < length]]


def _envelope(region: Region, length: int, rate: int, gate: float, release: float) -> np.ndarray:
    """float32 [length]: attack, hold, decay, sustain, and after the gate the release."""
    times = np.arange(length) / rate
    level = np.ones(length)
    if region.attack > 0:
        level = np.minimum(times / region.attack, 1.0)
    falling = times - region.attack - region.hold
    if region.sustain < 1.0:
        fall = np.exp(-_RELEASE_NEPERS * np.maximum(falling, 0.0) / max(region.decay, 1 / rate))
        level = np.where(falling > 0, region.sustain + (1.0 - region.sustain) * fall, level)
    let_go = round(gate * rate)
    if release > 0 and let_go < length:
        level[let_go:] = level[let_go] * np.exp(-_RELEASE_NEPERS * (times[let_go:] - times[let_go]) / release)
    return level.astype(np.float32)


def _gain(region: Region, velocity: int) -> float:
    """By volume and velocity: of full tracking the square of the velocity, of negative tracking what that leaves."""
    curve = (velocity / 127) ** 2
    tracked = region.velocity_tracking
    by_velocity = 1.0 - tracked * (1.0 - curve) if tracked >= 0 else 1.0 + tracked * curve
    return float(10.0 ** (region.gain_db / 20.0) * by_velocity)


def _panned(samples: np.ndarray, pan: float) -> np.ndarray:
    """float32 [2, n] of one or two channels; in the middle both are as they were."""
    sides = np.sqrt(np.array([[1.0 - pan], [1.0 + pan]], np.float32))
    return np.ascontiguousarray(np.broadcast_to(samples, (2, samples.shape[1])) * sides)


def _named(path: Path, sample: str, error: AudioError) -> AudioError:
    return AudioError(path, f"Its sample {sample!r}: {error.reason}")
