"""Real sound in: what the machine plays is recorded from a sound server's monitor."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audition.player import Player
from engine.errors import RecordingError
from engine.recording import inputs
from engine.recording.inputs import InputDevice, input_devices
from engine.recording.recorder import Recorder
from tests.e2e.null_sink import PATIENCE_SECONDS, NullSink, loudest_hertz, on_a_busy_machine, tone, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PulseAudio is Linux's")


def record_a_tone(device: InputDevice, folder: Path) -> tuple[np.ndarray, int]:
    """float32 [frames], rate: a second or more of 440 Hz as it is recorded back, and its level seen meanwhile."""
    recorder = Recorder(device, folder)
    try:
        with Player() as player:
            player.play(tone(440.0, 4.0, 0.5), loop=True)
            wait_for(lambda: recorder.level() > 0.4, "nothing is heard")
            recorder.begin()
            recorder.level()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while recorder.seconds < 1.2:
                assert recorder.failure is None
                assert time.monotonic() < deadline, f"only {recorder.seconds:.1f} s came"
                time.sleep(0.1)
            assert recorder.level() == pytest.approx(0.5, abs=0.1)
            path = recorder.finish()
    finally:
        recorder.close()
    assert path is not None
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples[:, 0], rate


def test_what_is_played_is_recorded(sink: NullSink, tmp_path: Path) -> None:
    devices = input_devices()
    monitor = next(device for device in devices if device.key == "earshot_test.monitor")
    assert monitor.loopback
    assert monitor.name.startswith("What is played: ")
    samples, rate = record_a_tone(monitor, tmp_path / "kept")
    assert rate == 48_000
    assert loudest_hertz(samples[len(samples) // 4 : -len(samples) // 4], rate) == pytest.approx(440.0, abs=2.0)


def test_portaudio_records_where_the_servers_tools_are_missing(
    sink: NullSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(os.environ["ALSA_CONFIG_PATH"])
    with config.open("a") as file:
        file.write(f'\npcm.desk {{ type pulse server "{sink.server}" device "earshot_test.monitor" }}\n')
    monkeypatch.setattr(inputs, "_server_sources", list)
    desk = next(device for device in input_devices() if device.name == "desk")

    def attempt() -> None:
        samples, rate = record_a_tone(desk, tmp_path / "kept")
        assert loudest_hertz(samples[len(samples) // 4 : -len(samples) // 4], rate) == pytest.approx(440.0, abs=2.0)

    on_a_busy_machine(attempt, times=6)  # the plug-in between ALSA and PulseAudio stalls at times


def test_a_sound_server_that_dies_leaves_what_was_recorded(sink: NullSink, tmp_path: Path) -> None:
    device = next(device for device in input_devices() if device.key == "earshot_test.monitor")
    recorder = Recorder(device, tmp_path / "kept")
    recorder.begin()
    wait_for(lambda: recorder.seconds > 0.5, "nothing comes")
    sink.process.kill()
    wait_for(lambda: recorder.failure, "that it is gone is not noticed")
    assert recorder.failure is not None
    assert recorder.failure.startswith(f"The input {device.name} went away")
    assert recorder.failure.endswith("What was recorded until then is kept.")
    path = recorder.finish()
    recorder.close()
    assert path is not None
    assert soundfile.info(path).duration > 0.3


def test_a_source_that_is_no_more_is_an_error_in_words(sink: NullSink, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="Old desk is not there any more"):
        Recorder(InputDevice("Old desk", "gone.source"), tmp_path)
