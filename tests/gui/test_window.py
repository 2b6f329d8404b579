"""What a producer does with the window, on the real engine."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app import theme
from app.main_window import MainWindow
from app.models.columns import Column
from engine.encoder.calibration import Calibration
from engine.encoder.heard import HeardWindows
from tests.gui.conftest import (
    PATIENCE_MILLISECONDS,
    leftover_threads,
    make_window,
    own_threads,
    tone,
    until,
    wait_for_rows,
)
from tests.gui.stand_in import RATE, StandInBackend, StandInEar


def drop(window: MainWindow, *paths: Path) -> None:
    """A drop of files, as the desktop delivers it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at = QPointF(window.width() / 2, 200)
    no_button, no_key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at.toPoint(), Qt.DropAction.CopyAction, data, no_button, no_key)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    event = QDropEvent(at, Qt.DropAction.CopyAction, data, no_button, no_key)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key | str) -> None:
    """A key pressed wherever the focus is."""
    target = QApplication.focusWidget() or window
    if isinstance(key, str):
        qtbot.keyClicks(target, key)
    else:
        qtbot.keyClick(target, key)


def played(window: MainWindow) -> int:
    """How often something was played, as far as the window knows: what it still waits for does not count."""
    backend = window.workspace.backend
    assert isinstance(backend, StandInBackend)
    return len(backend.silent_player.played) - window.workspace.auditioner.loading


def test_first_run_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    until(qtbot, lambda: window.workspace.library.state is not None)
    assert window.reference_panel.invitation.isVisible()
    assert window.matches_panel.welcome.isVisible()
    assert window.demo_button.isVisible()
    assert not window.compare_panel.isVisible()
    assert not window.transport.play.isEnabled()
    assert not window.notice.isVisible()


def test_a_dropped_song_is_drawn_heard_and_matched(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    assert filled.header.name.text() == "Two Tones"
    assert filled.header.length.text() == "0:12.0"
    assert filled.windowTitle() == "Two Tones – Earshot"
    spectrogram = filled.reference_panel.spectrogram
    until(qtbot, lambda: spectrogram.picture is not None)
    picture = spectrogram.picture
    assert picture is not None
    assert picture.levels.shape == (600, 128)
    assert [slot.family for slot in work.slots.slots] == ["bass", "lead"]
    lead = work.slots.slots[1]
    assert lead.activity[0][0] == pytest.approx(4.0, abs=0.5)
    assert filled.matches_panel.subject.text() == "for slot 1: bass"
    assert [row.sound.family for row in work.matches.rows] == ["bass"] * 8 + ["lead"] * 4
    assert [row.rank for row in work.matches.rows] == list(range(1, 13))
    assert work.matches.folder(work.matches.rows[0].sound) == "Bass"
    similarities = [row.similarity for row in work.matches.rows]
    assert similarities == sorted(similarities, reverse=True)  # type: ignore[type-var]
    until(qtbot, lambda: work.matches.without_overview(0, 7) == [])


def test_a_song_is_called_as_its_tags_call_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "07 bounce final.flac"
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        file.title, file.artist = "Vibe Ace", "Kevin MacLeod"
        file.write(tone(220.0, 3.0))
    window.workspace.take([path])
    until(qtbot, lambda: window.header.artist.text() == "Kevin MacLeod")
    assert window.header.name.text() == "Vibe Ace"
    assert window.header.name.toolTip() == str(path)


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
    assert gain_db == pytest.approx(min(-18.0 - row.sound.loudness_lufs, -1.0 - row.sound.peak_db), abs=0.1)  # type: ignore[operator]
    assert not loop
    assert work.auditioner.side == "B"
    assert filled.compare_panel.names[1].text() == row.sound.name
    until(qtbot, lambda: work.compare.candidate is not None)

    qtbot.keyClick(table, Qt.Key.Key_Down)
    until(qtbot, lambda: played(filled) == 2)
    assert work.auditioner.sound == work.matches.rows[3].sound
    until(qtbot, lambda: not work.auditioner.loading and not work.auditioner.playing)  # it ends by itself


def test_keys_choose_slots_play_and_compare(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    press(qtbot, filled, "2")
    assert filled.slots_panel.row == 1
    until(qtbot, lambda: work.matches.rows[0].sound.family == "lead")
    press(qtbot, filled, Qt.Key.Key_Down)
    until(qtbot, lambda: played(filled) == 1)
    press(qtbot, filled, "l")
    assert work.auditioner.loop
    assert filled.transport.loop.isChecked()
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == 2)
    assert work.auditioner.side == "A"
    start, end = work.slots.slots[1].exposed_seconds
    assert work.auditioner.stretch is not None
    assert (work.auditioner.stretch.start, work.auditioner.stretch.end) == (start, end)
    until(qtbot, lambda: work.timeline.sounding)
    assert start <= (work.timeline.playhead or 0.0) <= end
    press(qtbot, filled, Qt.Key.Key_Space)
    assert not work.auditioner.playing
    press(qtbot, filled, Qt.Key.Key_Space)
    until(qtbot, lambda: work.auditioner.playing)
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert not work.auditioner.playing
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == 3)
    assert work.auditioner.side == "B"
    press(qtbot, filled, "l")
    assert not work.auditioner.loop
    press(qtbot, filled, "s")
    until(qtbot, lambda: work.slots.listening == work.slots.slots[1].id)
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert work.slots.listening is None


def test_single_keys_do_nothing_while_typing(filled: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, filled, "/")
    search = filled.matches_panel.search
    assert QApplication.focusWidget() is search
    qtbot.keyClicks(search, "bass 2al fs")
    assert search.text() == "bass 2al fs"
    assert filled.slots_panel.row == 0
    assert (played(filled), filled.workspace.auditioner.loop) == (0, False)
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""


def test_a_focused_button_keeps_the_space_key(filled: MainWindow, qtbot: QtBot) -> None:
    filled.transport.level.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(filled.transport.level, Qt.Key.Key_Space)
    assert not filled.workspace.auditioner.level_match
    assert played(filled) == 0


def test_left_and_right_move_along_the_focused_choice(filled: MainWindow, qtbot: QtBot) -> None:
    kinds, timeline = filled.matches_panel.kinds, filled.workspace.timeline
    timeline.set_playhead(5.0)
    kinds.group.button(0).setFocus(Qt.FocusReason.TabFocusReason)
    press(qtbot, filled, Qt.Key.Key_Right)
    assert kinds.chosen == 1
    press(qtbot, filled, Qt.Key.Key_Left)
    assert kinds.chosen == 0
    assert timeline.playhead == 5.0
    filled.zones.centre.setFocus()
    press(qtbot, filled, Qt.Key.Key_Left)
    assert timeline.playhead == 0.0


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


def test_it_is_said_when_nothing_is_like_the_slot(
    qtbot: QtBot, filled: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = filled.matches_panel
    assert not panel.footer.isVisible()
    monkeypatch.setattr(StandInEar, "calibration", Calibration("", slot=(0.0, 0.0, 0.0, 0.0), match=(-30.0, 1.0, 0.0)))
    filled.workspace.matching.refresh()
    until(qtbot, panel.footer.isVisible)
    assert panel.footer.text() == "Nothing here sounds quite like it."
    monkeypatch.setattr(StandInEar, "calibration", Calibration("", slot=(0.0, 0.0, 0.0, 0.0), match=(30.0, 1.0, 0.0)))
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


def test_the_beats_of_a_song_are_found_after_it_was_drawn(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, song: Path
) -> None:
    samples, rate = np.zeros(10 * 16_000), 16_000
    for start in range(3_200, len(samples) - 800, 8_000):
        samples[start : start + 800] = np.random.default_rng(start).normal(0, 0.2, 800)
    soundfile.write(tmp_path / "struck.wav", samples, rate)
    window.workspace.open_song(tmp_path / "struck.wav")
    timeline = window.workspace.timeline
    until(qtbot, lambda: len(timeline.beats) >= 18)
    assert np.diff(timeline.beats) == pytest.approx(0.5, abs=0.02)
    assert timeline.beats[1] % 0.5 == pytest.approx(0.2, abs=0.02)
    window.actions_.snap.trigger()
    assert not timeline.snaps
    left: list[int] = []
    window.workspace.reference.opened.connect(lambda: left.append(len(timeline.beats)))
    window.workspace.open_song(song)
    until(qtbot, lambda: left == [0])


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


def test_a_muted_slot_leaves_the_results(filled: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, filled, "m")
    assert filled.workspace.slots.muted(filled.workspace.slots.slots[0].id)
    until(qtbot, lambda: filled.matches_panel.title.text() == "Sounds")
    press(qtbot, filled, "m")
    until(qtbot, lambda: filled.matches_panel.title.text() == "Matches")


def test_failed_files_say_why_and_can_be_tried_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, sounds: Path
) -> None:
    root = tmp_path / "Some"
    root.mkdir()
    soundfile.write(root / "good.wav", tone(200, 0.3), RATE)
    bad = root / "bad.wav"
    bad.write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt ")
    drop(window, root)
    library = window.workspace.library
    until(qtbot, lambda: library.state is not None and len(library.state.failed) == 1)
    until(qtbot, lambda: not library.scanning)
    failed = window.library_panel.failed
    assert failed.fold.text() == "1 file could not be read"
    qtbot.mouseClick(failed.fold, Qt.MouseButton.LeftButton)
    assert failed.list.isVisible()
    assert failed.model.sound(0).reason  # type: ignore[union-attr]
    soundfile.write(bad, tone(300, 0.3), RATE)
    qtbot.mouseClick(failed.retry, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: library.state is not None and library.state.counts.ready == 2)
    until(qtbot, lambda: not failed.isVisible())


@pytest.mark.parametrize("kind", ["text", "folder", "missing", "empty", "silent"])
def test_a_bad_song_answers_in_words(window: MainWindow, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "song.wav"
    if kind == "text":
        path.write_text("no sound")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "silent":
        soundfile.write(path, np.zeros(RATE * 6, np.float32), RATE)
    window.workspace.open_song(path)
    panel = window.reference_panel
    if kind == "silent":
        until(qtbot, panel.message.isVisible)
        assert "silence" in panel.message.text()
        return
    until(qtbot, lambda: "could not be opened" in panel.invitation.title.text())
    assert panel.invitation.sentence.text()
    assert str(tmp_path) not in panel.invitation.sentence.text()
    assert window.workspace.timeline.duration == 0
    assert not window.transport.play.isEnabled()


def test_what_is_no_song_does_not_take_its_place(filled: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path) -> None:
    slots = filled.workspace.slots.rowCount()
    assert slots
    kit, gone = tmp_path / "kit.zip", tmp_path / "gone.wav"
    kit.write_text("no sound")
    (tmp_path / "broken.wav").write_text("no sound")
    for path in (kit, tmp_path / "broken.wav", gone):
        drop(filled, path)
        until(
            qtbot, lambda name=path.name: re.search(f"{name}: .+ {song.name} stays open", filled.notice.message.text())
        )
        assert filled.workspace.reference.path == song
        assert filled.workspace.slots.rowCount() == slots
    drop(filled, kit, song)  # the song among several is opened, whichever comes first
    until(qtbot, lambda: f"{song.name} was opened, the other 1 was not" in filled.notice.message.text())
    assert filled.workspace.reference.path == song


def test_what_could_not_be_opened_is_not_remembered(
    window: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    drop(window, broken)
    until(qtbot, lambda: window.workspace.reference.failure is not None)
    assert window.settings.recent_songs == []
    drop(window, song)
    until(qtbot, lambda: window.settings.recent_songs == [song])


def test_a_drop_replaces_what_runs(window: MainWindow, qtbot: QtBot, song: Path, tmp_path: Path) -> None:
    long = tmp_path / "Long.wav"
    soundfile.write(long, np.tile(tone(180, 10), 30), RATE)
    drop(window, long)
    until(qtbot, lambda: window.workspace.slots.rowCount() > 0)
    for _ in range(10):
        drop(window, long)
    drop(window, song)
    until(qtbot, lambda: window.header.name.text() == "Two Tones")
    until(qtbot, lambda: window.workspace.timeline.duration == pytest.approx(12.0))
    until(qtbot, lambda: len([thread for thread in own_threads() if thread.name == "earshot-hear"]) <= 1)
    until(
        qtbot,
        lambda: window.workspace.reference.hearing is not None and window.workspace.reference.hearing.done,
    )
    assert [slot.family for slot in window.workspace.slots.slots] == ["bass", "lead"]


def test_hearing_can_be_stopped_and_keeps_what_was_heard(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / "Long.wav"
    soundfile.write(long, np.tile(tone(180, 10), 30), RATE)
    hear, batches, stopped = StandInEar.hear, itertools.count(), threading.Event()

    def hear_some(ear: StandInEar, windows: np.ndarray) -> HeardWindows:
        if next(batches) == 2:  # what is stopped has not ended before
            assert stopped.wait(PATIENCE_MILLISECONDS / 1000)
        return hear(ear, windows)

    monkeypatch.setattr(StandInEar, "hear", hear_some)
    window.workspace.open_song(long)
    strip = window.reference_panel.strip
    until(qtbot, lambda: window.workspace.slots.rowCount() > 0 and strip.isVisible())
    qtbot.mouseClick(strip.pause, Qt.MouseButton.LeftButton)
    assert strip.pause.accessibleName() == "Go on hearing"
    qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    stopped.set()
    assert not strip.isVisible()
    assert window.workspace.slots.rowCount() > 0
    heard = window.reference_panel.lanes.heard_seconds
    assert heard is not None
    assert 0 < heard < 300


def test_closing_during_a_scan_leaves_nothing_behind(
    window: MainWindow, qtbot: QtBot, sounds: Path, song: Path
) -> None:
    drop(window, sounds, song)
    until(qtbot, lambda: window.library_panel.scan.isVisible())
    qtbot.wait(300)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 60
    assert leftover_threads() == []


def test_without_an_output_the_window_says_so_and_goes_on(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import PlaybackError

    def refuse(*_: object, **__: object) -> None:
        raise PlaybackError("No audio output was found. Connect one and play again.")

    monkeypatch.setattr(filled.workspace.backend.silent_player, "play", refuse)  # type: ignore[attr-defined]
    filled.matches_panel.table.choose(0)
    until(qtbot, filled.notice.isVisible)
    assert "No audio output" in filled.notice.message.text()
    assert not filled.workspace.auditioner.playing
    filled.matches_panel.table.choose(1)
    assert filled.compare_panel.names[1].text() == filled.workspace.matches.rows[1].sound.name


def test_a_damaged_library_is_a_message_not_a_crash(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "catalog.sqlite").write_bytes(b"this is no database" * 100)
    window = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    until(qtbot, window.notice.isVisible)
    assert "catalog" in window.notice.message.text().casefold()
    window.close()


def test_a_library_of_another_model_is_not_ranked(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = StandInEar()
    other.fingerprint = "newer"
    monkeypatch.setattr(filled.workspace.backend, "_ear", other)
    filled.slots_panel.choose(1)
    until(qtbot, filled.notice.isVisible)
    assert "Scan it again" in filled.notice.message.text()


def test_several_songs_at_once_open_the_first(window: MainWindow, qtbot: QtBot, song: Path, sounds: Path) -> None:
    drop(window, song, sounds / "Bass" / "Bass 00.wav")
    until(qtbot, window.notice.isVisible)
    assert window.header.name.text() == "Two Tones"
    assert "One song at a time" in window.notice.message.text()


def test_a_single_sound_becomes_one_slot(window: MainWindow, qtbot: QtBot, sounds: Path) -> None:
    drop(window, sounds / "Leads" / "Leads 01.wav")
    until(qtbot, lambda: [slot.family for slot in window.workspace.slots.slots] == ["lead"])


def test_both_themes_and_all_sizes_paint(filled: MainWindow, qtbot: QtBot) -> None:
    for name, size in (("light", (1440, 900)), ("dark", (1280, 800)), ("dark", (960, 600)), ("light", (2560, 1440))):
        filled.set_theme(name)
        filled.resize(*size)
        qtbot.wait(20)
        image = filled.grab().toImage()
        assert image.pixelColor(size[0] - 3, size[1] - 5) == theme.theme(name).window
        lanes = filled.reference_panel.lanes
        rows = filled.slots_panel.list
        top = lanes.mapTo(filled, QPoint(0, 0)).y()
        assert top == rows.mapTo(filled, QPoint(0, 0)).y(), "lanes stand beside their slots"
        assert lanes.height() == rows.height()
    assert filled.compare_panel.isVisible()


def test_everything_reachable_has_a_name(filled: MainWindow) -> None:
    for kind in (QAbstractButton, QLineEdit, QComboBox, QSlider):
        for control in filled.findChildren(kind):
            if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert control.accessibleName() or control.objectName().startswith("qt_"), control
    views = [filled.slots_panel.list, filled.matches_panel.table]
    assert all(view.accessibleName() for view in views)


def test_tab_reaches_the_controls_and_shows_where_it_is(filled: MainWindow, qtbot: QtBot) -> None:
    reached: set[QWidget] = set()
    for _ in range(60):
        filled.focusNextChild()
        widget = QApplication.focusWidget()
        assert widget is not None
        reached.add(widget)
    for wanted in (
        filled.transport.play,
        filled.matches_panel.table,
        filled.matches_panel.search,
        filled.slots_panel.list,
        filled.reference_panel.spectrogram,
        filled.library_panel.marks.favourites,
    ):
        assert wanted in reached


def test_the_path_of_a_sound_can_be_copied(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    filled.actions_.copy_path.trigger()
    until(qtbot, lambda: QGuiApplication.clipboard().text() == filled.workspace.matches.rows[0].sound.path)


def test_shortcut_sheet_opens_and_any_key_closes_it(filled: MainWindow, qtbot: QtBot) -> None:
    filled.actions_.keys.trigger()
    assert filled.keys.isVisible()
    assert ("Space", "Play or pause") in filled.keys.lines()
    filled.resize(1200, 700)
    until(qtbot, lambda: filled.keys.size() == filled.centralWidget().size())
    qtbot.keyClick(filled.keys, Qt.Key.Key_Space)
    assert not filled.keys.isVisible()
    assert played(filled) == 0


def test_the_shortcut_sheet_gives_the_keyboard_back(filled: MainWindow, qtbot: QtBot) -> None:
    table, slot = filled.matches_panel.table, filled.slots_panel.row
    table.setFocus()
    press(qtbot, filled, "?")
    assert filled.keys.hasFocus()
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert table.hasFocus()
    before = table.currentIndex().row()
    press(qtbot, filled, Qt.Key.Key_Down)
    assert (table.currentIndex().row(), filled.slots_panel.row) == (before + 1, slot)
    gone = QLineEdit(filled.zones.centre)
    gone.show()
    gone.setFocus()
    filled.actions_.keys.trigger()
    delete(gone)
    filled.actions_.keys.trigger()
    assert filled.keys.isHidden()
    assert filled.zones.centre.hasFocus()


def test_the_menu_tells_whether_the_comparison_is_shown(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    compare = filled.actions_.compare
    until(qtbot, compare.isEnabled)
    for press_it in (
        filled.matches_panel.compare.click,
        compare.trigger,
        compare.trigger,
        filled.compare_panel.back.click,
    ):
        press_it()
        assert compare.isChecked() == filled.compare_panel.isVisible()


def test_the_comparison_takes_the_focus_of_the_table_and_gives_it_back(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    table = filled.matches_panel.table
    until(qtbot, filled.actions_.compare.isEnabled)
    table.setFocus()
    press(qtbot, filled, "c")
    until(qtbot, filled.compare_panel.isVisible)
    assert filled.zones.centre.hasFocus(), "no button shows a ring that nobody asked for"
    before = table.currentIndex().row()
    press(qtbot, filled, Qt.Key.Key_Down)
    assert table.currentIndex().row() == before + 1, "and the keys step on"
    until(qtbot, filled.compare_panel.drag_out.isEnabled)
    filled.compare_panel.drag_out.setFocus()
    press(qtbot, filled, "c")
    until(qtbot, table.isVisible)
    assert table.hasFocus()


def test_the_search_is_seen_where_the_comparison_had_its_place(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(1000, 640)
    until(qtbot, filled.actions_.compare.isEnabled)
    press(qtbot, filled, "c")
    until(qtbot, filled.compare_panel.isVisible)
    press(qtbot, filled, "/")
    search = filled.matches_panel.search
    assert search.isVisible()
    assert search.hasFocus()
    assert not filled.actions_.compare.isChecked()


def test_an_empty_library_has_no_search_to_type_into(window: MainWindow, qtbot: QtBot) -> None:
    until(qtbot, window.matches_panel.welcome.isVisible)
    press(qtbot, window, "/")
    assert not window.matches_panel.search.hasFocus()


@pytest.mark.parametrize("size", [(1440, 900), (960, 620)])
def test_all_menus_are_seen_whatever_the_font(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    bar = window._menu_bar
    font = bar.font()
    font.setStretch(112)
    bar.setFont(font)
    window.resize(size[0] - 200, size[1] - 200)  # another density, and back
    window.resize(*size)
    until(qtbot, lambda: all(bar.actionGeometry(action).width() > 20 for action in bar.actions()))
    assert bar.actionGeometry(bar.actions()[-1]).right() < bar.width()


def test_enter_and_esc_end_typing_in_every_field(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: played(filled) == 1)
    auditioner, fields = filled.workspace.auditioner, filled.library_panel.filters
    auditioner.set_loop(True)
    filled.workspace.listening.play_from(0.0)  # the song: a sound that is played once may end too soon
    until(qtbot, lambda: played(filled) == 2 and auditioner.playing)
    for field in (fields.bpm_from, fields.bpm_to):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            field.setFocus()
            qtbot.keyClicks(field, "9")
            qtbot.keyClick(field, key)
            assert (auditioner.playing, played(filled)) == (True, 2)
            assert not field.hasFocus()
    assert fields.bpm_from.text() == "999"
    press(qtbot, filled, Qt.Key.Key_Escape)
    assert not auditioner.playing, "the keys of the window work again"


def test_what_can_be_acted_on_is_there_again_when_what_covered_it_goes(window: MainWindow) -> None:
    notice, done = window.notice, []
    notice.say("Kit was deleted.", topic="marks", danger=False, action=("Undo", lambda: done.append("undone")))
    notice.say("The list is on the clipboard.", topic="export", danger=False)
    notice.say("Drop a song.", topic="drag", danger=False)
    notice.settle("drag")
    assert notice.message.text() == "Kit was deleted.", "what was only told is over"
    assert notice.action.isVisible()
    notice.action.click()
    assert done == ["undone"]
    notice.say("The output went away.", topic="output")
    notice.settle("marks")
    assert notice.message.text() == "The output went away."
    assert not notice.action.isVisible()
    notice.dismiss()
    assert not notice.isVisible()


def test_files_that_macos_opens_with_it_come_as_events(tmp_path: Path) -> None:
    """In a program of its own, for there is one application in each."""
    song = tmp_path / "Señorita #1.wav"
    code = (
        "import sys\n"
        "from PySide6.QtCore import QUrl\n"
        "from PySide6.QtGui import QFileOpenEvent\n"
        "from app.main import Application\n"
        "application = Application(sys.argv[:1])\n"
        "application.file_opened.connect(lambda path: print(ascii(str(path))))\n"
        "application.sendEvent(application, QFileOpenEvent(QUrl.fromLocalFile(sys.argv[1])))\n"
        "application.sendEvent(application, QFileOpenEvent(QUrl('https://example.org/song.wav')))\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(song)], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n") == [ascii(str(song)), ""]
