"""Pictures of results: recall against the number of instruments, families confused, reliability of confidence, and
figures against the length of training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.training.evaluation.protocols import SMTI_FAMILIES, SMTI_SIZES
from engine.training.evaluation.results import Results, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes


OURS = "Earshot"
LEARNING = (("smti", "mAP macro, cosine"), ("cir", "top-5, family not given"), ("song", "slot F1"), ("single", "top-1"))
"""Protocols and figures that are drawn against the clips and mixtures seen in training."""


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw what the results hold into PNG files in a folder; returns their paths."""
    from matplotlib.figure import Figure as Sheet

    written = []
    for name, (width, height), paint in (
        ("recall-by-instruments", (6.0, 4.0), _recall),
        ("family-confusion", (6.5, 5.5), _confusion),
        ("reliability", (5.0, 4.5), _reliability),
        ("learning", (6.5, 4.5), _learning),
    ):
        sheet = Sheet(figsize=(width, height), layout="constrained")
        axes = sheet.add_subplot()
        if paint(axes, results):
            if axes.get_legend_handles_labels()[0]:
                axes.legend()
            written.append(folder / f"{name}.png")
            sheet.savefig(written[-1], dpi=144)
    return written


def _with_curve(results: Results, protocol: str, curve: str) -> dict[str, Row]:
    """The rows of a protocol that hold a curve."""
    return {name: row for name, row in results.rows.get(protocol, {}).items() if curve in row.answer.curves}


def _recall(axes: Axes, results: Results) -> bool:
    rows = _with_curve(results, "smti", "recall by instruments")
    for system, row in rows.items():
        recall = 100 * np.array(row.answer.curves["recall by instruments"])
        axes.plot(SMTI_SIZES, recall, marker="o", label=system)
    axes.set(xlabel="instruments in the mixture", ylabel="of them retrieved, %", ylim=(0, 100), title="smti: recall")
    axes.grid(alpha=0.3)
    return bool(rows)


def _confusion(axes: Axes, results: Results) -> bool:
    rows = _with_curve(results, "smti", "family confusion")
    if not rows:
        return False
    system = OURS if OURS in rows else list(rows)[-1]
    counts = np.array(rows[system].answer.curves["family confusion"], float)
    share = 100 * counts / counts.sum(axis=1, keepdims=True).clip(1)
    axes.imshow(share, cmap="magma", vmin=0, vmax=100)
    for true, retrieved in np.ndindex(share.shape):
        value = share[true, retrieved]
        axes.text(retrieved, true, f"{value:.0f}", ha="center", va="center", color="black" if value > 60 else "white")
    axes.set_xticks(range(len(SMTI_FAMILIES)), SMTI_FAMILIES, rotation=45)
    axes.set_yticks(range(len(SMTI_FAMILIES)), SMTI_FAMILIES)
    axes.set(xlabel="retrieved", ylabel="true", title=f"smti, {system}: families, % of a row")
    return True


def _reliability(axes: Axes, results: Results) -> bool:
    drawn = False
    axes.plot([0, 100], [0, 100], color="0.6", linestyle="--", label="as claimed")
    for curve, what in (
        ("reliability", "slots: an instrument is there"),
        ("match reliability", "matches: the very sound"),
    ):
        for system, row in _with_curve(results, "song", curve).items():
            claimed, true, count = np.array(row.answer.curves[curve]).T
            there = count > 0
            if not there[:-1].any():  # claims nothing, or to be sure of everything
                continue
            x, y = 100 * claimed[there] / count[there], 100 * true[there] / count[there]
            (line,) = axes.plot(x, y, label=f"{system}, {what}")
            axes.scatter(x, y, s=9 * np.sqrt(count[there]), color=line.get_color())
            drawn = True
    axes.set(xlabel="claimed, %", ylabel="came true, %", xlim=(0, 100), ylim=(0, 100), title="Reliability")
    axes.grid(alpha=0.3)
    return drawn


def _learning(axes: Axes, results: Results) -> bool:
    """A line for Earshot's runs of different length; the published systems are points of the same colour."""
    drawn = False
    for protocol, figure in LEARNING:
        rows = [(name, row) for name, row in results.rows.get(protocol, {}).items() if row.clips_seen]
        points = {name: (row.clips_seen, 100 * row.answer.figures[figure].value) for name, row in rows}
        own = sorted(points[name] for name, row in rows if row.method == OURS)
        if len(own) < 2:
            continue
        (line,) = axes.plot(*zip(*own, strict=True), marker="o", label=f"{protocol}: {figure}")
        for name, row in rows:
            if row.method != OURS:
                axes.plot(*points[name], marker="x", color=line.get_color())
                axes.annotate(name, points[name], fontsize=7, xytext=(4, 2), textcoords="offset points")
        drawn = True
    axes.set(xscale="log", xlabel="clips and mixtures seen in training", ylabel="%", title="What more training brings")
    axes.grid(alpha=0.3, which="both")
    return drawn
