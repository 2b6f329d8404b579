"""The real window over the real engine; only the ear and the sound card are stood in for."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import audio_files, garbage, theme
from app.audio_files import MusicFacts
from app.backend import Backend
from app.main_window import MainWindow
from app.models.matches import Row
from app.settings import Settings
from engine.audio.decode import Audio
from engine.jobs import CancelToken, ignore_progress
from tests.gui.stand_in import RATE, SilentPlayer, StandInBackend

# Tests open no window on the desktop of whoever runs them, unless asked to.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SONG_SECONDS = 12.0
SLOT_HZ = 180.0
"""What the first slot of the song plays."""
PATIENCE_MILLISECONDS = 90_000
_opened: list[MainWindow] = []


def tone(hz: float, seconds: float, *, decay: float = 0.0, level: float = 0.3) -> np.ndarray:
    """float32 [n]: a sine tone, dying away by `decay` per second."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hz * time) * np.exp(-decay * time)).astype(np.float32)


@pytest.fixture(scope="session", autouse=True)
def _warm(song: Path) -> None:
    """What is imported and compiled once, so that no test waits for it or closes a window in the middle of it."""
    backend = Backend(song.parent)
    backend.warm()
    audio_files.music_facts(song, SONG_SECONDS)
    gc.freeze()  # it stays, and looks for garbage are short


@pytest.fixture(autouse=True)
def _windows_end_here() -> Iterator[None]:
    """Else the thread of some job might happen to be the one that collects them as garbage, which no widget survives
    unharmed, and a window left on the screen would be given the pointer in place of those of later tests."""
    gc.disable()
    with patch.object(garbage, "begin"):  # what a test makes is not to stay for ever
        yield
    for opened in _opened:
        opened.close()
        opened.deleteLater()
    if _opened:
        _opened.clear()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    for widget in left:
        widget.close()
    gc.collect()
    gc.enable()
    assert left == [], "windows of this test are still on the screen"


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of a bass, joined by a high tone after four."""
    path = tmp_path_factory.mktemp("songs") / "Two Tones.wav"
    samples = tone(SLOT_HZ, SONG_SECONDS)
    samples[4 * RATE :] += tone(1600.0, SONG_SECONDS - 4)
    soundfile.write(path, samples, RATE)
    return path


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight basses, four leads, and two files that are none."""
    root = tmp_path_factory.mktemp("library") / "Sounds"
    for folder, base, count in (("Bass", 140.0, 8), ("Leads", 1300.0, 4)):
        (root / folder).mkdir(parents=True)
        for number in range(count):
            samples = tone(base * (1 + 0.08 * number), 0.4, decay=6.0)
            soundfile.write(root / folder / f"{folder} {number:02}.wav", samples, RATE)
    (root / "broken.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt ")
    (root / "notes.flac").write_text("no sound in here")
    return root


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory, sounds: Path) -> Path:
    """A library folder in which the sounds were scanned; to be copied."""
    folder = tmp_path_factory.mktemp("scanned") / "library"
    backend = StandInBackend(folder)
    result = backend.scan([sounds], progress=ignore_progress, cancel=CancelToken())
    assert (result.embedded, result.failed) == (12, 2)
    backend.close()
    return folder


@pytest.fixture
def backend(tmp_path: Path) -> StandInBackend:
    return StandInBackend(tmp_path / "library")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, backend: StandInBackend) -> Iterator[MainWindow]:
    """A shown window with an empty library; no thread of it outlives the test."""
    opened = make_window(backend, tmp_path / "settings.ini")
    yield opened
    opened.close()
    assert leftover_threads() == []


@pytest.fixture
def filled(qtbot: QtBot, tmp_path: Path, scanned: Path, song: Path) -> Iterator[MainWindow]:
    """A window with the library scanned, the song heard, and matches for its first slot."""
    folder = tmp_path / "scanned"
    shutil.copytree(scanned, folder)
    window = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    work = window.workspace
    work.take([song])
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    until(qtbot, lambda: (results := window.matches_panel.results) is not None and results.slot is not None)
    until(qtbot, lambda: work.library.state is not None and work.library.state.counts.ready == 12)
    wait_until_quiet(qtbot, window)
    yield window
    window.close()
    assert leftover_threads() == []


@pytest.fixture
def loop(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> Row:
    """A loop of four seconds at 100 BPM beside the song, which goes at 120."""
    path = tmp_path / "Loop 100.wav"
    time = np.arange(4 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 300 * time) * np.exp(-8 * (time % 0.6)), RATE)
    until(qtbot, lambda: filled.workspace.reference.facts is not None)  # else the song's own would come afterwards
    filled.workspace.reference.facts = MusicFacts(120.0, None)
    sound = replace(
        filled.workspace.matches.rows[0].sound,
        path=str(path),
        name="Loop 100",
        kind="loop",
        duration_seconds=4.0,
        tempo_bpm=100.0,
        pitch_hz=None,
        size=path.stat().st_size,
    )
    return Row(sound, 1)


def make_window(backend: StandInBackend, settings: Path) -> MainWindow:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, "dark")
    window = MainWindow(backend, Settings(settings))
    window.resize(1440, 900)
    window.show()
    _opened.append(window)
    return window


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Wait for something to come true, with patience for a busy machine."""
    qtbot.waitUntil(condition, timeout=PATIENCE_MILLISECONDS)


def wait_until_quiet(qtbot: QtBot, window: MainWindow) -> None:
    """Nothing is on its way that would change the window under a test."""
    work = window.workspace
    until(qtbot, lambda: not work.jobs._current and not work.matching.pending)


def wait_for_rows(qtbot: QtBot, window: MainWindow, count: int) -> None:
    until(qtbot, lambda: window.workspace.matches.rowCount() == count)


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


def leftover_threads() -> list[str]:
    """Those that do not end by themselves, with patience for a busy machine."""
    deadline = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    for thread in own_threads():
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in own_threads()]


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("earshot-")]


def player_of(window: MainWindow) -> SilentPlayer:
    backend = window.workspace.backend
    assert isinstance(backend, StandInBackend)
    return backend.silent_player


def last_played(window: MainWindow) -> Audio:
    return player_of(window).played[-1][0]


def loudest_hertz(audio: Audio) -> float:
    samples = audio.mono()
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size), 1 << 18))
    return float(np.argmax(spectrum) * audio.rate / (1 << 18))


def semitones(hertz: float, other: float) -> float:
    """Distance from the nearest octave of `other`, -6 to 6."""
    return float((12 * np.log2(hertz / other) + 6) % 12 - 6)


def pitched_row(window: MainWindow) -> Row:
    """A bass two to five semitones off the slot's note."""
    for row in window.workspace.matches.rows:
        if row.sound.pitch_hz is not None and 2 <= abs(semitones(row.sound.pitch_hz, SLOT_HZ)) <= 5:
            return row
    raise AssertionError("no such sound")
