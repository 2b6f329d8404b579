"""Families for instruments whose names tell none, from an ear that was taught the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.encoder.ear import Ear
from engine.families import FAMILIES
from engine.training.phrase_bank import FAMILIES_FILE, PhraseBank

SURE = 0.6
"""Probability from which a guess is taken."""


@dataclass(frozen=True)
class Guesses:
    """How many training instruments without a family were given one, and how the same rule does on validation
    instruments whose family is known: how many it dares to name, and how many of those rightly."""

    unknown: int
    given: int
    known: int
    named: int
    right: int


def guess_families(data: Path, ear: Ear) -> Guesses:
    """Write the guesses for the training instruments beside their phrases, where `PhraseBank` finds them."""
    train, validation = (PhraseBank(data / "phrases" / split, guessed=False) for split in ("train", "validation"))
    unknown = [n for n, instrument in enumerate(train.instruments) if instrument.family is None]
    guessed = {
        train.instruments[number].key: family
        for number, family in zip(unknown, _sure_families(ear, train, unknown), strict=True)
        if family
    }
    known = [n for n, instrument in enumerate(validation.instruments) if instrument.family is not None]
    named = _sure_families(ear, validation, known)
    right = sum(validation.instruments[n].family == family for n, family in zip(known, named, strict=True))
    (data / "phrases" / "train" / FAMILIES_FILE).write_text(json.dumps(guessed, indent=1, sort_keys=True))
    return Guesses(len(unknown), len(guessed), len(known), sum(family is not None for family in named), right)


def _sure_families(ear: Ear, bank: PhraseBank, numbers: list[int]) -> list[str | None]:
    """The family of each instrument by the mean over its notes, None below `SURE`."""
    found: list[str | None] = []
    for number in numbers:
        notes, place = bank.notes[number]
        mean = ear.embed([notes.read(note) for note in notes.notes[place]]).families.mean(axis=0)
        found.append(FAMILIES[int(np.argmax(mean))] if mean.max() >= SURE else None)
    return found
