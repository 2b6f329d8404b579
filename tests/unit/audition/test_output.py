"""A stream is started, watched and given back in one place, for outputs and inputs alike."""

from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest
import sounddevice

from engine.audition import output
from engine.audition.output import Output, RunningStream, opening
from engine.errors import PlaybackError, RecordingError
from engine.recording import inputs


class Stream:
    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.active, self.closings = refuses, False, 0

    def start(self) -> None:
        if self.refuses:
            raise sounddevice.PortAudioError("Device unavailable")
        self.active = True

    def close(self, ignore_errors: bool) -> None:
        assert ignore_errors
        self.active, self.closings = False, self.closings + 1


class DeadStream(Stream):
    """Of a device that was unplugged."""

    active = property(lambda self: self._say(), lambda self, value: None)  # type: ignore[assignment]

    def _say(self) -> bool:
        raise sounddevice.PortAudioError("Device is gone")


def test_a_stream_is_given_back_once() -> None:
    before, stream = output._open_streams, Stream()
    with opening():
        running = RunningStream(stream)
    assert (running.alive, output._open_streams) == (True, before + 1)
    running.close()
    running.close()
    assert (running.alive, stream.closings, output._open_streams) == (False, 1, before)


def test_a_stream_that_does_not_start_is_closed() -> None:
    before, stream = output._open_streams, Stream(refuses=True)
    with pytest.raises(sounddevice.PortAudioError), opening():
        RunningStream(stream)
    assert (stream.closings, output._open_streams) == (1, before)


def test_a_stream_of_a_device_that_is_gone_is_not_alive() -> None:
    with opening():
        running = RunningStream(DeadStream())
    assert not running.alive
    running.close()


def test_what_could_not_be_started_is_started_by_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound server that comes up later is found without starting Earshot again."""
    state = {"running": 1, "refusals": 1}

    def terminate() -> None:
        if not state["running"]:
            raise sounddevice.PortAudioError("PortAudio not initialized")
        state["running"] -= 1
        monkeypatch.setattr(sounddevice, "_initialized", state["running"])

    def initialize() -> None:
        if state["refusals"]:
            state["refusals"] -= 1
            raise sounddevice.PortAudioError("Unanticipated host error")
        state["running"] += 1
        monkeypatch.setattr(sounddevice, "_initialized", state["running"])

    monkeypatch.setattr(output, "_open_streams", 0)
    monkeypatch.setattr(sounddevice, "_initialized", 1)
    monkeypatch.setattr(sounddevice, "_terminate", terminate)
    monkeypatch.setattr(sounddevice, "_initialize", initialize)
    with pytest.raises(PlaybackError, match="Unanticipated host error"):
        output.refresh()
    output.refresh()
    assert state["running"] == 1


def test_a_portaudio_that_does_not_answer_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise sounddevice.PortAudioError("PortAudio not initialized")

    monkeypatch.setattr(output, "_look_anew", lambda library: None)
    monkeypatch.setattr(sounddevice, "query_hostapis", dead)
    monkeypatch.setattr(sounddevice, "query_devices", dead)
    with pytest.raises(PlaybackError, match="not initialized"):
        output.output_devices()
    with pytest.raises(PlaybackError, match="No audio output"):
        Output(None, lambda rate, channels: lambda block: None)


def test_of_outputs_with_one_name_the_first_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has it: every device again in each of its host APIs."""
    facts = {"default_samplerate": 48_000.0, "hostapi": 0}
    there = [
        {"name": "Desk", "max_output_channels": 0, **facts},
        {"name": "Desk", "max_output_channels": 2, **facts},
        {"name": "Desk", "max_output_channels": 2, **facts},
    ]
    monkeypatch.setattr(sounddevice, "query_devices", lambda *asked: there[asked[0]] if asked else there)

    class Opened(Stream):
        latency = 0.01

        def __init__(self, *, device: int, **_: object) -> None:
            super().__init__()
            assert device == 1

    monkeypatch.setattr(sounddevice, "OutputStream", Opened)
    opened = Output("Desk", lambda rate, channels: lambda block: None)
    assert opened.alive
    opened.close()


def test_inputs_with_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows shows each device once for each of its ways to it."""
    hosts = [{"name": "MME", "default_input_device": 0}, {"name": "Windows WASAPI", "default_input_device": 2}]
    names = [("Line In", 0), ("Desk", 0), ("Line In", 1)]
    devices = [{"name": name, "hostapi": host, "max_input_channels": 2} for name, host in names]
    monkeypatch.setattr(inputs, "_server_sources", list)
    monkeypatch.setattr(output, "_look_anew", lambda library: None)
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda: hosts)
    monkeypatch.setattr(sounddevice, "query_devices", lambda: devices)
    monkeypatch.setattr(sounddevice, "default", SimpleNamespace(device=(-1, -1)))
    found = inputs.input_devices()
    assert [(device.name, device.key) for device in found] == [
        ("Line In (MME)", 0),
        ("Desk", 1),
        ("Line In (Windows WASAPI)", 2),
    ]


def test_inputs_are_looked_up_while_nothing_starts_portaudio_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it tells of them lies in memory of its own, which it frees then."""
    held: list[bool] = []

    def note(answer: list[object]) -> list[object]:
        held.append(output._lock.locked())
        return answer

    monkeypatch.setattr(inputs, "_server_sources", list)
    monkeypatch.setattr(output, "_look_anew", lambda library: None)
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda: note([{"name": "ALSA", "default_input_device": 0}]))
    facts = {"name": "Desk", "hostapi": 0, "max_input_channels": 2, "max_output_channels": 0}
    monkeypatch.setattr(sounddevice, "query_devices", lambda: note([facts]))
    monkeypatch.setattr(sounddevice, "default", SimpleNamespace(device=(-1, -1)))
    assert [(device.name, device.default) for device in inputs.input_devices()] == [("Desk", True)]
    assert held == [True, True]


def test_an_input_is_opened_by_its_name_where_portaudio_counts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does when it is started again to look for outputs. Another microphone would be recorded."""
    desk = {"name": "Desk", "hostapi": 0, "max_input_channels": 1, "default_samplerate": 48_000.0}
    camera = {**desk, "name": "Camera"}
    speakers = {**desk, "name": "Desk", "max_input_channels": 0}
    asked: list[object] = []
    there = [camera, speakers, desk]

    class Opened(Stream):
        def __init__(self, *, device: object, **_: object) -> None:
            super().__init__()
            asked.append(device)

    def query(number: int | None = None, kind: str | None = None) -> object:
        return there if number is None else there[number]

    monkeypatch.setattr(output, "_open_streams", 0)
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda: [{"name": "Core Audio"}])
    monkeypatch.setattr(sounddevice, "query_devices", query)
    monkeypatch.setattr(sounddevice, "InputStream", Opened)
    for number, name in ((0, "Desk"), (2, "Desk (Core Audio)"), (7, "Camera")):
        device = inputs.InputDevice(name, number)
        inputs.open_input(device, lambda rate, channels: lambda block: None).close()
    assert asked == [2, 2, 0]
    with pytest.raises(RecordingError, match=r"Lamp is not there any more.*choose another one"):
        inputs.open_input(inputs.InputDevice("Lamp", 0), lambda rate, channels: lambda block: None)


def test_inputs_that_portaudio_cannot_tell_are_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise sounddevice.PortAudioError("PortAudio not initialized")

    monkeypatch.setattr(inputs, "_server_sources", list)
    monkeypatch.setattr(output, "_look_anew", lambda library: None)
    monkeypatch.setattr(sounddevice, "query_hostapis", dead)
    with pytest.raises(RecordingError, match="No audio input"):
        inputs.input_devices()


def test_windows_is_asked_for_no_less_latency_than_it_can_do_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """And WASAPI for nothing on a thread that has not begun COM."""
    begun: list[object] = []
    facts = {"default_samplerate": 48_000.0, "max_output_channels": 2, "default_low_output_latency": 0.09}
    asked: list[float] = []

    class Opened(Stream):
        def __init__(self, *, latency: float, **_: object) -> None:
            super().__init__()
            asked.append(latency)
            self.latency = latency

    windows = SimpleNamespace(ole32=SimpleNamespace(CoInitialize=begun.append))
    monkeypatch.setattr(sounddevice, "query_devices", lambda *_: facts)
    monkeypatch.setattr(sounddevice, "OutputStream", Opened)
    Output(None, lambda rate, channels: lambda block: None).close()
    assert asked == [output.LATENCY_SECONDS]
    assert begun == []
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setattr(ctypes, "windll", windows, raising=False)
        Output(None, lambda rate, channels: lambda block: None).close()
    assert asked == [output.LATENCY_SECONDS, 0.09]
    assert begun == [None]


class NoDevices:
    """What sounddevice answers on a machine without any output."""

    def __call__(self, device: object = None, kind: str | None = None) -> object:
        if kind is None and device is None:
            return []
        raise sounddevice.PortAudioError("Error querying device -1")


def test_without_any_output_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounddevice, "query_devices", NoDevices())
    with pytest.raises(PlaybackError, match=r"No audio output was found\. Connect"):
        output.Output(None, lambda rate, channels: lambda block: None)


def test_an_output_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"max_output_channels": 2, "default_samplerate": 48000.0, "name": "Desk", "hostapi": 0}
    monkeypatch.setattr(sounddevice, "query_devices", lambda *arguments: there if arguments else [there])

    def refuse(**_: object) -> None:
        raise sounddevice.PortAudioError("Device unavailable")

    monkeypatch.setattr(sounddevice, "OutputStream", refuse)
    with pytest.raises(PlaybackError, match="'Desk' could not be opened: Device unavailable"):
        output.Output("Desk", lambda rate, channels: lambda block: None)
