"""How long work reports and stops, whoever runs it: the command line, a thread of the window, a test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a job has come.

    Attributes
    ----------
    stage : a short present participle, such as "hearing" or "scanning".
    done, total : in the unit of the stage (files, seconds, vectors); `total` is None while unknown.
    rate : units per second so far, 0.0 while unknown.
    seconds_left : None while unknown.
    """

    stage: str
    done: float
    total: float | None = None
    rate: float = 0.0
    seconds_left: float | None = None


ProgressCallback = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """The callback of a caller who does not want to know."""


class Cancelled(BaseException):
    """Raised inside a job whose token was cancelled; a BaseException, so that no `except Exception` swallows it."""


class CancelToken:
    """Set from any thread; looked at by the job between its steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self._event.is_set():
            raise Cancelled
