"""The families of sound: one vocabulary for the ear, the catalog, the command line and the window."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

FAMILIES: tuple[str, ...] = (
    "kick",
    "snare",
    "hat",
    "cymbal",
    "tom",
    "percussion",
    "bass",
    "guitar",
    "keys",
    "organ",
    "mallet",
    "strings",
    "brass",
    "woodwind",
    "lead",
    "pad",
    "pluck",
    "voice",
    "fx",
)
"""In this order everywhere: class numbers of the ear's family logits follow it."""

DRUM_FAMILIES: tuple[str, ...] = FAMILIES[:6]

PARTS: dict[str, tuple[str, ...]] = {
    "drums": DRUM_FAMILIES,
    "bass": ("bass",),
    "keys": ("keys", "organ", "mallet"),
    "guitar": ("guitar", "pluck"),
    "other": ("strings", "brass", "woodwind", "lead", "pad", "voice"),
}
"""The parts of a piece and the families that play them; what plays `fx` plays none. In this order everywhere: the ear's
part vectors follow it."""

PARTS_WELL_TOLD = ("drums",)
"""Parts by which the ear tells pieces apart nearly always. By another one the piece that shares it comes first of five
in 26 to 39 of a hundred cases, by chance in 20 (`earshot eval --protocol parts`), by keys of full mixes no more often
than by chance; a loop of that part alone comes first of some fifty in 26 to 38, by chance in 2."""

FAMILY_INDEX: dict[str, int] = {name: number for number, name in enumerate(FAMILIES)}

LIKELY = 0.08
"""Probability from which a family is likely. Low, because a filter that hides the right sound does more harm than one
that shows a wrong one at the end of the list."""


def part_of_family(family: str | None) -> str | None:
    """The part that instruments of a family play; None where they play none."""
    return next((part for part, families in PARTS.items() if family in families), None)


def words_for(parts: Collection[str], last_word: str = "and") -> str:
    """Names of parts as they stand in a sentence: "drums", "drums and bass", "drums, bass and keys"."""
    *first, last = parts
    return f"{', '.join(first)} {last_word} {last}" if first else last


def likely_families(probabilities: Sequence[float] | np.ndarray) -> tuple[str, ...]:
    """The families to look in for a sound, the likeliest first; never none.

    probabilities : [families], in the order of `FAMILIES`.
    """
    ordered = sorted(range(len(FAMILIES)), key=lambda number: -probabilities[number])
    return tuple(FAMILIES[number] for number in ordered if number == ordered[0] or probabilities[number] >= LIKELY)
