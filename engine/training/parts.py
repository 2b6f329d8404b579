"""The parts of a piece, and pseudo-mixes: pieces put together so that two of them share exactly one part."""

from __future__ import annotations

import itertools

import numpy as np

from engine import families
from engine.training.instruments import RATE
from engine.training.phrase_bank import PhraseBank

PARTS: dict[str, tuple[str, ...]] = families.PARTS | {"drums": ("kick", "snare", "hat")}
"""Families that play each part in pseudo-mixes. The drums are one instrument of each of their families, the other parts
one of any."""

GAIN_DB = (-6.0, 2.0)


def part_of_family(family: str | None) -> int:
    """Number of the part that instruments of a family play, in the order of `PARTS`; -1 for none. All drums are drums,
    also those that no pseudo-mix is made of."""
    part = families.part_of_family(family)
    return -1 if part is None else list(PARTS).index(part)


class PseudoMixes:
    """Draws pseudo-mixes from the phrases of a bank."""

    def __init__(self, bank: PhraseBank) -> None:
        self._bank = bank
        rows_of: dict[int, list[int]] = {}
        for row, phrase in enumerate(bank.phrases):
            rows_of.setdefault(phrase.instrument, []).append(row)
        self._rows_of = {number: rows for number, rows in rows_of.items() if len(rows) > 1}
        self._members = {
            family: [n for n, i in enumerate(bank.instruments) if i.family == family and n in self._rows_of]
            for families in PARTS.values()
            for family in families
        }
        missing = [part for part in PARTS if not all(len(group) > 1 for group in self._groups(part))]
        if missing:
            raise ValueError(f"no two instruments for the parts {', '.join(missing)}")

    def draw(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """An anchor [samples]; for each part a mix that shares only that part with it, by phrases of the same
        instruments that are drawn anew, [parts, samples]; and each part of the anchor alone [parts, samples]. All
        float32."""
        anchor = {part: self._instruments(part, rng) for part in PARTS}
        alone = np.stack([self._play(anchor[part], rng, samples) for part in PARTS])
        sharing = []
        for shared in PARTS:
            stems = []
            for part in PARTS:
                members = anchor[part] if part == shared else self._instruments(part, rng, but=anchor[part])
                stems.append(self._play(members, rng, samples))
            sharing.append(np.sum(stems, axis=0))
        return alone.sum(axis=0), np.stack(sharing), alone

    def alone(self, part: str, most: int, rng: np.random.Generator, samples: int) -> np.ndarray:
        """One part alone by some choices of instruments, no choice twice, each in two different phrases: float32
        [at most `most`, 2, samples]."""
        choices = list(itertools.product(*self._groups(part)))
        pairs = []
        for choice in rng.permutation(len(choices))[:most]:
            rows = np.stack([rng.choice(self._rows_of[number], 2, replace=False) for number in choices[choice]])
            pairs.append([np.sum([self._phrase(row, rng, samples) for row in phrases], axis=0) for phrases in rows.T])
        return np.array(pairs)

    def _groups(self, part: str) -> list[list[int]]:
        """The instruments of which one each plays a part."""
        of_each = [self._members[family] for family in PARTS[part]]
        return of_each if part == "drums" else [list(itertools.chain.from_iterable(of_each))]

    def _instruments(self, part: str, rng: np.random.Generator, but: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Instruments that play a part; none of those in `but`."""
        families = PARTS[part]
        if part != "drums":
            # Families in turn, so that a well-stocked one does not drown the others.
            stocked = [family for family in families if set(self._members[family]) - set(but)]
            families = (stocked[rng.integers(len(stocked))],)
        free = [[number for number in self._members[family] if number not in but] for family in families]
        return tuple(group[rng.integers(len(group))] for group in free)

    def _play(self, members: tuple[int, ...], rng: np.random.Generator, samples: int) -> np.ndarray:
        out = np.zeros(samples, np.float32)
        for number in members:
            out += self._phrase(int(rng.choice(self._rows_of[number])), rng, samples)
        return out

    def _phrase(self, row: int, rng: np.random.Generator, samples: int) -> np.ndarray:
        """Some part of a phrase, somewhat louder or softer than another: float32 [samples]."""
        phrase, sound = self._bank.phrases[row], self._bank.samples[row]
        start = int(rng.integers(0, max(1, (len(sound) - samples) // (RATE // 10)))) * (RATE // 10)
        gain = phrase.level * 10 ** (rng.uniform(*GAIN_DB) / 20) / 32767.0
        return sound[start : start + samples] * np.float32(gain)
