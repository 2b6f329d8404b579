"""Notes: their MIDI numbers, frequencies and names. Equal temperament; A4 is 440 Hz and number 69, middle C is C4."""

from __future__ import annotations

import math

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Of the twelve pitch classes."""


def midi_to_hz(midi: float) -> float:
    """The frequency in Hz of a MIDI number, not necessarily whole."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def hz_to_midi(hz: float) -> float:
    """The MIDI number, not necessarily whole, of a frequency in Hz above 0."""
    return 69.0 + 12.0 * math.log2(hz / 440.0)


def note_name(midi: int) -> str:
    """The name of a MIDI number with its octave, such as D#4; 60 is C4."""
    return f"{NOTE_NAMES[midi % 12]}{midi // 12 - 1}"
