"""How percussion and effects are drawn: claps, shakers, blocks, bells, hand drums; risers, falls, impacts."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.drums import Burst, DrumVoice, EffectVoice, Ring, Sweep
from engine.synth.recipes.draws import around, between, chance, number
from engine.synth.recipes.kit import MEMBRANE


def percussion(rng: Generator) -> DrumVoice:
    """Claps, shakers, tambourines, blocks, bells, hand drums."""
    kind = int(rng.integers(9))
    seed = number(rng)
    if kind == 0:  # clap
        return DrumVoice(
            bursts=(
                Burst(
                    around(rng, 500, 1400),
                    around(rng, 2500, 9000),
                    around(rng, 0.08, 0.45),
                    claps=int(rng.integers(2, 6)),
                    gap=between(rng, 0.007, 0.02),
                    q=between(rng, 0.7, 2.5),
                ),
            ),
            drive=between(rng, 0, 0.6),
            seed=seed,
        )
    if kind == 1:  # shaker
        return DrumVoice(
            bursts=(
                Burst(
                    around(rng, 2500, 7000),
                    around(rng, 8000, 15500),
                    around(rng, 0.06, 0.3),
                    attack=around(rng, 0.005, 0.05),
                    grain=around(rng, 0.03, 1.0),
                ),
            ),
            seed=seed,
        )
    if kind == 2:  # tambourine
        return DrumVoice(
            bursts=(Burst(4000, 15000, around(rng, 0.08, 0.3), level=0.6, grain=around(rng, 0.05, 0.6)),),
            rings=(
                Ring(
                    around(rng, 3000, 6000),
                    15000,
                    around(rng, 0.15, 0.6),
                    count=int(rng.integers(10, 30)),
                    tilt=-0.2,
                    damping=0.0,
                    seed=seed,
                ),
            ),
            seed=seed,
        )
    if kind == 3:  # wood block, clave, rim
        low = around(rng, 350, 2800)
        return DrumVoice(
            bursts=(Burst(low, 12000, 0.01, level=between(rng, 0.1, 0.6)),),
            rings=(
                Ring(
                    low,
                    0,
                    around(rng, 0.05, 0.25),
                    ratios=(1.0, between(rng, 1.4, 2.8), between(rng, 2.9, 4.5)),
                    tilt=between(rng, 0.2, 1.5),
                    seed=seed,
                ),
            ),
            drive=between(rng, 0, 0.5),
            seed=seed,
        )
    if kind == 4:  # cowbell, agogo
        low = around(rng, 380, 1300)
        return DrumVoice(
            rings=(
                Ring(
                    low,
                    0,
                    around(rng, 0.15, 0.9),
                    ratios=(1.0, between(rng, 1.42, 1.56), 2.0, 2.7, 3.4, 4.1, 5.2),
                    tilt=between(rng, 0, 0.8),
                    damping=0.2,
                    seed=seed,
                ),
            ),
            bursts=(Burst(1500, 9000, 0.02, level=between(rng, 0.05, 0.3)),),
            drive=between(rng, 0.1, 0.9),
            seed=seed,
        )
    if kind == 5:  # conga, bongo, tabla
        low = around(rng, 140, 620)
        return DrumVoice(
            sweeps=(Sweep(low * between(rng, 1.02, 1.5), low, 0.02, around(rng, 0.12, 0.6)),),
            rings=(
                Ring(
                    low,
                    0,
                    around(rng, 0.1, 0.5),
                    level=0.5,
                    ratios=MEMBRANE,
                    tilt=between(rng, 0.2, 1.5),
                    seed=seed,
                ),
            ),
            bursts=(Burst(900, 8000, around(rng, 0.01, 0.04), level=between(rng, 0.1, 0.6)),),
            seed=seed,
        )
    if kind == 6:  # triangle, finger bell
        return DrumVoice(
            rings=(
                Ring(
                    around(rng, 1200, 3500),
                    15000,
                    around(rng, 0.6, 3.0),
                    count=int(rng.integers(6, 18)),
                    tilt=between(rng, -0.4, 0.5),
                    damping=0.05,
                    seed=seed,
                ),
            ),
            seed=seed,
        )
    if kind == 7:  # electronic blip
        low = around(rng, 200, 1500)
        return DrumVoice(
            sweeps=(
                Sweep(
                    low * around(rng, 0.3, 6),
                    low,
                    around(rng, 0.01, 0.08),
                    around(rng, 0.06, 0.4),
                    harmonics=between(rng, 0, 1),
                ),
            ),
            bursts=(Burst(low, low * 4, 0.03, level=between(rng, 0, 0.5)),),
            crush=int(rng.integers(2, 8)) if chance(rng, 0.4) else 0,
            drive=between(rng, 0, 0.8),
            seed=seed,
        )
    return DrumVoice(  # guiro, scraper
        bursts=(
            Burst(
                around(rng, 800, 3000),
                around(rng, 4000, 11000),
                around(rng, 0.04, 0.15),
                claps=int(rng.integers(8, 22)),
                gap=around(rng, 0.008, 0.025),
                q=between(rng, 0.8, 2.5),
            ),
        ),
        seed=seed,
    )


def fx(rng: Generator) -> DrumVoice | EffectVoice:
    """Risers, falls, impacts, zaps, sirens, dust."""
    kind = int(rng.integers(6))
    seed = number(rng)
    if kind == 0:  # impact
        return DrumVoice(
            sweeps=(Sweep(around(rng, 80, 400), around(rng, 25, 60), around(rng, 0.05, 0.5), around(rng, 0.8, 4.0)),),
            bursts=(
                Burst(
                    around(rng, 40, 600),
                    around(rng, 2000, 12000),
                    around(rng, 0.6, 4.0),
                    level=between(rng, 0.2, 0.9),
                    glide_octaves=between(rng, -3, 0),
                ),
            ),
            rings=(
                Ring(
                    around(rng, 60, 400),
                    around(rng, 2000, 9000),
                    around(rng, 0.5, 3.0),
                    level=between(rng, 0, 0.7),
                    count=50,
                    seed=seed,
                ),
            ),
            drive=between(rng, 0, 0.8),
            seed=seed,
        )
    if kind == 1:  # dust, static
        return DrumVoice(
            bursts=(
                Burst(
                    around(rng, 100, 3000),
                    around(rng, 4000, 15000),
                    around(rng, 1.5, 5.0),
                    grain=around(rng, 0.0005, 0.3),
                    attack=around(rng, 0.005, 0.5),
                ),
            ),
            crush=int(rng.integers(2, 12)) if chance(rng, 0.4) else 0,
            seed=seed,
        )
    rising = kind in (2, 3)
    start, end = around(rng, 60, 600), around(rng, 1500, 12000)
    if not rising:
        start, end = end, start
    short = kind == 5
    return EffectVoice(
        seconds=around(rng, 0.15, 0.7) if short else around(rng, 1.0, 4.0),
        start_hertz=start,
        end_hertz=end,
        curve=around(rng, 0.4, 2.5),
        tone=between(rng, 0.0, 1.0),
        tone_harmonics=between(rng, 0.0, 1.0) if chance(rng, 0.5) else 0.0,
        noise=between(rng, 0.05, 1.0) if not short else between(rng, 0.0, 0.4),
        noise_q=around(rng, 0.5, 8.0),
        wobble_hertz=around(rng, 0.5, 14.0),
        wobble_octaves=between(rng, 0.05, 1.0) if chance(rng, 0.5) else 0.0,
        gate_hertz=around(rng, 3.0, 24.0) if chance(rng, 0.3) else 0.0,
        attack=0.003 if short else around(rng, 0.005, 0.3),
        rising=rising,
        drive=between(rng, 0.0, 0.7) if chance(rng, 0.5) else 0.0,
        seed=seed,
    )
