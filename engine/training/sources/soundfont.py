"""SoundFont presets, rendered with TinySoundFont: pitched presets whole, drum kits key by key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.training.families import GM_DRUM_FAMILY, family_of_name, family_of_program
from engine.training.instruments import RATE, Instrument, Note, notes_to_play

SOUNDFONTS = {
    "fluid": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "musescore": Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3"),
    "timgm6mb": Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
}
DRUM_BANK = 128
DRUM_KEYS = range(27, 88)
GATE_SECONDS, RELEASE_SECONDS = 1.4, 1.1


class SoundFont:
    """One loaded SoundFont file: its instruments, and their notes."""

    def __init__(self, source: str) -> None:
        import tinysoundfont

        self._source = source
        self._synth = tinysoundfont.Synth(samplerate=RATE, gain=0)
        self._id = self._synth.sfload(str(SOUNDFONTS[source]))

    def instruments(self) -> list[Instrument]:
        """Every preset, and every sounding key of every drum kit."""
        found = []
        for bank in range(DRUM_BANK + 1):
            for program in range(128):
                name = self._synth.sfpreset_name(self._id, bank, program)
                if not name:
                    continue
                if bank == DRUM_BANK:
                    found += [self._drum(name, program, key) for key in DRUM_KEYS if key in GM_DRUM_FAMILY]
                else:
                    family = family_of_name(name) if bank not in (0, 8) else None
                    found.append(
                        Instrument(
                            f"{self._source}/{bank}/{program}",
                            self._source,
                            name,
                            family or family_of_program(program),
                            location=f"{bank}/{program}",
                        )
                    )
        return found

    def _drum(self, kit: str, program: int, key: int) -> Instrument:
        return Instrument(
            f"{self._source}/{DRUM_BANK}/{program}/{key}",
            self._source,
            f"{kit} {key}",
            GM_DRUM_FAMILY[key],
            location=f"{DRUM_BANK}/{program}/{key}",
            drum=True,
        )

    def render_notes(self, instrument: Instrument) -> Iterator[Note]:
        """Notes of an instrument of this font; a drum key at two velocities."""
        bank, program, *key = (int(part) for part in instrument.location.split("/"))
        self._synth.program_select(0, self._id, bank, program, bank == DRUM_BANK)
        wanted = [(key[0], 0.95), (key[0], 0.65)] if key else notes_to_play(instrument)
        for midi, velocity in wanted:
            self._synth.noteon(0, midi, int(velocity * 127))
            gate = self._generate(GATE_SECONDS)
            self._synth.noteoff(0, midi)
            samples = np.concatenate([gate, self._generate(RELEASE_SECONDS)])
            self._synth.sounds_off(0)
            self._generate(0.05)
            yield Note(60 if key else midi, velocity, GATE_SECONDS, samples)

    def _generate(self, seconds: float) -> np.ndarray:
        stereo = np.frombuffer(bytes(self._synth.generate(int(seconds * RATE))), np.float32).reshape(-1, 2)
        return stereo.mean(axis=1)
