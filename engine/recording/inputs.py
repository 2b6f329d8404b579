"""The audio inputs of this machine, what it plays itself among them, and listening to one of them.

PortAudio knows the inputs of every system. On Linux it reaches only one source of the sound server; where the server's
own tools are installed (pactl, parec: PulseAudio or PipeWire) each of its sources can be chosen, and with them the
monitors, which carry what the machine plays.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from engine.audition.output import RunningStream, devices_anew, opening, portaudio
from engine.errors import PlaybackError, RecordingError

NO_INPUT = "No audio input was found. Connect a microphone or an audio interface (or start the sound server)."

_BLOCK_FRAMES = 512
_LATENCY_SECONDS = 0.2
"""Nobody waits for what is recorded, and PulseAudio's plug-in for ALSA stalls less often with a long one."""
_SERVER_RATE = 48_000
_SERVER_CHANNELS = 2
_ANSWER_SECONDS = 3.0
_CLOSING_SECONDS = 2.0

Take = Callable[[np.ndarray], None]
"""Gets float32 [frames, channels], on a thread that may not wait."""
Prepare = Callable[[int, int], Take]
"""Called with rate and channels before the first block."""


@dataclass(frozen=True)
class InputDevice:
    """An audio input.

    Attributes
    ----------
    name : as it is shown.
    key : the number that PortAudio gave it when it was looked for, or the name of the sound server's source.
    loopback : it carries what the machine plays.
    """

    name: str
    key: int | str
    loopback: bool = False
    default: bool = False


class Input(Protocol):
    """An open input."""

    rate: int
    channels: int

    @property
    def alive(self) -> bool:
        """False once the device is gone, or `close` was called."""

    def close(self) -> None:
        """Give the device back. Never raises."""


def input_devices() -> list[InputDevice]:
    """Every input there is now, the default one first. Raises RecordingError without PortAudio."""
    found = _server_sources() or _portaudio_inputs()
    return sorted(found, key=lambda device: (not device.default, device.loopback))


def open_input(device: InputDevice, prepare: Prepare) -> Input:
    """Listen to an input until it is closed. Raises RecordingError."""
    if isinstance(device.key, str):
        return _ServerInput(device, prepare)
    return _PortAudioInput(device, prepare)


class _PortAudioInput:
    def __init__(self, device: InputDevice, prepare: Prepare) -> None:
        library = _portaudio()
        try:
            with opening():
                self._stream = self._open(library, _number_of(library, device), prepare)
        except (ValueError, library.PortAudioError) as error:
            raise RecordingError(
                f"The input {device.name} could not be opened: {error}. Choose another one, or free it."
            ) from error

    def _open(self, library: ModuleType, number: int, prepare: Prepare) -> RunningStream:
        facts = library.query_devices(number, "input")
        self.rate = round(facts["default_samplerate"])
        self.channels = min(2, int(facts["max_input_channels"]))
        take = prepare(self.rate, self.channels)
        stream = library.InputStream(
            samplerate=self.rate,
            device=number,
            channels=self.channels,
            dtype="float32",
            latency=_LATENCY_SECONDS,
            blocksize=_BLOCK_FRAMES,
            callback=lambda block, frames, time, status: take(block),
        )
        return RunningStream(stream)

    @property
    def alive(self) -> bool:
        return self._stream.alive

    def close(self) -> None:
        # Beside this thread: PortAudio does not come back from closing some devices that died.
        ending = threading.Thread(target=self._stream.close, name="earshot-input-end", daemon=True)
        ending.start()
        ending.join(_CLOSING_SECONDS)


class _ServerInput:
    """A source of the sound server, by way of its own recorder."""

    def __init__(self, device: InputDevice, prepare: Prepare) -> None:
        self.rate, self.channels = _SERVER_RATE, _SERVER_CHANNELS
        self._take = prepare(self.rate, self.channels)
        command = ["parec", "--device", str(device.key), "--raw", "--format=float32le", "--latency-msec=20"]
        command += [f"--rate={self.rate}", f"--channels={self.channels}", "--client-name=Earshot"]
        try:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise RecordingError(
                f"The input {device.name} could not be opened: {error.strerror}. Choose another one."
            ) from error
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._read, name="earshot-input", daemon=True)
        self._thread.start()
        self._answered.wait(_ANSWER_SECONDS)
        if not self.alive:
            self.close()
            raise RecordingError(f"The input {device.name} is not there any more, or refuses. Choose another one.")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._thread.join(timeout=2.0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor, frame_bytes = self._process.stdout.fileno(), 4 * self.channels
        rest = b""
        while data := os.read(descriptor, _BLOCK_FRAMES * frame_bytes):
            data = rest + data
            whole = len(data) // frame_bytes * frame_bytes
            rest = data[whole:]
            self._take(np.frombuffer(data[:whole], "<f4").reshape(-1, self.channels))
            self._answered.set()
        self._process.wait()
        self._process.stdout.close()
        self._answered.set()


def _server_sources() -> list[InputDevice]:
    """The sources of a PulseAudio or PipeWire server; none where there is no such server, or none of its tools."""
    if not sys.platform.startswith("linux") or not shutil.which("parec"):
        return []
    sources, facts = _ask_server("list", "sources"), _ask_server("info")
    default = facts.get("default_source_name") if isinstance(facts, dict) else None
    found = []
    for source in sources if isinstance(sources, list) else []:
        name, words = str(source.get("name", "")), str(source.get("description", ""))
        monitor = bool(source.get("monitor_source")) or name.endswith(".monitor")
        words = f"What is played: {words.removeprefix('Monitor of ')}" if monitor else words
        found.append(InputDevice(words or name, name, monitor, name == default))
    return found


def _ask_server(*question: str) -> Any:
    """What the sound server's tool answers, None where it does not."""
    try:
        answer = subprocess.run(
            ["pactl", "--format=json", *question], capture_output=True, timeout=_ANSWER_SECONDS, check=True
        )
        return json.loads(answer.stdout.decode("utf-8", "replace"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _portaudio_inputs() -> list[InputDevice]:
    _portaudio()  # says itself that it is missing
    try:
        inputs = devices_anew("input")
    except PlaybackError as error:
        raise RecordingError(NO_INPUT) from error
    # On Windows each of its ways to a device lists the same ones.
    times = Counter(str(facts["name"]) for _, facts, _, _ in inputs)
    return [_input(number, str(facts["name"]), host, is_default, times) for number, facts, host, is_default in inputs]


def _input(number: int, name: str, host: str, is_default: bool, times: Mapping[str, int]) -> InputDevice:
    shown = name if times[name] == 1 else _at_host(name, host)
    return InputDevice(shown, number, "loopback" in name.casefold(), is_default)


def _at_host(name: str, host: str) -> str:
    return f"{name} ({host})"


def _number_of(library: ModuleType, device: InputDevice) -> int:
    """Its number now: whenever PortAudio is started anew, it counts anew. Called inside `opening`. Raises
    RecordingError."""
    hosts = library.query_hostapis()
    numbers = [
        number
        for number, facts in enumerate(library.query_devices())
        if facts["max_input_channels"] > 0
        and device.name in (facts["name"], _at_host(facts["name"], hosts[facts["hostapi"]]["name"]))
    ]
    if not numbers:
        raise RecordingError(f"The input {device.name} is not there any more. Connect it again, or choose another one.")
    return device.key if isinstance(device.key, int) and device.key in numbers else numbers[0]


def _portaudio() -> ModuleType:
    try:
        return portaudio()
    except PlaybackError as error:
        raise RecordingError(str(error)) from error
