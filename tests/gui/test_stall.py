"""The window answers while everything is worked on at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app import audio_files
from app.main_window import MainWindow
from engine.audio import decode
from tests.gui.conftest import drop, make_window, until
from tests.gui.stall import StallWatch
from tests.gui.stand_in import StandInBackend

LONGEST_SECONDS = 10.0
"""However busy the machine is. What is usual is measured in tests/benchmarks."""
HEAVY = {
    StandInBackend: ("devices", "ear", "library", "rank", "scan", "usage"),
    audio_files: ("clip", "close_up", "look", "music_facts"),
    decode: ("probe",),
}


def work_through(window: MainWindow, qtbot: QtBot, sounds: Path, song: Path) -> None:
    """A folder is scanned, a song heard, a slot ranked, a sound played and compared, a sheet written."""
    work = window.workspace
    until(qtbot, lambda: work.library.state is not None)
    drop(window, sounds, song)
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    until(qtbot, lambda: work.library.state is not None and work.library.state.counts.ready == 12)
    until(qtbot, lambda: work.matches.rowCount() == 12)
    window.matches_panel.table.choose(0)
    until(qtbot, lambda: work.compare.candidate is not None)
    work.find_similar()
    until(qtbot, lambda: window.matches_panel.title.text() == "Similar")


def test_the_window_answers_meanwhile(window: MainWindow, qtbot: QtBot, sounds: Path, song: Path) -> None:
    watch = StallWatch()
    work_through(window, qtbot, sounds, song)
    assert watch.stop() < LONGEST_SECONDS


def test_nothing_heavy_is_done_by_the_thread_of_the_window(
    qtbot: QtBot, tmp_path: Path, sounds: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[str, bool]] = set()

    def noted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            seen.add((name, threading.current_thread() is threading.main_thread()))
            return method(*values, **named)

        return call

    for holder, names in HEAVY.items():
        for name in names:
            monkeypatch.setattr(holder, name, noted(name, getattr(holder, name)))
    heavy = {name for names in HEAVY.values() for name in names}
    window = make_window(StandInBackend(tmp_path / "library"), tmp_path / "settings.ini")
    work_through(window, qtbot, sounds, song)
    window.workspace.export.save_sheet(tmp_path / "sheet.json")
    until(qtbot, (tmp_path / "sheet.json").exists)
    until(qtbot, lambda: {name for name, _ in seen.copy()} == heavy)
    window.close()
    assert seen == {(name, False) for name in heavy}
