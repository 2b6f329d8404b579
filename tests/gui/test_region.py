"""The region and the playhead, by pointer and by keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.gui.conftest import press, until


def test_a_region_is_dragged_listened_to_and_heard_alone(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    surface = filled.reference_panel.spectrogram
    width = surface.width()
    qtbot.mousePress(surface, Qt.MouseButton.LeftButton, pos=QPoint(0, 50))
    qtbot.mouseMove(surface, QPoint(width // 8, 60))
    qtbot.mouseMove(surface, QPoint(width // 4, 60))
    qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, pos=QPoint(width // 4, 60))
    assert work.timeline.region == pytest.approx((0.0, 3.0), abs=0.05)
    assert filled.header.region.text() == "0:00.0 – 0:03.0"
    qtbot.mouseClick(filled.header.hear_region, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    assert [slot.family for slot in work.slots.slots] == ["bass"]
    qtbot.mouseClick(filled.header.whole_song, Qt.MouseButton.LeftButton)
    assert work.timeline.region is None
    until(qtbot, lambda: len(work.slots.slots) == 2)


def test_a_region_is_made_by_keys(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    timeline = work.timeline
    timeline.set_beats([2.0, 3.0, 5.0])
    for playhead, key, region in (
        (0.0, "]", None),  # there is nothing before it
        (2.01, "[", (2.0, 12.0)),
        (5.01, "]", (2.0, 5.0)),
        (4.0, "[", (4.0, 5.0)),
        (2.5, "]", (0.0, 2.5)),  # it would end before it begins
        (12.0, "[", (0.0, 2.5)),
        (9.0, "[", (9.0, 12.0)),
    ):
        timeline.set_playhead(playhead)
        press(qtbot, filled, key)
        assert timeline.region == (pytest.approx(region) if region else None), (playhead, key)
    assert work.listening.stretch is not None
    press(qtbot, filled, "b")
    timeline.set_playhead(3.01)
    press(qtbot, filled, "]")
    assert timeline.region == pytest.approx((0.0, 3.01)), "the beat is near, but it need not be kept to"
    assert ("[", "Region begins at the playhead") in filled.keys.lines()


def test_a_click_moves_the_playhead_and_the_wheel_zooms(filled: MainWindow, qtbot: QtBot) -> None:
    timeline, surface = filled.workspace.timeline, filled.reference_panel.spectrogram
    qtbot.mouseClick(surface, Qt.MouseButton.LeftButton, pos=QPoint(surface.width() // 2, 40))
    assert timeline.playhead == pytest.approx(6.0, abs=0.05)
    press(qtbot, filled, Qt.Key.Key_Space)
    until(qtbot, lambda: filled.workspace.auditioner.playing)
    assert filled.workspace.backend.silent_player.starts == pytest.approx([6.0], abs=0.05)  # type: ignore[attr-defined]
    assert 5.9 < (filled.workspace.auditioner.reference_position or 0.0) <= 12.0
    timeline.zoom(0.5, 3.0)
    assert timeline.end - timeline.start == pytest.approx(6.0)
