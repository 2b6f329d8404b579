"""The process in which a plug-in is loaded and played. It may crash or hang: see `playing.py` for the other end."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import AudioError
from engine.plugins.messages import Loaded, Played, Playing, Plugin, PluginLoader, Unusable
from engine.processes import settle_in

NOTES = (36, 48, 60, 72, 84)
"""MIDI numbers; what lies between is played by the nearest of them, six semitones away at most."""

RATE = 44_100
_NOTE_SECONDS, _GATE_SECONDS = 3.0, 1.4
_NOTE_ON, _NOTE_OFF, _VELOCITY = 0x90, 0x80, 102
_SETTLING_SECONDS = 0.1
_PATIENCE_WITH_SILENCE_SECONDS = 5.0
"""Before each note: some plug-ins load their samples behind, and are silent until then."""

_MOST_PROGRAMS = 256
_PROGRAM_WORDS = frozenset({"program", "current program", "preset", "patch"})
_SILENT = 1e-4


def run(connection: Connection, loader: PluginLoader, path: Path, presets: Sequence[Path], first: int) -> None:
    """The child's main function: load the plug-in, play its programs from number `first` on, tell of each."""
    settle_in()
    try:
        try:
            plugin = loader(path, presets)
            names = plugin.programs()
        except AudioError as error:
            connection.send(Unusable(error.reason))
            return
        connection.send(Loaded(plugin.name, tuple(names)))
        for number in range(first, len(names)):
            connection.send(Playing(number))
            try:
                connection.send(Played(number, _notes(plugin, number)))
            except _NothingToHear as error:
                connection.send(Played(number, {}, str(error)))
            except Exception as error:  # whatever a plug-in, or what loads it, thinks of
                connection.send(Played(number, {}, f"The plug-in refuses it ({error})."))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody waits for it any more


class _NothingToHear(Exception):
    """In words."""


def _notes(plugin: Plugin, number: int) -> dict[int, np.ndarray]:
    plugin.choose(number)
    notes = {midi: np.asarray(plugin.play(midi, RATE), np.float32) for midi in NOTES}
    if not all(np.isfinite(samples).all() for samples in notes.values()):
        raise _NothingToHear("The plug-in played what is no sound (infinite samples).")
    if max(float(np.abs(samples).max(initial=0.0)) for samples in notes.values()) < _SILENT:
        raise _NothingToHear(
            "The plug-in played nothing. If it wants samples or a licence, open it in a DAW first, then add it again."
        )
    return notes


class Vst3:
    """A VST3 instrument by way of pedalboard."""

    def __init__(self, path: Path, presets: Sequence[Path]) -> None:
        from pedalboard import VST3Plugin

        # Else every value of every parameter would be asked for: half a minute where MIDI controllers are parameters.
        VST3Plugin.__set_initial_parameter_values__ = lambda plugin, values: None
        try:
            names = VST3Plugin.get_plugin_names_for_file(str(path))
            self._plugin: Any = VST3Plugin(
                str(path), plugin_name=names[0], initialization_timeout=_PATIENCE_WITH_SILENCE_SECONDS
            )
        except (ImportError, IndexError, ValueError, RuntimeError) as error:
            raise AudioError(
                path,
                "It cannot be loaded as a VST3 plug-in on this system. Choose the .vst3 that your DAW uses here; if "
                f"that is it, install the plug-in again. ({' '.join(str(error).split())})",
            ) from error
        if not self._plugin.is_instrument:
            raise AudioError(path, "It is an effect, not an instrument: by itself there is nothing to hear of it.")
        self.name = str(self._plugin.name)
        self._presets = list(presets)
        program = _program_parameter(self._plugin)
        self._own = [""] if program is None else _program_names(program)
        self._channels = 2

    def programs(self) -> list[str]:
        return [*self._own, *(preset.stem for preset in self._presets)][:_MOST_PROGRAMS]

    def choose(self, number: int) -> None:
        if number >= len(self._own):
            self._plugin.load_preset(str(self._presets[number - len(self._own)]))
        elif len(self._own) > 1:
            # Asked for each time: to reset a plug-in may be to make it anew, and parameters of the old one are gone.
            parameter = _program_parameter(self._plugin)
            if parameter is not None:
                parameter.raw_value = number / (len(self._own) - 1)
        self._render([], _SETTLING_SECONDS, RATE, reset=False)  # it hears of the change while it plays

    def play(self, midi: int, rate: int) -> np.ndarray:
        on, off = bytes([_NOTE_ON, midi, _VELOCITY]), bytes([_NOTE_OFF, midi, 0])
        return self._render([(on, 0.0), (off, _GATE_SECONDS)], _NOTE_SECONDS, rate)

    def _render(
        self, messages: list[tuple[bytes, float]], seconds: float, rate: int, *, reset: bool = True
    ) -> np.ndarray:
        channels = self._channels
        try:
            samples = self._plugin(messages, duration=seconds, sample_rate=rate, num_channels=channels, reset=reset)
        except ValueError:
            if self._channels == 1:
                raise
            self._channels = 1  # some have nothing but mono, and say so only now
            return self._render(messages, seconds, rate, reset=reset)
        return np.asarray(samples, np.float32)


def load_vst3(path: Path, presets: Sequence[Path]) -> Plugin:
    """Load a VST3 instrument. Raises AudioError where it is none."""
    return Vst3(path, presets)


def _program_parameter(plugin: Any) -> Any | None:
    """The parameter that switches between programs, where there are any."""
    for parameter in plugin._parameters:
        if parameter.name.casefold() in _PROGRAM_WORDS and 1 < parameter.num_steps <= _MOST_PROGRAMS:
            return parameter
    return None


def _program_names(parameter: Any) -> list[str]:
    steps = parameter.num_steps
    names = [str(parameter.get_text_for_raw_value(number / (steps - 1))).strip() for number in range(steps)]
    return [name or f"Program {number}" for number, name in enumerate(names, 1)]
