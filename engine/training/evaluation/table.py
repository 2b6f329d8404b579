"""The results table: every system through every protocol, printed, and saved as JSON, Markdown and pictures."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from engine.encoder import weights
from engine.encoder.ear import Ear
from engine.errors import EarshotError
from engine.training.evaluation import plots
from engine.training.evaluation.figures import Answer, Figure
from engine.training.evaluation.held_out import Material
from engine.training.evaluation.protocols import PROTOCOLS
from engine.training.evaluation.systems import ChanceSystem, EarSystem, MfccSystem, System, trained_system
from engine.training.parts import PARTS
from engine.training.phrase_bank import PhraseBank

SHOWN = {
    "single": ("top-1", "top-5", "EER"),
    "smti": ("mAP macro", "mAP macro, cosine", "F1 macro, heard", "family F1 macro, heard"),
    "parts": (*PARTS, "mean", "mean, among all"),
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
    "cir": ("top-1, family given", "top-5, family given", "top-1, family not given", "top-5, family not given"),
}


@dataclass(frozen=True)
class Row:
    """What was measured of one system; see `System` for the rest."""

    method: str
    identity: str
    clips_seen: int
    answer: Answer


Results = dict[str, dict[str, Row]]
"""By protocol, then by the system's name."""


def run(
    data: Path, *, protocols: list[str], split: str, model: Path | None, runs: list[Path], output: Path | None
) -> int:
    """Measure chance, MFCC, the trained `runs` and the ear on a split; returns the exit code.

    Rows that `output` already holds of the same weights are kept as they are.
    """
    material = Material(PhraseBank(data / "phrases" / split), PhraseBank(data / "phrases" / "train"))
    path = model or weights.shipped_model()
    shipped = EarSystem(Ear.load(path), clips_seen=weights.clips_seen(path))
    systems: list[System] = [ChanceSystem(), MfccSystem(), *map(trained_system, runs), shipped]
    results = load(output) if output is not None else {}
    with tqdm(total=len(protocols) * len(systems), unit="run") as bar:
        for protocol in protocols:
            rows = results.setdefault(protocol, {})
            for system in systems:
                known = rows.get(system.name)
                if known is None or known.identity != system.identity:
                    rows.pop(system.name, None)
                    answer = PROTOCOLS[protocol](system, material)
                    rows[system.name] = Row(system.method, system.identity, system.clips_seen, answer)
                    if output is not None:  # what is measured is kept, should the rest be stopped
                        save(results, output)
                bar.update()
    print(markdown(results))
    if output is not None:
        plots.draw(results, output)
    return 0


def load(folder: Path) -> Results:
    """The results that `save` wrote into a folder; none where there are none.

    Raises
    ------
    EarshotError : results.json is not what `save` writes.
    """
    path = folder / "results.json"
    if not path.exists():
        return {}
    try:
        return {
            protocol: {
                name: Row(
                    row["method"],
                    row["identity"],
                    row["clips_seen"],
                    Answer({n: Figure(**f) for n, f in row["figures"].items()}, row["curves"]),
                )
                for name, row in rows.items()
            }
            for protocol, rows in json.loads(path.read_text()).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EarshotError(f"{path}: not results of this version ({error!r}); choose another --output") from error


def save(results: Results, folder: Path) -> None:
    """Write results.json and results.md into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {
        protocol: {
            name: {
                "method": row.method,
                "identity": row.identity,
                "clips_seen": row.clips_seen,
                "figures": {n: asdict(f) for n, f in row.answer.figures.items()},
                "curves": row.answer.curves,
            }
            for name, row in rows.items()
        }
        for protocol, rows in results.items()
    }
    (folder / "results.json").write_text(json.dumps(plain, indent=1))
    (folder / "results.md").write_text(markdown(results) + "\n")


def _cell(figure: Figure | None) -> str:
    """Per cent and interval; a dash for what a system does not answer."""
    if figure is None or math.isnan(figure.value):
        return "-"
    return f"{100 * figure.value:.1f} ({100 * figure.low:.1f}-{100 * figure.high:.1f})"


def markdown(results: Results) -> str:
    """One Markdown table for each protocol; figures in per cent with their 95 % intervals."""
    lines = []
    for protocol, rows in results.items():
        names = SHOWN[protocol.removesuffix("-produced")]
        lines += [f"**{protocol}**", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for system, row in rows.items():
            lines.append(f"| {system} | " + " | ".join(_cell(row.answer.figures.get(name)) for name in names) + " |")
        lines.append("")
    return "\n".join(lines)
