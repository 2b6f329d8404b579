"""The calibration beside a model: kept, found again, and refused where it belongs to other weights."""

from pathlib import Path

import numpy as np
import pytest

from engine.encoder import calibration, weights
from engine.encoder.calibration import Calibration
from engine.errors import ModelError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "ear.safetensors"
    path.write_bytes(b"weights")
    return path


def test_kept_and_found_again(model: Path) -> None:
    fitted = Calibration(weights.fingerprint(model), (-1.0, 2.0, 0.5, -0.5), (-9.0, 16.0), (-3.0, 4.0, -1.5))
    fitted.save(model)
    assert calibration.load(model, weights.fingerprint(model)) == fitted


def test_none_for_a_model_without_one_or_with_that_of_others(model: Path) -> None:
    assert calibration.load(model, weights.fingerprint(model)) is None
    Calibration("0123456789abcdef", (0.0, 1.0, 0.0, 0.0), (0.0, 1.0), (0.0, 1.0, 0.0)).save(model)
    assert calibration.load(model, weights.fingerprint(model)) is None


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{}",
        "[1, 2]",
        '{"fingerprint": "OWN", "slot": 2, "first": 1, "match": 3}',
        '{"fingerprint": "OWN", "slot": [1], "first": [1], "match": [1]}',
        '{"fingerprint": "OWN", "slot": [1, 2, 3, 4], "match": [1, 2, 3]}',
        '{"fingerprint": "OWN", "slot": "abcd", "first": [1, 2], "match": [1, 2, 3]}',
    ],
)
def test_a_damaged_one_is_named(model: Path, damaged: str) -> None:
    model.with_suffix(".calibration.json").write_text(damaged.replace("OWN", weights.fingerprint(model)))
    with pytest.raises(ModelError, match="calibration"):
        calibration.load(model, weights.fingerprint(model))


def test_confidence_is_the_logistic_of_the_weighted_evidence() -> None:
    fitted = Calibration("", slot=(-1.0, 2.0, 0.0, 1.0), first=(-2.0, 8.0), match=(-2.0, 4.0, -1.0))
    np.testing.assert_allclose(fitted.slot_confidence(np.array([[0.5, 9.0, 0.0], [1.0, 0.0, 1.0]])), [0.5, 0.880797])
    similarity = np.array([[0.5, 0.5, 0.25], [0.1, 0.5, 0.25]])
    chances = [[0.880797, 1 / 3, 0.109232], [0.231475, 0.231475, 0.109232]]  # no more than the one before it has
    np.testing.assert_allclose(fitted.match_confidence(similarity), chances, atol=1e-6)


def test_the_shipped_one_fits_the_shipped_weights() -> None:
    model = weights.shipped_model()
    shipped = calibration.load(model, weights.fingerprint(model))
    assert shipped is not None
    exposure, family, twin = shipped.slot[1:]
    assert exposure > 0
    assert family > 0
    assert twin < 0
    assert shipped.first[1] > shipped.match[1] > 0
    assert shipped.match[2] < 0
