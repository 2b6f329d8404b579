"""How struck and plucked instruments are drawn: guitars, keys, mallets, plucks, and basses of every kind."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.fm import FmVoice, Operator
from engine.synth.harmonic import HarmonicVoice, Oscillator
from engine.synth.modal import ModalVoice
from engine.synth.recipes.draws import around, between, chance, number
from engine.synth.recipes.parts import PitchedVoice, draw_filter, draw_oscillators
from engine.synth.signals import Envelope


def bass(rng: Generator) -> PitchedVoice:
    """Subs, synth basses, FM basses, fingered and picked strings."""
    kind = int(rng.integers(5))
    if kind == 0:
        return ModalVoice(
            stiffness=around(rng, 1e-5, 6e-4),
            position=between(rng, 0.06, 0.45),
            brightness=between(rng, 0.8, 2.2),
            decay_seconds=around(rng, 0.6, 3.5),
            damping=around(rng, 0.1, 0.9),
            strike=between(rng, 0.0, 0.2),
            strike_hertz=around(rng, 600, 5000),
            strike_seconds=around(rng, 0.003, 0.02),
            body=tuple((around(rng, 80, 1800), between(rng, 1, 4), between(rng, 0, 2)) for _ in range(3)),
            drive=between(rng, 0, 0.5) if chance(rng, 0.4) else 0.0,
            cabinet_hertz=around(rng, 1500, 6000) if chance(rng, 0.5) else 0.0,
            release=around(rng, 0.04, 0.2),
            seed=number(rng),
        )
    if kind == 1:
        return FmVoice(
            carriers=((1.0, 1.0),) if chance(rng, 0.6) else ((1.0, 1.0), (2.0, between(rng, 0.1, 0.5))),
            modulators=tuple(
                Operator(
                    float(rng.choice([0.5, 1.0, 2.0, 3.0, 4.0])),
                    around(rng, 0.5, 6.0),
                    Envelope(0.002, around(rng, 0.05, 1.0), between(rng, 0.0, 0.6), 0.1),
                )
                for _ in range(int(rng.integers(1, 3)))
            ),
            chained=chance(rng, 0.4),
            amplitude=Envelope(0.003, around(rng, 0.2, 1.5), between(rng, 0.2, 1.0), around(rng, 0.03, 0.2)),
            drive=between(rng, 0, 0.6) if chance(rng, 0.5) else 0.0,
        )
    envelope = Envelope(
        around(rng, 0.001, 0.02), around(rng, 0.05, 0.9), between(rng, 0.0, 0.9), around(rng, 0.03, 0.25)
    )
    plain = kind == 2
    return HarmonicVoice(
        oscillators=(Oscillator("sine"), Oscillator("triangle", between(rng, 0, 1)))
        if plain
        else draw_oscillators(rng, 0.5, 0.1),
        filter=draw_filter(rng, 150, 2500, envelope, 4.0),
        amplitude=Envelope(
            around(rng, 0.002, 0.02), around(rng, 0.2, 2.0), between(rng, 0.3, 1.0), around(rng, 0.03, 0.3)
        ),
        unison=1 if chance(rng, 0.6) else int(rng.integers(2, 4)),
        detune_cents=between(rng, 2, 18),
        glide_semitones=between(rng, -5, 7) if chance(rng, 0.2) else 0.0,
        glide_seconds=around(rng, 0.01, 0.08),
        drive=between(rng, 0, 0.9) if chance(rng, 0.5) else 0.0,
        seed=number(rng),
    )


def guitar(rng: Generator) -> PitchedVoice:
    """Nylon, steel, clean electric, muted, overdriven."""
    electric = chance(rng, 0.5)
    muted = chance(rng, 0.15)
    body = () if electric else tuple((around(rng, 90, 900), between(rng, 2, 7), between(rng, 0.5, 3)) for _ in range(4))
    return ModalVoice(
        stiffness=around(rng, 5e-6, 2e-4),
        position=between(rng, 0.06, 0.48),
        brightness=between(rng, 0.4, 1.9),
        decay_seconds=around(rng, 0.15, 0.5) if muted else around(rng, 1.2, 6.0),
        decay_tracking=between(rng, 0.2, 0.7),
        damping=around(rng, 0.06, 0.9),
        courses=2 if chance(rng, 0.2) else 1,
        detune_cents=between(rng, 3, 14),
        body=body,
        strike=between(rng, 0.02, 0.3),
        strike_hertz=around(rng, 1200, 9000),
        strike_seconds=around(rng, 0.002, 0.012),
        drive=around(rng, 0.15, 1.0) if electric and chance(rng, 0.6) else 0.0,
        cabinet_hertz=around(rng, 2200, 6500),
        tremolo_hertz=around(rng, 3, 9),
        tremolo_depth=between(rng, 0.3, 0.9) if electric and chance(rng, 0.15) else 0.0,
        release=around(rng, 0.05, 0.3),
        seed=number(rng),
    )


def keys(rng: Generator) -> PitchedVoice:
    """Grand, upright, felt, electric, clavinet, harpsichord."""
    if chance(rng, 0.4):
        tine = float(rng.choice([1.0, 3.0, 7.0, 13.0, 14.0]))
        return FmVoice(
            carriers=((1.0, 1.0), (1.0, between(rng, 0.3, 1.0))),
            modulators=(
                Operator(1.0, around(rng, 0.3, 2.2), Envelope(0.001, around(rng, 0.2, 1.5), between(rng, 0, 0.5), 0.2)),
                Operator(tine, around(rng, 0.05, 0.8), Envelope(0.001, around(rng, 0.03, 0.3), 0.0, 0.1)),
            ),
            amplitude=Envelope(0.002, around(rng, 0.5, 2.5), between(rng, 0.0, 0.3), around(rng, 0.1, 0.5)),
            detune_cents=between(rng, 0, 12),
            tremolo_hertz=around(rng, 2, 7),
            tremolo_depth=between(rng, 0.2, 0.7) if chance(rng, 0.35) else 0.0,
            drive=between(rng, 0, 0.5) if chance(rng, 0.4) else 0.0,
        )
    plucked = chance(rng, 0.3)
    return ModalVoice(
        stiffness=around(rng, 5e-5, 9e-4),
        position=between(rng, 0.05, 0.3) if plucked else between(rng, 0.08, 0.16),
        brightness=between(rng, 0.2, 0.9) if plucked else between(rng, 0.8, 2.2),
        decay_seconds=around(rng, 1.0, 7.0),
        decay_tracking=between(rng, 0.3, 0.8),
        damping=around(rng, 0.08, 0.6),
        courses=int(rng.integers(1, 4)),
        detune_cents=around(rng, 0.6, 12.0),
        body=tuple((around(rng, 100, 3000), between(rng, 0.7, 3), between(rng, 0, 1.5)) for _ in range(3)),
        strike=between(rng, 0.02, 0.25),
        strike_hertz=around(rng, 400, 6000),
        strike_seconds=around(rng, 0.004, 0.03),
        release=around(rng, 0.08, 0.5),
        velocity_tilt=between(rng, 0.3, 1.2),
        seed=number(rng),
    )


MALLETS: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = (
    ((1.0, 4.0, 10.0), (1.0, 0.35, 0.12)),  # marimba: bar tuned to two octaves
    ((1.0, 3.0, 6.0, 10.0), (1.0, 0.5, 0.2, 0.1)),  # xylophone: bar tuned to a twelfth
    ((1.0, 4.0, 9.2, 16.2), (1.0, 0.2, 0.08, 0.03)),  # vibraphone
    ((1.0, 2.756, 5.404, 8.933, 13.34), (1.0, 0.5, 0.3, 0.2, 0.1)),  # glockenspiel: free bar
    ((0.5, 1.0, 1.2, 1.5, 2.0, 2.67, 3.01, 4.17, 5.4), (0.35, 1.0, 0.45, 0.3, 0.5, 0.25, 0.2, 0.1, 0.08)),  # bell
    ((1.0, 2.0, 3.01, 4.3, 6.8), (1.0, 0.5, 0.35, 0.2, 0.1)),  # steel pan
    ((1.0, 6.27, 17.5), (1.0, 0.4, 0.15)),  # kalimba, music box: clamped bar
)


def mallet(rng: Generator) -> PitchedVoice:
    """Marimbas to bells, and their FM cousins."""
    if chance(rng, 0.2):
        ratio = float(rng.choice([1.41, 2.76, 3.5, 4.0, 5.4, 7.0]))
        decay = around(rng, 0.2, 1.5)
        return FmVoice(
            carriers=((1.0, 1.0),),
            modulators=(Operator(ratio, around(rng, 0.3, 1.4), Envelope(0.001, decay * 0.5, 0.0, 0.3)),),
            amplitude=Envelope(0.001, decay, 0.0, around(rng, 0.2, 0.8)),
            tremolo_hertz=around(rng, 3, 8),
            tremolo_depth=between(rng, 0.2, 0.6) if chance(rng, 0.25) else 0.0,
        )
    ratios, gains = MALLETS[int(rng.integers(len(MALLETS)))]
    moved = tuple(ratio if ratio <= 1.0 else ratio * between(rng, 0.96, 1.04) for ratio in ratios)
    scaled = tuple(
        gain if ratio == 1.0 else gain * between(rng, 0.2, 1.3) for gain, ratio in zip(gains, ratios, strict=True)
    )
    return ModalVoice(
        ratios=moved,
        gains=scaled,
        brightness=between(rng, 0.0, 0.6),
        decay_seconds=around(rng, 0.3, 5.0),
        damping=around(rng, 0.05, 0.7),
        strike=between(rng, 0.02, 0.35),
        strike_hertz=around(rng, 400, 9000),
        strike_seconds=around(rng, 0.002, 0.02),
        tremolo_hertz=around(rng, 3, 8),
        tremolo_depth=between(rng, 0.2, 0.8) if chance(rng, 0.2) else 0.0,
        release=around(rng, 0.15, 1.0),
        seed=number(rng),
    )


def pluck(rng: Generator) -> PitchedVoice:
    """Synth plucks, harps, kotos, banjos, bell plucks."""
    kind = int(rng.integers(3))
    if kind == 0:
        return ModalVoice(
            stiffness=around(rng, 5e-6, 4e-4),
            position=between(rng, 0.04, 0.5),
            brightness=between(rng, 0.2, 1.8),
            decay_seconds=around(rng, 0.25, 2.5),
            damping=around(rng, 0.1, 1.0),
            courses=int(rng.integers(1, 4)),
            detune_cents=around(rng, 1, 16),
            body=tuple((around(rng, 150, 2500), between(rng, 2, 8), between(rng, 0.5, 4)) for _ in range(3)),
            strike=between(rng, 0.0, 0.3),
            strike_hertz=around(rng, 1500, 9000),
            strike_seconds=around(rng, 0.002, 0.008),
            release=around(rng, 0.05, 0.4),
            seed=number(rng),
        )
    decay = around(rng, 0.06, 0.6)
    if kind == 1:
        return FmVoice(
            carriers=((1.0, 1.0), (float(rng.choice([1.0, 2.0, 3.0])), between(rng, 0.1, 0.6))),
            modulators=(
                Operator(
                    float(rng.choice([1.0, 2.0, 3.0, 3.5, 5.0, 7.0])),
                    around(rng, 0.5, 4.0),
                    Envelope(0.001, decay * between(rng, 0.3, 1.0), 0.0, 0.1),
                ),
            ),
            amplitude=Envelope(0.001, decay, 0.0, around(rng, 0.05, 0.3)),
            detune_cents=between(rng, 0, 12),
        )
    return HarmonicVoice(
        oscillators=draw_oscillators(rng, 0.2, 0.4),
        filter=draw_filter(rng, 250, 3000, Envelope(0.001, decay * between(rng, 0.3, 1.0), 0.0, 0.1), 5.0),
        amplitude=Envelope(0.0015, decay, between(rng, 0.0, 0.15), around(rng, 0.04, 0.3)),
        unison=1 if chance(rng, 0.5) else int(rng.integers(2, 6)),
        detune_cents=between(rng, 3, 25),
        drive=between(rng, 0, 0.5) if chance(rng, 0.25) else 0.0,
        seed=number(rng),
    )
