"""Pictures are drawn of whatever was measured."""

from pathlib import Path

from engine.training.evaluation.figures import Answer, Figure
from engine.training.evaluation.plots import draw
from engine.training.evaluation.protocols import SMTI_FAMILIES, SMTI_SIZES
from engine.training.evaluation.results import Results, Row

FIGURE = Figure(0.5, 0.4, 0.6)
CURVES = {
    "recall by instruments": [0.5] * len(SMTI_SIZES),
    "family confusion": [[0] * len(SMTI_FAMILIES)] * len(SMTI_FAMILIES),
}
RELIABILITY = dict.fromkeys(("reliability", "match reliability"), [[0.5, 1, 10]] * 10)


def row(seen: int, curves: dict[str, list], method: str = "Earshot") -> Row:
    figures = dict.fromkeys(("mAP macro, cosine", "slot F1", "top-1"), FIGURE)
    return Row(method, "0", seen, Answer(figures, curves))


def names(results: Results, folder: Path) -> set[str]:
    return {path.stem for path in draw(results, folder) if path.stat().st_size > 5_000}


def test_nothing_measured_nothing_drawn(tmp_path: Path) -> None:
    assert draw(Results("test"), tmp_path) == []


def test_each_picture_needs_its_protocol(tmp_path: Path) -> None:
    mixtures = {"Earshot": row(100, CURVES), "smti": row(200, CURVES, "smti")}
    assert names(Results("test", {"smti": mixtures}), tmp_path) == {"recall-by-instruments", "family-confusion"}
    assert names(Results("test", {"song": {"Earshot": row(100, RELIABILITY)}}), tmp_path) == {"reliability"}
    two = {"short": row(100, RELIABILITY), "long": row(1000, RELIABILITY)}
    assert names(Results("test", {"song": two}), tmp_path) == {"reliability", "learning"}
