"""The workers of a scan together: who is given which sounds, what becomes of those of a worker that ends.

How one of them is watched is `watched.py`.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing.connection
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from engine.errors import ModelError
from engine.library import watched
from engine.library.content import can_be_read
from engine.library.drives import DriveSilent, DriveWatch
from engine.library.ears import EarLoader
from engine.library.messages import Done, Ready, Unusable
from engine.library.queue import Pending
from engine.library.results import Failed, Outcome, PartsHeard
from engine.library.watched import DECODING_SECONDS, WatchedWorker
from engine.processes import words_for_exit

logger = logging.getLogger(__name__)

_CRASH, _KILL, _GUILTY = 2, 1, 4
"""A sound is given up after two crashes of its own. A worker that was killed says little about the sound it was on: the
system may have been short of memory, or the user of patience."""

_DEATHS_IN_A_ROW = 12
"""More than that without a single sound heard in between is no matter of files."""

_INATTENTIVE_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
"""A drive that has been asked for a file all the time is awake: it answers at once, or not at all."""


class Crew:
    """Worker processes that hear sounds. A context manager: leaving it ends them."""

    def __init__(self, loader: EarLoader, model: Path | None, *, decoding_seconds: float = DECODING_SECONDS) -> None:
        self._loader = loader
        self._model = model
        self._decoding_seconds = decoding_seconds
        self._workers: list[WatchedWorker] = []
        self._queue: Iterator[Pending] = iter(())
        self._exhausted = True
        self._task_size = 1
        self._again: deque[list[Pending]] = deque()
        """Tasks of workers that ended."""
        self._suspicion: Counter[int] = Counter()
        self._deaths_in_a_row = 0
        self._last_step = time.monotonic()
        self.fingerprint: str | None = None
        """The model's, once the first worker has loaded it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()  # all of them, before one is waited for
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def grow(self, size: int) -> None:
        """Have this many workers, at least."""
        while len(self._workers) < size:
            self._workers.append(self._start())

    def set_queue(self, queue: Iterator[Pending], task_size: int) -> None:
        """What is to be heard, `task_size` sounds at a time."""
        self._queue = queue
        self._exhausted = False
        self._task_size = task_size

    @property
    def busy(self) -> bool:
        """Whether anything is left to be heard."""
        return not self._exhausted or bool(self._again) or any(worker.task for worker in self._workers)

    def step(self, timeout: float) -> list[Outcome]:
        """Hand out work, wait until something happens (at most `timeout` seconds), return what was finished.

        Raises
        ------
        ModelError : the model cannot be loaded, or the workers die whatever they are given.
        """
        now = time.monotonic()
        if now - self._last_step > _INATTENTIVE_SECONDS:
            # This process was stopped or asleep, and so were they.
            for worker in self._workers:
                worker.excuse_silence()
        self._last_step = now
        for worker in self._workers:
            if worker.free:
                self._hand_out(worker)
        outcomes: list[Outcome] = []
        connections = {worker.connection: worker for worker in self._workers}
        for connection in multiprocessing.connection.wait(list(connections), timeout):
            outcomes += self._listen(connections[connection])  # type: ignore[index]
        for worker in list(self._workers):
            outcomes += self._look_after(worker)
        return outcomes

    def _start(self) -> WatchedWorker:
        """Raises ModelError."""
        try:
            return WatchedWorker.start(self._loader, self._model, self._decoding_seconds)
        except OSError as error:
            raise ModelError(
                f"No process to hear sounds in could be begun ({error.strerror or error}). Close other programs, or "
                "scan with fewer workers."
            ) from error

    def _hand_out(self, worker: WatchedWorker) -> None:
        task = self._again.popleft() if self._again else list(itertools.islice(self._queue, self._task_size))
        if task:
            worker.give(task)
        else:
            self._exhausted = True

    def _listen(self, worker: WatchedWorker) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            for message in worker.messages():
                match message:
                    case Ready(fingerprint):
                        self.fingerprint = fingerprint
                    case Unusable(error):
                        raise error
                    case Done(finished):
                        self._deaths_in_a_row = 0
                        outcomes += finished
        except (EOFError, OSError):
            outcomes += self._bury(worker)
        return outcomes

    def _look_after(self, worker: WatchedWorker) -> list[Outcome]:
        """Stop a worker that is stuck, and replace one that ended before it could be listened to."""
        if worker.has_ended_in_silence():
            return self._bury(worker)
        if worker.hangs_in_model():
            return self._bury(worker, hung=True)
        stuck = worker.suspect
        if stuck is None or not worker.hangs_in_decoder():
            return []
        logger.warning("decoding did not end: %s", stuck.path)
        self._replace(worker)
        self._again_without(stuck, worker)
        reason = f"Decoding it took longer than {self._decoding_seconds:g} s."
        return [stuck.given_up(reason, unread=not _drive_answers(stuck.path))]

    def _bury(self, worker: WatchedWorker, *, hung: bool = False) -> list[Outcome]:
        """After a crash, or in place of a worker that `hung`: find out which sound is to blame, and give the others to
        another worker."""
        code = self._replace(worker)
        cause = f"no answer for {watched.EMBEDDING_SECONDS:g} s" if hung else words_for_exit(code)
        self._deaths_in_a_row += 1
        if self._deaths_in_a_row > _DEATHS_IN_A_ROW or (self.fingerprint is None and self._deaths_in_a_row > 2):
            raise ModelError(
                f"The processes that hear sounds keep ending ({cause}). "
                "There may be too little memory: scan with fewer workers."
            )
        suspect = worker.suspect
        if suspect is None:
            # The model choked on one of several: one at a time shows on which.
            self._again.extend([pending] for pending in worker.task.values())
            return []
        self._again_without(suspect, worker)
        was_killed = not hung and os.name == "posix" and code in (-signal.SIGKILL, -signal.SIGTERM)
        self._suspicion[suspect.sound_id] += _KILL if was_killed else _CRASH
        if self._suspicion[suspect.sound_id] < _GUILTY:
            self._again.append([suspect])
            return []
        logger.warning("ended the process (%s): %s", cause, suspect.path)
        if suspect.parts_only:
            return [PartsHeard(suspect.sound_id, ())]  # all else is known; it would crash the next time too
        what = "hang" if hung else "crash"
        return [Failed(suspect.sound_id, f"Hearing it made the decoder or the model {what} ({cause}).")]

    def _again_without(self, suspect: Pending, worker: WatchedWorker) -> None:
        rest = [pending for pending in worker.task.values() if pending is not suspect]
        if rest:
            self._again.append(rest)

    def _replace(self, worker: WatchedWorker) -> int | None:
        """End a worker and start another in its place; returns its exit code."""
        self._workers.remove(worker)
        code = worker.end()
        self._workers.append(self._start())
        return code


def _drive_answers(path: str) -> bool:
    """Whether a file on which a worker was stuck can be read: else its drive is what did not answer."""
    try:
        return DriveWatch().run(lambda: can_be_read(path), _ANSWER_SECONDS, lambda: None)
    except DriveSilent:
        return False
