"""The demo song as notes: sixteen bars in A minor at 96 bpm, 40 seconds, eight instruments that come and go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TEMPO_BPM = 96
BEAT_SECONDS = 60.0 / TEMPO_BPM
BARS = 16
SONG_SECONDS = BARS * 4 * BEAT_SECONDS

_SWING_BEATS = 0.03
"""How late the second sixteenth of each pair comes."""


@dataclass(frozen=True)
class Note:
    """`start` and `length` in beats from the song's start, `velocity` 0..1."""

    start: float
    length: float
    midi: int
    velocity: float


@dataclass(frozen=True)
class Chord:
    """The bass's root and the voicing of keys, pad and pluck, as MIDI notes."""

    root: int
    voicing: tuple[int, ...]


PROGRESSION = (
    Chord(33, (60, 64, 67, 71)),  # Am9
    Chord(29, (57, 60, 64, 67)),  # Fmaj9
    Chord(36, (55, 60, 62, 64)),  # Cadd9
    Chord(31, (55, 59, 62, 64)),  # G6
)
"""A chord a bar, round and round: i, VI, III, VII."""

# Intro: pad, then pluck. Verse: drums, bass, keys one after the other. Break: keys alone, lead alone. Chorus: all.
BARS_OF: dict[str, tuple[int, ...]] = {
    "kick": (4, 5, 6, 7, 8, 9, 12, 13, 14, 15),
    "snare": (4, 5, 6, 7, 8, 9, 12, 13, 14, 15),
    "hat": (3, 4, 5, 6, 7, 8, 9, 12, 13, 14),
    "bass": (5, 6, 7, 8, 9, 12, 13, 14, 15),
    "keys": (6, 7, 8, 9, 10, 14, 15),
    "pluck": (2, 3, 8, 9, 12, 13, 14, 15),
    "lead": (11, 12, 13, 14, 15),
    "pad": (0, 1, 12, 13, 14, 15),
}

_LAST_BAR = BARS - 1

_MELODY: dict[int, tuple[tuple[float, float, int], ...]] = {
    11: ((0.0, 0.75, 71), (1.0, 0.5, 74), (1.5, 0.5, 76), (2.0, 1.0, 79), (3.0, 0.5, 76), (3.5, 0.5, 74)),
    12: ((0.0, 1.5, 76), (1.5, 0.5, 74), (2.0, 0.5, 72), (2.5, 1.5, 71)),
    13: ((0.0, 1.5, 72), (1.5, 0.5, 71), (2.0, 1.0, 69), (3.0, 1.0, 67)),
    14: ((0.0, 1.0, 64), (1.0, 0.5, 67), (1.5, 1.0, 72), (2.5, 1.5, 74)),
    15: ((0.0, 0.5, 74), (0.5, 0.5, 71), (1.0, 2.5, 69)),
}
"""Bar: (beat, length, midi)."""


def notes_of(instrument: str) -> list[Note]:
    """What an instrument of `BARS_OF` plays, in order of time."""
    writer = {
        "kick": _kick,
        "snare": _snare,
        "hat": _hat,
        "bass": _bass,
        "keys": _keys,
        "pluck": _pluck,
        "lead": _lead,
        "pad": _pad,
    }[instrument]
    notes = [
        Note(_swung(bar * 4 + note.start), note.length, note.midi, note.velocity)
        for bar in BARS_OF[instrument]
        for note in writer(bar, PROGRESSION[bar % len(PROGRESSION)])
    ]
    return sorted(notes, key=lambda note: note.start)


def _swung(beat: float) -> float:
    return beat + (_SWING_BEATS if round(beat * 4) % 2 else 0.0)


def _hits(midi: int, hits: Iterable[tuple[float, float]]) -> Iterator[Note]:
    return (Note(beat, 0.25, midi, velocity) for beat, velocity in hits)


def _kick(bar: int, _: Chord) -> Iterator[Note]:
    if bar == _LAST_BAR:
        return _hits(62, [(0.0, 1.0), (1.0, 0.9)])
    pattern = [(0.0, 1.0), (1.75, 0.75), (2.5, 0.9)]
    return _hits(62, [*pattern, (3.75, 0.6)] if bar % 2 else pattern)


def _snare(bar: int, _: Chord) -> Iterator[Note]:
    if bar == _LAST_BAR:
        return _hits(58, [(1.0, 0.95)])
    pattern = [(1.0, 0.95), (3.0, 1.0)]
    if bar == 9:
        return _hits(58, [*pattern, (3.25, 0.5), (3.5, 0.7), (3.75, 0.85)])
    return _hits(58, [*pattern, (2.25, 0.3)] if bar % 2 else pattern)


def _hat(bar: int, _: Chord) -> Iterator[Note]:
    steps = ((step / 4, (0.85, 0.35, 0.6, 0.4)[step % 4]) for step in range(16))
    # Eighths at first; sixteenths in the second half of the verse and in the chorus.
    return _hits(66, steps if bar >= 8 else (hit for hit in steps if hit[0] * 4 % 2 == 0))


def _bass(bar: int, chord: Chord) -> Iterator[Note]:
    root = chord.root if chord.root >= 31 else chord.root + 12
    if bar == _LAST_BAR:
        yield Note(0.0, 0.75, root, 0.9)
        yield Note(1.0, 2.5, 33, 0.9)
        return
    for beat, length, step, velocity in (
        (0.0, 0.7, 0, 0.95),
        (0.75, 0.4, 0, 0.6),
        (1.5, 0.4, 12, 0.75),
        (2.0, 0.45, 7, 0.8),
        (2.5, 0.7, 0, 0.9),
        (3.5, 0.4, 7 if bar % 2 else 10, 0.7),
    ):
        yield Note(beat, length, root + step, velocity)


def _keys(bar: int, chord: Chord) -> Iterator[Note]:
    if bar == _LAST_BAR:
        rhythm = [(0.0, 0.9, 0.7), (1.0, 2.8, 0.75)]
    elif bar == 10:
        rhythm = [(0.0, 1.4, 0.75), (1.5, 0.9, 0.6), (2.5, 1.4, 0.7)]
    else:
        rhythm = [(0.0, 0.7, 0.75), (1.5, 0.4, 0.6), (2.5, 0.9, 0.7)]
    for beat, length, velocity in rhythm:
        for number, midi in enumerate(chord.voicing):
            # Fingers are never quite together.
            yield Note(beat + 0.012 * number, length, midi, velocity)


def _pluck(bar: int, chord: Chord) -> Iterator[Note]:
    order = (0, 2, 1, 3, 2, 0, 3, 1)
    for step in range(4 if bar == _LAST_BAR else 8):
        midi = chord.voicing[order[step]] + (12 if step % 3 else 24)
        yield Note(step / 2, 0.4, midi, 0.8 if step % 4 == 0 else 0.6)


def _lead(bar: int, _: Chord) -> Iterator[Note]:
    return (Note(beat, length * 0.92, midi, 0.85) for beat, length, midi in _MELODY[bar])


def _pad(bar: int, chord: Chord) -> Iterator[Note]:
    return (Note(0.0, 3.6, midi, 0.7) for midi in chord.voicing[:3])
