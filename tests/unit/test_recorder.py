"""What is recorded is on the disk, whole at every moment; what goes wrong is said in words."""

from __future__ import annotations

import errno
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine.errors import RecordingError
from engine.recording import recorder as recorder_module
from engine.recording.inputs import Input, InputDevice, Prepare
from engine.recording.recorder import Recorder, Ring

RATE, CHANNELS = 8000, 2
DEVICE = InputDevice("Desk", 0)
PATIENCE_SECONDS = 90.0
GONE = "The input Desk went away: connect it again, or choose another one."


class FeedInput:
    """An input into which the test speaks."""

    def __init__(self, device: InputDevice, prepare: Prepare) -> None:
        self.rate, self.channels, self.alive = RATE, CHANNELS, True
        self.take = prepare(RATE, CHANNELS)

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch) -> list[FeedInput]:
    opened: list[FeedInput] = []
    # A busy machine may let a test wait between two blocks; those that are about silence set a time of their own.
    monkeypatch.setattr(recorder_module, "_SILENT_SECONDS", 600.0)

    def open_input(device: InputDevice, prepare: Prepare) -> FeedInput:
        opened.append(FeedInput(device, prepare))
        return opened[-1]

    monkeypatch.setattr(recorder_module, "open_input", open_input)
    return opened


@pytest.fixture
def recorder(inputs: list[FeedInput], tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(DEVICE, tmp_path / "kept")
    yield made
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "earshot-recorder"]


def ramp(frames: int, start: int = 0) -> np.ndarray:
    """float32 [frames, channels]: every frame another one, the channels apart."""
    values = (np.arange(start, start + frames) % 4000 - 2000) / 4000
    return np.stack((values, -values), axis=1).astype(np.float32)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_came_while_recording_is_kept_sample_by_sample(
    recorder: Recorder, inputs: list[FeedInput], tmp_path: Path
) -> None:
    inputs[0].take(np.ones((500, 2), np.float32))
    recorder.begin()
    for start in range(0, 6000, 1000):
        inputs[0].take(ramp(1000, start))
        time.sleep(0.02)
    path = recorder.finish()
    assert path is not None
    assert path.parent == tmp_path / "kept"
    assert path.name.startswith("Recording 2")
    kept, rate = soundfile.read(path, dtype="float32")
    assert (rate, soundfile.info(path).subtype) == (RATE, "PCM_24")
    assert np.array_equal(kept.shape, (6000, 2))
    assert np.abs(kept - ramp(6000)).max() < 2**-22
    inputs[0].take(ramp(1000))
    recorder.begin()
    inputs[0].take(ramp(10))
    second = recorder.finish()
    assert second not in (None, path), "nothing is ever overwritten"
    assert soundfile.info(second).frames == 10


def test_the_file_is_whole_before_it_is_finished(recorder: Recorder, inputs: list[FeedInput], tmp_path: Path) -> None:
    recorder.begin()
    inputs[0].take(ramp(4000))
    until(lambda: recorder.seconds == pytest.approx(0.5))
    (path,) = (tmp_path / "kept").iterdir()
    assert soundfile.info(path).frames == 4000, "as if the program had been killed now"


def test_level_and_silence(recorder: Recorder, inputs: list[FeedInput]) -> None:
    assert recorder.level() == 0.0
    inputs[0].take(np.full((100, 2), -0.25, np.float32))
    loudest = 0.0

    def heard() -> bool:
        nonlocal loudest
        loudest = max(loudest, recorder.level())
        return loudest > 0

    until(heard)
    assert loudest == 0.25
    assert recorder.level() == 0.0


def test_nothing_recorded_leaves_no_file(recorder: Recorder, tmp_path: Path) -> None:
    recorder.begin()
    assert recorder.finish() is None
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_device_that_goes_away_leaves_what_was_recorded(recorder: Recorder, inputs: list[FeedInput]) -> None:
    recorder.begin()
    inputs[0].take(ramp(800))
    inputs[0].alive = False
    until(lambda: recorder.failure is not None)
    assert recorder.failure == f"{GONE} What was recorded until then is kept."
    assert not recorder.recording
    path = recorder.finish()
    assert path is not None
    assert soundfile.info(path).frames == 800


def test_the_last_block_before_a_device_goes_away_is_kept(
    recorder: Recorder, inputs: list[FeedInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come in the very moment in which the input is looked after."""

    def goes_away(device: FeedInput) -> bool:
        if recorder.recording:
            device.take(ramp(800))
        return not recorder.recording

    recorder.begin()
    monkeypatch.setattr(FeedInput, "alive", property(goes_away, lambda *_: None), raising=False)
    until(lambda: recorder.failure is not None)
    assert recorder.failure == f"{GONE} What was recorded until then is kept."
    path = recorder.finish()
    assert path is not None
    assert soundfile.info(path).frames == 800


def test_an_input_that_falls_silent_altogether_is_gone(
    inputs: list[FeedInput], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_SILENT_SECONDS", 0.2)
    recorder = Recorder(DEVICE, tmp_path)
    until(lambda: recorder.failure == GONE)
    recorder.close()


def test_an_input_that_is_slow_to_open_is_not_gone(
    inputs: list[FeedInput], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, passed, looks = recorder_module.open_input, [0.0], [0]

    def open_slowly(device: InputDevice, prepare: Prepare) -> Input:
        opened = at_once(device, prepare)
        passed[0] = 10_000.0  # seconds go by
        return opened

    def look(_: FeedInput) -> bool:
        looks[0] += 1
        return True

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr(recorder_module, "time", clock)
    monkeypatch.setattr(recorder_module, "open_input", open_slowly)
    monkeypatch.setattr(FeedInput, "alive", property(look, lambda *_: None), raising=False)
    recorder = Recorder(DEVICE, tmp_path)
    until(lambda: looks[0] > 2)
    assert recorder.failure is None
    recorder.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX")
def test_a_full_disk_keeps_what_was_written(recorder: Recorder, inputs: list[FeedInput], tmp_path: Path) -> None:
    import resource

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        recorder.begin()
        for start in range(0, 10_000, 500):
            inputs[0].take(ramp(500, start))
            # Each is written, or was too much, before the next one comes.
            until(lambda: recorder.failure is not None or recorder.seconds >= (start + 500) / RATE)  # noqa: B023
            if recorder.failure is not None:
                break
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert recorder.failure == (
        f"The disk is full: free some space, then record again into {tmp_path / 'kept'}. "
        "What was recorded until then is kept."
    )
    path = recorder.finish()
    assert path is not None
    kept, _ = soundfile.read(path, dtype="float32")
    assert 3000 <= len(kept) <= 5000
    assert np.abs(kept - ramp(len(kept))).max() < 2**-22


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("out of order")])
@pytest.mark.parametrize("ended_by", [Recorder.finish, Recorder.close])
def test_what_came_last_finds_no_room(
    inputs: list[FeedInput],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    ended_by: Callable[[Recorder], object],
) -> None:
    recorder = Recorder(DEVICE, tmp_path)
    recorder.begin()
    inputs[0].take(ramp(800))
    until(lambda: recorder.seconds == pytest.approx(0.1))

    def refuse(*_: object) -> None:
        raise error

    recorder._closed.set()  # so that nobody else writes it
    recorder._thread.join()
    monkeypatch.setattr(recorder_module._WavFile, "write", refuse)
    inputs[0].take(ramp(800))
    ended_by(recorder)
    recorder.close()
    assert recorder.failure is not None
    assert recorder.failure.endswith("What was recorded until then is kept.")
    assert not inputs[0].alive, "the input is given back"
    (path,) = tmp_path.iterdir()
    assert soundfile.info(path).frames == 800


def test_a_disk_that_breaks_off_is_told_with_its_file(
    recorder: Recorder, inputs: list[FeedInput], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    recorder.begin()
    (path,) = (tmp_path / "kept").iterdir()
    monkeypatch.setattr(recorder_module._WavFile, "write", refuse)
    inputs[0].take(ramp(800))
    until(lambda: recorder.failure is not None)
    assert recorder.failure == f"{path} cannot be written: Input/output error. See to its disk, then record again."


def test_a_folder_that_cannot_be_written_to_says_so(inputs: list[FeedInput], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = Recorder(DEVICE, tmp_path / "file" / "kept")
    with pytest.raises(RecordingError, match="Nothing can be recorded in"):
        recorder.begin()
    recorder.close()


def test_a_recording_has_an_end(recorder: Recorder, inputs: list[FeedInput], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "LONGEST_SECONDS", 0.1)
    recorder.begin()
    inputs[0].take(ramp(900))
    until(lambda: recorder.failure is not None)
    assert "ends after" in str(recorder.failure)
    path = recorder.finish()
    assert path is not None
    assert soundfile.info(path).frames == 800


def test_a_recording_ends_before_its_header_can_hold_no_more(
    recorder: Recorder, inputs: list[FeedInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_BYTES", 3 * CHANNELS * 1000)
    recorder.begin()
    for start in (0, 900):
        inputs[0].take(ramp(900, start))
        time.sleep(0.1)
    until(lambda: recorder.failure is not None)
    assert "4 GB" in str(recorder.failure)
    path = recorder.finish()
    assert path is not None
    kept, _ = soundfile.read(path, dtype="float32")
    assert kept.shape == (1000, CHANNELS)
    assert np.abs(kept - ramp(1000)).max() < 2**-22


def test_the_longest_file_has_a_header_that_fits(tmp_path: Path) -> None:
    file = recorder_module._WavFile(tmp_path / "longest.wav", RATE, CHANNELS)
    file._wave._datawritten = recorder_module.MOST_BYTES - 3 * CHANNELS * 100  # type: ignore[attr-defined]
    file.write(ramp(100))
    with pytest.raises(struct.error):
        file.write(ramp(1000))
    file._wave._datawritten = 0  # type: ignore[attr-defined]
    file.close()


@pytest.mark.parametrize("where", ["write", "alive"])
def test_whatever_goes_wrong_is_said(
    recorder: Recorder, inputs: list[FeedInput], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def break_off(*_: object) -> bool:
        raise ValueError("out of order")

    recorder.begin()
    inputs[0].take(ramp(800))
    until(lambda: recorder.seconds == pytest.approx(0.1))
    if where == "write":
        monkeypatch.setattr(recorder_module._WavFile, "write", break_off)
        inputs[0].take(ramp(800))
    else:
        monkeypatch.setattr(FeedInput, "alive", property(break_off, lambda *_: None), raising=False)
        del inputs[0].__dict__["alive"]
    until(lambda: recorder.failure is not None)
    assert "ValueError: out of order" in str(recorder.failure)
    assert "kept" in str(recorder.failure)
    path = recorder.finish()
    assert path is not None
    assert soundfile.info(path).frames == 800


def test_the_ring_goes_round_and_drops_what_finds_no_room() -> None:
    ring = Ring(10, 1)
    got = []
    for start in range(0, 60, 6):
        ring.take(np.arange(start, start + 6, dtype=np.float32)[:, None])
        got += ring.drain()[:, 0].tolist()
    assert got == list(range(60))
    ring.take(np.zeros((8, 1), np.float32))
    ring.take(np.ones((3, 1), np.float32))
    assert (len(ring.drain()), ring.dropped) == (8, 3)
    ring.take(np.ones((10, 1), np.float32))
    assert ring.drain().sum() == 10


def test_what_was_lost_is_told_of_the_recording_that_lost_it(recorder: Recorder, inputs: list[FeedInput]) -> None:
    def overwhelm() -> None:
        with recorder._lock:  # as if the disk stood still
            inputs[0].take(ramp(20 * RATE))
            inputs[0].take(ramp(RATE // 2))

    overwhelm()
    recorder.begin()
    inputs[0].take(ramp(800))
    assert recorder.finish() is not None
    assert recorder.lost_seconds == 0, "it came before"
    recorder.begin()
    overwhelm()
    assert recorder.finish() is not None
    assert recorder.lost_seconds == pytest.approx(0.5)
    recorder.begin()
    assert recorder.lost_seconds == 0


def test_what_was_recorded_is_still_told_after_closing(inputs: list[FeedInput], tmp_path: Path) -> None:
    recorder = Recorder(DEVICE, tmp_path)
    recorder.begin()
    inputs[0].take(ramp(800))
    recorder.close()
    path = recorder.finish()
    assert path is not None
    assert soundfile.info(path).frames == 800
    assert recorder.finish() is None
