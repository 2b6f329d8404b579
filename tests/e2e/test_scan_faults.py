"""What a scan has to survive: loss of its process at any moment, and folders full of broken files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from engine.encoder import checkpoint
from engine.library.catalog import Counts
from engine.library.library import Library
from engine.library.scanner import scan
from tests.e2e.scan_checks import assert_sound, counts, wait_for
from tests.unit.library.ears import load_toy

FILES = 200
"""A scan of them takes so long that it is still going on when it is ended."""
RATE = 44_100


def tone(seconds: float = 0.5, hz: float = 440.0, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hz * t) * np.exp(-3 * t)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(FILES):
        soundfile.write(folder / f"{number:03}.wav", tone(0.2, 100.0 + 10 * number), RATE)
    return folder


@pytest.fixture
def start(tmp_path: Path, folder: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a scan of the folder in another process."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.e2e.scan_process", str(tmp_path / "library"), str(folder)]
        started.append(subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_kill_9_in_the_middle_loses_nothing_that_was_finished(
    tmp_path: Path, folder: Path, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    directory = tmp_path / "library"
    kept = 0
    for _ in range(2):
        process = start()
        goal = kept + 10
        wait_for(lambda goal=goal: counts(directory).ready >= goal)  # type: ignore[misc]
        before = counts(directory)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        wait_for(lambda family=family: not any(child.is_running() for child in family))  # type: ignore[misc]
        kept = counts(directory).ready
        assert kept >= before.ready
        assert counts(directory) == Counts(listed=FILES - kept, ready=kept)
        assert_sound(directory, FILES)

    library = Library.open(directory)
    assert library.searchable == kept
    result = scan(library, [folder], workers=2, loader=load_toy)
    assert (result.embedded, result.unchanged, result.failed) == (FILES - kept, kept, 0)
    assert library.searchable == FILES
    library.close()
    assert_sound(directory, FILES)


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    directory = tmp_path / "library"
    process = start()
    wait_for(lambda: counts(directory).ready >= 10)
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody gets it
    assert process.wait(120) != 0
    wait_for(lambda: not any(child.is_running() for child in family))
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    assert errors.count("Traceback") == 1  # of the scan itself; the workers say nothing
    assert "KeyboardInterrupt" in errors
    assert counts(directory).ready >= 10
    assert counts(directory).total == FILES
    assert_sound(directory, FILES)


def broken(folder: Path) -> tuple[dict[str, str], set[str]]:
    """A folder of what is found in real ones: name -> a word of the reason for failure, and the names that are fine."""
    folder.mkdir()
    soundfile.write(folder / "fine.wav", tone(), RATE)
    whole = (folder / "fine.wav").read_bytes()
    soundfile.write(folder / "stereo.flac", np.stack([tone(), tone()], axis=1), RATE)
    flac = (folder / "stereo.flac").read_bytes()

    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("Dear diary, " * 200)
    (folder / "random.mp3").write_bytes(np.random.default_rng(0).bytes(50_000))
    (folder / "header only.wav").write_bytes(whole[:44])
    (folder / "half a header.aiff").write_bytes(b"FORM\0\0\0\0AIFFCOMM")
    (folder / "page.m4a").write_text("<!DOCTYPE html><html><body>404</body></html>")
    soundfile.write(folder / "no samples.wav", tone()[:0], RATE)
    soundfile.write(folder / "all NaN.wav", np.full(1_000, np.nan, np.float32), RATE, subtype="FLOAT")
    soundfile.write(folder / "silence.wav", np.zeros(1_000, np.float32), RATE)

    (folder / "cut short.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "cut short.flac").write_bytes(flac[: len(flac) * 2 // 3])
    soundfile.write(folder / "really an ogg.wav", tone(), RATE, format="OGG")
    nan = tone()
    nan[::7] = np.nan
    nan[5] = np.inf
    soundfile.write(folder / "some NaN.wav", nan, RATE, subtype="FLOAT")
    soundfile.write(folder / "one sample.wav", np.full(1, 0.5, np.float32), RATE)
    soundfile.write(folder / "eight channels.wav", np.stack([tone(hz=100.0 * n + 100) for n in range(8)], axis=1), RATE)
    soundfile.write(folder / "192 kHz.wav", tone(rate=192_000), 192_000)
    soundfile.write(folder / "upside down.wav", np.stack([tone(), -tone()], axis=1), RATE)
    soundfile.write(folder / "far too loud.wav", 30_000 * tone(), RATE, subtype="FLOAT")
    (folder / "ударные 鼓 🥁 \u202eгромко.wav").write_bytes(whole)
    (folder / ("n" * 251 + ".wav")).write_bytes(whole)
    (folder / "new\nline.wav").write_bytes(whole)
    (folder / "UPPER.WAV").write_bytes(whole)
    deep = folder / Path(*["d" * 200] * 10)
    deep.mkdir(parents=True)
    (deep / "deep.wav").write_bytes(whole)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere.wav").symlink_to(folder / "gone.wav")

    failing = {
        "empty": "empty",
        "text": "Not audio",
        "random": "Not audio",
        "header only": "not a single sample",
        "half a header": "Not audio",
        "page": "Not audio",
        "no samples": "not a single sample",
        "all NaN": "number",
        "silence": "Silent",
    }
    fine = {"fine", "stereo", "really an ogg", "some NaN", "one sample", "eight channels", "192 kHz", "upside down"}
    fine |= {"far too loud", "ударные 鼓 🥁 \u202eгромко", "n" * 251, "new\nline", "UPPER", "deep", "cut short"}
    return failing, fine


def test_a_folder_of_broken_files(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    failing, fine = broken(folder)
    untouched = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    library = Library.open(tmp_path / "library", create=True)
    model = tmp_path / "ear.safetensors"
    checkpoint.save(model, checkpoint.untrained(0), name="untrained")

    result = scan(library, [folder], workers=2, model=model)

    reasons = {sound.name: sound.reason or "" for sound in library.catalog.failed()}
    for name, word in failing.items():
        assert word in reasons.get(name, "listed as usable"), name
    assert set(reasons) == set(failing)
    ready = [sound for sound in library.catalog.sounds() if sound.state == "ready"]
    assert {sound.name for sound in ready} == fine
    assert sum(sound.name == "cut short" for sound in ready) == 2
    assert (result.embedded, result.failed) == (len(ready), len(reasons))
    assert library.searchable == len(ready)

    facts = {sound.name: sound for sound in ready}
    assert facts["eight channels"].channels == 8
    assert facts["192 kHz"].rate == 192_000
    assert facts["192 kHz"].pitch_hz == pytest.approx(440.0, rel=0.01)
    assert facts["one sample"].duration_seconds == pytest.approx(1 / RATE)
    assert facts["upside down"].pitch_hz == pytest.approx(440.0, rel=0.01)
    for sound in ready:
        assert sound.loudness_lufs is not None
        assert np.isfinite([sound.loudness_lufs, sound.peak_db, sound.family_confidence]).all()

    again = scan(library, [folder], workers=2, model=model)
    assert (again.listed, again.embedded, again.failed, again.unchanged) == (result.listed, 0, 0, result.listed)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == untouched
    library.close()
