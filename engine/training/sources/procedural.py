"""Our own procedural instruments, without end: those of the demo library too, with other seeds."""

from __future__ import annotations

from collections.abc import Iterator

from engine.families import DRUM_FAMILIES, FAMILIES
from engine.synth.procedural import random_instrument
from engine.training.instruments import RATE, Instrument, Note, notes_to_play

TRAINING_SEEDS_FROM = 100_000
"""Seeds below are the demo library's and are never trained on."""
GATE_SECONDS = 1.4


def instruments(per_family: int) -> list[Instrument]:
    """`per_family` instruments of each family."""
    return [
        Instrument(
            f"procedural/{family}/{seed}",
            "procedural",
            f"{family} {seed}",
            family,
            drum=family in DRUM_FAMILIES,
            seed=seed,
        )
        for family in FAMILIES
        for seed in range(TRAINING_SEEDS_FROM, TRAINING_SEEDS_FROM + per_family)
    ]


def render_notes(instrument: Instrument) -> Iterator[Note]:
    """Notes of one instrument, gate and release."""
    assert instrument.family is not None
    voice = random_instrument(instrument.family, instrument.seed)
    for midi, velocity in notes_to_play(instrument):
        midi = midi if instrument.drum else _into(midi, voice.low, voice.high)
        yield Note(midi, velocity, GATE_SECONDS, voice.render(midi, velocity, GATE_SECONDS, RATE)[: int(2.6 * RATE)])


def _into(midi: int, low: int, high: int) -> int:
    while midi < low:
        midi += 12
    while midi > high:
        midi -= 12
    return midi
