"""The demo's library: procedural sounds as a producer keeps them, one-shots in folders by kind, and a few loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.encode import write_wav
from engine.synth.procedural import ProceduralInstrument, random_instrument
from engine.synth.signals import Samples

RATE = 44100


@dataclass(frozen=True)
class Shelf:
    """A folder of one family.

    Attributes
    ----------
    folder : its name; the sounds' names begin with the singular of it, `noun`.
    count : how many sounds. Sound number n is the family's procedural instrument n.
    midi, seconds : the note of the one-shots and how long it is held.
    words : go round to name the sounds.
    """

    folder: str
    noun: str
    family: str
    count: int
    midi: int
    seconds: float
    words: tuple[str, ...]

    def file_name(self, number: int) -> str:
        """The path of sound `number` within the library."""
        word = self.words[number % len(self.words)]
        again = number // len(self.words)
        return f"{self.folder}/{self.noun} {word}{f' {again + 1}' if again else ''}.wav"

    def instrument(self, number: int) -> ProceduralInstrument:
        """Who plays sound `number`."""
        return random_instrument(self.family, number)


_DRUM_WORDS = ("Velvet", "Tight", "Dusty", "Punch", "Boxy", "Warehouse", "Paper", "Knock", "Round", "Cellar", "Crunch")
_METAL_WORDS = ("Crisp", "Sizzle", "Tin", "Silk", "Rust", "Needle", "Glass", "Smoke", "Chain", "Foil", "Spark")
_TONE_WORDS = ("Amber", "Nightbus", "Copper", "Fjord", "Meadow", "Neon", "Harbour", "Slate", "Comet", "Juniper", "Tide")
_AIR_WORDS = ("Aurora", "Drift", "Horizon", "Lantern", "Mist", "Orbit", "Hollow", "Snowfall", "Ember", "Delta", "Veil")

SHELVES: tuple[Shelf, ...] = (
    Shelf("Kicks", "Kick", "kick", 22, 60, 0.5, _DRUM_WORDS),
    Shelf("Snares", "Snare", "snare", 22, 60, 0.5, _DRUM_WORDS),
    Shelf("Hats", "Hat", "hat", 22, 60, 0.5, _METAL_WORDS),
    Shelf("Cymbals", "Cymbal", "cymbal", 9, 60, 0.5, _METAL_WORDS),
    Shelf("Toms", "Tom", "tom", 9, 60, 0.5, _DRUM_WORDS),
    Shelf("Percussion", "Perc", "percussion", 18, 60, 0.5, _METAL_WORDS),
    Shelf("Bass", "Bass", "bass", 20, 36, 0.9, _TONE_WORDS),
    Shelf("Guitars", "Guitar", "guitar", 11, 55, 1.2, _TONE_WORDS),
    Shelf("Keys", "Keys", "keys", 16, 60, 1.2, _TONE_WORDS),
    Shelf("Organs", "Organ", "organ", 9, 60, 1.2, _TONE_WORDS),
    Shelf("Mallets", "Mallet", "mallet", 11, 72, 1.0, _TONE_WORDS),
    Shelf("Strings", "Strings", "strings", 11, 60, 1.6, _AIR_WORDS),
    Shelf("Brass", "Brass", "brass", 9, 60, 1.2, _TONE_WORDS),
    Shelf("Woodwinds", "Wind", "woodwind", 9, 67, 1.2, _AIR_WORDS),
    Shelf("Leads", "Lead", "lead", 16, 60, 1.0, _TONE_WORDS),
    Shelf("Pads", "Pad", "pad", 14, 60, 2.2, _AIR_WORDS),
    Shelf("Plucks", "Pluck", "pluck", 16, 60, 0.8, _TONE_WORDS),
    Shelf("Voices", "Voice", "voice", 7, 60, 1.4, _AIR_WORDS),
    Shelf("FX", "FX", "fx", 9, 60, 1.0, _AIR_WORDS),
)

_LOOPS = ((84, 11), (92, 13), (100, 15), (118, 17), (126, 19))
"""Tempo, and the number of the kick, snare and hat in it."""


def shelf(family: str) -> Shelf:
    """The shelf of a family."""
    return next(found for found in SHELVES if found.family == family)


def sound_names() -> list[str]:
    """The path within the library of everything in it."""
    one_shots = [found.file_name(number) for found in SHELVES for number in range(found.count)]
    return one_shots + [_loop_name(tempo) for tempo, _ in _LOOPS]


def write_collection(folder: Path) -> Iterator[str]:
    """Render every sound into `folder`, which is made; yields the name of each once it is written."""
    for found in SHELVES:
        (folder / found.folder).mkdir(parents=True)
        for number in range(found.count):
            sound = found.instrument(number).render(found.midi, 0.9, found.seconds, RATE)
            yield _write(folder, found.file_name(number), sound)
    (folder / "Loops").mkdir()
    for tempo, number in _LOOPS:
        yield _write(folder, _loop_name(tempo), _drum_loop(tempo, number))


def _loop_name(tempo: int) -> str:
    return f"Loops/Drum Loop {tempo} bpm.wav"


def _write(folder: Path, name: str, sound: Samples) -> str:
    write_wav(folder / name, sound, RATE, "PCM_16")
    return name


def _drum_loop(tempo: int, number: int) -> Samples:
    """Two bars of a plain beat, to begin again without a gap."""
    sixteenth = 15.0 / tempo
    loop = np.zeros(round(32 * sixteenth * RATE), dtype=np.float32)
    for family, level, places in (
        ("kick", 0.7, (0, 7, 10, 16, 23, 26)),
        ("snare", 0.5, (4, 12, 20, 28)),
        ("hat", 0.25, tuple(range(0, 32, 2))),
    ):
        hit = level * shelf(family).instrument(number).render(60, 0.9, 0.3, RATE)[: loop.size]
        for place in places:
            start = round(place * sixteenth * RATE)
            # What rings past the end is heard at the beginning of the next round.
            indices = np.arange(start, start + hit.size) % loop.size
            loop[indices] += hit
    return loop * np.float32(0.9 / np.max(np.abs(loop)))
