"""A sound server of the test's own, with one output that nobody hears and that can be recorded back."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.decode import Audio

RATE = 48000
PATIENCE_SECONDS = 90.0
_SINK = "earshot_test"
_ALSA_CONFIG = """
</usr/share/alsa/alsa.conf>
pcm.!default {{ type pulse server "{server}" device "{sink}" hint {{ show on description "{sink}" }} }}
ctl.!default {{ type pulse server "{server}" }}
"""


@dataclass(frozen=True)
class NullSink:
    """`server` is the address; `process` is the daemon, there to be killed."""

    server: str
    process: subprocess.Popen[bytes]


class Recording:
    """What the sink plays, from now on: samples with the time at which they arrived."""

    def __init__(self, sink: NullSink) -> None:
        command = ["parec", "--server", sink.server, "--device", f"{_SINK}.monitor", "--raw", "--format=float32le"]
        command += [f"--rate={RATE}", "--channels=2", "--latency-msec=5"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._chunks: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._chunks and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self._chunks, "the recorder delivers nothing"

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while data := os.read(descriptor, 65536):
            self._chunks.append((time.monotonic(), data))

    def samples(self) -> np.ndarray:
        """Everything so far, float32 [n, 2]."""
        data = b"".join(chunk for _, chunk in list(self._chunks))
        return np.frombuffer(data[: len(data) // 8 * 8], dtype="<f4").reshape(-1, 2)

    def forget(self) -> None:
        """Everything that came so far."""
        self._chunks.clear()

    def first_sound(self) -> float | None:
        """When (time.monotonic) the first sample that is not silent arrived."""
        for arrived, data in list(self._chunks):
            if np.max(np.abs(np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4")), initial=0.0) > 1e-3:
                return arrived
        return None

    def wait_for_sound(self, otherwise: str = "nothing is heard") -> float:
        """When (time.monotonic) the first sound arrived, as soon as it has."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (arrived := self.first_sound()) is None:
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.01)
        return arrived

    def stop(self) -> np.ndarray:
        """End the recording; all of it, float32 [n, 2]."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_SECONDS)
        self._thread.join(timeout=PATIENCE_SECONDS)
        return self.samples()


@contextmanager
def null_sink(folder: Path) -> Iterator[NullSink]:
    """Run a PulseAudio daemon in `folder` and point PortAudio's default output at its null sink.

    The environment is changed for the whole process while it lasts; PortAudio has to be initialised anew afterwards.
    """
    daemon = shutil.which("pulseaudio")
    assert daemon, "pulseaudio is not installed; `make setup` installs packaging/test-packages.txt"
    folder.chmod(0o700)
    socket = folder / "socket"
    server = f"unix:{socket}"
    config = folder / "asound.conf"
    config.write_text(_ALSA_CONFIG.format(server=server, sink=_SINK))
    changed = {
        "XDG_RUNTIME_DIR": str(folder),
        "HOME": str(folder),
        "PULSE_SERVER": server,
        "ALSA_CONFIG_PATH": str(config),
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    command = [daemon, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit=yes"]
    command += ["--log-level=error", "--high-priority=no", "--realtime=no"]
    command += ["-L", f"module-native-protocol-unix socket={socket} auth-anonymous=yes"]
    command += ["-L", f"module-null-sink sink_name={_SINK} rate={RATE} channels=2 format=float32le"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run(["pactl", "--server", server, "info"], capture_output=True, check=False).returncode:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline, "the sound server does not answer"
            time.sleep(0.05)
        yield NullSink(server, process)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wait_for(condition: Callable[[], object], otherwise: str) -> None:
    """Wait until something is so, with patience for a busy machine."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def tone(hertz: float, seconds: float, level: float, rate: int = 44100) -> Audio:
    """A sine in one channel."""
    samples = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Audio(samples=samples.astype(np.float32)[None], rate=rate)


def loudest_hertz(samples: np.ndarray, rate: int = RATE) -> float:
    """Of float32 [n]."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum) * rate / samples.size)


def on_a_busy_machine(attempt: Callable[[], None], times: int = 4) -> None:
    """Try again what a stutter of the stream can spoil: the player itself is right if it ever succeeds unspoiled.

    What no stutter explains fails by `pytest.fail`, which is not tried again; what was tried again is warned of.
    """
    for left in reversed(range(times)):
        try:
            return attempt()
        except AssertionError as error:
            if not left:
                raise
            warnings.warn(f"tried again: {str(error).splitlines()[0]}", stacklevel=2)
            time.sleep(0.5)
