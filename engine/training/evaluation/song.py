"""The song protocol: whole songs through the matching that the product uses, against who really plays when."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import roc_auc_score

from engine.encoder.calibration import Calibration
from engine.encoder.heard import ACTIVITY_SECONDS, Embeddings, HeardWindows, ReferenceListener
from engine.families import FAMILIES
from engine.matching import reference
from engine.matching.slots import DEFAULT_RULES, Slot, SlotRules
from engine.training.evaluation.figures import Answer, Figure, bootstrap
from engine.training.evaluation.held_out import Material, one_shot
from engine.training.instruments import RATE
from engine.training.phrase_bank import PhraseBank
from engine.training.phrases import WINDOW_SAMPLES
from engine.training.songs import SONG_SECONDS, STEP_SECONDS, Song, render_song

if TYPE_CHECKING:
    from engine.training.evaluation.systems import System

SONGS, LIBRARY, NEAREST = 40, 2000, 10
FOUND_WITHIN = 20
"""A slot has found an instrument whose sound is among this many best of its matches."""


@dataclass(frozen=True, eq=False)
class HeardSong:
    """What a system made of one song.

    Attributes
    ----------
    slots : as the product would show them.
    ranks : int [slots, instruments], place of each true instrument's sound in each slot's matches, 0 the best.
    pairs : (slot, instrument), one to one, so that the places are as good as they can be.
    nearest : [slots, NEAREST], similarities of each slot's first matches.
    nearest_without : [slots], similarity of the first match in a library without the sounds of the song's instruments.
    """

    song: Song
    slots: tuple[Slot, ...]
    ranks: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    nearest: np.ndarray
    nearest_without: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Place of each instrument's sound in the matches of its slot, `LIBRARY` for those without: [instruments]."""
        places = np.full(len(self.song.instruments), LIBRARY)
        for slot, instrument in self.pairs:
            places[instrument] = self.ranks[slot, instrument]
        return places

    @property
    def found(self) -> np.ndarray:
        """Which slots have found an instrument: bool [slots]."""
        found = np.zeros(len(self.slots), bool)
        for slot, instrument in self.pairs:
            found[slot] = self.ranks[slot, instrument] < FOUND_WITHIN
        return found

    @property
    def very_sound(self) -> np.ndarray:
        """Which first matches are the sound of the instrument that their slot belongs to: bool [slots, NEAREST]."""
        right = np.zeros(self.nearest.shape, bool)
        for slot, instrument in self.pairs:
            if self.ranks[slot, instrument] < NEAREST:
                right[slot, self.ranks[slot, instrument]] = True
        return right


class _SystemListener(ReferenceListener):
    """A system that answers as the ear does: families unknown and always active, where it does not tell them."""

    rate, window_seconds = RATE, WINDOW_SAMPLES / RATE
    calibration = None

    def __init__(self, system: System) -> None:
        self._system = system

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        vectors = self._system.embed(sounds)
        return Embeddings(vectors, np.full((len(vectors), len(FAMILIES)), 1 / len(FAMILIES), np.float32))

    def hear(self, windows: np.ndarray) -> HeardWindows:
        heard = self._system.hear(windows)
        vectors = np.stack([found.vectors for found in heard])
        count, slots, _ = vectors.shape
        steps = round(self.window_seconds / ACTIVITY_SECONDS)
        return HeardWindows(
            vectors,
            np.stack([found.confidence for found in heard]),
            np.full((count, slots, len(FAMILIES)), 1 / len(FAMILIES), np.float32),
            np.ones((count, slots, steps), np.float32),
        )


def listen(
    system: System,
    material: Material,
    seed: int,
    songs: int,
    rules: SlotRules = DEFAULT_RULES,
) -> list[HeardSong]:
    """Render songs, hear them, and rank a library of `LIBRARY` one-shots, held-out instruments first, for each slot."""
    sounds, drawn = _drawn(material, seed, songs)
    library = system.embed([one_shot(bank, number) for bank, number in sounds])
    ear = system.ear or _SystemListener(system)
    return [_ranked(item, _slots(item, ear, rules), library) for item in drawn]


@lru_cache(maxsize=1)  # every system hears the same songs
def _drawn(material: Material, seed: int, songs: int) -> tuple[list[tuple[PhraseBank, int]], list[Song]]:
    """The library as instruments of banks, the held-out ones first, and the songs."""
    rng = np.random.default_rng(seed)
    sounds = [(material.held_out, number) for number in range(len(material.held_out.instruments))]
    if others := material.further_candidates():
        chosen = rng.permutation(len(others))[: max(0, LIBRARY - len(sounds))]
        sounds += [others[number] for number in chosen]
    effects = [np.random.default_rng([seed, number]) if material.produced else None for number in range(songs)]
    return sounds[:LIBRARY], [render_song(material.held_out, rng, effects=of_this) for of_this in effects]


def _ranked(song: Song, slots: tuple[Slot, ...], library: np.ndarray) -> HeardSong:
    """Rank the library's vectors for every slot; its first ones are those of the held-out instruments, in order."""
    nearest, without = np.zeros((len(slots), NEAREST)), np.zeros(len(slots))
    ranks = np.zeros((len(slots), len(song.instruments)), int)
    for row, slot in enumerate(slots):
        similarity = (slot.vectors @ library.T).max(axis=0)
        nearest[row] = np.sort(similarity)[: -NEAREST - 1 : -1]
        without[row] = np.delete(similarity, song.instruments).max()
        ranks[row] = [(similarity > similarity[number]).sum() for number in song.instruments]
    assigned = zip(*linear_sum_assignment(np.log1p(ranks)), strict=True)
    pairs = tuple((int(slot), int(instrument)) for slot, instrument in assigned)
    return HeardSong(song, slots, ranks, pairs, nearest, without)


def _slots(song: Song, ear: ReferenceListener, rules: SlotRules) -> tuple[Slot, ...]:
    """What the product hears in the song as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.wav"
        soundfile.write(path, song.samples, RATE, subtype="FLOAT")
        *_, last = reference.hear(path, ear, rules=rules)
    return last.slots


def song(system: System, material: Material, seed: int = 5, songs: int = SONGS) -> Answer:
    """Songs of a minute with known stems.

    A slot and an instrument belong together, one to one, where the instrument's own sound is among the slot's first
    `FOUND_WITHIN` of 2,000 sounds. Precision and recall count slots and instruments that belong to something (recall is
    the sounds' recall@20); recall@5 counts instruments whose sound is among the first five of their slot. Activity
    compares when a slot is said to sound with when its instrument does, in steps of half a second, instruments without
    a slot counting as never heard. Confidence error is the expected calibration error (Naeini et al. 2015, ten bins) of
    the slots' confidence in having found something, match error that of the first ten matches' chance to be the
    instrument's own sound; open-set AUC is how well the similarity of a finding slot's first
    match tells a library which holds the song's sounds from one that does not. Curves: the reliability of both.
    """
    heard = listen(system, material, seed, songs)
    found = np.array([(item.best < FOUND_WITHIN).sum() for item in heard])
    slots = np.array([len(item.slots) for item in heard])
    instruments = np.array([len(item.song.instruments) for item in heard])
    at_five = np.array([(item.best < 5).sum() for item in heard])
    activity = np.array([_activity_counts(item) for item in heard])  # [songs, (hits, claimed, true)]

    def ratio(above: np.ndarray, below: np.ndarray) -> Figure:
        return bootstrap(len(heard), lambda p: float(above[p].sum() / max(below[p].sum(), 1)))

    slot_claims = [_slot_claims(item) if system.ear else np.zeros((0, 2)) for item in heard]
    match_claims = [_match_claims(item, system.ear.calibration if system.ear else None) for item in heard]
    figures = {
        "slot precision": ratio(found, slots),
        "slot recall": ratio(found, instruments),
        "slot F1": ratio(2 * found, slots + instruments),
        "recall@5": ratio(at_five, instruments),
        "activity F1": ratio(2 * activity[:, 0], activity[:, 1] + activity[:, 2]),
        "confidence error": bootstrap(len(heard), lambda p: _calibration_error(_join(slot_claims, p))),
        "match error": bootstrap(len(heard), lambda p: _calibration_error(_join(match_claims, p))),
        "open-set AUC": bootstrap(len(heard), lambda p: _open_set([heard[number] for number in p])),
    }
    curves = {"reliability": _reliability(_join(slot_claims)), "match reliability": _reliability(_join(match_claims))}
    return Answer(figures, {name: curve.tolist() for name, curve in curves.items()})


def _slot_claims(item: HeardSong) -> np.ndarray:
    """Confidence of each slot, and whether it has found an instrument: [slots, 2]."""
    return np.stack([np.array([slot.confidence for slot in item.slots]), item.found], axis=1)


def _match_claims(item: HeardSong, calibration: Calibration | None) -> np.ndarray:
    """Chance of each of the slots' first matches, and whether it is the instrument's own sound: [matches, 2]."""
    if calibration is None:
        return np.zeros((0, 2))
    chance = calibration.match_confidence(item.nearest)
    return np.stack([chance.ravel(), item.very_sound.ravel()], axis=1)


def _join(claims: list[np.ndarray], songs: Iterable[int] | None = None) -> np.ndarray:
    return np.concatenate(claims if songs is None else [claims[number] for number in songs])


def _reliability(claims: np.ndarray) -> np.ndarray:
    """Summed confidence, how many came true and how many there are, in each tenth of confidence: [10, 3].

    claims : [n, (confidence, whether it came true)].
    """
    confidence, true = claims.T
    tenth = np.minimum((confidence * 10).astype(int), 9)
    return np.stack([np.bincount(tenth, weight, 10) for weight in (confidence, true, np.ones(len(true)))], axis=1)


def _calibration_error(claims: np.ndarray) -> float:
    claimed, true, count = _reliability(claims).T
    return float(np.abs(claimed - true).sum() / count.sum()) if count.sum() else float("nan")


def _open_set(heard: list[HeardSong]) -> float:
    there = np.concatenate([item.nearest[item.found, 0] for item in heard])
    left_out = np.concatenate([item.nearest_without[item.found] for item in heard])
    if not len(there):
        return float("nan")
    similarity = np.concatenate([there, left_out])
    return float(roc_auc_score(np.arange(len(similarity)) < len(there), similarity))


def _activity_counts(item: HeardSong) -> tuple[int, int, int]:
    """Steps rightly claimed, claimed, and true, of the instruments that were found."""
    claimed = np.zeros_like(item.song.activity)
    for slot, instrument in item.pairs:
        if item.found[slot]:
            claimed[instrument] = on_steps(item.slots[slot].activity)
    true = item.song.activity
    return int((claimed & true).sum()), int(claimed.sum()), int(true.sum())


def on_steps(stretches: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Stretches in seconds -> bool [steps], True where at least half of a step is covered."""
    covered = np.zeros(round(SONG_SECONDS / STEP_SECONDS))
    edges = np.arange(len(covered)) * STEP_SECONDS
    for start, end in stretches:
        covered += np.clip(np.minimum(end, edges + STEP_SECONDS) - np.maximum(start, edges), 0, None)
    return covered >= STEP_SECONDS / 2
