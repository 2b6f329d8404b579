"""How long a person waits: for the command, for the window, for a click to be heard, for the first slot, for a whole
song."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audition import output
from engine.audition.level import level_gain_db
from engine.audition.player import Player
from engine.audition.prepare import load_for_audition
from engine.encoder.ear import Ear
from engine.matching.reference import hear
from tests.e2e.null_sink import Recording, null_sink, tone

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


CLICKS = 120
AIM_MILLISECONDS = 30.0
BETWEEN_SECONDS = 0.2
"""From the end of a sound to the next click: what was on its way to the recorder has arrived."""


class Bare:
    """A stream that copies a buffer which was there before; the least that PortAudio and a sound server take."""

    def __init__(self) -> None:
        import sounddevice

        self._samples = np.repeat(tone(440.0, 0.1, 0.5, 48_000).samples.T, 2, axis=1)
        self._left = 0
        self._stream = sounddevice.OutputStream(
            samplerate=48_000,
            channels=2,
            dtype="float32",
            latency=output.LATENCY_SECONDS,
            blocksize=output.BLOCK_FRAMES,
            callback=self._render,
        )
        self._stream.start()

    def play(self) -> None:
        self._left = len(self._samples)

    def close(self) -> None:
        self._stream.close()

    def _render(self, out: np.ndarray, frames: int, *_: object) -> None:
        count, first = min(frames, self._left), len(self._samples) - self._left
        out[:count] = self._samples[first : first + count]
        out[count:] = 0.0
        self._left -= count


@pytest.mark.skipif(sys.platform != "linux", reason="PulseAudio is Linux's")
def test_click_to_first_sample(tmp_path: Path) -> None:
    """From a click on a file that was not heard before to the first sample of it that a null sink plays, as recorded
    from there; beside it a bare stream to the same sink, in turn with it. The device is open, as while one steps
    through a list."""
    files = []
    for number in range(CLICKS):
        files.append(tmp_path / f"{number}.wav")
        soundfile.write(files[-1], tone(440.0, 0.1, 0.5).samples.T, 44_100, subtype="PCM_24")

    def click(recording: Recording, play: Callable[[], object]) -> float:
        recording.forget()
        clicked = time.monotonic()
        play()
        heard = recording.wait_for_sound("a click plays nothing")
        time.sleep(0.1 + BETWEEN_SECONDS)
        return 1000.0 * (heard - clicked)

    (tmp_path / "server").mkdir()
    with null_sink(tmp_path / "server") as sink, Player() as player:
        output.refresh()
        player.wake()
        bare, recording = Bare(), Recording(sink)
        played, floor = [], []
        for path in files:

            def play(path: Path = path) -> None:
                sound = load_for_audition(path)
                player.play(sound, gain_db=level_gain_db(-9.0, -6.0))

            played.append(click(recording, play))
            floor.append(click(recording, bare.play))
        stream_ms = 1000.0 * (player.output_latency_seconds or 0.0)
        recording.stop()
        bare.close()
    output.refresh()
    (median, p95), (bare_median, bare_p95) = np.percentile(played, [50, 95]), np.percentile(floor, [50, 95])
    print(
        f"\n{CLICKS} clicks to the first sample, recorded: median {median:.1f} ms, 95th percentile {p95:.1f} ms "
        f"(aim {AIM_MILLISECONDS:.0f}); a bare stream {bare_median:.1f} and {bare_p95:.1f} ms, "
        f"of which the output's own latency {stream_ms:.1f} ms; {p95 / bare_p95:.2f} times the bare stream"
    )
    assert median < 250  # of a machine that does nothing else it is a tenth of that
