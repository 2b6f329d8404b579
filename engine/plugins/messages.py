"""What the process that plays a plug-in says to the one that started it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np


class Plugin(Protocol):
    """An instrument that is loaded."""

    @property
    def name(self) -> str:
        """As it calls itself."""

    def programs(self) -> list[str]:
        """Names of what it can be set to, at least one; '' stands for the state in which it starts."""

    def choose(self, number: int) -> None:
        """Set it to one of its programs. Raises Exception where it refuses."""

    def play(self, midi: int, rate: int) -> np.ndarray:
        """One note as float32 [channels, samples] at `rate`, 1 or 2 channels. Raises Exception where it refuses."""


PluginLoader = Callable[[Path, Sequence[Path]], Plugin]
"""Loads the plug-in of a file, with files of presets that become programs too. Raises AudioError where it is no
instrument. It runs inside the child process, and so must be importable there."""


@dataclass(frozen=True)
class Loaded:
    """The plug-in is there; its name, and the names of its programs."""

    name: str
    programs: tuple[str, ...]


@dataclass(frozen=True)
class Unusable:
    """It is no instrument, and why."""

    reason: str


@dataclass(frozen=True)
class Playing:
    """A program is about to be played; its number."""

    program: int


@dataclass(frozen=True)
class Played:
    """What a program sounds like: for each MIDI number float32 [channels, samples]; or why there is nothing."""

    program: int
    notes: dict[int, np.ndarray]
    reason: str = ""


Message = Loaded | Unusable | Playing | Played
