"""Voices that ring: plucked and struck strings, bars, bells, plates, membranes.

A ringing body is a sum of decaying sines. Sample `a * B + b` of a mode with pole z is the real part of
z^(a B) times z^b, so all the modes of a note together are one small matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from engine.notes import midi_to_hz
from engine.synth.signals import (
    Samples,
    bandpass_curve,
    drive,
    finish,
    lowpass_curve,
    noise_grid,
    seconds_axis,
    shaped_noise,
    sine,
    velocity_level,
)

BLOCK = 256


def ring(
    frequencies: npt.NDArray[np.float64],
    decays: npt.NDArray[np.float64],
    amplitudes: npt.NDArray[np.float64],
    phases: npt.NDArray[np.float64],
    samples: int,
    rate: int,
) -> Samples:
    """The sum of decaying sines, float32 [samples].

    Parameters
    ----------
    frequencies, decays, amplitudes, phases : [modes]; Hz, seconds to fall by 60 dB, linear, radians.
    """
    exponent = (-6.9078 / np.maximum(decays, 1e-3) + 2j * np.pi * frequencies) / rate
    blocks = -(-samples // BLOCK)
    coarse = _powers(np.exp(exponent * BLOCK), np.ones_like(exponent), blocks)
    fine = _powers(np.exp(exponent), amplitudes * np.exp(1j * phases), BLOCK).T
    left = np.concatenate([coarse.imag, coarse.real], axis=1).astype(np.float32)
    right = np.concatenate([fine.real, fine.imag], axis=0).astype(np.float32)
    return np.asarray((left @ right).reshape(-1)[:samples], dtype=np.float32)


def _powers(poles: npt.NDArray[np.complex128], first: npt.NDArray[np.complex128], count: int) -> npt.NDArray:
    """`first` times the powers 0..count-1 of each pole, [count, modes]: running products are cheaper than exp."""
    grid = np.empty((count, poles.size), dtype=np.complex128)
    grid[0] = first
    grid[1:] = poles
    return np.multiply.accumulate(grid, axis=0, out=grid)


@dataclass(frozen=True)
class ModalVoice:
    """A struck or plucked body.

    Attributes
    ----------
    ratios : frequencies of the modes relative to the note; empty for a string, whose harmonics are computed.
    gains : linear gain of each of `ratios`.
    stiffness : how far a string's harmonics are stretched (0 ideal, 1e-3 a stiff bass string).
    position : where along the string it is struck, 0..0.5.
    brightness : slope of the spectrum: a harmonic k starts at k ** -brightness.
    decay_seconds : to fall by 60 dB, at middle C; `decay_tracking` shortens it up the keyboard.
    damping : how much sooner higher modes die.
    courses, detune_cents : strings per note and their spread.
    body : fixed resonances as (Hz, q, gain).
    strike : level of the exciter's noise; `strike_hertz` its brightness.
    release : seconds of the tail after the gate closes.
    """

    ratios: tuple[float, ...] = ()
    gains: tuple[float, ...] = ()
    stiffness: float = 0.0
    position: float = 0.2
    brightness: float = 1.0
    decay_seconds: float = 2.0
    decay_tracking: float = 0.5
    damping: float = 0.3
    courses: int = 1
    detune_cents: float = 0.0
    body: tuple[tuple[float, float, float], ...] = ()
    strike: float = 0.1
    strike_hertz: float = 3000.0
    strike_seconds: float = 0.01
    attack: float = 0.0
    release: float = 0.15
    tremolo_hertz: float = 5.0
    tremolo_depth: float = 0.0
    drive: float = 0.0
    cabinet_hertz: float = 0.0
    velocity_tilt: float = 0.5
    seed: int = 0

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The note, float32 [n]: `seconds` of gate and the damped tail."""
        pitch = midi_to_hz(midi)
        rng = np.random.default_rng([self.seed, midi])
        times = seconds_axis(seconds + self.release, rate)
        signal = self._modes(pitch, velocity, times.size, rate)
        closing = np.clip(1.0 - (times - np.float32(seconds)) / np.float32(self.release), 0.0, 1.0)
        signal *= closing * closing
        if self.attack > 0.0:
            signal *= np.minimum(times / np.float32(self.attack), 1.0)
        if self.tremolo_depth > 0.0:
            signal *= 1.0 - np.float32(self.tremolo_depth * 0.5) * (1.0 + sine(times * np.float32(self.tremolo_hertz)))
        if self.strike > 0.0:
            signal /= np.float32(np.max(np.abs(signal)) + 1e-9)
            signal += self._strike(velocity, times, rng, rate)
        if self.drive > 0.0:
            signal = self._amplify(signal, velocity, rate)
        return finish(signal, velocity_level(velocity), rate)

    def _modes(self, pitch: float, velocity: float, samples: int, rate: int) -> Samples:
        limit = 0.46 * rate
        if self.ratios:
            ratios = np.array(self.ratios)
            gains = np.array(self.gains)
        else:
            number = np.arange(1, max(2, min(160, int(limit / pitch) + 1)))
            ratios = number * np.sqrt((1.0 + self.stiffness * number**2) / (1.0 + self.stiffness))
            gains = np.abs(np.sin(np.pi * number * self.position)) + 0.02
        slope = self.brightness + self.velocity_tilt * (0.8 - velocity)
        gains = gains * np.maximum(ratios, 0.2) ** -slope
        frequencies = ratios * pitch
        for hertz, q, gain in self.body:
            gains = gains * (1.0 + gain * bandpass_curve(frequencies, hertz, q))
        decay = self.decay_seconds * (261.6 / pitch) ** self.decay_tracking
        decays = decay / (1.0 + self.damping * (np.maximum(ratios, 0.5) - 0.5)) ** 1.2
        frequencies, decays, gains = self._with_courses(frequencies, decays, gains)
        kept = (frequencies < limit) & (frequencies > 15.0)
        phases = np.random.default_rng(self.seed).uniform(-0.5, 0.5, frequencies.size)
        return ring(frequencies[kept], decays[kept], gains[kept], phases[kept], samples, rate)

    def _with_courses(
        self, frequencies: npt.NDArray[np.float64], decays: npt.NDArray[np.float64], gains: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        if self.courses == 1:
            return frequencies, decays, gains
        factors = 2.0 ** (np.linspace(-0.5, 0.5, self.courses) * self.detune_cents / 1200.0)
        return (
            np.concatenate([frequencies * factor for factor in factors]),
            np.tile(decays, self.courses),
            np.tile(gains, self.courses),
        )

    def _strike(self, velocity: float, times: Samples, rng: np.random.Generator, rate: int) -> Samples:
        samples = min(times.size, round(0.25 * rate))
        _, bins = noise_grid(samples, rate)
        noise = shaped_noise(rng, samples, lowpass_curve(bins, self.strike_hertz * (0.5 + velocity), 0.8, 2))
        noise *= np.exp(times[:samples] * np.float32(-1.0 / self.strike_seconds))
        noise *= np.float32(self.strike / (float(np.max(np.abs(noise))) + 1e-9))
        return np.pad(noise, (0, times.size - samples))

    def _amplify(self, signal: Samples, velocity: float, rate: int) -> Samples:
        signal = drive(signal, self.drive * (0.6 + 0.4 * velocity), bias=0.15)
        if self.cabinet_hertz <= 0.0:
            return signal
        size = scipy.fft.next_fast_len(signal.size, real=True)
        frequencies = scipy.fft.rfftfreq(size, 1.0 / rate)
        spectrum = scipy.fft.rfft(signal, n=size) * lowpass_curve(frequencies, self.cabinet_hertz, 0.9, 4)
        return np.asarray(scipy.fft.irfft(spectrum, n=size)[: signal.size], dtype=np.float32)
