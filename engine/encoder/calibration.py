"""What the ear's raw answers are worth: fitted on validation songs, kept beside the weights they were fitted for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.errors import ModelError

SLOT_TERMS, FIRST_TERMS, MATCH_TERMS = 4, 2, 3


@dataclass(frozen=True)
class Calibration:
    """Logistic regressions (Platt 1999, 'Probabilistic outputs for support vector machines').

    Attributes
    ----------
    fingerprint : of the weights that were measured.
    slot : bias, then the weights of a slot's evidence: how strongly it is exposed at its clearest moment, how sure its
        likeliest family is, how similar the most similar other slot is.
    first : bias, then the weight of the cosine similarity of a slot and its first match, which tells more than that of
        those behind it.
    match : for those: bias, then the weights of the similarity and of the logarithm of the rank.
    """

    fingerprint: str
    slot: tuple[float, ...]
    first: tuple[float, ...]
    match: tuple[float, ...]

    def slot_confidence(self, evidence: np.ndarray) -> np.ndarray:
        """How often slots with such evidence are instruments that are there, 0..1: [slots, 3] -> [slots]."""
        return _logistic(self.slot[0] + evidence @ np.asarray(self.slot[1:]))

    def match_confidence(self, similarity: np.ndarray) -> np.ndarray:
        """How often matches so similar are the very sound that was heard: [..., ranks] from the first on, 0..1.

        None has more than one before it.
        """
        bias, weight, rank_weight = self.match
        ranks = np.arange(1, similarity.shape[-1] + 1)
        chances = _logistic(bias + weight * similarity + rank_weight * np.log(ranks))
        chances[..., :1] = _logistic(self.first[0] + self.first[1] * similarity[..., :1])
        return np.minimum.accumulate(chances, axis=-1)

    def save(self, model: Path) -> Path:
        """Write it beside a model's weights."""
        path = _beside(model)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return path


def load(model: Path, fingerprint: str) -> Calibration | None:
    """The calibration of a model with this fingerprint; None where it has none, or one fitted for other weights.

    Raises
    ------
    ModelError : the file cannot be read.
    """
    path = _beside(model)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        if found["fingerprint"] != fingerprint:
            return None
        slot, first, match = (tuple(map(float, found[name])) for name in ("slot", "first", "match"))
        if (len(slot), len(first), len(match)) != (SLOT_TERMS, FIRST_TERMS, MATCH_TERMS):
            raise ValueError("not as many numbers as there should be")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: the model's calibration is damaged ({error}); reinstall Earshot") from error
    return Calibration(fingerprint, slot, first, match)


def _beside(model: Path) -> Path:
    return model.with_suffix(".calibration.json")


def _logistic(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-value))
