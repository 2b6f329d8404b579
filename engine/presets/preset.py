"""What a preset is, whatever file holds it, and the notes by which it is heard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.notes import note_name

INAUDIBLE = 1e-4
"""Of a note's peak (-80 dB): a release that has come to this is over."""

_GATE_SECONDS = 1.4
_PITCHED_VELOCITY, _HIT_VELOCITY = 0.8, 0.9
_MIDDLE_C = 60
_LOWEST_CENTRE, _HIGHEST_CENTRE = 33, 72
_BASS_CENTRE = 40
_BASS = re.compile(r"bass(?!oon)|(?<![^\W_])sub(?![^\W_])|808", re.IGNORECASE)
_INTERVALS = (0, 12, -7)
"""A second note within the usual phrase, a third above it: with the centre about what an instrument plays."""

_LEAST_KEYS_OF_KIT = 4
_NARROW_ZONE_KEYS = 2
_LAYERS = frozenset({"ff", "fff", "mf", "mp", "pp", "ppp", "rr", "vl", "vel"})
"""What is no word of a sample's name: dynamics and layers."""


@dataclass(frozen=True)
class Preset:
    """One preset of a file.

    Attributes
    ----------
    key : names it within its file, the same at every scan; '' where the file is the preset.
    name : printable, never empty.
    drum : one hit of a kit, at `centre`; such a preset is not played at other pitches.
    keys : MIDI numbers of the keys that sound, ascending; none where all there is to hear is a recording.
    centre : MIDI number of the key at which it is most itself.
    """

    key: str
    name: str
    drum: bool
    keys: tuple[int, ...]
    centre: int


@dataclass(frozen=True)
class Note:
    """One key pressed: MIDI number 0 to 127, velocity above 0 up to 1, seconds until it is let go."""

    midi: int
    velocity: float = _PITCHED_VELOCITY
    gate_seconds: float = _GATE_SECONDS

    def nearest_velocity(self, ranges: Iterable[tuple[int, int]]) -> int:
        """The velocity, 1 to 127, or the nearest one in `ranges`: some presets have no soft or loud layer."""
        velocity = min(max(round(self.velocity * 127), 1), 127)
        return min((min(max(velocity, low), high) for low, high in ranges), key=lambda value: abs(value - velocity))


@dataclass(frozen=True)
class Zone:
    """A stretch of keys that one sample plays: first and last MIDI number, the sample's own note, the sample's name."""

    lowest: int
    highest: int
    root: int
    sample: str

    @property
    def is_narrow(self) -> bool:
        return self.highest - self.lowest < _NARROW_ZONE_KEYS


def notes_to_hear(preset: Preset) -> tuple[Note, ...]:
    """The notes from which a preset is embedded, the one that shows it best first: one of a drum, else up to three.

    They lie round the preset's centre, so that a bass is heard low and a piccolo high, and within its keys. There are
    none of what is a recording.
    """
    if not preset.keys:
        return ()
    if preset.drum:
        return (Note(preset.centre, _HIT_VELOCITY),)
    notes = [preset.centre]
    for interval in _INTERVALS[1:]:
        # What lies outside is turned round: a preset whose keys end at its centre is heard below it.
        for midi in (preset.centre + interval, preset.centre - interval):
            if midi in preset.keys and midi not in notes:
                notes.append(midi)
                break
    if len(notes) == 1:
        notes += [end for end in (preset.keys[0], preset.keys[-1]) if abs(end - preset.centre) > 1]
    return tuple(Note(midi) for midi in notes)


def pitched(key: str, name: str, zones: Iterable[Zone]) -> Preset:
    """The preset that plays `zones` (at least one) as one instrument.

    Its centre lies half-way between middle C and where its samples were taken, because fonts take them where they like;
    a name that says bass is believed.
    """
    zones = list(zones)
    keys = sorted({key for zone in zones for key in range(zone.lowest, zone.highest + 1)})
    roots = sorted(min(max(zone.root, zone.lowest), zone.highest) for zone in zones)
    centre = (roots[len(roots) // 2] + _MIDDLE_C) // 2
    centre = min(max(centre, _LOWEST_CENTRE), _BASS_CENTRE if _BASS.search(name) else _HIGHEST_CENTRE)
    return Preset(key, name, False, tuple(keys), min(keys, key=lambda midi: abs(midi - centre)))


def is_kit(zones: Iterable[Zone]) -> bool:
    """Whether zones are a kit: most play a key of their own, with samples whose names tell of different things.

    An instrument that was sampled at every key has such zones too, but one name with many notes or numbers in it.
    """
    zones = list(zones)
    narrow = [zone for zone in zones if zone.is_narrow]
    keys = {zone.lowest for zone in narrow}
    things = {_thing(zone.sample) for zone in narrow}
    return len(keys) >= _LEAST_KEYS_OF_KIT and 4 * len(narrow) >= 3 * len(zones) and 2 * len(things) >= len(keys)


def _thing(sample: str) -> str:
    """The words of a sample's name without its note, numbers and layers: 'Piano_C#3_ff' and 'Piano 07' agree."""
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<![^\W_])[A-Ga-g][#b♯♭]?-?\d(?![^\W_])", " ", sample).casefold())
    return " ".join(word for word in words if len(word) > 1 and word not in _LAYERS)


def sounds_of_kit(key: str, name: str, zones: Sequence[Zone]) -> Iterator[tuple[Preset, tuple[int, ...]]]:
    """Each sound of a kit and the numbers of the zones that play it; neighbouring keys of the same zones are one sound.

    Parameters
    ----------
    key, name : of the kit; those of its sounds begin with them.
    """
    playing = [tuple(n for n, zone in enumerate(zones) if zone.lowest <= midi <= zone.highest) for midi in range(128)]
    for numbers, run in groupby(range(128), key=playing.__getitem__):
        keys = tuple(run)
        if numbers:
            first = zones[numbers[0]]
            midi = min(max(first.root, keys[0]), keys[-1])
            full_name = printable(f"{name} {note_name(midi)} {_without_side(first.sample)}")
            yield Preset(f"{key}:{midi}" if key else str(midi), full_name, True, keys, midi), numbers


def _without_side(sample: str) -> str:
    """The name of a sample without the mark of its stereo side: 'Snare 1' for 'Snare 1(L)'."""
    return re.sub(r"(?:[ _-][LR]|\([LR]\))$", "", sample).rstrip(" -_")


def no_such_preset(key: str) -> str:
    """What is said of a preset that has gone since it was listed."""
    return f"There is no preset {key!r} in it any more. Scan the folder again."


def printable(name: str) -> str:
    """A name fit to be shown: characters that print, single spaces, at most 120 of them; possibly none."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:120].strip()
