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
from engine.training.evaluation.song import listen
from engine.training.evaluation.systems import EarSystem

SEED, SONGS = 7, 60
_EVERYTHING = replace(DEFAULT_RULES, min_confidence=0.0, max_slots=DEFAULT_RULES.max_tracked)


def calibrate(model: Path, material: Material, *, songs: int = SONGS) -> Calibration:
    """Fit and save the calibration of a model; `material` must be of the validation split.

    A slot is right where it has found an instrument (`song` protocol), a match where it is the instrument's own sound.
    """
    ear = Ear.load(model, calibrated=False)  # what was fitted before would choose the slots
    heard = listen(EarSystem(ear), material, SEED, songs, rules=_EVERYTHING)
    evidence = np.array([slot.evidence for item in heard for slot in item.slots])
    similarity = np.concatenate([item.nearest for item in heard])
    right = np.concatenate([item.very_sound for item in heard])
    ranks = np.broadcast_to(np.arange(2, similarity.shape[1] + 1), similarity[:, 1:].shape)
    behind = np.stack([similarity[:, 1:].ravel(), np.log(ranks.ravel())], axis=1)
    fits = (
        LogisticRegression(C=100.0).fit(evidence, np.concatenate([item.found for item in heard])),
        LogisticRegression(C=100.0).fit(similarity[:, :1], right[:, 0]),
        LogisticRegression(C=100.0).fit(behind, right[:, 1:].ravel()),
    )
    calibration = Calibration(
        ear.fingerprint,
        *(tuple(round(float(value), 3) for value in (fit.intercept_[0], *fit.coef_[0])) for fit in fits),
    )
    calibration.save(model)
    return calibration
