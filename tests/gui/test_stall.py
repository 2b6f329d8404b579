"""The window answers while everything is worked on at once."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.gui.conftest import until
from tests.gui.stall import StallWatch
from tests.gui.test_window import drop

LONGEST_SECONDS = 2.0
"""A busy machine stalls everybody; a scan or an analysis in the window's thread would take longer than this."""


def test_the_window_answers_while_it_scans_and_hears(
    window: MainWindow, qtbot: QtBot, sounds: Path, song: Path
) -> None:
    until(qtbot, lambda: window.workspace.library.state is not None)
    watch = StallWatch()
    drop(window, sounds, song)
    work = window.workspace
    until(qtbot, lambda: work.library.state is not None and work.library.state.counts.ready == 12)
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    until(qtbot, lambda: work.matches.rowCount() == 12)
    assert watch.stop() < LONGEST_SECONDS
