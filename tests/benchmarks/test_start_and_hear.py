"""How long a person waits: for the command, for the window, for the first slot, for a whole song."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.encoder.ear import Ear
from engine.matching.reference import hear

pytestmark = pytest.mark.benchmark


def seconds_of(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


UNTIL_PAINTED = """
import os, sys, time, psutil
def painted():
    print(time.time() - psutil.Process().create_time(), flush=True)
    os._exit(0)
"""

EMPTY_WINDOW = (
    UNTIL_PAINTED
    + """
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        painted()
application = QApplication([])
window = Window()
window.show()
application.exec()
"""
)

EARSHOTS_WINDOW = (
    UNTIL_PAINTED
    + """
import pathlib, app.main
from PySide6.QtCore import QTimer
class Window(app.main.MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)  # after its widgets, which are painted after it
app.main.MainWindow = Window
folder = pathlib.Path(sys.argv[1])
app.main.main(library=folder, settings=folder / "settings.ini")
"""
)


def test_window(tmp_path: Path) -> None:
    def seconds_until_painted(script: str) -> float:
        command = [sys.executable, "-c", script, str(tmp_path)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])

    pairs = [(seconds_until_painted(EMPTY_WINDOW), seconds_until_painted(EARSHOTS_WINDOW)) for _ in range(5)]
    floor, window = (min(column) for column in zip(*pairs, strict=True))
    print(f"\nwindow painted: {window:.2f} s after the process began, {window / floor:.1f} times an empty one")


def test_version() -> None:
    floor = min(seconds_of("-c", "pass") for _ in range(5))
    version = min(seconds_of("-m", "engine", "--version") for _ in range(5))
    print(f"\nearshot --version: {version:.3f} s, {version / floor:.1f} times an empty interpreter")


def test_a_song_of_three_minutes(tmp_path: Path) -> None:
    rate, seconds = 44_100, 180
    noise = np.random.default_rng(0).standard_normal((rate * 4, 2)) * np.linspace(1, 0, rate * 4)[:, None] ** 2
    song = tmp_path / "song.flac"
    soundfile.write(song, 0.1 * np.tile(noise, (seconds // 4, 1)), rate)
    ear = Ear.load()
    windows = (np.tile(noise[:, 0], 2)[None, : round(ear.rate * ear.window_seconds)] * 0.1).astype(np.float32)
    ear.hear(windows)

    began = time.perf_counter()
    ear.hear(np.repeat(windows, 8, axis=0))
    floor = (time.perf_counter() - began) / 8 * (seconds / 2.5)
    began = time.perf_counter()
    times = [time.perf_counter() - began for _ in hear(song, ear)]
    print(
        f"\n3 minutes on {ear.device}: first slots after {times[0]:.2f} s, all after {times[-1]:.2f} s, "
        f"{times[-1] / floor:.2f} times the model alone"
    )
    assert times == sorted(times)
