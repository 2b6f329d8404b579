"""What is played: five seconds of music that the instruments of a coherent mixture share.

A passage has a tempo, a melody and chords, drawn from a MIDI song or made at random; an instrument plays the part that
suits its family. Times in seconds from the start of the window.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 5.0


@dataclass(frozen=True)
class Event:
    """One note to play; drums ignore `midi`."""

    start: float
    seconds: float
    midi: int
    velocity: float


@dataclass(frozen=True)
class Passage:
    """Music of one window: `beat` seconds long beats, a melody, and chords as (start, end, MIDI numbers)."""

    beat: float
    melody: tuple[Event, ...]
    chords: tuple[tuple[float, float, tuple[int, ...]], ...]


_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10))
_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 3), (1, 4, 0, 0), (0, 6, 5, 4), (0, 0, 3, 4))


@dataclass(frozen=True)
class Style:
    """What the passages of one song share: seconds of a beat, key, progression, and beats of a chord."""

    beat: float
    tonic: int
    scale: tuple[int, ...]
    progression: tuple[int, ...]
    chord_beats: int


def random_style(rng: np.random.Generator) -> Style:
    """70 to 165 beats a minute in any key, a four-chord progression."""
    beat = 60.0 / rng.uniform(70, 165)
    tonic, scale = int(rng.integers(12)), _SCALES[rng.integers(len(_SCALES))]
    progression = _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]
    return Style(beat, tonic, scale, progression, int(rng.choice([2, 4])))


def random_song(rng: np.random.Generator, passages: int) -> list[Passage]:
    """Passages that follow one another in one style, each a whole number of beats long."""
    style = random_style(rng)
    style = replace(style, beat=WINDOW_SECONDS / round(WINDOW_SECONDS / style.beat))
    return [random_passage(rng, style) for _ in range(passages)]


def random_passage(rng: np.random.Generator, style: Style | None = None) -> Passage:
    """A passage with a stepwise melody in eighths over the style's progression."""
    style = style or random_style(rng)
    beat, progression = style.beat, style.progression
    span = beat * style.chord_beats

    def degree(number: int) -> int:
        octave, step = divmod(number, 7)
        return 60 + style.tonic + 12 * octave + style.scale[step]

    chords = []
    for number in range(int(np.ceil(WINDOW_SECONDS / span))):
        root = progression[number % 4]
        chords.append((number * span, (number + 1) * span, tuple(degree(root + third) for third in (0, 2, 4))))
    melody, time, step = [], float(rng.choice([0.0, beat / 2])), int(rng.integers(0, 7))
    while time < WINDOW_SECONDS:
        length = beat * float(rng.choice([0.5, 0.5, 1.0, 1.0, 2.0]))
        step = int(np.clip(step + rng.integers(-3, 4), -3, 10))
        if rng.random() > 0.15:
            melody.append(Event(time, length * rng.uniform(0.6, 1.0), degree(step), float(rng.uniform(0.5, 1.0))))
        time += length
    return Passage(beat, tuple(melody), tuple(chords))


def midi_passages(folder: Path, count: int, rng: np.random.Generator) -> list[Passage]:
    """Passages cut from MIDI songs with tracks MELODY (or BRIDGE) and PIANO, such as POP909 (Wang et al. 2020)."""
    files = sorted(folder.rglob("*.mid"))
    passages: list[Passage] = []
    while files and len(passages) < count:
        passage = _cut(files[rng.integers(len(files))], rng)
        if passage is not None:
            passages.append(passage)
    return passages


def _cut(path: Path, rng: np.random.Generator) -> Passage | None:
    import mido

    midi = mido.MidiFile(path)
    tempo = next((message.tempo for message in midi.tracks[0] if message.type == "set_tempo"), 500_000)
    beat = tempo / 1e6
    tracks: dict[str, list[Event]] = {}
    for track in midi.tracks:
        events, held, time = [], {}, 0.0
        for message in track:
            time += message.time / midi.ticks_per_beat * beat
            if message.type == "note_on" and message.velocity:
                held[message.note] = (time, message.velocity / 127)
            elif message.type in ("note_on", "note_off") and message.note in held:
                start, velocity = held.pop(message.note)
                events.append(Event(start, max(time - start, 0.06), message.note, max(velocity, 0.4)))
        tracks[track.name] = sorted(events, key=lambda event: event.start)
    piano = tracks.get("PIANO", [])
    if not piano:
        logger.debug("no PIANO track: %s", path)
        return None
    start = beat * int(rng.integers(0, max(1, int((piano[-1].start - WINDOW_SECONDS) / beat))))

    def window(events: list[Event]) -> list[Event]:
        inside = [event for event in events if start <= event.start < start + WINDOW_SECONDS]
        return [Event(event.start - start, event.seconds, event.midi, event.velocity) for event in inside]

    melody = window(tracks.get("MELODY", [])) or window(tracks.get("BRIDGE", []))
    chords, span = [], 2 * beat
    notes = window(piano)
    for number in range(int(np.ceil(WINDOW_SECONDS / span))):
        low, high = number * span, (number + 1) * span
        sounding = sorted({note.midi for note in notes if note.start < high and note.start + note.seconds > low + 0.05})
        if sounding:
            chords.append((low, high, tuple(sounding[:6])))
    if len(melody) < 3 or not chords:
        return None
    return Passage(beat, tuple(melody), tuple(chords))


def play(passage: Passage, family: str | None, rng: np.random.Generator) -> list[Event]:
    """The part of a passage that an instrument of the family plays; an unnamed family takes any pitched part."""
    if family in _DRUM_PARTS:
        return _drum_part(passage, _DRUM_PARTS[family], rng)
    choices = _PITCHED_PARTS.get(family or "", ("melody", "chords", "arpeggio", "sustain"))
    part = choices[rng.integers(len(choices))]
    if part == "melody":
        return list(passage.melody)
    if part == "bass":
        return _bass_part(passage, rng)
    if part == "hit":
        start = passage.beat * int(rng.integers(0, 4))
        return [Event(start, float(rng.uniform(1.0, 4.0)), passage.chords[0][2][0], 0.9)]
    events = []
    for start, end, chord in passage.chords:
        if part == "sustain":
            events += [Event(start, end - start, midi, 0.75) for midi in chord[-3:]]
        elif part == "chords":
            rhythm = rng.choice([0.0, 0.5, 1.0, 1.5], size=2, replace=False)
            for onset in np.sort(rhythm) * passage.beat:
                length = passage.beat * float(rng.uniform(0.3, 1.0))
                events += [Event(start + onset, length, midi, float(rng.uniform(0.6, 0.95))) for midi in chord[-4:]]
        else:
            step = passage.beat / int(rng.choice([2, 4]))
            for number, onset in enumerate(np.arange(start, end - 0.01, step)):
                events.append(
                    Event(float(onset), step * 0.9, chord[number % len(chord)], float(rng.uniform(0.6, 0.95)))
                )
    return events


_PITCHED_PARTS: dict[str, tuple[str, ...]] = {
    "bass": ("bass",),
    "guitar": ("melody", "chords", "arpeggio"),
    "keys": ("melody", "chords", "chords", "arpeggio"),
    "organ": ("melody", "chords", "sustain"),
    "mallet": ("melody", "arpeggio"),
    "strings": ("melody", "sustain"),
    "brass": ("melody", "chords"),
    "woodwind": ("melody",),
    "lead": ("melody", "melody", "arpeggio"),
    "pad": ("sustain",),
    "pluck": ("arpeggio", "melody"),
    "voice": ("melody", "sustain"),
    "fx": ("hit", "melody"),
}
_DRUM_PARTS: dict[str | None, tuple[float, ...]] = {
    # Chance of a hit on each sixteenth of a bar of four beats.
    "kick": (0.95, 0, 0.1, 0.1, 0.3, 0, 0.3, 0.1, 0.6, 0, 0.3, 0.1, 0.3, 0, 0.2, 0.1),
    "snare": (0.02, 0, 0, 0.05, 0.9, 0, 0, 0.15, 0.02, 0.1, 0, 0, 0.9, 0, 0.1, 0.15),
    "hat": (0.9, 0.3, 0.85, 0.3) * 4,
    "cymbal": (0.5, 0, 0.1, 0, 0.2, 0, 0.1, 0) * 2,
    "tom": (0.2, 0.05, 0.15, 0.1, 0.2, 0.05, 0.15, 0.1, 0.3, 0.1, 0.2, 0.2, 0.4, 0.3, 0.4, 0.3),
    "percussion": (0.4, 0.1, 0.35, 0.25) * 4,
}


def _drum_part(passage: Passage, chances: tuple[float, ...], rng: np.random.Generator) -> list[Event]:
    sixteenth = passage.beat / 4
    bar = [rng.random() < chance for chance in chances]
    if not any(bar):
        bar[0] = True
    steps = int(WINDOW_SECONDS / sixteenth) + 1
    return [
        Event(step * sixteenth, sixteenth, 60, float(rng.uniform(0.6, 1.0)) if step % 4 else 1.0)
        for step in range(steps)
        if bar[step % 16]
    ]


def _bass_part(passage: Passage, rng: np.random.Generator) -> list[Event]:
    events = []
    pattern = rng.random(8) < 0.55
    pattern[0] = True
    for start, end, chord in passage.chords:
        root = chord[0]
        for number, onset in enumerate(np.arange(start, end - 0.01, passage.beat / 2)):
            if pattern[number % 8]:
                midi = root + int(rng.choice([0, 0, 0, 12, 7]))
                events.append(Event(float(onset), passage.beat * float(rng.uniform(0.3, 0.6)), midi, 0.85))
    return events
