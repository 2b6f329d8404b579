"""How held instruments are drawn: organs, strings, brass, woodwinds, leads, pads, voices."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.fm import FmVoice, Operator
from engine.synth.harmonic import Filter, Formant, HarmonicVoice, Oscillator
from engine.synth.recipes.draws import around, between, chance, number
from engine.synth.recipes.parts import PitchedVoice, draw_filter, draw_formants, draw_oscillators
from engine.synth.signals import Envelope

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
        formants=draw_formants(rng, int(rng.integers(3, 6)), 200, 4500, 4.0),
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
        formants=draw_formants(rng, 2, 400, 2500, 1.5),
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
        formants=draw_formants(rng, int(rng.integers(1, 4)), 500, 4000, 3.0),
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
        oscillators=draw_oscillators(rng, 0.25, 0.3),
        morph=draw_oscillators(rng, 0.1, 0.3) if chance(rng, 0.3) else (),
        morph_envelope=Envelope(around(rng, 0.02, 1.0), around(rng, 0.2, 1.0), between(rng, 0, 1), 0.2),
        filter=draw_filter(rng, 900, 9000, envelope, 2.5),
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
        oscillators=draw_oscillators(rng, 0.3, 0.3),
        morph=draw_oscillators(rng, 0.2, 0.4) if chance(rng, 0.6) else (),
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
        formants=draw_formants(rng, 3, 300, 3500, 4.0) if chance(rng, 0.3) else (),
        amplitude=Envelope(around(rng, 0.12, 0.9), 1.0, between(rng, 0.7, 1.0), around(rng, 0.3, 0.9)),
        unison=int(rng.integers(2, 6)),
        detune_cents=between(rng, 5, 25),
        vibrato_hertz=around(rng, 0.3, 5.0),
        vibrato_cents=between(rng, 2, 12) if chance(rng, 0.5) else 0.0,
        breath=between(rng, 0.02, 0.2) if chance(rng, 0.4) else 0.0,
        breath_hertz=around(rng, 1500, 7000),
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
