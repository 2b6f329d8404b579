"""The ear in a process of its own.

What it computes takes seconds in which it shares Python's lock with no window, whatever crashes in it takes nothing
else along, and what runs the network is imported there alone. The scan's workers have ears of their own; see
`engine.library.worker`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.encoder.calibration import Calibration
from engine.encoder.heard import Embeddings, HeardWindows, ReferenceListener
from engine.errors import EarshotError, ModelError
from engine.processes import settle_in, start_child, words_for_exit

log = logging.getLogger(__name__)

_NICENESS = 5
"""Behind the window, before the scan: who dropped a song waits for it."""

_ATTEMPTS = 2
"""A process that ended, because memory was short or somebody ended it, is begun anew once before that is an error."""

_LAST_SECONDS = 0.5
"""Of a process whose end shows in its pipe: its own exit code tells more than being killed."""


class NamedEar(ReferenceListener, Protocol):
    """A loaded model, and which it is: `engine.encoder.ear.Ear`, or the process of one."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Vectors of two models can not be compared."""

    @property
    def device(self) -> str:
        """'cpu', 'cuda' or 'mps'."""


Loader = Callable[[Path | None, str | None], NamedEar]
"""Loads an ear from its weights, None for the shipped ones, on a device, None for the fastest. Importable by name."""


def load_ear(model: Path | None, device: str | None) -> NamedEar:
    """The ear itself, in this process. Raises ModelError."""
    from engine.encoder.ear import Ear

    return Ear.load(model, device=device)


class EarProcess:
    """Answers as `engine.encoder.ear.Ear` does; what it is called and made for is known once it is loaded. Calls from
    several threads take turns."""

    name: str
    fingerprint: str
    device: str
    rate: int
    window_seconds: float
    calibration: Calibration | None

    def __init__(self, model: Path | None = None, *, device: str | None = None, loader: Loader = load_ear) -> None:
        """Parameters as those of `Ear.load`. Nothing is answered before `load`."""
        self.loaded = False
        self._start_with = loader, model, device
        self._turn = threading.Lock()
        self._child: tuple[BaseProcess, Connection] | None = None
        self._closed = False

    def load(self) -> None:
        """Return once the model is loaded.

        Raises
        ------
        ModelError : the model or the device cannot be used, or its process ends.
        """
        if not self.loaded:
            for name, value in self._ask("load").items():
                setattr(self, name, value)
            self.loaded = True

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        """Vectors of single sounds, mono float32 at `rate`, any lengths. Raises ModelError: its process ends."""
        answer: Embeddings = self._ask("embed", sounds)
        return answer

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """Slots of windows, float32 [n, window_seconds * rate]; n at least 1. Raises ModelError: its process ends."""
        answer: HeardWindows = self._ask("hear", windows)
        return answer

    def close(self) -> None:
        """End the process; who waits for an answer gets a ModelError instead."""
        self._closed = True
        if (child := self._child) is not None:
            with contextlib.suppress(ValueError, AttributeError):  # another thread has just seen the end of it
                child[0].kill()
        with self._turn:
            self._end()

    def _ask(self, question: str, *arguments: object) -> Any:
        with self._turn:
            ended = ""
            for _ in range(_ATTEMPTS):
                if self._closed:
                    break
                try:
                    answer = self._answer(question, *arguments)
                except (EOFError, OSError):
                    ended = self._end() or "it could not be begun"
                    log.warning("the ear's process ended (%s) while it was asked to %s", ended, question)
                else:
                    if isinstance(answer, Exception):
                        raise answer
                    return answer
        if self._closed:
            raise ModelError("The ear was closed.")
        raise ModelError(
            f"The process that hears has ended twice ({ended}). If memory is short, close other programs; then open "
            "the song again."
        )

    def _answer(self, question: str, *arguments: object) -> object:
        """Raises EOFError, OSError: the process has ended."""
        if self._child is None:
            self._child = start_child(_answer_questions, *self._start_with)
        process, connection = self._child
        if self._closed:
            raise EOFError  # whoever closed it saw no child to end
        connection.send((question, arguments))
        # On Windows this process holds the other end of the pipe too until the child takes it: what ends before that
        # shows nowhere else.
        if connection not in wait([connection, process.sentinel]) and not connection.poll():
            raise EOFError
        return connection.recv()

    def _end(self) -> str:
        """End the process, if there is one; how it ended, in words."""
        if self._child is None:
            return ""
        process, connection = self._child
        self._child = None
        connection.close()
        process.join(_LAST_SECONDS)
        process.kill()
        process.join(_LAST_SECONDS)
        words = words_for_exit(process.exitcode)
        with contextlib.suppress(ValueError):  # it waits for a drive, which nothing can end; it leaves with this one
            process.close()
        return words


def _answer_questions(connection: Connection, loader: Loader, model: Path | None, device: str | None) -> None:
    """In the process: load the ear, then answer until the pipe closes."""
    settle_in(_NICENESS)
    ear: NamedEar | None = None
    try:
        while True:
            question, arguments = connection.recv()
            answer: object
            try:
                ear = ear or loader(model, device)
                if question == "load":
                    answer = {name: getattr(ear, name) for name in EarProcess.__annotations__}
                else:
                    answer = getattr(ear, question)(*arguments)
            except EarshotError as error:
                answer = error
            except Exception:  # a defect, to be seen where it is known what was asked
                answer = RuntimeError(traceback.format_exc())
            connection.send(answer)
    except (EOFError, OSError):
        return  # nobody asks any more
