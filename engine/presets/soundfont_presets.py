"""The presets of a SoundFont: whole ones, and the single sounds of drum kits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from engine.errors import AudioError
from engine.presets.preset import Preset, Zone, is_kit, no_such_preset, pitched, sounds_of_kit
from engine.presets.soundfont import FontZone, SoundFont, open_soundfont, text_of

DRUM_BANK = 128
_MOST_ZONES_OF_FILE = 500_000


def presets_of_soundfont(path: Path) -> list[Preset]:
    """Every preset that can sound, by bank and program; of a kit, every sound.

    Keys are 'bank:program' and, of a kit, 'bank:program:key'. A font that holds two presets at the same place has
    '~2' behind the program of the second. Neighbouring keys of a kit that play the same samples are one sound, and what
    an earlier kit of the file plays at the same key in the very same way is not told again: General MIDI fonts have
    dozens of kits that differ in a few drums.

    Raises
    ------
    AudioError : as `open_soundfont`; also where nothing in it can sound.
    """
    font = open_soundfont(path)
    found: list[Preset] = []
    hits: set[_Hit] = set()
    looked_at = 0
    for key, row in font.rows.items():
        zones = font.zones(row)
        looked_at += len(zones)
        if looked_at > _MOST_ZONES_OF_FILE:
            raise AudioError(path, f"More than {_MOST_ZONES_OF_FILE} zones: this cannot be meant.")
        if zones:
            found += _presets_at(font, key, row, zones, hits)
    if not found:
        raise AudioError(path, "There is no preset in it that could sound.")
    return found


def preset_of_soundfont(path: Path, key: str) -> Preset:
    """The preset of that key, without listing the others. Raises AudioError as above, or where it is not there."""
    font = open_soundfont(path)
    row = row_of(font, key)
    zones = font.zones(row)
    for preset in _presets_at(font, _key_of_row(key), row, zones, set()) if zones else ():
        if preset.key == key:
            return preset
    raise AudioError(path, no_such_preset(key))


def row_of(font: SoundFont, key: str) -> int:
    """The row of `font.presets` that a preset's key names. Raises AudioError where it is not there any more."""
    row = font.rows.get(_key_of_row(key))
    if row is None:
        raise AudioError(font.path, no_such_preset(key))
    return row


def _key_of_row(key: str) -> str:
    """Of a sound of a kit, the key of the kit."""
    return ":".join(key.split(":")[:2])


_Hit: TypeAlias = tuple[int, frozenset[tuple[object, ...]]]
"""A key, and all that its zones say."""


def _presets_at(font: SoundFont, key: str, row: int, zones: list[FontZone], hits: set[_Hit]) -> Iterator[Preset]:
    """The presets of one row; `hits` has those of earlier kits, and takes those of this."""
    name = text_of(font.presets["name"][row]) or f"Preset {key}"
    plain = [Zone(zone.lowest, zone.highest, font.root(zone), font.sample_name(zone.sample)) for zone in zones]
    if int(font.presets["bank"][row]) != DRUM_BANK and not is_kit(plain):
        yield pitched(key, name, plain)
        return
    for preset, numbers in sounds_of_kit(key, name, plain):
        same = preset.centre, frozenset(_content(zones[number]) for number in numbers)
        if same not in hits:
            hits.add(same)
            yield preset


def _content(zone: FontZone) -> tuple[object, ...]:
    generators = (tuple(sorted(part.items())) for part in (zone.preset_generators, zone.generators))
    return (zone.softest, zone.loudest, zone.sample, *generators)
