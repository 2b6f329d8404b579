"""A stream is started, watched and given back in one place, for outputs and inputs alike."""

from __future__ import annotations

import pytest
import sounddevice

from engine.audition import output
from engine.audition.output import RunningStream, opening


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
