"""A MIDI keyboard, as far as `mido`: the system below it is acted by a stand-in, or missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from engine.audition import midi
from engine.audition.midi import Hands, MidiInput, midi_inputs
from engine.errors import PlaybackError
from tests.unit.audition import midi_stand_in


@pytest.fixture(autouse=True)
def _sequencer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose system knows MIDI."""
    monkeypatch.setattr(midi, "_SEQUENCER", tmp_path)


@pytest.fixture
def keyboards() -> Iterator[None]:
    before = mido.backend
    mido.set_backend("tests.unit.audition.midi_stand_in")
    midi_stand_in.opened.clear()
    yield
    mido.set_backend(before)


def test_what_is_played_reaches_the_hands(keyboards: None) -> None:
    assert midi_inputs() == ["Keystation 49", "Pads"]
    played: list[tuple[object, ...]] = []
    hands = Hands(
        press=lambda note, velocity: played.append(("press", note, round(velocity, 3))),
        release=lambda note: played.append(("release", note)),
        bend=lambda amount: played.append(("bend", round(amount, 3))),
        hold=lambda down: played.append(("hold", down)),
    )
    keyboard = MidiInput("Keystation 49", hands)
    port = midi_stand_in.opened[0]
    port.deliver(mido.Message("note_on", note=60, velocity=127))
    port.deliver(mido.Message("note_on", note=64, velocity=64))
    port.deliver(mido.Message("pitchwheel", pitch=8191))
    port.deliver(mido.Message("pitchwheel", pitch=-8192))
    port.deliver(mido.Message("control_change", control=1, value=3))
    for value in (127, 64, 63, 0):
        port.deliver(mido.Message("control_change", control=64, value=value))
    port.deliver(mido.Message("note_on", note=60, velocity=0))
    port.deliver(mido.Message("note_off", note=64))
    assert played == [
        ("press", 60, 1.0),
        ("press", 64, 0.504),
        ("bend", 1.0),
        ("bend", -1.0),
        ("hold", True),
        ("hold", True),
        ("hold", False),
        ("hold", False),
        ("release", 60),
        ("release", 64),
    ]
    keyboard.close()
    assert port.closed


def test_a_keyboard_that_is_gone_and_an_output_that_is_missing_are_words(keyboards: None) -> None:
    hands = Hands(press=_refuse, release=lambda note: None, bend=lambda amount: None, hold=lambda down: None)
    with pytest.raises(PlaybackError, match=r"Launchkey cannot be used.*Connect it"):
        MidiInput("Launchkey", hands)
    MidiInput("Pads", hands)
    midi_stand_in.opened[0].deliver(mido.Message("note_on", note=60, velocity=1))


def _refuse(note: int, velocity: float) -> None:
    raise PlaybackError("No audio output was found.")


def test_without_the_package_below_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setattr(mido, "backend", None)
    mido.set_backend("mido.backends.rtmidi")
    hands = Hands(press=_refuse, release=lambda note: None, bend=lambda amount: None, hold=lambda down: None)
    for attempt in (midi_inputs, lambda: MidiInput("Keystation 49", hands)):
        with pytest.raises(PlaybackError, match="pip install python-rtmidi"):
            attempt()


@pytest.mark.skipif(sys.platform != "linux", reason="The sequencer is ALSA's")
def test_without_a_sequencer_it_is_said_what_to_do(
    keyboards: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(midi, "_SEQUENCER", tmp_path / "none")
    with pytest.raises(PlaybackError, match="modprobe snd-seq"):
        midi_inputs()
