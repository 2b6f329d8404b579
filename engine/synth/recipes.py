"""How the pitched families are drawn: every draw is an instrument that could sit in a song."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.drum_recipes import around, between, chance, number
from engine.synth.fm import FmVoice, Operator
from engine.synth.harmonic import Filter, Formant, HarmonicVoice, Oscillator
from engine.synth.modal import ModalVoice
from engine.synth.signals import Envelope

PitchedVoice = HarmonicVoice | ModalVoice | FmVoice


def _oscillators(rng: Generator, sub: float = 0.3, octave_up: float = 0.2) -> tuple[Oscillator, ...]:
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


def _filter(rng: Generator, low: float, high: float, envelope: Envelope, sweep: float) -> Filter:
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


def _formants(rng: Generator, count: int, low: float, high: float, q: float) -> tuple[Formant, ...]:
    return tuple(
        Formant(around(rng, low, high), q * between(rng, 0.6, 1.6), between(rng, 0.4, 2.0)) for _ in range(count)
    )


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
        else _oscillators(rng, 0.5, 0.1),
        filter=_filter(rng, 150, 2500, envelope, 4.0),
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


DRAWBARS = (1, 3, 2, 4, 6, 8, 10, 12, 16)
"""Half-harmonics of the nine drawbars: 16', 5 1/3', 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'."""


def organ(rng: Generator) -> PitchedVoice:
    """Drawbars, combo organs, pipes, reeds."""
    kind = int(rng.integers(3))
    if kind == 0:
        levels = [float(rng.integers(0, 9)) / 8.0 for _ in DRAWBARS]
        levels[0], levels[1], levels[2] = levels[0] * 0.5, levels[1] * 0.3, 1.0
        oscillators = tuple(
            Oscillator("sine", level, octave) for level, octave in zip(levels, DRAWBARS, strict=True) if level > 0
        )
    elif kind == 1:
        shape = str(rng.choice(["square", "pulse", "saw", "triangle"]))
        oscillators = tuple(
            Oscillator(shape, between(rng, 0.2, 1.0), octave, between(rng, 0.1, 0.5)) for octave in (2, 4, 8)
        )
    else:
        oscillators = tuple(
            Oscillator(
                "random", 1.0 if octave == 2 else between(rng, 0.05, 0.7), octave, around(rng, 0.8, 2), number(rng)
            )
            for octave in (2, 4, 6)
        )
    return HarmonicVoice(
        oscillators=oscillators,
        filter=Filter(cutoff=around(rng, 1500, 12000), q=0.7, tracking=0.3, velocity_octaves=0.0),
        amplitude=Envelope(around(rng, 0.003, 0.12), 0.2, between(rng, 0.85, 1.0), around(rng, 0.03, 0.4)),
        vibrato_hertz=between(rng, 5.0, 7.5),
        vibrato_cents=between(rng, 3, 25) if chance(rng, 0.6) else 0.0,
        vibrato_delay=0.0,
        tremolo_hertz=between(rng, 5.0, 7.5),
        tremolo_depth=between(rng, 0.05, 0.5) if chance(rng, 0.5) else 0.0,
        unison=1 if chance(rng, 0.6) else 2,
        detune_cents=between(rng, 2, 8),
        breath=between(rng, 0.02, 0.15) if kind != 1 else 0.0,
        breath_hertz=around(rng, 1500, 6000),
        breath_attack_only=kind == 0,
        drive=between(rng, 0, 0.7) if chance(rng, 0.4) else 0.0,
        velocity_depth=0.2,
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


def strings(rng: Generator) -> PitchedVoice:
    """Solo bows, sections, string machines."""
    section = chance(rng, 0.6)
    return HarmonicVoice(
        oscillators=(
            Oscillator("saw", 1.0),
            Oscillator("random", between(rng, 0.0, 0.8), 2, between(rng, 0.8, 1.6), number(rng)),
        ),
        filter=Filter(
            cutoff=around(rng, 1500, 8000),
            q=0.7,
            tracking=between(rng, 0.1, 0.6),
            envelope=Envelope(around(rng, 0.05, 0.5), 0.5, 0.7, 0.3),
            envelope_octaves=between(rng, 0, 1.5),
        ),
        formants=_formants(rng, int(rng.integers(3, 6)), 200, 4500, 4.0),
        formant_floor=between(rng, 0.1, 0.6),
        amplitude=Envelope(around(rng, 0.03, 0.4), 0.5, between(rng, 0.6, 1.0), around(rng, 0.1, 0.6)),
        unison=int(rng.integers(3, 6)) if section else 1,
        detune_cents=between(rng, 6, 20),
        vibrato_hertz=between(rng, 4.5, 6.5),
        vibrato_cents=between(rng, 5, 30) if chance(rng, 0.75) else 0.0,
        vibrato_delay=between(rng, 0.0, 0.5),
        breath=between(rng, 0.0, 0.08),
        breath_hertz=around(rng, 2000, 7000),
        tremolo_hertz=between(rng, 9, 14),
        tremolo_depth=between(rng, 0.4, 0.8) if chance(rng, 0.08) else 0.0,
        seed=number(rng),
    )


def brass(rng: Generator) -> PitchedVoice:
    """Trumpets, horns, trombones, sections, synth brass: the louder and later, the brighter."""
    return HarmonicVoice(
        oscillators=(
            Oscillator("saw", 1.0),
            Oscillator("pulse", between(rng, 0, 0.8), 2, between(rng, 0.1, 0.4)),
        ),
        filter=Filter(
            cutoff=around(rng, 350, 1600),
            q=between(rng, 0.6, 1.8),
            poles=2 if chance(rng, 0.5) else 4,
            tracking=between(rng, 0.5, 1.0),
            envelope=Envelope(
                around(rng, 0.02, 0.18), around(rng, 0.1, 0.8), between(rng, 0.4, 0.95), around(rng, 0.05, 0.2)
            ),
            envelope_octaves=between(rng, 1.2, 3.6),
            velocity_octaves=between(rng, 0.8, 2.2),
        ),
        formants=_formants(rng, 2, 400, 2500, 1.5),
        formant_floor=between(rng, 0.3, 0.8),
        amplitude=Envelope(around(rng, 0.015, 0.09), 0.3, between(rng, 0.7, 1.0), around(rng, 0.05, 0.25)),
        unison=int(rng.integers(2, 6)) if chance(rng, 0.5) else 1,
        detune_cents=between(rng, 4, 16),
        vibrato_hertz=between(rng, 4.5, 6.0),
        vibrato_cents=between(rng, 3, 20) if chance(rng, 0.5) else 0.0,
        vibrato_delay=between(rng, 0.2, 0.6),
        glide_semitones=between(rng, -1.5, -0.2) if chance(rng, 0.5) else 0.0,
        glide_seconds=around(rng, 0.01, 0.05),
        breath=between(rng, 0.0, 0.06),
        drive=between(rng, 0, 0.4) if chance(rng, 0.3) else 0.0,
        seed=number(rng),
    )


def woodwind(rng: Generator) -> PitchedVoice:
    """Flutes, clarinets, oboes, saxophones, ocarinas, pan pipes."""
    kind = int(rng.integers(4))
    shapes = (
        (Oscillator("triangle", 1.0), Oscillator("sine", between(rng, 0.05, 0.5), 4)),  # flute
        (Oscillator("square", 1.0), Oscillator("random", between(rng, 0.05, 0.3), 2, 1.2, number(rng))),  # clarinet
        (Oscillator("pulse", 1.0, 2, between(rng, 0.05, 0.2)),),  # oboe
        (Oscillator("saw", 1.0), Oscillator("random", between(rng, 0.2, 0.8), 2, 0.9, number(rng))),  # saxophone
    )
    return HarmonicVoice(
        oscillators=shapes[kind],
        filter=Filter(
            cutoff=around(rng, 900, 5000),
            q=between(rng, 0.6, 1.4),
            tracking=between(rng, 0.3, 0.9),
            envelope=Envelope(around(rng, 0.02, 0.15), 0.3, between(rng, 0.5, 1.0), 0.15),
            envelope_octaves=between(rng, 0.2, 1.6),
            velocity_octaves=between(rng, 0.5, 1.5),
        ),
        formants=_formants(rng, int(rng.integers(1, 4)), 500, 4000, 3.0),
        formant_floor=between(rng, 0.2, 0.8),
        amplitude=Envelope(around(rng, 0.02, 0.15), 0.3, between(rng, 0.75, 1.0), around(rng, 0.05, 0.25)),
        vibrato_hertz=between(rng, 4.0, 6.5),
        vibrato_cents=between(rng, 4, 30) if chance(rng, 0.7) else 0.0,
        vibrato_delay=between(rng, 0.1, 0.6),
        tremolo_hertz=between(rng, 4.0, 6.5),
        tremolo_depth=between(rng, 0.05, 0.35) if chance(rng, 0.5) else 0.0,
        breath=around(rng, 0.02, 0.4) if kind == 0 else between(rng, 0.0, 0.1),
        breath_hertz=around(rng, 1200, 5000),
        breath_q=around(rng, 0.4, 2.0),
        seed=number(rng),
    )


def lead(rng: Generator) -> PitchedVoice:
    """Super-saws, sync-like wavetables, squares, screaming FM, whistles."""
    if chance(rng, 0.25):
        return FmVoice(
            carriers=((1.0, 1.0), (1.0, 0.7)) if chance(rng, 0.5) else ((1.0, 1.0), (2.0, between(rng, 0.1, 0.6))),
            modulators=tuple(
                Operator(
                    float(rng.choice([0.5, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
                    around(rng, 0.4, 5.0),
                    Envelope(around(rng, 0.002, 0.4), around(rng, 0.1, 1.0), between(rng, 0.2, 1.0), 0.2),
                )
                for _ in range(int(rng.integers(1, 3)))
            ),
            chained=chance(rng, 0.5),
            amplitude=Envelope(around(rng, 0.002, 0.05), 0.4, between(rng, 0.6, 1.0), around(rng, 0.05, 0.4)),
            vibrato_cents=between(rng, 5, 30) if chance(rng, 0.6) else 0.0,
            vibrato_hertz=between(rng, 4, 7),
            detune_cents=between(rng, 0, 14),
            drive=between(rng, 0, 0.8) if chance(rng, 0.5) else 0.0,
        )
    envelope = Envelope(around(rng, 0.002, 0.2), around(rng, 0.1, 1.0), between(rng, 0.3, 1.0), 0.2)
    return HarmonicVoice(
        oscillators=_oscillators(rng, 0.25, 0.3),
        morph=_oscillators(rng, 0.1, 0.3) if chance(rng, 0.3) else (),
        morph_envelope=Envelope(around(rng, 0.02, 1.0), around(rng, 0.2, 1.0), between(rng, 0, 1), 0.2),
        filter=_filter(rng, 900, 9000, envelope, 2.5),
        amplitude=Envelope(around(rng, 0.002, 0.05), 0.4, between(rng, 0.6, 1.0), around(rng, 0.04, 0.4)),
        unison=1 if chance(rng, 0.4) else int(rng.integers(2, 6)),
        detune_cents=around(rng, 3, 35),
        vibrato_hertz=between(rng, 4, 7),
        vibrato_cents=between(rng, 5, 35) if chance(rng, 0.5) else 0.0,
        vibrato_delay=between(rng, 0, 0.5),
        glide_semitones=between(rng, -7, 5) if chance(rng, 0.25) else 0.0,
        glide_seconds=around(rng, 0.01, 0.08),
        drive=between(rng, 0, 1.0) if chance(rng, 0.45) else 0.0,
        seed=number(rng),
    )


def pad(rng: Generator) -> PitchedVoice:
    """Slow, wide, moving."""
    return HarmonicVoice(
        oscillators=_oscillators(rng, 0.3, 0.3),
        morph=_oscillators(rng, 0.2, 0.4) if chance(rng, 0.6) else (),
        morph_envelope=Envelope(around(rng, 0.4, 3.0), around(rng, 0.5, 2.0), between(rng, 0.3, 1.0), 0.8),
        filter=Filter(
            cutoff=around(rng, 350, 5000),
            q=around(rng, 0.6, 3.0),
            poles=2 if chance(rng, 0.5) else 4,
            tracking=between(rng, 0.1, 0.7),
            envelope=Envelope(around(rng, 0.2, 2.0), 1.0, between(rng, 0.4, 1.0), 0.6),
            envelope_octaves=between(rng, 0.0, 2.5),
            lfo_hertz=around(rng, 0.1, 1.5),
            lfo_octaves=between(rng, 0.1, 0.8) if chance(rng, 0.6) else 0.0,
        ),
        formants=_formants(rng, 3, 300, 3500, 4.0) if chance(rng, 0.3) else (),
        amplitude=Envelope(around(rng, 0.12, 0.9), 1.0, between(rng, 0.7, 1.0), around(rng, 0.3, 0.9)),
        unison=int(rng.integers(2, 6)),
        detune_cents=between(rng, 5, 25),
        vibrato_hertz=around(rng, 0.3, 5.0),
        vibrato_cents=between(rng, 2, 12) if chance(rng, 0.5) else 0.0,
        breath=between(rng, 0.02, 0.2) if chance(rng, 0.4) else 0.0,
        breath_hertz=around(rng, 1500, 7000),
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
        oscillators=_oscillators(rng, 0.2, 0.4),
        filter=_filter(rng, 250, 3000, Envelope(0.001, decay * between(rng, 0.3, 1.0), 0.0, 0.1), 5.0),
        amplitude=Envelope(0.0015, decay, between(rng, 0.0, 0.15), around(rng, 0.04, 0.3)),
        unison=1 if chance(rng, 0.5) else int(rng.integers(2, 6)),
        detune_cents=between(rng, 3, 25),
        drive=between(rng, 0, 0.5) if chance(rng, 0.25) else 0.0,
        seed=number(rng),
    )


VOWELS: tuple[tuple[float, float, float], ...] = (
    (730.0, 1090.0, 2440.0),
    (530.0, 1840.0, 2480.0),
    (270.0, 2290.0, 3010.0),
    (570.0, 840.0, 2410.0),
    (300.0, 870.0, 2240.0),
    (640.0, 1190.0, 2390.0),
)
"""First three formants in Hz of ah, eh, ee, oh, oo, uh."""


def voice(rng: Generator) -> PitchedVoice:
    """Sung vowels, choirs, vocoder-like voices."""
    vowel = VOWELS[int(rng.integers(len(VOWELS)))]
    size = between(rng, 0.85, 1.3)
    gains = (between(rng, 1.5, 3.0), between(rng, 0.6, 2.0), between(rng, 0.2, 1.0))
    choir = chance(rng, 0.5)
    return HarmonicVoice(
        oscillators=(
            Oscillator("saw", 1.0),
            Oscillator("random", between(rng, 0.0, 0.6), 2, between(rng, 1.0, 1.8), number(rng)),
        ),
        filter=Filter(cutoff=around(rng, 2500, 9000), q=0.7, tracking=0.1, velocity_octaves=0.8),
        formants=tuple(
            Formant(hertz * size * between(rng, 0.94, 1.06), between(rng, 5, 14), gain)
            for hertz, gain in zip(vowel, gains, strict=True)
        ),
        formant_floor=around(rng, 0.01, 0.08),
        amplitude=Envelope(around(rng, 0.03, 0.3), 0.5, between(rng, 0.8, 1.0), around(rng, 0.1, 0.5)),
        unison=int(rng.integers(3, 6)) if choir else 1,
        detune_cents=between(rng, 8, 25),
        vibrato_hertz=between(rng, 4.5, 6.5),
        vibrato_cents=between(rng, 8, 45) if chance(rng, 0.8) else 0.0,
        vibrato_delay=between(rng, 0.1, 0.5),
        glide_semitones=between(rng, -1.5, 0.5) if chance(rng, 0.5) else 0.0,
        glide_seconds=around(rng, 0.02, 0.08),
        breath=around(rng, 0.01, 0.2),
        breath_hertz=around(rng, 1500, 5000),
        seed=number(rng),
    )
