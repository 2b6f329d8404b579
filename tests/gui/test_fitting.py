"""Sounds fitted to the song: to its pitch, to its tempo, and tried over it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

import engine.matching.pitch
from app import audio_files
from app.audio_files import MusicFacts
from app.main_window import MainWindow
from app.models.matches import Row
from engine.audition.fit import Change
from tests.gui.conftest import (
    PATIENCE_MILLISECONDS,
    SLOT_HZ,
    last_played,
    loudest_hertz,
    pitched_row,
    player_of,
    press,
    semitones,
    until,
)
from tests.gui.stand_in import RATE


def test_sounds_are_heard_at_the_slots_pitch_and_back(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    row = pitched_row(filled)
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    own = loudest_hertz(last_played(filled))
    assert abs(semitones(own, SLOT_HZ)) > 1.5
    press(qtbot, filled, "p")
    assert filled.transport.pitch.isChecked()
    assert filled.actions_.pitch.isChecked()
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    assert abs(semitones(loudest_hertz(last_played(filled)), SLOT_HZ)) < 0.6
    assert "st" in filled.compare_panel.figures[1].text()
    assert "F#3~" in filled.compare_panel.figures[0].text()
    assert not filled.notice.isVisible()
    press(qtbot, filled, "p")
    until(qtbot, lambda: len(player_of(filled).played) == 3)
    assert loudest_hertz(last_played(filled)) == pytest.approx(own)


def test_a_pitch_that_is_measured_late_is_heard_by_what_still_plays(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, player, go_on = filled.workspace, player_of(filled), threading.Event()

    def measured_late(*_: object) -> float:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        return SLOT_HZ

    monkeypatch.setattr(engine.matching.pitch, "slot_pitch", measured_late)
    work.auditioner.set_loop(True)
    row = pitched_row(filled)
    row = replace(row, sound=replace(row.sound, kind="loop"))  # which goes round until the pitch is there
    work.fitting.at_pitch = True  # as it was left
    work.fitting.set_slot(replace(work.slots.slots[0], family="keys"))
    work.listening.choose(row)
    until(qtbot, lambda: work.auditioner.playing)
    assert not work.auditioner.change
    go_on.set()
    until(qtbot, lambda: len(player.played) == 2)
    assert work.auditioner.change == work.fitting.change(row.sound)
    assert work.auditioner.change.semitones
    work.listening.stop()
    work.fitting.set_slot(replace(work.slots.slots[1], family="keys"))
    until(qtbot, lambda: work.jobs.running("slot pitch") is None)
    assert len(player.played) == 2, "nothing begins to play by itself"


def test_a_tempo_that_is_found_late_is_heard_by_what_still_plays(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work = filled.workspace
    facts, work.reference.facts = work.reference.facts, None
    work.auditioner.set_loop(True)
    work.fitting.set_at_tempo(True)
    work.listening.choose(loop)
    until(qtbot, lambda: work.auditioner.playing)
    assert not work.auditioner.change
    work.reference.facts = facts
    work.reference.facts_changed.emit()
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    assert work.auditioner.change == work.fitting.change(loop.sound)
    assert last_played(filled).duration_seconds == pytest.approx(4 / 1.2, rel=0.01)


def test_a_slot_without_a_pitch_says_so_and_changes_nothing(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    slot = work.slots.slots[0]
    work.fitting.set_slot(replace(slot, family="kick"))
    press(qtbot, filled, "p")
    until(qtbot, filled.notice.isVisible)
    assert "No steady pitch" in filled.notice.message.text()
    assert "kick" in filled.notice.message.text()
    row = pitched_row(filled)
    assert not work.fitting.change(row.sound)
    work.fitting.set_slot(slot)
    until(qtbot, lambda: work.fitting.change(row.sound).semitones != 0)
    assert not filled.notice.isVisible()


def test_the_switches_without_a_song_say_what_is_missing(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.tempo.trigger()
    assert "no song" in window.notice.message.text()
    assert window.transport.tempo.isChecked()
    window.actions_.tempo.trigger()
    assert not window.notice.isVisible()
    window.actions_.context.trigger()
    assert "open a song" in window.notice.message.text()


def test_loops_are_heard_at_the_songs_tempo(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work = filled.workspace
    press(qtbot, filled, "t")
    work.listening.choose(loop)
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    assert last_played(filled).duration_seconds == pytest.approx(4.0 * 100 / 120, abs=0.01)
    assert work.fitting.words(loop.sound) == "120 BPM"
    until(qtbot, lambda: work.auditioner.playing)
    assert work.auditioner.duration == pytest.approx(4.0 * 100 / 120, abs=0.01)
    work.reference.facts = MusicFacts(None, None)
    work.reference.facts_changed.emit()
    assert "no clear tempo" in filled.notice.message.text()
    assert not work.fitting.change(loop.sound)


@pytest.mark.parametrize("level_match", [False, True])
def test_a_changed_sound_is_hardly_clipped(tmp_path: Path, level_match: bool) -> None:
    """Other phases of the same partials may add up to twice the height; what follows the beginning is not known yet."""
    path = tmp_path / "Saw.wav"
    soundfile.write(path, 2.0 * (110.0 * np.arange(3 * RATE) / RATE % 1.0) - 1.0, RATE)
    clip = audio_files.changed(audio_files.clip(path), Change(semitones=3))
    assert clip.rendering is not None
    highest = np.max(np.abs(clip.rendering.finish().samples))
    assert highest * 10 ** (clip.gain_db(level_match) / 20) < 1.05


def test_in_context_the_song_goes_on_below_the_sounds(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work, player = filled.workspace, player_of(filled)
    press(qtbot, filled, "lo")
    assert filled.transport.context.isChecked()
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: len(player.played) == 1)
    bed = player.beds[0]
    assert bed is not None
    assert bed.loop
    start, end = work.slots.slots[0].exposed_seconds
    assert bed.audio.duration_seconds == pytest.approx(end - start, abs=0.01)
    filled.matches_panel.table.choose(1)
    until(qtbot, lambda: len(player.played) == 2)
    assert player.beds[1] is bed, "the song is not begun anew"
    work.listening.choose(loop)
    until(qtbot, lambda: len(player.played) == 3)
    press(qtbot, filled, "a")
    until(qtbot, lambda: len(player.played) == 4)
    assert player.beds[3] is None
    press(qtbot, filled, "ao")
    until(qtbot, lambda: player.beds[-1] is None and len(player.played) > 4)
    assert not filled.transport.context.isChecked()


def test_a_pause_after_the_sound_has_ended_holds_the_song(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    press(qtbot, filled, "lo")
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: len(player.played) == 1 and work.auditioner.playing)
    until(qtbot, lambda: player.position_seconds is None)
    assert player.playing, "the song goes on without it"
    press(qtbot, filled, " ")
    assert not work.auditioner.playing
    assert not player.playing
    paused_at = player.bed_position_seconds
    assert paused_at is not None
    press(qtbot, filled, " ")
    assert work.auditioner.playing
    until(qtbot, lambda: player.playing)
    assert len(player.played) == 1, "nothing is begun anew"
    until(qtbot, lambda: (player.bed_position_seconds or 0.0) > paused_at)
    assert player.position_seconds is None, "the sound stays over"
