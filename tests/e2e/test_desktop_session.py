"""A producer's session at a real desktop: drop, wait, step, listen, mark, drag out, come back the next day."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio.decode import decode
from tests.e2e.desktop.hands import Hands, desktop
from tests.e2e.desktop.other_program import SIZE
from tests.e2e.null_sink import Recording, null_sink

RECORDINGS = Path("/usr/share/sonic-pi/samples")
SOUNDS = (
    "bass_hit_c",
    "bass_thick_c",
    "drum_bass_hard",
    "drum_cymbal_closed",
    "drum_snare_hard",
    "elec_blip",
    "bd_haus",
)
PLACE = (1200, 830)
"""Of the other program: the lower right corner of the screen."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="X and PulseAudio are Linux's")


class Session:
    """One run of the window, and what can be seen in it."""

    def __init__(self, report: Path, process: subprocess.Popen[bytes]) -> None:
        self._report, self.process = report, process

    def seen(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._report.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def wait(self, condition: Callable[[dict[str, Any]], Any], what: str, seconds: float = 90.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not ((seen := self.seen()) and condition(seen)):
            assert self.process.poll() is None, f"the window is gone: {what}"
            assert time.monotonic() < deadline, f"{what}; {seen}"
            time.sleep(0.1)
        return seen


@contextmanager
def window(folder: Path, hands: Hands) -> Iterator[Session]:
    report = folder / "seen.json"
    report.unlink(missing_ok=True)
    environment = {**hands.environment, "EARSHOT_HOME": str(folder / "earshot"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.e2e.desktop.watched_window", str(report)]
    process = subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])
    try:
        yield Session(report, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


@contextmanager
def other_program(received: Path, hands: Hands, *files: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.e2e.desktop.other_program", str(received), *map(str, PLACE)]
    process = subprocess.Popen([*command, *map(str, files)], env=hands.environment, cwd=Path(__file__).parents[2])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=90)


def place_of(number: int) -> tuple[int, int]:
    """Of a file of the other program, from 0; something may be dropped at each."""
    return PLACE[0] + SIZE * number + SIZE // 2, PLACE[1] + SIZE // 2


def write_song(path: Path) -> None:
    """Kick and bass in turn, twelve seconds."""
    rate = 44_100
    song = np.zeros(12 * rate, np.float32)
    for name, start, step in (("bd_haus", 0.0, 0.5), ("bass_thick_c", 0.25, 1.0)):
        sound = decode(RECORDINGS / f"{name}.flac", rate=rate).mono()[: rate // 2]
        for at in np.arange(start, 11.0, step):
            offset = round(at * rate)
            song[offset : offset + len(sound)] += 0.5 * sound
    soundfile.write(path, song, rate)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_session_at_a_desktop(tmp_path: Path) -> None:
    sounds, song, received = tmp_path / "My sounds", tmp_path / "Song of mine.wav", tmp_path / "received.txt"
    sounds.mkdir()
    for name in SOUNDS:
        shutil.copy(RECORDINGS / f"{name}.flac", sounds)
    write_song(song)
    before = digests(sounds)
    sink_folder = tmp_path / "pulse"
    sink_folder.mkdir()
    with null_sink(sink_folder) as sink, desktop() as hands, other_program(received, hands, sounds, song):
        with window(tmp_path, hands) as session:
            session.wait(lambda seen: True, "the window shows")
            time.sleep(2.0)  # a window manager takes a moment to place what it shows
            centre = session.seen()["centre"]
            hands.drag(place_of(0), centre)
            session.wait(
                lambda seen: len(seen["names"]) == len(SOUNDS) and not seen["scanning"], "the folder is scanned"
            )
            hands.drag(place_of(1), centre)
            session.wait(lambda seen: seen["song"] == str(song), "the song is open")
            session.wait(lambda seen: seen["slots"] >= 2 and not seen["hearing"], "its instruments are heard")
            hands.key("1")
            seen = session.wait(
                lambda seen: seen["ranked"].startswith("for slot 1") and len(seen["names"]) == len(SOUNDS),
                "the sounds are ranked",
            )

            recording = Recording(sink)
            hands.click(tuple(seen["first_row"]))
            session.wait(lambda seen: seen["chosen"] == seen["names"][0], "a click chooses the first row")
            recording.wait_for_sound("a click plays nothing")
            recording.stop()
            hands.key("Escape")
            session.wait(lambda seen: not seen["playing"], "Escape stops it")
            recording = Recording(sink)
            hands.key("Down")
            session.wait(lambda seen: seen["chosen"] == seen["names"][1], "a key goes to the second row")
            recording.wait_for_sound("a step plays nothing")
            recording.stop()

            hands.key("f")
            marked = session.wait(lambda seen: seen["favourites"], "a key marks a favourite")["favourites"]
            hands.drag(tuple(seen["first_row"]), place_of(1))
            deadline = time.monotonic() + 90
            while not received.exists() or not received.read_text(encoding="utf-8").endswith("\n"):
                assert time.monotonic() < deadline, "nothing arrives in the other program"
                time.sleep(0.1)
            (dragged,) = received.read_text(encoding="utf-8").splitlines()
            assert Path(dragged) == next(sounds.glob(f"{seen['names'][0]}*"))
            hands.key("ctrl+q")
            assert session.process.wait(timeout=60) == 0

        with window(tmp_path, hands) as session:
            session.wait(lambda seen: seen["song"] == str(song), "the song is back")
            session.wait(lambda seen: seen["slots"] >= 2 and not seen["hearing"], "its instruments are heard again")
            session.wait(lambda seen: seen["favourites"] == marked, "the favourite is back")
            hands.key("ctrl+q")
            assert session.process.wait(timeout=60) == 0
    assert digests(sounds) == before
