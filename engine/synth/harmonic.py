"""Voices with a harmonic spectrum that moves: subtractive, wavetable, organ, bowed, blown and sung sounds.

The spectrum of a note (oscillators times filter times formants) is computed for a few dozen moments, turned into
single-cycle tables, and read by the running phase. So every oscillator is free of aliasing, every filter sweep is free
of zipper noise, and unison costs one table look-up a voice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.fft

from engine.notes import midi_to_hz
from engine.synth.signals import (
    Envelope,
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

FRAMES = 56


@dataclass(frozen=True)
class Oscillator:
    """One source of harmonics.

    Attributes
    ----------
    shape : 'saw', 'square', 'pulse', 'triangle', 'sine' or 'random'.
    level : linear gain.
    octave : pitch in half-harmonics of the note: 1 an octave below, 2 at pitch, 4 an octave above, 6 a twelfth.
    colour : the pulse's width (0..1), or the spectral slope of 'random' (about 0.5..2).
    seed : draws the harmonics of 'random'.
    """

    shape: str
    level: float = 1.0
    octave: int = 2
    colour: float = 0.5
    seed: int = 0

    def add_to(self, amplitudes: Samples) -> None:
        """Add this oscillator's harmonics to amplitudes over half-harmonics (index 1 = an octave below the note)."""
        count = (amplitudes.size - 1) // self.octave
        if count < 1:
            return
        number = np.arange(1, count + 1, dtype=np.float32)
        odd = (np.arange(1, count + 1) % 2).astype(np.float32)
        if self.shape == "saw":
            harmonics = 1.0 / number
        elif self.shape == "square":
            harmonics = odd / number
        elif self.shape == "pulse":
            harmonics = np.abs(np.sin(np.pi * number * np.float32(self.colour))) / number
        elif self.shape == "triangle":
            harmonics = odd / number**2
        elif self.shape == "sine":
            harmonics = (number == 1).astype(np.float32)
        else:
            draws = np.random.default_rng(self.seed).gamma(0.6, 1.0, 256).astype(np.float32)
            draws[0] = max(float(draws[0]), 0.8)
            padded = np.resize(draws, count)
            harmonics = padded / number ** np.float32(self.colour)
        amplitudes[self.octave : self.octave * count + 1 : self.octave] += np.float32(self.level) * harmonics


@dataclass(frozen=True)
class Filter:
    """A filter of the harmonics, with its own envelope, key tracking, velocity and slow oscillation.

    `cutoff` is in Hz at middle C; `envelope_octaves`, `velocity_octaves` and `lfo_octaves` move it.
    """

    kind: str = "lowpass"
    cutoff: float = 4000.0
    q: float = 0.8
    poles: int = 2
    tracking: float = 0.5
    envelope: Envelope = field(default_factory=Envelope)
    envelope_octaves: float = 0.0
    velocity_octaves: float = 0.5
    lfo_hertz: float = 1.0
    lfo_octaves: float = 0.0

    def gains(self, frequencies: Samples, times: Samples, gate: float, pitch: float, velocity: float) -> Samples:
        """Magnitudes [frames, harmonics] at `times` (seconds)."""
        octaves = self.envelope_octaves * self.envelope.at(times, gate) + self.velocity_octaves * (velocity - 0.7)
        octaves = octaves + self.lfo_octaves * np.sin(2.0 * np.pi * self.lfo_hertz * times)
        cutoff = self.cutoff * (pitch / 261.6) ** self.tracking * 2.0**octaves
        cutoff = np.clip(cutoff, 30.0, 20000.0)[:, None]
        if self.kind == "bandpass":
            return bandpass_curve(frequencies, cutoff, self.q) + np.float32(0.03)
        if self.kind == "highpass":
            return highpass_curve(frequencies, cutoff)
        return lowpass_curve(frequencies, cutoff, self.q, self.poles)

    @property
    def moves(self) -> bool:
        """Whether the response changes within a note."""
        return abs(self.envelope_octaves) > 0.05 or self.lfo_octaves > 0.02


@dataclass(frozen=True)
class Formant:
    """A resonance at a fixed frequency, whatever the note: a body, a bell, a mouth."""

    hertz: float
    q: float
    gain: float


@dataclass(frozen=True)
class HarmonicVoice:
    """A moving harmonic spectrum, played by up to a few detuned voices, with breath, vibrato and saturation."""

    oscillators: tuple[Oscillator, ...]
    morph: tuple[Oscillator, ...] = ()
    morph_envelope: Envelope = field(default_factory=lambda: Envelope(0.5, 0.5, 1.0, 0.3))
    filter: Filter = field(default_factory=Filter)
    formants: tuple[Formant, ...] = ()
    formant_floor: float = 0.15
    amplitude: Envelope = field(default_factory=Envelope)
    unison: int = 1
    detune_cents: float = 0.0
    vibrato_hertz: float = 5.0
    vibrato_cents: float = 0.0
    vibrato_delay: float = 0.3
    glide_semitones: float = 0.0
    glide_seconds: float = 0.03
    tremolo_hertz: float = 5.0
    tremolo_depth: float = 0.0
    breath: float = 0.0
    breath_hertz: float = 2000.0
    breath_q: float = 0.5
    breath_attack_only: bool = False
    drive: float = 0.0
    velocity_depth: float = 0.6
    seed: int = 0

    def render(self, midi: int, velocity: float, seconds: float, rate: int) -> Samples:
        """The note, float32 [n]: `seconds` of gate and the release."""
        pitch = midi_to_hz(midi)
        rng = np.random.default_rng([self.seed, midi])
        total = seconds + self.amplitude.release
        times = seconds_axis(total, rate)
        bend = self._bend(times, rng)
        signal = self._tone(times, seconds, pitch, velocity, bend, rate, rng)
        level = self.amplitude.at(times, seconds)
        if self.tremolo_depth > 0.0:
            level = level * (1.0 - np.float32(self.tremolo_depth * 0.5) * (1.0 + sine(times * self.tremolo_hertz)))
        signal = drive(signal * level, self.drive)
        if self.breath > 0.0:
            signal = signal / np.float32(np.max(np.abs(signal)) + 1e-9)
            signal += self._breath(times, seconds, pitch, level, rng, rate)
        return finish(signal, velocity_level(velocity, self.velocity_depth), rate)

    def _bend(self, times: Samples, rng: np.random.Generator) -> Samples | None:
        """The pitch curve as a factor around 1, or None when it stands still."""
        semitones: Samples | None = None
        if self.vibrato_cents > 0.5:
            swell = np.clip((times - self.vibrato_delay) * 3.0, 0.0, 1.0)
            phase = float(rng.uniform())
            semitones = swell * sine(times * np.float32(self.vibrato_hertz) + np.float32(phase))
            semitones *= np.float32(self.vibrato_cents / 100.0)
        if abs(self.glide_semitones) > 0.01:
            glide = np.float32(self.glide_semitones) * np.exp(times * np.float32(-1.0 / self.glide_seconds))
            semitones = glide if semitones is None else semitones + glide
        return None if semitones is None else np.exp2(semitones * np.float32(1.0 / 12.0))

    def _spectra(self, times: Samples, gate: float, pitch: float, velocity: float, rate: int) -> Samples:
        """Amplitudes over half-harmonics at `times`, float32 [frames, half-harmonics + 1]."""
        # Vibrato and detune lift the highest harmonic a little; the margin keeps it below the Nyquist frequency.
        count = max(4, int(0.47 * rate / (pitch * 0.5)))
        amplitudes = np.zeros(count + 1, dtype=np.float32)
        for oscillator in self.oscillators:
            oscillator.add_to(amplitudes)
        spectra = np.broadcast_to(amplitudes, (times.size, count + 1))
        if self.morph:
            other = np.zeros_like(amplitudes)
            for oscillator in self.morph:
                oscillator.add_to(other)
            weight = self.morph_envelope.at(times, gate)[:, None]
            spectra = spectra * (1.0 - weight) + other * weight
        frequencies = np.arange(count + 1, dtype=np.float32) * np.float32(pitch * 0.5)
        spectra = spectra * self.filter.gains(frequencies, times, gate, pitch, velocity)
        if self.formants:
            body = np.full(count + 1, self.formant_floor, dtype=np.float32)
            for formant in self.formants:
                body += formant.gain * bandpass_curve(frequencies, formant.hertz, formant.q)
            spectra = spectra * body
        return spectra

    def _tone(
        self,
        times: Samples,
        gate: float,
        pitch: float,
        velocity: float,
        bend: Samples | None,
        rate: int,
        rng: np.random.Generator,
    ) -> Samples:
        moves = self.filter.moves or bool(self.morph)
        frames = FRAMES if moves else 2
        length = float(times[-1]) + 1.0 / rate
        # Squared spacing: most moments fall where envelopes are fast.
        moments = (np.linspace(0.0, 1.0, frames, dtype=np.float32) ** 2) * np.float32(length)
        spectra = self._spectra(moments, gate, pitch, velocity, rate)
        harmonics = spectra.shape[1] - 1
        size = int(np.clip(2 ** np.ceil(np.log2(harmonics * 6)), 512, 4096))
        turns = np.random.default_rng(self.seed).uniform(0.0, 2.0 * np.pi, 4096)[: harmonics + 1]
        rotated = np.zeros((spectra.shape[0], size // 2 + 1), dtype=np.complex64)
        used = min(harmonics + 1, size // 2)
        rotated[:, 1:used] = (spectra * np.exp(1j * turns).astype(np.complex64))[:, 1:used]
        tables = scipy.fft.irfft(rotated, n=size, axis=1).astype(np.float32).reshape(-1)

        if moves:
            position = np.sqrt(times * np.float32(1.0 / length)) * np.float32(frames - 1)
            below = np.minimum(position.astype(np.int32), frames - 2)
            between = position - below
            offset = below * np.int32(size)
        cents = np.linspace(-1.0, 1.0, self.unison) * self.detune_cents if self.unison > 1 else np.zeros(1)
        signal = np.zeros(times.size, dtype=np.float32)
        for cent in cents:
            hertz = np.float32(pitch * 0.5 * 2.0 ** (cent / 1200.0))
            curve = np.full(times.size, hertz) if bend is None else bend * hertz
            index = (phase_of(curve, rate, float(rng.uniform())) * np.float32(size)).astype(np.int32)
            index &= np.int32(size - 1)
            if moves:
                index += offset
                lower = tables[index]
                index += np.int32(size)
                signal += lower + (tables[index] - lower) * between
            else:
                signal += tables[index]
        return signal

    def _breath(
        self, times: Samples, gate: float, pitch: float, level: Samples, rng: np.random.Generator, rate: int
    ) -> Samples:
        _, bins = noise_grid(times.size, rate)
        centre = min(self.breath_hertz * (pitch / 261.6) ** 0.3, 0.4 * rate)
        noise = shaped_noise(rng, times.size, bandpass_curve(bins, centre, self.breath_q))
        shape = level
        if self.breath_attack_only:
            shape = Envelope(0.002, 0.03, 0.0, 0.01).at(times, gate)
        noise *= shape
        return noise * np.float32(self.breath / (float(np.max(np.abs(noise))) + 1e-9))
