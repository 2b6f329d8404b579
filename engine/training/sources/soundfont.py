"""Presets of General MIDI SoundFonts: pitched presets whole, drum kits key by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engine import presets
from engine.presets.soundfont import FontZone, open_soundfont, text_of
from engine.presets.soundfont_presets import DRUM_BANK, row_of
from engine.training.families import GM_DRUM_FAMILY, family_of_name, family_of_program
from engine.training.instruments import RATE, Instrument, Note, notes_to_play

SOUNDFONTS = {
    "fluid": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "musescore": Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3"),
    "timgm6mb": Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    "csound": Path("/usr/share/sounds/sf2/sf_GMbank.sf2"),
    "opl3": Path("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2"),
    "black-pearl": Path("/usr/share/sounds/sf2/Black_Pearl_4_LV2.sf2"),
    "red-zeppelin": Path("/usr/share/sounds/sf2/Red_Zeppelin_4_LV2.sf2"),
}
KITS_ALONE = frozenset({"black-pearl", "red-zeppelin"})
"""Fonts of one drum kit, which lies where others have a piano."""
MT32_BANK = 127
"""Sounds of the Roland MT-32, in its own order: there a program's number tells nothing."""
SOUND_EFFECTS = "SFX"
"""The kit of General Standard that holds no drums."""
DRUM_KEYS = range(27, 88)
GATE_SECONDS, RELEASE_SECONDS = 1.4, 1.1
_DRUM_VELOCITIES = (0.95, 0.65)


class SoundFont:
    """One SoundFont file: its instruments, and their notes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._path = SOUNDFONTS[source]

    def instruments(self) -> list[Instrument]:
        """Every preset, and every sounding key of every drum kit."""
        font = open_soundfont(self._path)
        found = []
        for key, row in font.rows.items():
            name = text_of(font.presets["name"][row])
            bank, program = int(font.presets["bank"][row]), int(font.presets["program"][row])
            keys = _keys(font.zones(row))
            if bank == DRUM_BANK or self._source in KITS_ALONE:
                found += [
                    self._instrument(f"{key}:{midi}", f"{name} {midi}", _family_of_key(name, midi), drum=True)
                    for midi in DRUM_KEYS
                    if midi in GM_DRUM_FAMILY and midi in keys
                ]
            elif keys:
                family = family_of_name(name) if bank not in (0, 8) else None
                if bank != MT32_BANK:
                    family = family or family_of_program(program)
                found.append(self._instrument(key, name, family, drum=False))
        return found

    def _instrument(self, key: str, name: str, family: str | None, *, drum: bool) -> Instrument:
        own = f"{self._source}/{key.replace(':', '/')}"
        return Instrument(own, self._source, name, family, location=key, drum=drum)

    def render_notes(self, instrument: Instrument) -> Iterator[Note]:
        """Notes of an instrument of this font where it has keys for them; a drum key at two velocities."""
        if instrument.drum:
            key = int(instrument.location.rpartition(":")[2])
            wanted = [(key, velocity) for velocity in _DRUM_VELOCITIES]
        else:
            font = open_soundfont(self._path)
            keys = _keys(font.zones(row_of(font, instrument.location)))
            wanted = [(midi, velocity) for midi, velocity in notes_to_play(instrument) if midi in keys]
        for midi, velocity in wanted:
            note = presets.Note(midi, int(velocity * 127) / 127, GATE_SECONDS)
            longest = GATE_SECONDS + RELEASE_SECONDS
            audio = presets.play(self._path, instrument.location, note, rate=RATE, longest_seconds=longest)
            samples = np.zeros(int(longest * RATE), np.float32)
            samples[: audio.samples.shape[1]] = audio.samples.mean(axis=0)
            yield Note(60 if instrument.drum else midi, velocity, GATE_SECONDS, samples)


def _family_of_key(kit: str, midi: int) -> str:
    return "fx" if kit == SOUND_EFFECTS else GM_DRUM_FAMILY[midi]


def _keys(zones: Iterable[FontZone]) -> set[int]:
    """MIDI numbers of the keys at which something sounds."""
    return {midi for zone in zones for midi in range(zone.lowest, zone.highest + 1)}
