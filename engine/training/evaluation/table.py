"""The results table: every system through every protocol, printed, and saved as JSON and Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from engine.encoder.ear import Ear
from engine.training.evaluation.figures import Figure
from engine.training.evaluation.held_out import Material
from engine.training.evaluation.protocols import PROTOCOLS
from engine.training.evaluation.systems import ChanceSystem, EarSystem, MfccSystem, System, trained_system
from engine.training.parts import PARTS
from engine.training.phrase_bank import PhraseBank

SHOWN = {
    "single": ("top-1", "top-5", "EER"),
    "smti": (
        "mAP macro",
        "mAP weighted",
        "mAP macro, cosine",
        "F1 macro, nine outputs",
        "F1 macro, heard",
        "family F1 macro, heard",
    ),
    "parts": (*PARTS, "mean", "mean, among all"),
    "song": (
        "slot precision",
        "slot recall",
        "slot F1",
        "recall@5",
        "activity F1",
        "confidence error",
        "open-set AUC",
    ),
    "cir": ("top-1, family given", "top-5, family given", "top-1, family not given", "top-5, family not given"),
}

Results = dict[str, dict[str, dict[str, Figure]]]


def run(
    data: Path, *, protocols: list[str], split: str, model: Path | None, runs: list[Path], output: Path | None
) -> int:
    """Measure chance, MFCC, the trained `runs` and the ear on a split; returns the exit code."""
    material = Material(PhraseBank(data / "phrases" / split), PhraseBank(data / "phrases" / "train"))
    systems: list[System] = [ChanceSystem(), MfccSystem(), *map(trained_system, runs), EarSystem(Ear.load(model))]
    results: Results = {}
    with tqdm(total=len(protocols) * len(systems), unit="run") as bar:
        for protocol in protocols:
            for system in systems:
                results.setdefault(protocol, {})[system.name] = PROTOCOLS[protocol](system, material)
                if output is not None:  # what is measured is kept, should the rest be stopped
                    save(results, output)
                bar.update()
    print(markdown(results))
    return 0


def save(results: Results, folder: Path) -> None:
    """Write results.json and results.md into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {p: {s: {n: asdict(f) for n, f in fs.items()} for s, fs in r.items()} for p, r in results.items()}
    (folder / "results.json").write_text(json.dumps(plain, indent=1))
    (folder / "results.md").write_text(markdown(results) + "\n")


def markdown(results: Results) -> str:
    """One Markdown table for each protocol; figures in per cent with their 95 % intervals."""
    lines = []
    for protocol, rows in results.items():
        names = SHOWN[protocol.removesuffix("-produced")]
        lines += [f"**{protocol}**", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for system, figures in rows.items():
            cells = [f"{100 * f.value:.1f} ({100 * f.low:.1f}-{100 * f.high:.1f})" for f in (figures[n] for n in names)]
            lines.append(f"| {system} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)
