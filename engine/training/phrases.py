"""Phrases: what an instrument of the note bank sounds like playing a part."""

from __future__ import annotations

import numpy as np

from engine.training.instruments import RATE
from engine.training.material import WINDOW_SECONDS, Event
from engine.training.note_bank import NoteBank, StoredNote

MAX_SHIFT_SEMITONES = 3
RELEASE_SECONDS = 0.12
WINDOW_SAMPLES = int(WINDOW_SECONDS * RATE)


def render(bank: NoteBank, number: int, events: list[Event], rng: np.random.Generator) -> np.ndarray:
    """Play events with one instrument of the bank: float32 [WINDOW_SAMPLES].

    Pitches are brought by octaves into the instrument's recorded range and reached by resampling at most
    `MAX_SHIFT_SEMITONES`; drums are detuned slightly, as players and producers do.
    """
    out = np.zeros(WINDOW_SAMPLES, np.float32)
    notes = bank.notes[number]
    drum = bank.instruments[number].drum or len(notes) == 1
    detune = float(rng.uniform(-1.0, 1.0))
    for event in events:
        start = int(event.start * RATE)
        if start >= WINDOW_SAMPLES:
            continue
        if drum:
            note = notes[int(rng.integers(len(notes)))] if rng.random() < 0.2 else notes[0]
            shift, gate = detune, None
        else:
            note, shift = _nearest(notes, event.midi)
            gate = event.seconds
        sound = _resample(bank.read(note), 2 ** (shift / 12), gate)[: WINDOW_SAMPLES - start]
        out[start : start + len(sound)] += sound * (event.velocity / max(note.velocity, 0.3))
    return out


def _nearest(notes: list[StoredNote], midi: int) -> tuple[StoredNote, float]:
    """The stored note to play a pitch with, and the shift in semitones, after folding by octaves."""
    best = min(
        ((note, midi + 12 * octave - note.midi) for note in notes for octave in range(-4, 5)),
        key=lambda pair: (abs(pair[1]) > MAX_SHIFT_SEMITONES, abs(midi - pair[0].midi), abs(pair[1])),
    )
    return best[0], float(np.clip(best[1], -MAX_SHIFT_SEMITONES, MAX_SHIFT_SEMITONES))


def _resample(samples: np.ndarray, ratio: float, gate_seconds: float | None) -> np.ndarray:
    length = int(len(samples) / ratio)
    if gate_seconds is not None:
        length = min(length, int((gate_seconds + RELEASE_SECONDS) * RATE))
    sound = np.interp(np.arange(length) * ratio, np.arange(len(samples)), samples).astype(np.float32)
    if gate_seconds is not None:
        fade = min(length, int(RELEASE_SECONDS * RATE))
        if fade and length < int(len(samples) / ratio):
            sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return sound
