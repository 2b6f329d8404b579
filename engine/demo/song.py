"""The demo song as sound: instruments of the demo's library, mixed with the usual effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyloudnorm
from pedalboard import (
    Compressor,
    Delay,
    Gain,
    HighpassFilter,
    HighShelfFilter,
    Limiter,
    LowShelfFilter,
    PeakFilter,
    Pedalboard,
    Reverb,
)

from engine.audio.encode import write_wav
from engine.demo.arrangement import BEAT_SECONDS, SONG_SECONDS, Note, notes_of
from engine.demo.collection import RATE, shelf
from engine.synth.procedural import ProceduralInstrument
from engine.synth.signals import Samples

_LOUDNESS_LUFS = -14.0
_CEILING_DB = -1.0
_ACTIVITY_STEP_SECONDS = 0.1
_ACTIVITY_FLOOR_DB = -45.0
_GAP_SECONDS = 1.0


@dataclass(frozen=True)
class Strip:
    """An instrument in the mixer.

    Attributes
    ----------
    instrument : its name in `BARS_OF`, also the family of its sound.
    number : which sound of that family's shelf it plays.
    loudness_lufs : of its stem before the bus.
    pan : -1 left, 1 right.
    effects : its inserts, a fresh chain on each call.
    """

    instrument: str
    number: int
    loudness_lufs: float
    pan: float
    effects: Callable[[], Pedalboard]

    @property
    def sound(self) -> str:
        """The path of its sound within the library."""
        return shelf(self.instrument).file_name(self.number)

    @property
    def player(self) -> ProceduralInstrument:
        return shelf(self.instrument).instrument(self.number)


def _space(wet: float, size: float) -> Reverb:
    return Reverb(room_size=size, damping=0.5, wet_level=wet, dry_level=1.0 - wet, width=1.0)


STRIPS: tuple[Strip, ...] = (
    Strip("kick", 6, -19.0, 0.0, lambda: Pedalboard([PeakFilter(300.0, -2.0, 1.0), Compressor(-14.0, 2.5, 8.0, 90.0)])),
    Strip("snare", 13, -22.0, 0.05, lambda: Pedalboard([HighpassFilter(110.0), _space(0.08, 0.25)])),
    Strip("hat", 4, -30.0, -0.25, lambda: Pedalboard([HighpassFilter(350.0), HighShelfFilter(9000.0, -1.5)])),
    Strip("bass", 3, -20.0, 0.0, lambda: Pedalboard([HighpassFilter(32.0), Compressor(-18.0, 3.0, 10.0, 120.0)])),
    Strip("keys", 2, -22.5, 0.2, lambda: Pedalboard([LowShelfFilter(180.0, -2.0), _space(0.10, 0.35)])),
    Strip(
        "pluck",
        6,
        -24.0,
        -0.35,
        lambda: Pedalboard([HighpassFilter(160.0), Delay(0.75 * BEAT_SECONDS, 0.25, 0.16), _space(0.10, 0.4)]),
    ),
    Strip(
        "lead",
        8,
        -24.5,
        0.1,
        lambda: Pedalboard([HighpassFilter(180.0), Delay(BEAT_SECONDS, 0.2, 0.10), _space(0.10, 0.4)]),
    ),
    Strip("pad", 3, -25.0, 0.0, lambda: Pedalboard([HighpassFilter(140.0), _space(0.18, 0.6)])),
)


@dataclass(frozen=True)
class Stem:
    """An instrument's part before effects: what sounds when, and the samples."""

    strip: Strip
    samples: Samples
    active_seconds: tuple[tuple[float, float], ...]


def render_stem(strip: Strip) -> Stem:
    """Play an instrument's notes."""
    player = strip.player

    @cache
    def played(midi: int, velocity: float, seconds: float) -> Samples:
        return player.render(midi, velocity, seconds, RATE)

    samples = np.zeros(round(SONG_SECONDS * RATE), dtype=np.float32)
    for note in notes_of(strip.instrument):
        start = round(note.start * BEAT_SECONDS * RATE)
        sound = played(*_key(note))[: samples.size - start]
        samples[start : start + sound.size] += sound
    return Stem(strip, samples, _activity(samples))


def mix(stems: list[Stem]) -> Samples:
    """Balance, effects, panorama and the bus; float32 [2, n] below full scale."""
    meter = pyloudnorm.Meter(RATE)
    bus = np.zeros((2, round(SONG_SECONDS * RATE)), dtype=np.float32)
    for stem in stems:
        gain_db = stem.strip.loudness_lufs - meter.integrated_loudness(stem.samples)
        angle = (stem.strip.pan + 1.0) * np.pi / 4.0
        placed = np.stack([np.cos(angle) * stem.samples, np.sin(angle) * stem.samples]).astype(np.float32)
        board = Pedalboard([Gain(float(gain_db + 3.0)), *stem.strip.effects()])
        bus += board(placed, RATE)[:, : bus.shape[1]]
    glue = Pedalboard(
        [HighpassFilter(25.0), Compressor(threshold_db=-16.0, ratio=1.8, attack_ms=20.0, release_ms=150.0)]
    )
    bus = glue(bus, RATE)
    bus *= _gain_to(_LOUDNESS_LUFS - 4.0, bus, meter)
    bus = Pedalboard([Limiter(threshold_db=-4.0, release_ms=80.0)])(bus, RATE)
    ending = round(0.5 * RATE)
    bus[:, -ending:] *= np.linspace(1.0, 0.0, ending, dtype=np.float32)
    ceiling = np.float32(10 ** (_CEILING_DB / 20) / np.max(np.abs(bus)))
    return bus * min(_gain_to(_LOUDNESS_LUFS, bus, meter), ceiling)


def _gain_to(loudness_lufs: float, samples: Samples, meter: pyloudnorm.Meter) -> np.float32:
    return np.float32(10 ** ((loudness_lufs - meter.integrated_loudness(samples.T)) / 20))


def write_song(path: Path, mixed: Samples) -> None:
    """Write the mix as a 16-bit WAV file."""
    write_wav(path, mixed, RATE, "PCM_16")


def _key(note: Note) -> tuple[int, float, float]:
    return note.midi, round(note.velocity, 2), round(note.length * BEAT_SECONDS, 3)


def _activity(samples: Samples) -> tuple[tuple[float, float], ...]:
    """The stretches in which a stem sounds, seconds; pauses shorter than a few hits do not count."""
    step = round(_ACTIVITY_STEP_SECONDS * RATE)
    cells = samples[: samples.size // step * step].reshape(-1, step)
    level = np.sqrt(np.mean(cells**2, axis=1))
    stretches: list[tuple[float, float]] = []
    for cell in np.flatnonzero(level > np.max(level) * 10 ** (_ACTIVITY_FLOOR_DB / 20)).tolist():
        start, end = cell * _ACTIVITY_STEP_SECONDS, (cell + 1) * _ACTIVITY_STEP_SECONDS
        if stretches and start - stretches[-1][1] <= _GAP_SECONDS:
            start = stretches.pop()[0]
        stretches.append((round(start, 1), round(end, 1)))
    return tuple(stretches)
