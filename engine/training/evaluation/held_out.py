"""What the protocols ask about: held-out instruments and their sounds."""

from __future__ import annotations

import numpy as np

from engine.families import DRUM_FAMILIES
from engine.training.phrase_bank import PhraseBank


class Material:
    """Held-out instruments and their sounds, with the training instruments as further candidates."""

    def __init__(self, held_out: PhraseBank, trained: PhraseBank | None = None) -> None:
        self.held_out, self.trained = held_out, trained
        self.rows_of: dict[int, list[int]] = {}
        for row, phrase in enumerate(held_out.phrases):
            self.rows_of.setdefault(phrase.instrument, []).append(row)

    def melodic(self) -> list[int]:
        """Held-out instruments that play pitches and have phrases."""
        return [
            number
            for number, instrument in enumerate(self.held_out.instruments)
            if not instrument.drum and instrument.family not in DRUM_FAMILIES and len(self.rows_of.get(number, ())) >= 5
        ]

    def of_families(self, families: tuple[str, ...]) -> list[int]:
        return [n for n, i in enumerate(self.held_out.instruments) if i.family in families and n in self.rows_of]

    def phrase(self, row: int) -> np.ndarray:
        """One phrase, float32, at the loudness that all phrases share."""
        return self.held_out.samples[row].astype(np.float32) / 32767.0 * self.held_out.phrases[row].level


def one_shot(bank: PhraseBank, number: int) -> np.ndarray:
    """The single-note reference of an instrument: the note at the centre of its range, velocity 0.8."""
    notes, place = bank.notes[number]
    return notes.read(notes.notes[place][0])
