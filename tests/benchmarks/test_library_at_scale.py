"""How long a producer with very many sounds waits: for the first rows, for matches, for filtered matches.

EARSHOT_BENCH_SOUNDS says how many (100,000 without it; a million takes half an hour to make), EARSHOT_BENCH_DIR where
libraries are kept for the next time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.scale import SHARES, is_made

pytestmark = pytest.mark.benchmark

SOUNDS = int(os.environ.get("EARSHOT_BENCH_SOUNDS", "100000"))


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.scale", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.timeout(4 * 3600)
def test_library_at_scale(tmp_path: Path) -> None:
    directory = Path(os.environ.get("EARSHOT_BENCH_DIR", tmp_path)) / f"library of {SOUNDS}"
    if not is_made(directory, SOUNDS):
        run("make", str(directory), str(SOUNDS))
    figures: dict[str, float] = json.loads(run("measure", str(directory)))

    opened, one_pass = figures["empty SQLite opened"], figures["numpy p50"]
    print(f"\n{figures['sounds']:.0f} sounds; one pass of NumPy over their vectors takes {1e3 * one_pass:.1f} ms")
    for name in ("first rows", "first search", "graph loaded"):
        print(f"{name}: {figures[name]:.3f} s after the start, {figures[name] / opened:.0f} times an empty SQLite")
    compared = ["any", *(f"{share:.1%}" for share in SHARES)]
    for name in [*compared, "any, 500 rows", "own family", "other family", "exact"]:
        p50, p95, recall = (figures.get(f"{name} {figure}") for figure in ("p50", "p95", "recall@10"))
        assert p50 is not None
        assert p95 is not None
        found = "" if recall is None else f", recall@10 {recall:.3f}"
        print(f"{name}: p50 {1e3 * p50:.2f} ms, p95 {1e3 * p95:.2f} ms, {p50 / one_pass:.3f} of a pass{found}")
    print(f"memory: {figures['memory now, MB']:.0f} MB, at most {figures['memory at most, MB']:.0f} MB")

    assert all(figures[f"{name} recall@10"] >= 0.99 for name in compared)
