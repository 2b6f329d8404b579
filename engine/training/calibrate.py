"""Measures, on songs of validation instruments, what the ear's answers are worth, and keeps it beside the weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from engine.encoder.calibration import Calibration
from engine.encoder.ear import Ear
from engine.matching.slots import DEFAULT_RULES
from engine.training.evaluation.held_out import Material
from engine.training.evaluation.song import HeardSong, listen
from engine.training.evaluation.systems import EarSystem

SEED, SONGS = 7, 60
_EVERYTHING = replace(DEFAULT_RULES, min_confidence=0.0, max_slots=DEFAULT_RULES.max_tracked)


def calibrate(model: Path, material: Material, *, songs: int = SONGS) -> Calibration:
    """Fit and save the calibration of a model; `material` must be of the validation split.

    A slot is right where it has found an instrument (`song` protocol), a match where it is the instrument's own sound.
    """
    ear = Ear.load(model)
    ear.calibration = None  # what was fitted before would choose the slots
    heard = listen(EarSystem(ear), material, SEED, songs, rules=_EVERYTHING)
    evidence = np.array([slot.evidence for item in heard for slot in item.slots])
    nearest = np.concatenate([item.nearest for item in heard])[:, None]
    slot = LogisticRegression(C=100.0).fit(evidence, np.concatenate([item.found for item in heard]))
    match = LogisticRegression(C=100.0).fit(nearest, np.concatenate([_first(item) for item in heard]))
    calibration = Calibration(
        ear.fingerprint,
        tuple(round(float(value), 3) for value in (slot.intercept_[0], *slot.coef_[0])),
        (round(float(match.intercept_[0]), 3), round(float(match.coef_[0][0]), 3)),
    )
    calibration.save(model)
    return calibration


def _first(item: HeardSong) -> np.ndarray:
    """Whose first match is the sound of the instrument they belong to: bool [slots]."""
    first = np.zeros(len(item.slots), bool)
    for slot, instrument in item.pairs:
        first[slot] = item.ranks[slot, instrument] == 0
    return first
