"""Frequency modulation: electric pianos, bells, basses, leads."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.notes import midi_to_hz
from engine.synth.signals import (
    Envelope,
    Samples,
    drive,
    finish,
    phase_of,
    seconds_axis,
    sine,
    velocity_level,
)


@dataclass(frozen=True)
class Operator:
    """A modulator: its frequency ratio to the note, its index in radians, and how the index moves."""

    ratio: float
    index: float
    envelope: Envelope = field(default_factory=Envelope)


@dataclass(frozen=True)
class FmVoice:
    """Carriers (ratio, level), all bent by the same modulators, which may be chained."""

    carriers: tuple[tuple[float, float], ...]
    modulators: tuple[Operator, ...]
    chained: bool = False
    amplitude: Envelope = field(default_factory=Envelope)
    vibrato_hertz: float = 5.0
    vibrato_cents: float = 0.0
    tremolo_hertz: float = 5.0
    tremolo_depth: float = 0.0
    detune_cents: float = 0.0
    drive: float = 0.0
    velocity_depth: float = 0.6

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The note, float32 [n]: `seconds` of gate and the release."""
        pitch = midi_to_hz(midi)
        times = seconds_axis(seconds + self.amplitude.release, rate)
        bend = np.float32(self.vibrato_cents / 1731.0) * sine(times * np.float32(self.vibrato_hertz))
        curve = np.float32(pitch) * (1.0 + bend)
        modulation: Samples | float = 0.0
        for operator in self.modulators:
            hertz = curve * np.float32(operator.ratio)
            # Sidebands reach about index + 1 modulator frequencies from the carrier: stay below the Nyquist frequency.
            room = max(0.0, 0.45 * rate / (pitch * max(operator.ratio, 0.1)) - 2.0)
            index = min(operator.index * (0.4 + 0.75 * velocity), room)
            phase = phase_of(hertz, rate) * np.float32(2.0 * np.pi)
            wave = np.sin(phase + modulation) if self.chained else np.sin(phase)
            wave = wave * (np.float32(index) * operator.envelope.at(times, seconds))
            modulation = wave if self.chained else modulation + wave
        signal = np.zeros(times.size, dtype=np.float32)
        for number, (ratio, level) in enumerate(self.carriers):
            spread = 2.0 ** (self.detune_cents * (number - 0.5) / 1200.0) if self.detune_cents else 1.0
            phase = phase_of(curve * np.float32(ratio * spread), rate) * np.float32(2.0 * np.pi)
            signal += np.float32(level) * np.sin(phase + modulation)
        signal *= self.amplitude.at(times, seconds)
        if self.tremolo_depth > 0.0:
            signal *= 1.0 - np.float32(self.tremolo_depth * 0.5) * (1.0 + sine(times * np.float32(self.tremolo_hertz)))
        return finish(drive(signal, self.drive), velocity_level(velocity, self.velocity_depth), rate)
