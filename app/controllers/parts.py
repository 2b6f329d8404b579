"""Which parts the ranking is by, in place of the slot: what is heard of the reference, and how much each counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from engine.library.catalog import Sound

EVEN = 5
HEAVIEST = 10
"""Weights are whole numbers from 1 to this; a part that joins has `EVEN`."""


@dataclass(frozen=True)
class Seed:
    """A sound to which similar ones were asked for; by one part, or as a whole."""

    sound: Sound
    part: str | None = None

    @property
    def words(self) -> str:
        """What the similar ones are similar to."""
        return self.sound.name if self.part is None else f"{self.sound.name} by {self.part}"


class PartChoice(QObject):
    """The parts of the reference, and those among them that were chosen."""

    changed = Signal()
    """Other parts are heard, or others chosen, or they count otherwise."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.heard: dict[str, np.ndarray] = {}
        self.passages: dict[tuple[str, ...], tuple[float, float]] = {}
        """Where in the reference each part, and each choice of several that sound together, is heard most surely, in
        seconds."""
        self.content: bytes | None = None
        """Of the reference's file, which is no match of itself."""
        self.weights: dict[str, int] = {}
        """Of the chosen parts; empty while a slot is ranked for."""
        self._waiting: dict[str, int] = {}
        """Of chosen parts that were not made out yet since the reference is being heard again."""

    def set_heard(
        self,
        heard: Mapping[str, np.ndarray],
        *,
        done: bool,
        passages: Mapping[tuple[str, ...], tuple[float, float]] | None = None,
        content: bytes | None = None,
    ) -> None:
        """What sounds in the reference, and where, as known now. A chosen part that does not waits until all is heard
        (`done`), and is let go of then. `content` is that of the reference's file."""
        before, chosen = list(self.heard), self.weights
        self.heard, self.passages, self.content = dict(heard), dict(passages or {}), content
        wanted = {**self._waiting, **self.weights}
        self.weights = {part: weight for part, weight in wanted.items() if part in heard}
        self._waiting = {} if done else {part: weight for part, weight in wanted.items() if part not in heard}
        if chosen or self.weights or before != list(heard):
            self.changed.emit()

    def toggle(self, part: str) -> None:
        """Rank by a part too, or no more; nothing where it does not sound."""
        self._waiting = {}
        if part in self.weights:
            del self.weights[part]
        elif part in self.heard:
            self.weights = {name: self.weights.get(name, EVEN) for name in self.heard if name in {*self.weights, part}}
        else:
            return
        self.changed.emit()

    def set_weight(self, part: str, weight: int) -> None:
        """How much a chosen part counts against the others."""
        weight = min(HEAVIEST, max(1, weight))
        if self.weights.get(part, weight) != weight:
            self.weights[part] = weight
            self.changed.emit()

    def leave(self) -> bool:
        """Back to the slot; False where no part was chosen."""
        self._waiting = {}
        if not self.weights:
            return False
        self.weights = {}
        self.changed.emit()
        return True

    @property
    def together(self) -> tuple[str, ...]:
        """The chosen parts, or where these do not all sound at once those among them that do and count most; none
        while a slot is ranked for."""
        chosen = [parts for parts in self.passages if all(part in self.weights for part in parts)]
        return max(chosen, key=lambda parts: (sum(map(self.weights.__getitem__, parts)), len(parts)), default=())

    def share(self, part: str) -> float:
        """How much of the whole a chosen part counts, 0..1."""
        return self.weights[part] / sum(self.weights.values())
