"""What the protocols ask about: held-out instruments and their sounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.families import DRUM_FAMILIES
from engine.training.effects import master, produce
from engine.training.phrase_bank import PhraseBank
from engine.training.sources import TAUGHT_ONLY


class Material:
    """Held-out instruments and their sounds, with the training instruments as further candidates, but for those that
    are only taught.

    produced : mixtures are made of stems that passed an effect chain, and are mastered and coded.
    """

    def __init__(self, held_out: PhraseBank, trained: PhraseBank | None = None, *, produced: bool = False) -> None:
        self.held_out, self.trained, self.produced = held_out, trained, produced
        self._produced_material: Material | None = None
        self.rows_of: dict[int, list[int]] = {}
        for row, phrase in enumerate(held_out.phrases):
            self.rows_of.setdefault(phrase.instrument, []).append(row)

    def as_produced(self) -> Material:
        """The same instruments, produced; always the same object, so that what is drawn from it is drawn once."""
        if self._produced_material is None:
            self._produced_material = Material(self.held_out, self.trained, produced=True)
        return self._produced_material

    def further_candidates(self) -> list[tuple[PhraseBank, int]]:
        """The training instruments that answers may wrongly name, as (bank, number)."""
        if self.trained is None:
            return []
        return [(self.trained, n) for n, i in enumerate(self.trained.instruments) if i.source not in TAUGHT_ONLY]

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

    def mix(self, rows: Sequence[int]) -> np.ndarray:
        """The sum of phrases, float32 [window samples]; the same rows always sound the same."""
        if not self.produced:
            return np.sum([self.phrase(row) for row in rows], axis=0)
        rng = np.random.default_rng(list(rows))
        return master(np.sum([self._through_effects(row, rng) for row in rows], axis=0), rng)

    def _through_effects(self, row: int, rng: np.random.Generator) -> np.ndarray:
        """A phrase through an effect chain, as loud as before."""
        dry = self.phrase(row)
        wet = produce(dry, rng)
        return wet * np.float32(np.sqrt(np.square(dry).mean() / max(float(np.square(wet).mean()), 1e-12)))


def one_shot(bank: PhraseBank, number: int) -> np.ndarray:
    """The single-note reference of an instrument: the note at the centre of its range, velocity 0.8."""
    notes, place = bank.notes[number]
    return notes.read(notes.notes[place][0])
