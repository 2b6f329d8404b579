"""The audio outputs of this machine, and opening one of them, with errors in words."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from engine.errors import PlaybackError

NO_OUTPUT = "No audio output was found. Connect or switch on an output (or start the sound server), then play again."

LATENCY_SECONDS = 0.015
"""Asked of the device at first: little enough that a click is heard at once."""

BLOCK_FRAMES = 256
"""Frames a callback, a power of two: of its own choice PortAudio takes odd sizes that PulseAudio stutters on."""

_open_streams = 0
_lock = threading.Lock()


@dataclass(frozen=True)
class OutputDevice:
    """An audio output; `name` or `index` chooses it."""

    index: int
    name: str
    host: str
    channels: int
    rate: int
    default: bool


def portaudio() -> ModuleType:
    """The sounddevice module. Raises PlaybackError when the PortAudio library is not installed."""
    try:
        import sounddevice
    except OSError as error:
        raise PlaybackError(
            "The PortAudio library is missing. Install it (Debian and Ubuntu: libportaudio2) and start Earshot again."
        ) from error
    return sounddevice


def refresh() -> None:
    """Look for devices anew; PortAudio otherwise knows only those that were there when it started."""
    library = portaudio()
    with _lock:
        _look_anew(library)


def _look_anew(library: ModuleType) -> None:
    """Start PortAudio anew, unless a stream is open. Called inside the lock. Raises PlaybackError."""
    if _open_streams:
        return
    try:
        if library._initialized:  # it is not, where it could not be started the last time
            library._terminate()
        library._initialize()
    except library.PortAudioError as error:
        raise PlaybackError(f"{NO_OUTPUT} ({error})") from error


@contextlib.contextmanager
def opening() -> Iterator[None]:
    """Around looking a device up and opening a stream on it: PortAudio is not restarted meanwhile, nor before `closed`
    was called for that stream."""
    global _open_streams
    with _lock:
        if sys.platform == "win32":
            # WASAPI is reached through COM, which each thread has to begin; PortAudio does so where it starts alone.
            ctypes.windll.ole32.CoInitialize(None)
        yield
        _open_streams += 1


def closed() -> None:
    """A stream that was opened inside `opening` is closed."""
    global _open_streams
    with _lock:
        _open_streams -= 1


class RunningStream:
    """A stream of PortAudio's, started inside `opening` and closed once.

    Raises PortAudioError where it does not start; it is closed then.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._closed = False
        try:
            stream.start()
        except portaudio().PortAudioError:
            stream.close(ignore_errors=True)
            raise

    @property
    def alive(self) -> bool:
        """False once the device is gone or the stream was closed."""
        if self._closed:
            return False
        try:
            return bool(self._stream.active)
        except portaudio().PortAudioError:
            return False

    def close(self) -> None:
        """Give the device back. Never raises: a device that is gone cannot be closed in order."""
        if self._closed:
            return
        self._closed = True
        try:
            self._stream.close(ignore_errors=True)
        finally:
            closed()


def device_trace() -> tuple[str, ...]:
    """Something that changes when a sound card, a sound server or a MIDI keyboard comes or goes; cheap to ask for.

    Only Linux shows this in its files. Elsewhere the trace never changes, and `refresh` alone tells.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    trace = [name for name in ("pulse/native", "pipewire-0") if runtime and os.path.exists(os.path.join(runtime, name))]
    with contextlib.suppress(OSError):  # no sound card, or not Linux
        trace += os.listdir("/dev/snd")
    return tuple(sorted(trace))


def devices_anew(direction: Literal["input", "output"]) -> list[tuple[int, dict[str, Any], str, bool]]:
    """Look for devices anew: number, PortAudio's facts, name of the host API, and whether it is the default one, of all
    that have channels in this direction; in the order of their numbers.

    All of it inside the lock: what PortAudio tells of devices lies in its own memory, which is freed where another
    thread starts it anew. Raises PlaybackError where PortAudio is missing or fails.
    """
    library = portaudio()
    with _lock:
        _look_anew(library)
        try:
            hosts = library.query_hostapis()
            default = library.default.device[direction == "output"]
            if default < 0 and hosts:
                default = hosts[0][f"default_{direction}_device"]
            return [
                (number, device, str(hosts[device["hostapi"]]["name"]), number == default)
                for number, device in enumerate(library.query_devices())
                if device[f"max_{direction}_channels"] > 0
            ]
        except library.PortAudioError as error:
            raise PlaybackError(f"{NO_OUTPUT} ({error})") from error


def output_devices() -> list[OutputDevice]:
    """Every output there is now, the default one first. Raises PlaybackError where PortAudio is missing or fails."""
    devices = [
        OutputDevice(
            index=number,
            name=str(facts["name"]),
            host=host,
            channels=int(facts["max_output_channels"]),
            rate=round(facts["default_samplerate"]),
            default=is_default,
        )
        for number, facts, host, is_default in devices_anew("output")
    ]
    return sorted(devices, key=lambda device: not device.default)


def _are_there_any(library: ModuleType) -> bool:
    with _lock:
        try:
            return any(device["max_output_channels"] > 0 for device in library.query_devices())
        except library.PortAudioError:
            return False


def _number_of(library: ModuleType, name: str) -> int | str:
    """The number of the first output of that very name: on Windows each host API lists the same devices, and of several
    with one name PortAudio's bindings take none. A name that nothing has is left for them to refuse."""
    named = (
        number
        for number, device in enumerate(library.query_devices())
        if device["name"] == name and device["max_output_channels"] > 0
    )
    return next(named, name)


class Output:
    """An open stream: calls `render` with a float32 [frames, channels] block to fill, on PortAudio's thread.

    Parameters
    ----------
    device : index or name, None for the default.
    prepare : called with (rate, channels) before the first block; returns `render`.
    latency : wanted, in seconds, where the device can do with so little; it may give another.

    Attributes
    ----------
    underflows : how often the machine was too busy to deliver in time, heard as a stutter.

    Raises PlaybackError.
    """

    def __init__(
        self,
        device: str | int | None,
        prepare: Callable[[int, int], Callable[[np.ndarray], None]],
        latency: float = LATENCY_SECONDS,
    ) -> None:
        self.underflows = 0
        library = portaudio()
        try:
            with opening():
                self._stream = self._open(library, device, prepare, latency)
        except (ValueError, library.PortAudioError) as error:
            if not _are_there_any(library):
                raise PlaybackError(NO_OUTPUT) from error
            chosen = "The default audio output" if device is None else f"The audio output {device!r}"
            raise PlaybackError(
                f"{chosen} could not be opened: {error}. Choose another output or free it, then play again."
            ) from error

    def _open(
        self,
        library: ModuleType,
        device: str | int | None,
        prepare: Callable[[int, int], Callable[[np.ndarray], None]],
        latency: float,
    ) -> RunningStream:
        if isinstance(device, str):
            device = _number_of(library, device)
        facts = library.query_devices(device, "output")
        self.rate = round(facts["default_samplerate"])
        self.channels = min(2, int(facts["max_output_channels"]))
        render = prepare(self.rate, self.channels)
        if sys.platform == "win32":
            # With less than some 35 ms MME, which is its default, stutters and does not say so: what the device calls
            # low is the least to ask for.
            latency = max(latency, facts["default_low_output_latency"])

        def callback(out: np.ndarray, frames: int, time: Any, status: Any) -> None:
            if status:
                self.underflows += 1
            render(out)

        stream = library.OutputStream(
            samplerate=self.rate,
            device=device,
            channels=self.channels,
            dtype="float32",
            latency=latency,
            blocksize=BLOCK_FRAMES,
            callback=callback,
        )
        running = RunningStream(stream)
        self._latency_seconds = float(stream.latency)
        return running

    @property
    def latency_seconds(self) -> float:
        """From rendering a frame to hearing it, as far as the system knew when the device was opened."""
        return self._latency_seconds

    @property
    def alive(self) -> bool:
        """False once the device is gone or the stream was closed."""
        return self._stream.alive

    def close(self) -> None:
        """Give the device back. Never raises."""
        self._stream.close()
