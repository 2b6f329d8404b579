"""How the kit is drawn: kicks, snares, hats, cymbals, toms. Every draw is a playable sound."""

from __future__ import annotations

from numpy.random import Generator

from engine.synth.drums import Burst, DrumVoice, Ring, Sweep
from engine.synth.recipes.draws import around, between, chance, number

MEMBRANE = (1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.5, 3.6, 4.06)
"""Modes of an ideal circular membrane relative to its lowest."""


def kick(rng: Generator) -> DrumVoice:
    """Long electronic booms, short clubby thumps, acoustic drums with a beater."""
    end = around(rng, 36, 75)
    sweeps = [
        Sweep(
            start=end * around(rng, 2, 14),
            end=end,
            sweep=around(rng, 0.006, 0.07),
            decay=around(rng, 0.12, 1.6),
            harmonics=between(rng, 0, 0.8) if chance(rng, 0.5) else 0.0,
        )
    ]
    if chance(rng, 0.5):
        sweeps.append(
            Sweep(around(rng, 800, 5000), end * 2, around(rng, 0.002, 0.006), 0.05, level=between(rng, 0.1, 0.5))
        )
    bursts: list[Burst] = []
    if chance(rng, 0.75):
        bursts.append(
            Burst(
                around(rng, 200, 3000),
                around(rng, 3000, 14000),
                around(rng, 0.008, 0.05),
                level=between(rng, 0.05, 0.5),
            )
        )
    rings: list[Ring] = []
    if chance(rng, 0.4):
        rings.append(
            Ring(
                end,
                end * 9,
                around(rng, 0.1, 0.4),
                level=between(rng, 0.1, 0.5),
                count=14,
                tilt=1.0,
                seed=number(rng),
            )
        )
        bursts.append(Burst(40, around(rng, 300, 900), around(rng, 0.1, 0.3), level=between(rng, 0.05, 0.25)))
    return DrumVoice(
        tuple(sweeps),
        tuple(bursts),
        tuple(rings),
        drive=between(rng, 0, 0.9) if chance(rng, 0.6) else 0.0,
        crush=int(rng.integers(2, 6)) if chance(rng, 0.1) else 0,
        seed=number(rng),
    )


def snare(rng: Generator) -> DrumVoice:
    """Shell tones under snare wires: tight, fat, electronic, rattling."""
    shell = around(rng, 120, 360)
    length = around(rng, 0.08, 0.5)
    body = between(rng, 0.15, 1.0)
    wires = between(rng, 0.3, 1.0)
    sweeps: tuple[Sweep, ...] = ()
    rings: tuple[Ring, ...] = ()
    if chance(rng, 0.5):
        sweeps = (
            Sweep(shell * between(rng, 1.1, 2.5), shell, around(rng, 0.005, 0.03), around(rng, 0.06, 0.3), level=body),
            Sweep(shell * 2.4, shell * between(rng, 1.5, 1.9), 0.01, around(rng, 0.05, 0.2), level=body * 0.5),
        )
    else:
        rings = (
            Ring(
                shell,
                0,
                around(rng, 0.1, 0.5),
                level=body,
                ratios=MEMBRANE,
                tilt=between(rng, 0.2, 1.2),
                seed=number(rng),
            ),
        )
    bursts = [
        Burst(
            around(rng, 300, 3000),
            around(rng, 5000, 15500),
            length,
            level=wires,
            attack=around(rng, 0.0005, 0.004),
            q=between(rng, 0.6, 1.6),
        )
    ]
    if chance(rng, 0.4):
        bursts.append(Burst(2000, 14000, 0.015, level=between(rng, 0.2, 0.7)))
    return DrumVoice(
        sweeps,
        tuple(bursts),
        rings,
        drive=between(rng, 0, 0.8) if chance(rng, 0.5) else 0.0,
        crush=int(rng.integers(2, 5)) if chance(rng, 0.1) else 0,
        seed=number(rng),
    )


def hat(rng: Generator) -> DrumVoice:
    """Closed, half-open and open; metallic clusters against plain noise."""
    length = around(rng, 0.03, 0.9)
    low = around(rng, 2500, 8500)
    metal = between(rng, 0.0, 1.0)
    return DrumVoice(
        bursts=(
            Burst(
                low,
                around(rng, 9000, 15800),
                length,
                level=max(0.1, 1.0 - metal),
                q=between(rng, 0.6, 2.0),
                attack=around(rng, 0.0004, 0.004),
            ),
            Burst(low, 15000, 0.012, level=between(rng, 0.0, 0.6)),
        ),
        rings=(
            Ring(
                around(rng, 300, 4000),
                around(rng, 9000, 15000),
                length * between(rng, 0.6, 1.5),
                level=metal,
                count=int(rng.integers(6, 60)),
                tilt=between(rng, -0.8, 0.2),
                damping=0.0,
                seed=number(rng),
            ),
        ),
        drive=between(rng, 0, 0.5) if chance(rng, 0.3) else 0.0,
        crush=int(rng.integers(2, 4)) if chance(rng, 0.12) else 0,
        seed=number(rng),
    )


def cymbal(rng: Generator) -> DrumVoice:
    """Crash, ride, splash, china: many modes over a wash."""
    length = around(rng, 0.7, 4.5)
    low = around(rng, 180, 900)
    return DrumVoice(
        bursts=(
            Burst(
                around(rng, 1200, 6000),
                around(rng, 9000, 15800),
                length * between(rng, 0.4, 0.9),
                level=between(rng, 0.1, 0.9),
                attack=around(rng, 0.001, 0.02),
                glide_octaves=between(rng, -1.0, 0.0),
            ),
        ),
        rings=(
            Ring(
                low,
                around(rng, 8000, 15000),
                length,
                level=between(rng, 0.4, 1.0),
                count=int(rng.integers(40, 160)),
                tilt=between(rng, -0.5, 0.5),
                damping=around(rng, 0.005, 0.1),
                seed=number(rng),
            ),
            # The bell of a ride.
            Ring(
                around(rng, 400, 1800),
                6000,
                length * 0.6,
                level=between(rng, 0.0, 0.7) if chance(rng, 0.5) else 0.0,
                count=6,
                tilt=0.4,
                seed=number(rng),
            ),
        ),
        seed=number(rng),
    )


def tom(rng: Generator) -> DrumVoice:
    """Floor to rack, acoustic to electronic."""
    end = around(rng, 60, 260)
    sweeps: tuple[Sweep, ...] = (
        Sweep(
            end * around(rng, 1.1, 3.5),
            end,
            around(rng, 0.01, 0.12),
            around(rng, 0.2, 1.4),
            harmonics=between(rng, 0, 0.4) if chance(rng, 0.3) else 0.0,
        ),
    )
    rings: tuple[Ring, ...] = ()
    if chance(rng, 0.65):
        rings = (
            Ring(
                end,
                0,
                around(rng, 0.2, 1.2),
                level=between(rng, 0.2, 0.9),
                ratios=MEMBRANE,
                tilt=between(rng, 0.4, 1.6),
                seed=number(rng),
            ),
        )
    return DrumVoice(
        sweeps,
        (
            Burst(
                around(rng, 300, 2500),
                around(rng, 2500, 12000),
                around(rng, 0.01, 0.25),
                level=between(rng, 0.03, 0.4),
            ),
        ),
        rings,
        drive=between(rng, 0, 0.6) if chance(rng, 0.4) else 0.0,
        seed=number(rng),
    )
