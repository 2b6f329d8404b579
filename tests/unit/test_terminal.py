"""How the commands show how far they are."""

from __future__ import annotations

import io
import sys

import pytest

from engine.jobs import Progress
from engine.terminal import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stage", "unit"),
    [("listing", "files"), ("hearing", "s"), ("indexing", "vectors"), ("playing", "programs")],
)
def test_a_stage_counts_in_its_unit(monkeypatch: pytest.MonkeyPatch, stage: str, unit: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressBar() as bar:
        bar(Progress(stage, 3, 10))
    assert f"/10 {unit} " in terminal.getvalue()
