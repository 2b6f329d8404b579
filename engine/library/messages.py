"""What a worker tells those who watch it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import EarshotError
from engine.library.results import Outcome


@dataclass(frozen=True)
class Ready:
    """The ear is loaded."""

    fingerprint: str


@dataclass(frozen=True)
class Unusable:
    """The ear cannot be loaded."""

    error: EarshotError


@dataclass(frozen=True)
class Decoding:
    """This sound is next: if nothing more is heard, it is to blame.

    computed : seconds of a processor that the worker has used so far.
    """

    sound_id: int
    computed: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Embedding:
    """All sounds of the task are decoded and go through the model together."""


@dataclass(frozen=True)
class Done:
    """Some sounds of the task are finished."""

    outcomes: tuple[Outcome, ...]


Message = Ready | Unusable | Decoding | Embedding | Done
