"""The small vocabulary every procedural voice is spelled in: envelopes, phases, shaped noise, filter curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

Samples = npt.NDArray[np.float32]
"""Mono audio or a control signal, float32 [n]."""


def seconds_axis(seconds: float, rate: int) -> Samples:
    """The time of each sample of `seconds` at `rate`, at least one."""
    return np.arange(max(1, round(seconds * rate)), dtype=np.float32) * np.float32(1.0 / rate)


@dataclass(frozen=True)
class Envelope:
    """Attack, decay, sustain, release.

    Attributes
    ----------
    attack : seconds of the linear rise.
    decay : time constant in seconds of the exponential fall to `sustain`.
    sustain : level 0..1 held until the gate closes.
    release : seconds from the closing of the gate to silence.
    """

    attack: float = 0.003
    decay: float = 0.3
    sustain: float = 0.7
    release: float = 0.15

    def at(self, times: Samples, gate: float) -> Samples:
        """The level 0..1 at `times` (seconds), for a gate that closes at `gate` seconds."""
        held = np.minimum(times, np.float32(gate))
        attack = np.float32(max(self.attack, 1e-4))
        fall = np.exp(np.minimum((attack - held) / np.float32(max(self.decay, 1e-3)), 0.0))
        level = np.minimum(held / attack, 1.0) * (self.sustain + (1.0 - self.sustain) * fall)
        # A squared straight line falls fast, as an exponential does, and truly reaches zero.
        closing = np.clip(1.0 - (times - np.float32(gate)) / np.float32(max(self.release, 1e-3)), 0.0, 1.0)
        return (level * closing * closing).astype(np.float32)


def phase_of(frequency: Samples, rate: int, start: float = 0.0) -> Samples:
    """The running phase in cycles, wrapped to 0..1, of a frequency curve in Hz."""
    cycles = np.cumsum(frequency, dtype=np.float64)
    cycles *= 1.0 / rate
    cycles += start
    cycles -= np.floor(cycles)
    return cycles.astype(np.float32)


def sine(phase: Samples) -> Samples:
    """The sine of a phase in cycles."""
    return np.sin(phase * np.float32(2.0 * np.pi))


def lowpass_curve(
    frequencies: npt.NDArray[np.floating], cutoff: npt.NDArray[np.floating] | float, q: float, poles: int
) -> npt.NDArray[np.float32]:
    """The magnitude of a resonant low-pass of 2 or 4 poles; the arguments broadcast."""
    ratio = np.asarray(frequencies / cutoff, dtype=np.float32)
    squared = ratio * ratio
    power = 1.0 / ((1.0 - squared) ** 2 + squared / np.float32(q * q))
    if poles == 4:
        return (np.sqrt(power) / np.sqrt(1.0 + squared * squared)).astype(np.float32)
    return np.sqrt(power).astype(np.float32)


def bandpass_curve(
    frequencies: npt.NDArray[np.floating], centre: npt.NDArray[np.floating] | float, q: float
) -> npt.NDArray[np.float32]:
    """The magnitude of a two-pole band-pass, 1 at `centre`; the arguments broadcast."""
    ratio = np.maximum(np.asarray(frequencies / centre, dtype=np.float32), 1e-4)
    return (1.0 / np.sqrt(1.0 + np.float32(q * q) * (ratio - 1.0 / ratio) ** 2)).astype(np.float32)


def highpass_curve(
    frequencies: npt.NDArray[np.floating], cutoff: npt.NDArray[np.floating] | float
) -> npt.NDArray[np.float32]:
    """The magnitude of a two-pole high-pass; the arguments broadcast."""
    squared = np.asarray(frequencies / cutoff, dtype=np.float32) ** 2
    return (squared / np.sqrt(1.0 + squared * squared)).astype(np.float32)


NOISE_FRAME = 512


def noise_grid(samples: int, rate: int) -> tuple[Samples, Samples]:
    """Where `shaped_noise` wants its magnitudes: frame times in seconds [frames, 1] and bins in Hz [bins]."""
    hop = NOISE_FRAME // 2
    frames = samples // hop + 2
    times = (np.arange(frames, dtype=np.float32)[:, None] - 0.5) * np.float32(hop / rate)
    return np.maximum(times, 0.0), scipy.fft.rfftfreq(NOISE_FRAME, 1.0 / rate).astype(np.float32)


def shaped_noise(rng: np.random.Generator, samples: int, magnitude: npt.NDArray[np.float32]) -> Samples:
    """Gaussian noise whose spectrum follows `magnitude` ([frames, bins] or [bins], on `noise_grid`) over time."""
    hop = NOISE_FRAME // 2
    frames = samples // hop + 2
    white = rng.standard_normal((frames, NOISE_FRAME), dtype=np.float32)
    shaped = scipy.fft.irfft(scipy.fft.rfft(white, axis=1) * magnitude, n=NOISE_FRAME, axis=1)
    # Halves of a sine window overlap to constant power, which is what matters for independent noise.
    shaped *= np.sin(np.pi * (np.arange(NOISE_FRAME, dtype=np.float32) + 0.5) / NOISE_FRAME)
    joined = shaped[1:, :hop] + shaped[:-1, hop:]
    return joined.reshape(-1)[:samples].astype(np.float32)


def drive(signal: Samples, amount: float, bias: float = 0.0) -> Samples:
    """Soft saturation: 0 leaves the signal alone, 1 is strong; `bias` adds even harmonics."""
    if amount <= 0.0:
        return signal
    gain = np.float32(1.0 + 12.0 * amount * amount)
    peak = np.float32(np.max(np.abs(signal)) + 1e-9)
    bent = np.tanh(signal * (gain / peak) + np.float32(bias)) - np.float32(np.tanh(bias))
    return bent * peak


def finish(signal: Samples, level: float, rate: int) -> Samples:
    """The voice's last step: centre, scale the peak to `level` (0..1), and make the ends silent."""
    signal = np.nan_to_num(signal.astype(np.float32, copy=False))
    peak = float(np.max(np.abs(signal)))
    if peak > 0.0:
        signal = signal * np.float32(level / peak)
    fade = min(signal.size, max(2, round(0.008 * rate)))
    signal[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
    rise = min(signal.size, max(2, round(0.0004 * rate)))
    signal[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return signal


def velocity_level(velocity: float, depth: float = 0.7) -> float:
    """The peak of a note struck with `velocity` 0..1."""
    return 0.95 * (1.0 - depth + depth * float(np.clip(velocity, 0.0, 1.0)))
