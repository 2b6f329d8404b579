"""Whether folders are there, asked so that a drive which does not answer holds up nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable

ANSWER_SECONDS = 15.0
"""A disk that has to start turning takes up to ten. A network drive whose server is gone may take for ever."""

_SECONDS_PER_LOOK = 0.1


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
