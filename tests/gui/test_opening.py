"""What becomes of a file that is opened or dropped, and of the hearing that it begins."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.encoder.heard import HeardWindows
from tests.gui.conftest import PATIENCE_MILLISECONDS, drop, own_threads, tone, until
from tests.gui.stand_in import RATE, StandInEar


def test_a_dropped_song_is_drawn_heard_and_matched(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    assert filled.header.name.text() == "Two Tones"
    assert filled.header.length.text() == "0:12.0"
    assert filled.transport.length.text() == "/ 0:12.00", "of what plays next"
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


def test_several_songs_at_once_open_the_first(window: MainWindow, qtbot: QtBot, song: Path, sounds: Path) -> None:
    drop(window, song, sounds / "Bass" / "Bass 00.wav")
    until(qtbot, window.notice.isVisible)
    assert window.header.name.text() == "Two Tones"
    assert "One song at a time" in window.notice.message.text()


def test_a_single_sound_becomes_one_slot(window: MainWindow, qtbot: QtBot, sounds: Path) -> None:
    drop(window, sounds / "Leads" / "Leads 01.wav")
    until(qtbot, lambda: [slot.family for slot in window.workspace.slots.slots] == ["lead"])


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
