"""MIDI keyboards: which there are, and what is played on one of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.errors import PlaybackError

NO_BACKEND = (
    "MIDI keyboards need the package python-rtmidi, which is not installed here: pip install python-rtmidi, then start "
    "Earshot again. Without it the computer's keyboard plays notes: Sound, Play notes by typing."
)

_SUSTAIN_PEDAL, _DOWN_FROM = 64, 64
"""The controller that MIDI gives it, and the value from which on it is down: pedals that know half-way send others."""

_SEQUENCER = Path("/dev/snd/seq")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hands:
    """Who is told what is played; called on a thread of the MIDI system.

    press : with the MIDI number of a key and its velocity, 0 to 1.
    release : with the MIDI number.
    bend : with -1 to 1.
    hold : with whether the sustain pedal is down.
    """

    press: Callable[[int, float], None]
    release: Callable[[int], None]
    bend: Callable[[float], None]
    hold: Callable[[bool], None]


def midi_inputs() -> list[str]:
    """The names of the MIDI inputs there are now. Raises PlaybackError where MIDI cannot be used, with the remedy."""
    mido = _mido()
    try:
        return list(dict.fromkeys(mido.get_input_names()))
    except ImportError as error:
        raise PlaybackError(NO_BACKEND) from error
    except (OSError, RuntimeError) as error:
        raise PlaybackError(f"MIDI cannot be used here: {error}. The computer's keyboard plays notes too.") from error


class MidiInput:
    """A MIDI keyboard that is listened to until `close`. Raises PlaybackError.

    Parameters
    ----------
    name : one of `midi_inputs()`.
    hands : told what is played.
    """

    def __init__(self, name: str, hands: Hands) -> None:
        self.name = name
        self._hands = hands
        mido = _mido()
        try:
            self._port = mido.open_input(name, callback=self._take)
        except ImportError as error:
            raise PlaybackError(NO_BACKEND) from error
        except (OSError, RuntimeError) as error:
            raise PlaybackError(
                f"The MIDI keyboard {name} cannot be used: {error}. Connect it, or close the program that uses it, and "
                "choose it again."
            ) from error

    def close(self) -> None:
        """Listen no more."""
        try:
            self._port.close()
        except (OSError, RuntimeError) as error:
            _log.info("a MIDI input could not be closed in order: %s", error)

    def _take(self, message: Any) -> None:
        try:
            if message.type == "note_on" and message.velocity > 0:
                self._hands.press(message.note, message.velocity / 127.0)
            elif message.type in ("note_on", "note_off"):
                self._hands.release(message.note)
            elif message.type == "pitchwheel":
                self._hands.bend(max(-1.0, message.pitch / 8191.0))
            elif message.type == "control_change" and message.control == _SUSTAIN_PEDAL:
                self._hands.hold(message.value >= _DOWN_FROM)
        except PlaybackError as error:
            # There is no output; the window says so when a sound is chosen, a key alone shall not end this thread.
            _log.warning("a key was struck in vain: %s", error)


def _mido() -> ModuleType:
    if sys.platform == "linux" and not _SEQUENCER.exists():
        # Asking ALSA all the same would write its own complaints to the terminal.
        raise PlaybackError(
            f"MIDI cannot be used here: there is no {_SEQUENCER}. Load the kernel's sequencer (sudo modprobe snd-seq). "
            "The computer's keyboard plays notes too."
        )
    import mido

    module: ModuleType = mido
    return module
