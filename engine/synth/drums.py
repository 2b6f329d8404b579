"""Drums and effects: pitch sweeps, ringing modes and shaped noise. They ignore the gate and the note, save a tuning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.synth.modal import ring
from engine.synth.signals import (
    Samples,
    bandpass_curve,
    drive,
    finish,
    highpass_curve,
    lowpass_curve,
    noise_grid,
    phase_of,
    seconds_axis,
    shaped_noise,
    sine,
    velocity_level,
)


def tuning(midi: int) -> float:
    """How far a drum follows the note: an octave above or below middle C is about two semitones."""
    return float(2.0 ** (np.clip(midi - 60, -24, 24) / 12.0 / 6.0))


@dataclass(frozen=True)
class Sweep:
    """A sine that falls (or rises) from `start` to `end` Hz with time constant `sweep` seconds."""

    start: float
    end: float
    sweep: float
    decay: float
    level: float = 1.0
    harmonics: float = 0.0


@dataclass(frozen=True)
class Burst:
    """Noise in a band; `low` and `high` in Hz, `decay` seconds to fall by 60 dB, struck `claps` times `gap` apart."""

    low: float
    high: float
    decay: float
    level: float = 1.0
    attack: float = 0.0005
    claps: int = 1
    gap: float = 0.011
    q: float = 0.8
    glide_octaves: float = 0.0
    grain: float = 0.0


@dataclass(frozen=True)
class Ring:
    """`count` modes from `low` to `high` Hz, drawn from `seed`; or exact `ratios` of `low`."""

    low: float
    high: float
    decay: float
    level: float = 1.0
    count: int = 40
    ratios: tuple[float, ...] = ()
    tilt: float = 0.3
    damping: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class DrumVoice:
    """Layers of sweeps, bursts and rings, saturated together."""

    sweeps: tuple[Sweep, ...] = ()
    bursts: tuple[Burst, ...] = ()
    rings: tuple[Ring, ...] = ()
    drive: float = 0.0
    crush: int = 0
    seed: int = 0

    @property
    def seconds(self) -> float:
        """How long the drum rings."""
        tails = [sweep.decay for sweep in self.sweeps]
        tails += [layer.decay for layer in self.rings]
        tails += [burst.decay + burst.attack + burst.claps * burst.gap for burst in self.bursts]
        return float(np.clip(max(tails), 0.05, 6.0))

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The hit, float32 [n]; `seconds` is ignored: the drum rings as long as it does."""
        tune = tuning(midi)
        rng = np.random.default_rng([self.seed, midi])
        times = seconds_axis(self.seconds, rate)
        signal = np.zeros(times.size, dtype=np.float32)
        for sweep in self.sweeps:
            signal += self._sweep(sweep, times, tune, velocity, rate)
        for burst in self.bursts:
            signal += self._burst(burst, times, tune, velocity, rng, rate)
        for layer in self.rings:
            signal += self._ring(layer, times.size, tune, velocity, rate)
        signal = drive(signal, self.drive)
        if self.crush > 1:
            signal = np.repeat(signal[:: self.crush], self.crush)[: signal.size]
        return finish(signal, velocity_level(velocity), rate)

    @staticmethod
    def _sweep(layer: Sweep, times: Samples, tune: float, velocity: float, rate: int) -> Samples:
        fall = np.exp(times * np.float32(-1.0 / layer.sweep))
        start = layer.end + (layer.start - layer.end) * (0.7 + 0.3 * velocity)
        hertz = np.float32(layer.end * tune) + np.float32((start - layer.end) * tune) * fall
        wave = sine(phase_of(np.minimum(hertz, np.float32(0.45 * rate)), rate))
        if layer.harmonics > 0.0:
            wave = np.tanh(wave * np.float32(1.0 + 4.0 * layer.harmonics))
        return wave * np.exp(times * np.float32(-6.9078 / layer.decay)) * np.float32(layer.level)

    @staticmethod
    def _burst(
        layer: Burst, times: Samples, tune: float, velocity: float, rng: np.random.Generator, rate: int
    ) -> Samples:
        moments, bins = noise_grid(times.size, rate)
        glide = 2.0 ** (layer.glide_octaves * moments / max(layer.decay, 1e-3))
        low = np.minimum(layer.low * tune * glide, 0.4 * rate)
        high = np.minimum(layer.high * tune * glide * (0.6 + 0.4 * velocity), 0.49 * rate)
        magnitude = lowpass_curve(bins, high, layer.q, 2) * highpass_curve(bins, low)
        noise = shaped_noise(rng, times.size, magnitude.astype(np.float32))
        noise /= np.float32(np.max(np.abs(noise)) + 1e-9)
        if layer.grain > 0.0:
            # Rare grains instead of a steady hiss: beads in a shaker, dust on a record.
            noise *= rng.random(times.size, dtype=np.float32) < layer.grain
        shape = np.zeros(times.size, dtype=np.float32)
        for clap in range(layer.claps):
            since = times - np.float32(clap * layer.gap)
            decay = layer.decay if clap == layer.claps - 1 else layer.gap * 1.5
            hit = np.minimum(since / np.float32(layer.attack), 1.0) * np.exp(
                -6.9078 * np.maximum(since - layer.attack, 0.0) / np.float32(decay)
            )
            shape = np.maximum(shape, np.where(since > 0.0, hit, 0.0))
        return noise * shape * np.float32(layer.level)

    @staticmethod
    def _ring(layer: Ring, samples: int, tune: float, velocity: float, rate: int) -> Samples:
        rng = np.random.default_rng(layer.seed)
        if layer.ratios:
            frequencies = layer.low * np.array(layer.ratios)
        else:
            frequencies = np.sort(layer.low * (layer.high / layer.low) ** rng.uniform(0.0, 1.0, layer.count))
        relative = frequencies / layer.low
        gains = rng.uniform(0.4, 1.0, frequencies.size) * relative ** -(layer.tilt + 0.4 * (0.8 - velocity))
        decays = layer.decay * rng.uniform(0.6, 1.0, frequencies.size) / (1.0 + layer.damping * (relative - 1.0))
        frequencies = frequencies * tune
        kept = frequencies < 0.47 * rate
        phases = rng.uniform(-np.pi, np.pi, frequencies.size)
        if not kept.any():
            return np.zeros(samples, dtype=np.float32)
        signal = ring(frequencies[kept], decays[kept], gains[kept], phases[kept], samples, rate)
        return signal * np.float32(layer.level / (float(np.max(np.abs(signal))) + 1e-9))


@dataclass(frozen=True)
class EffectVoice:
    """A rise, fall, zap or texture: a tone and a band of noise that glide together over `seconds`."""

    seconds: float
    start_hertz: float
    end_hertz: float
    curve: float = 1.0
    tone: float = 0.5
    tone_harmonics: float = 0.0
    noise: float = 0.5
    noise_q: float = 2.0
    wobble_hertz: float = 0.0
    wobble_octaves: float = 0.0
    gate_hertz: float = 0.0
    attack: float = 0.02
    rising: bool = False
    drive: float = 0.0
    seed: int = 0

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The effect, float32 [n], as long as it is designed to be."""
        rng = np.random.default_rng([self.seed, midi])
        times = seconds_axis(self.seconds, rate)
        tune = tuning(midi)
        octaves = float(np.log2(self.end_hertz / self.start_hertz))
        hertz = self._glide(times, octaves, rate) * np.float32(tune)
        tone = sine(phase_of(np.minimum(hertz, np.float32(0.45 * rate)), rate))
        if self.tone_harmonics > 0.0:
            tone = np.tanh(tone * np.float32(1.0 + 5.0 * self.tone_harmonics))
        moments, bins = noise_grid(times.size, rate)
        centre = np.minimum(self._glide(moments, octaves, rate) * tune, 0.45 * rate)
        noise = shaped_noise(rng, times.size, bandpass_curve(bins, centre, self.noise_q))
        noise /= np.float32(np.max(np.abs(noise)) + 1e-9)
        along = times / np.float32(self.seconds)
        shape = along**1.5 if self.rising else np.exp(np.float32(-5.0) * along)
        shape = shape * np.minimum(times / np.float32(self.attack), 1.0)
        if self.gate_hertz > 0.0:
            shape = shape * (0.5 + 0.5 * np.tanh(6.0 * sine(times * np.float32(self.gate_hertz))))
        signal = (np.float32(self.tone) * tone + np.float32(self.noise) * noise) * shape
        return finish(drive(signal, self.drive), velocity_level(velocity), rate)

    def _glide(self, times: Samples, octaves: float, rate: int) -> Samples:
        along = np.clip(times / np.float32(self.seconds), 0.0, 1.0) ** np.float32(self.curve)
        wobble = self.wobble_octaves * sine(times * np.float32(self.wobble_hertz))
        return (self.start_hertz * 2.0 ** (octaves * along + wobble)).astype(np.float32)
