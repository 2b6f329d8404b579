"""Whether folders are there, and what is in them, asked so that a drive which does not answer holds up nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self, TypeVar

ANSWER_SECONDS = 15.0
"""A disk that has to start turning takes up to ten. A network drive whose server is gone may take for ever."""

_SECONDS_PER_LOOK = 0.1
_INATTENTIVE_SECONDS = 2.0

T = TypeVar("T")


class _Question:
    """Whether a folder is there, asked in a thread of its own; `answer` is None until the drive has answered."""

    def __init__(self, folder: str) -> None:
        self.answer: bool | None = None
        self.asked = time.monotonic()
        # Not one of a pool: the program's end would wait for those.
        self._thread = threading.Thread(target=self._ask, args=(folder,), name="drive", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        self._thread.join(max(0.0, seconds))

    def _ask(self, folder: str) -> None:
        self.answer = os.path.isdir(folder)


_open: dict[str, _Question] = {}
"""Those that nothing has answered yet: a drive is not asked again before it has, and no threads pile up behind it."""
_lock = threading.Lock()


def are_there(
    folders: Iterable[str], seconds: float, between: Callable[[], None] = lambda: None
) -> dict[str, bool | None]:
    """Of each folder whether it is there, and a folder; None where its drive has not answered for so many seconds,
    those included in which it was asked before.

    between : called again and again while drives are waited for; it may raise.
    """
    questions = {}
    with _lock:
        for folder in folders:
            if folder not in _open or _open[folder].answer is not None:
                _open[folder] = _Question(folder)
            questions[folder] = _open[folder]
    for question in questions.values():
        while question.answer is None and (left := question.asked + seconds - time.monotonic()) > 0:
            between()
            question.wait(min(left, _SECONDS_PER_LOOK))
    with _lock:
        for folder, question in questions.items():
            if question.answer is not None and _open.get(folder) is question:
                del _open[folder]
    return {folder: question.answer for folder, question in questions.items()}


class DriveSilent(Exception):
    """A drive has stopped answering."""


class _Left(Exception):
    """Nobody waits for this work any more."""


class DriveWatch:
    """Over work that asks a drive again and again, in a thread of its own: left behind where the drive does not answer.

    The work calls `answered` each time that it was answered, and is inside this as a context manager while it asks
    nothing: there it may take as long as it likes. Both raise once nobody waits for the work any more, which has to end
    it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_left = False
        self._asking_since: float | None = None

    def run(self, work: Callable[[], T], seconds: float, between: Callable[[], None]) -> T:
        """What the work returns, or raises.

        Parameters
        ----------
        seconds : the drive has for each answer.
        between : called again and again meanwhile; what it raises is raised as soon as the work waits for the drive, or
            ends.

        Raises
        ------
        DriveSilent : the drive took longer.
        """
        results: list[T] = []
        failures: list[BaseException] = []

        def do() -> None:
            try:
                results.append(work())
            except BaseException as error:
                failures.append(error)

        self.answered()
        # Not one of a pool: the program's end would wait for those.
        thread = threading.Thread(target=do, name="drive", daemon=True)
        thread.start()
        try:
            looked = time.monotonic()
            while thread.is_alive():
                between()
                thread.join(_SECONDS_PER_LOOK)
                last, looked = looked, time.monotonic()
                if looked - last > _INATTENTIVE_SECONDS:
                    self._ask_anew()
                if thread.is_alive() and self._leave_after(seconds):
                    raise DriveSilent
        finally:
            while thread.is_alive() and not self._leave_after(0.0):
                thread.join(_SECONDS_PER_LOOK)
        if failures:
            raise failures[0]
        return results[0]

    def answered(self) -> None:
        self._set(time.monotonic())

    def __enter__(self) -> Self:
        self._set(None)
        return self

    def __exit__(self, *_: object) -> None:
        self._asking_since = time.monotonic()

    def _set(self, asking_since: float | None) -> None:
        with self._lock:
            if self._is_left:
                raise _Left
            self._asking_since = asking_since

    def _ask_anew(self) -> None:
        """This program was stopped or asleep, and so was the work: that says nothing of the drive."""
        with self._lock:
            if self._asking_since is not None:
                self._asking_since = time.monotonic()

    def _leave_after(self, seconds: float) -> bool:
        """Whether the drive was waited for so long; nobody waits for the work from then on."""
        with self._lock:
            since = self._asking_since
            self._is_left = self._is_left or (since is not None and time.monotonic() - since >= seconds)
            return self._is_left
