"""The families of sound: one vocabulary for the ear, the catalog, the command line and the window."""

from __future__ import annotations

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

FAMILY_INDEX: dict[str, int] = {name: number for number, name in enumerate(FAMILIES)}
