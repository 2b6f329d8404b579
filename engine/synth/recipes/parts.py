"""Parts that several recipes draw alike: oscillators, filters, formants."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.fm import FmVoice
from engine.synth.harmonic import Filter, Formant, HarmonicVoice, Oscillator
from engine.synth.modal import ModalVoice
from engine.synth.recipes.draws import around, between, chance, number
from engine.synth.signals import Envelope

PitchedVoice = HarmonicVoice | ModalVoice | FmVoice


def draw_oscillators(rng: Generator, sub: float = 0.3, octave_up: float = 0.2) -> tuple[Oscillator, ...]:
    """One to three oscillators at pitch, perhaps with octaves."""
    chosen = []
    for _ in range(int(rng.integers(1, 4))):
        shape = str(rng.choice(["saw", "saw", "square", "pulse", "triangle", "random", "random"]))
        colour = between(rng, 0.06, 0.5) if shape == "pulse" else around(rng, 0.5, 2.2)
        chosen.append(Oscillator(shape, between(rng, 0.3, 1.0), 2, colour, number(rng)))
    if chance(rng, sub):
        chosen.append(Oscillator("sine" if chance(rng, 0.6) else "square", between(rng, 0.2, 0.5), 1))
    if chance(rng, octave_up):
        chosen.append(Oscillator("saw" if chance(rng, 0.5) else "pulse", between(rng, 0.1, 0.5), 4, 0.3))
    return tuple(chosen)


def draw_filter(rng: Generator, low: float, high: float, envelope: Envelope, sweep: float) -> Filter:
    kind = str(rng.choice(["lowpass", "lowpass", "lowpass", "lowpass", "bandpass"]))
    return Filter(
        kind=kind,
        cutoff=around(rng, low, high),
        q=around(rng, 0.6, 6.0) if kind == "lowpass" else around(rng, 0.5, 2.0),
        poles=2 if chance(rng, 0.5) else 4,
        tracking=between(rng, 0.1, 1.0),
        envelope=envelope,
        envelope_octaves=between(rng, 0.0, sweep) if chance(rng, 0.7) else 0.0,
        velocity_octaves=between(rng, 0.0, 1.5),
        lfo_hertz=around(rng, 0.15, 6.0),
        lfo_octaves=between(rng, 0.1, 0.8) if chance(rng, 0.2) else 0.0,
    )


def draw_formants(rng: Generator, count: int, low: float, high: float, q: float) -> tuple[Formant, ...]:
    return tuple(
        Formant(around(rng, low, high), q * between(rng, 0.6, 1.6), between(rng, 0.4, 2.0)) for _ in range(count)
    )
