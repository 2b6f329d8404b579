"""What the table shows: filters, the choice, favourites, and what is said of the results."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.models.columns import Column
from engine.encoder.calibration import Calibration
from tests.gui.conftest import PATIENCE_MILLISECONDS, leftover_threads, make_window, played, press, until, wait_for_rows
from tests.gui.stand_in import StandInBackend, StandInEar


def test_choosing_a_row_plays_it_at_once_at_matched_level(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    table = filled.matches_panel.table
    row = work.matches.rows[2]
    point = table.visualRect(work.matches.index(2, Column.NAME)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=point)
    until(qtbot, lambda: played(filled) == 1)
    audio, gain_db, loop = work.backend.silent_player.played[0]  # type: ignore[attr-defined]
    assert audio.duration_seconds == pytest.approx(0.4, abs=0.01)
    assert row.sound.loudness_lufs is not None
    assert row.sound.peak_db is not None
    heard_lufs = row.sound.loudness_lufs + 10 * math.log10(2)  # a mono file, from two loudspeakers
    assert gain_db == pytest.approx(min(-18.0 - heard_lufs, -1.0 - row.sound.peak_db), abs=0.1)
    assert not loop
    assert work.auditioner.side == "B"
    assert filled.compare_panel.names[1].text() == row.sound.name
    until(qtbot, lambda: work.compare.candidate is not None)

    qtbot.keyClick(table, Qt.Key.Key_Down)
    until(qtbot, lambda: played(filled) == 2)
    assert work.auditioner.sound == work.matches.rows[3].sound
    until(qtbot, lambda: not work.auditioner.loading and not work.auditioner.playing)  # it ends by itself


def test_filters_narrow_and_one_click_widens(filled: MainWindow, qtbot: QtBot) -> None:
    panel, work = filled.matches_panel, filled.workspace
    assert panel.chip.text() == "bass"
    wait_for_rows(qtbot, filled, 12)
    assert [row.sound.family for row in work.matches.rows][:8] == ["bass"] * 8
    qtbot.mouseClick(panel.chip, Qt.MouseButton.LeftButton)
    assert panel.chip.text() == "any"
    wait_for_rows(qtbot, filled, 12)
    assert {row.sound.family for row in work.matches.rows} == {"bass", "lead"}
    qtbot.keyClicks(panel.search, "-leads")
    wait_for_rows(qtbot, filled, 8)
    panel.search.setText("bass -03 -04")
    wait_for_rows(qtbot, filled, 6)
    panel.search.clear()
    wait_for_rows(qtbot, filled, 12)
    qtbot.mouseClick(panel.kinds.group.button(2), Qt.MouseButton.LeftButton)  # loops: there are none
    wait_for_rows(qtbot, filled, 0)
    assert panel._empty.isVisible()
    panel.search.setText("family:tuba")
    until(qtbot, lambda: "family is one of kick" in panel._empty.sentence.text())
    qtbot.mouseClick(panel._empty.button, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 12)
    filled.library_panel.filters.bpm_from.setText("90")
    wait_for_rows(qtbot, filled, 0)
    qtbot.mouseClick(filled.library_panel.clear, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 12)


def test_the_chip_tells_every_family_it_looks_in(filled: MainWindow) -> None:
    chip = filled.matches_panel.chip
    chip.set_families(("snare", "percussion", "hat"))
    assert chip.text() == "snare +2"
    assert "snare, percussion, hat" in chip.toolTip()
    assert chip.accessibleName() == "Families that go first: snare, percussion, hat"


def _calibration(first: float) -> Calibration:
    return Calibration("", slot=(0.0, 0.0, 0.0, 0.0), first=(first, 1.0), match=(0.0, 1.0, 0.0))


def test_it_is_said_when_nothing_is_like_the_slot(
    qtbot: QtBot, filled: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = filled.matches_panel
    assert not panel.footer.isVisible()
    monkeypatch.setattr(StandInEar, "calibration", _calibration(-30.0))
    filled.workspace.matching.refresh()
    until(qtbot, panel.footer.isVisible)
    assert panel.footer.text() == "Nothing here sounds quite like it."
    monkeypatch.setattr(StandInEar, "calibration", _calibration(30.0))
    filled.workspace.matching.refresh()
    until(qtbot, lambda: not panel.footer.isVisible())


def test_the_chosen_sound_stays_chosen_and_silent_when_results_change(filled: MainWindow, qtbot: QtBot) -> None:
    panel = filled.matches_panel
    panel.table.choose(4)
    until(qtbot, lambda: played(filled) == 1)
    chosen = panel.current
    assert chosen is not None
    with qtbot.waitSignal(filled.workspace.matching.results_ready, timeout=PATIENCE_MILLISECONDS):
        panel.chip.setChecked(False)
    assert panel.current is not None
    assert panel.current.sound.id == chosen.sound.id
    qtbot.wait(100)
    assert played(filled) == 1


def test_favourites_are_kept(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    filled.matches_panel.table.choose(1)
    press(qtbot, filled, "f")
    row = filled.matches_panel.current
    assert row is not None
    assert row.sound.favourite
    until(qtbot, lambda: filled.workspace.marks.state.favourites == 1)
    qtbot.mouseClick(filled.library_panel.marks.favourites, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 1)
    filled.close()

    again = make_window(StandInBackend(filled.workspace.backend.library_dir), tmp_path / "settings.ini")
    wait_for_rows(qtbot, again, 12)
    assert [row.sound.favourite for row in again.workspace.matches.rows].count(True) == 1
    assert again.matches_panel.title.text() == "Sounds"
    again.close()
    assert leftover_threads() == []


def test_a_muted_slot_leaves_the_results(filled: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, filled, "m")
    assert filled.workspace.slots.muted(filled.workspace.slots.slots[0].id)
    until(qtbot, lambda: filled.matches_panel.title.text() == "Sounds")
    press(qtbot, filled, "m")
    until(qtbot, lambda: filled.matches_panel.title.text() == "Matches")


def test_the_path_of_a_sound_can_be_copied(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    filled.actions_.copy_path.trigger()
    until(qtbot, lambda: QGuiApplication.clipboard().text() == filled.workspace.matches.rows[0].sound.path)
