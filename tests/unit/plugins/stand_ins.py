"""Plug-ins that are text files: each line names a program, and the name says what becomes of whoever plays it.

They are loaded inside child processes, and so live in a module that those can import.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import AudioError
from engine.plugins.messages import Plugin


class ToyPlugin:
    """A sine of 1.4 s that dies away for as long again, above the level of full scale."""

    def __init__(self, path: Path, presets: Sequence[Path]) -> None:
        self.name = path.stem
        self._programs = [*path.read_text().splitlines(), *(preset.stem for preset in presets)]
        self._program = ""
        self._path = path
        self._misbehave(self._programs[0].removesuffix(" at once") if self._programs[0].endswith(" at once") else "")

    def programs(self) -> list[str]:
        return self._programs

    def choose(self, number: int) -> None:
        self._program = self._programs[number]
        self._misbehave(self._program)

    def play(self, midi: int, rate: int) -> np.ndarray:
        time_axis = np.arange(3 * rate) / rate
        hz = 440.0 * 2 ** ((midi - 69) / 12)
        level = np.where(time_axis < 1.4, 2.0, 2.0 * np.exp(-8 * (time_axis - 1.4)))
        if self._program == "is silent":
            level = 0 * level
        if self._program == "is infinite":
            level = level / 0.0
        return np.stack([level * np.sin(2 * np.pi * hz * time_axis)] * 2).astype(np.float32)

    def _misbehave(self, name: str) -> None:
        match name:
            case "crashes":
                os.kill(os.getpid(), signal.SIGKILL)
            case "leaves":
                os._exit(3)
            case "hangs":
                hanging(self._path).write_text(f"{os.getpid()}\n")
                time.sleep(600)
            case "refuses":
                raise RuntimeError("no such preset")
            case "is an effect":
                raise AudioError("plug-in", "It is an effect, not an instrument.")


def hanging(path: Path) -> Path:
    """Says which process hangs, as soon as one does."""
    return path.with_suffix(".hangs")


def load_toy_plugin(path: Path, presets: Sequence[Path]) -> Plugin:
    return ToyPlugin(path, presets)
