"""Presets of amsynth, a subtractive synthesizer, played by its plug-in; they teach, and are asked about in no protocol.

Banks are text: the parameters' own values, which become shares of their ranges.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.training.families import family_of_name
from engine.training.instruments import Instrument, Note, notes_to_play
from engine.training.sources.hosted import GATE_SECONDS, SLOT_SECONDS, HostedPlugin

PLUGIN = Path("/usr/lib/vst/amsynth_vst.so")
BANKS = Path("/usr/share/amsynth/banks")
QUICK_SECONDS = 0.06
"""A preset that has sounded up within this may play basses."""
BASSES_ONE_IN = 3
_PRESET = re.compile(r"<preset> <name> (?P<name>.*)\n(?P<parameters>(?:<parameter> .*\n)*)")
_PARAMETER = re.compile(r"<parameter> (\w+) (\S+)")


def instruments() -> list[Instrument]:
    """Every distinct preset. Two thirds have names that tell no family; of those that sound up at once one in three is
    a bass, for of what plays low there is too little elsewhere (experiment 26)."""
    found: list[Instrument] = []
    known: set[str] = set()
    for path in sorted(BANKS.iterdir()):
        for number, preset in enumerate(_presets(path)):
            parameters, name = preset["parameters"], preset["name"].strip()
            if parameters in known:
                continue
            known.add(parameters)
            key = f"amsynth/{path.name.split('.')[0]}/{number}"
            quick = float(dict(_PARAMETER.findall(parameters))["amp_attack"]) <= QUICK_SECONDS
            low = quick and zlib.crc32(key.encode()) % BASSES_ONE_IN == 0
            family = family_of_name(name) or ("bass" if low else None)
            found.append(Instrument(key, "amsynth", name, family, location=f"{path}:{number}"))
    return found


@lru_cache(maxsize=1)  # they are rendered in their order, bank by bank
def _presets(path: Path) -> list[re.Match[str]]:
    return list(_PRESET.finditer(path.read_text(encoding="utf-8", errors="replace")))


class AmsynthHost:
    """The plug-in as a renderer of notes."""

    def __init__(self) -> None:
        self._plugin = HostedPlugin(PLUGIN)
        self._names = [entry["name"] for entry in self._plugin.synth.get_parameters_description()]
        self._first = self._values()  # for what presets of earlier versions do not name
        self._low, self._high = self._values_at(0.0), self._values_at(1.0)

    def render_notes(self, instrument: Instrument) -> Iterator[Note]:
        """Set a preset's parameters and play it."""
        path, _, number = instrument.location.rpartition(":")
        stored = {name: float(value) for name, value in _PARAMETER.findall(_presets(Path(path))[int(number)][0])}
        for place, (name, value) in enumerate((self._first | stored).items()):
            share = (value - self._low[name]) / (self._high[name] - self._low[name])
            self._plugin.synth.set_parameter(place, float(np.clip(share, 0.0, 1.0)))
        self._plugin.settle(SLOT_SECONDS)
        wanted = notes_to_play(instrument)
        for (midi, velocity), samples in zip(wanted, self._plugin.play(wanted), strict=True):
            yield Note(midi, velocity, GATE_SECONDS, samples)

    def _values_at(self, share: float) -> dict[str, float]:
        for place in range(len(self._names)):
            self._plugin.synth.set_parameter(place, share)
        return self._values()

    def _values(self) -> dict[str, float]:
        """What the parameters are worth, by name and in their order; the plug-in says it in what it saves."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "state"
            self._plugin.synth.save_state(str(path))
            saved = dict(_PARAMETER.findall(path.read_bytes().decode("latin-1")))
        return {name: float(saved[name]) for name in self._names}
