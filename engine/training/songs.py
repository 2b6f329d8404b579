"""Songs with known stems: a minute of music that held-out instruments play, coming and going."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.families import DRUM_FAMILIES
from engine.training import phrases
from engine.training.effects import master, produce
from engine.training.instruments import RATE
from engine.training.material import WINDOW_SECONDS, play, random_song
from engine.training.phrase_bank import REFERENCE_RMS, PhraseBank

PASSAGES = 12
SONG_SECONDS = PASSAGES * WINDOW_SECONDS
STEP_SECONDS = 0.5
"""Grid on which it is known who sounds."""

_DRUMS, _PITCHED = (1, 4), (3, 6)
_GAIN_DB = (-8.0, 3.0)
_PRESENT_SHARE = 0.6
_AUDIBLE_DB = -40.0


@dataclass(frozen=True, eq=False)
class Song:
    """One song.

    Attributes
    ----------
    samples : float32 [SONG_SECONDS * RATE].
    instruments : numbers in the bank of those that are heard.
    activity : bool [instruments, steps], who sounds in each `STEP_SECONDS`.
    """

    samples: np.ndarray
    instruments: tuple[int, ...]
    activity: np.ndarray


def render_song(bank: PhraseBank, rng: np.random.Generator, *, effects: np.random.Generator | None = None) -> Song:
    """A song of 4 to 9 instruments of the bank in one key and tempo; each plays in about half of its passages.

    effects : where given, every stem passes an effect chain drawn from it, and the sum is mastered and coded; what is
        played, by whom and how loudly is the same with effects and without.
    """
    passages = random_song(rng, PASSAGES)
    numbers = _line_up(bank, rng)
    stems = np.stack([_stem(bank, number, passages, rng, effects) for number in numbers])
    seconds = np.sqrt((stems.reshape(len(stems), -1, int(STEP_SECONDS * RATE)) ** 2).mean(axis=2))
    audible = seconds > seconds.max(axis=1, keepdims=True) * 10 ** (_AUDIBLE_DB / 20)
    mix = stems.sum(axis=0)
    if effects is not None:
        mix = master(mix, effects)
    return Song(mix / max(float(np.abs(mix).max()), 1e-6) * 0.9, tuple(numbers), audible)


def _line_up(bank: PhraseBank, rng: np.random.Generator) -> list[int]:
    """Instruments of different families as far as there are any: songs seldom have three of a kind."""
    drums, pitched = int(rng.integers(_DRUMS[0], _DRUMS[1] + 1)), int(rng.integers(_PITCHED[0], _PITCHED[1] + 1))
    heard = {phrase.instrument for phrase in bank.phrases}
    chosen: list[int] = []
    for wanted, drum in ((drums, True), (pitched, False)):
        by_family: dict[str, list[int]] = {}
        for number in sorted(heard):
            family = bank.instruments[number].family
            if family is not None and (family in DRUM_FAMILIES) == drum:
                by_family.setdefault(family, []).append(number)
        families = rng.permutation(sorted(by_family))[:wanted]
        chosen += [int(rng.choice(by_family[family])) for family in families]
    return chosen


def _stem(
    bank: PhraseBank, number: int, passages: list, rng: np.random.Generator, effects: np.random.Generator | None
) -> np.ndarray:
    notes, place = bank.notes[number]
    present = rng.random(len(passages)) < _PRESENT_SHARE
    present[rng.integers(len(passages))] = True
    parts = []
    for passage, plays in zip(passages, present, strict=True):
        part = np.zeros(phrases.WINDOW_SAMPLES, np.float32)
        if plays:
            part = phrases.render(notes, place, play(passage, bank.instruments[number].family, rng), rng)
        parts.append(part)
    stem = np.concatenate(parts)
    if effects is not None:
        stem = produce(stem, effects)
    loudest = np.sqrt((stem.reshape(-1, RATE) ** 2).mean(axis=1)).max()
    return stem * np.float32(REFERENCE_RMS / max(loudest, 1e-6) * 10 ** (rng.uniform(*_GAIN_DB) / 20))
