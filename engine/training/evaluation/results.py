"""What was measured, kept in a folder: results.json to go on from, results.md to read."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.errors import EarshotError
from engine.training.evaluation.figures import Answer, Figure
from engine.training.parts import PARTS

SHOWN = {
    "single": ("top-1", "top-5", "EER"),
    "smti": ("mAP macro", "mAP macro, cosine", "F1 macro, heard", "family F1 macro, heard"),
    "cir": ("top-1, family given", "top-5, family given", "top-1, family not given", "top-5, family not given"),
    "parts": (*PARTS, "mean", "mean, among all"),
    "loops": (*PARTS, "mean"),
    "song": (
        "slot precision",
        "slot recall",
        "slot F1",
        "recall@5",
        "activity F1",
        "confidence error",
        "match error",
        "open-set AUC",
    ),
}
"""Figures of each protocol that its table shows."""


@dataclass(frozen=True)
class Row:
    """What was measured of one system; see `System` for the rest."""

    method: str
    identity: str
    clips_seen: int
    answer: Answer


@dataclass
class Results:
    """Rows of one split by protocol, then by the system's name."""

    split: str
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)


def load(folder: Path, split: str) -> Results:
    """The results that `save` wrote into a folder; none where there are none.

    Raises
    ------
    EarshotError : results.json is not what `save` writes, or is of another split.
    """
    path = folder / "results.json"
    if not path.exists():
        return Results(split)
    try:
        stored = json.loads(path.read_text())
        rows = {
            protocol: {name: _row(entry) for name, entry in systems.items()}
            for protocol, systems in stored["rows"].items()
        }
        found = Results(str(stored["split"]), rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EarshotError(f"{path}: not results of this version ({error!r}); choose another --output") from error
    if found.split != split:
        raise EarshotError(f"{path}: these are results of split '{found.split}'; choose another --output")
    return found


def _row(stored: dict) -> Row:
    figures = {name: Figure(**figure) for name, figure in stored["answer"]["figures"].items()}
    return Row(**stored | {"answer": Answer(figures, stored["answer"]["curves"])})


def save(results: Results, folder: Path) -> None:
    """Write results.json, by way of a temporary name, and results.md into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "results.json.part"
    part.write_text(json.dumps(asdict(results), indent=1))
    part.replace(folder / "results.json")
    (folder / "results.md").write_text(markdown(results) + "\n")


def markdown(results: Results) -> str:
    """One Markdown table for each protocol; figures in per cent with their 95 % intervals."""
    lines = []
    for protocol, rows in results.rows.items():
        names = SHOWN[protocol.removesuffix("-produced")]
        lines += [f"**{protocol}**", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for system, row in rows.items():
            lines.append(f"| {system} | " + " | ".join(_cell(row.answer.figures.get(name)) for name in names) + " |")
        lines.append("")
    return "\n".join(lines)


def _cell(figure: Figure | None) -> str:
    """Per cent and interval; a dash for what a system does not answer."""
    if figure is None or math.isnan(figure.value):
        return "-"
    return f"{100 * figure.value:.1f} ({100 * figure.low:.1f}-{100 * figure.high:.1f})"
