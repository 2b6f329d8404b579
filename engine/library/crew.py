"""The workers of a scan: started, given tasks, watched, replaced."""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Self

import psutil

from engine.errors import ModelError
from engine.library.ears import EarLoader
from engine.library.messages import Decoding, Done, Embedding, Ready, Unusable
from engine.library.processes import start_child, words_for_exit
from engine.library.queue import Pending
from engine.library.results import Failed, Outcome, PartsHeard

logger = logging.getLogger(__name__)

DECODING_SECONDS = 60.0
"""A file that takes longer is given up, unless other programs kept its worker from computing."""

_PATIENCE = 10
"""So many times as long a file may take where other programs leave its worker no processor."""

_IDLE_SECONDS = 5.0
"""A silent worker that has not computed for so long, though it was let, waits for something that does not come."""

_STATUS_TELLS = sys.platform.startswith("linux")
"""Whether the system says of a process that it wants to run and is not let. Elsewhere every process that is not
suspended counts as running; but there nobody is let nothing at all for `_IDLE_SECONDS`."""

_EMBEDDING_SECONDS = 600.0
_CRASH, _KILL, _GUILTY = 2, 1, 4
"""A sound is given up after two crashes of its own. A worker that was killed says little about the sound it was on: the
system may have been short of memory, or the user of patience."""

_DEATHS_IN_A_ROW = 12
"""More than that without a single sound heard in between is no matter of files."""

_INATTENTIVE_SECONDS = 5.0


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    task: dict[int, Pending] = field(default_factory=dict)
    """What it was given and has not finished."""
    decoding: int | None = None
    ready: bool = False
    since: float = field(default_factory=time.monotonic)
    """When it last said something while it had work."""
    computed: float = 0.0
    """Seconds of a processor that it had used by then, if it was decoding."""
    computed_lately: float = 0.0
    """Those that it had used when it was looked at last."""
    idle_since: float | None = None
    """Since when a silent worker was seen waiting."""


class Crew:
    """Worker processes that hear sounds. A context manager: leaving it ends them."""

    def __init__(self, loader: EarLoader, model: Path | None, *, decoding_seconds: float = DECODING_SECONDS) -> None:
        self._loader = loader
        self._model = model
        self._decoding_seconds = decoding_seconds
        self._workers: list[_Worker] = []
        self._queue: Iterator[Pending] = iter(())
        self._exhausted = True
        self._task_size = 1
        self._again: deque[list[Pending]] = deque()
        self._suspicion: Counter[int] = Counter()
        self._deaths_in_a_row = 0
        self._last_step = time.monotonic()
        self.fingerprint: str | None = None
        """The model's, once the first worker has loaded it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.connection.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.process.close()
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
            # This process was stopped or asleep, and so were they: their silence means nothing.
            for worker in self._workers:
                worker.since = now
        self._last_step = now
        for worker in self._workers:
            if worker.ready and not worker.task:
                self._hand_out(worker)
        outcomes: list[Outcome] = []
        connections = {worker.connection: worker for worker in self._workers}
        for connection in multiprocessing.connection.wait(list(connections), timeout):
            outcomes += self._listen(connections[connection])  # type: ignore[index]
        for worker in list(self._workers):
            outcomes += self._look_after(worker)
        return outcomes

    def _start(self) -> _Worker:
        return _Worker(*start_child(_work, self._loader, self._model))

    def _hand_out(self, worker: _Worker) -> None:
        task = self._again.popleft() if self._again else list(itertools.islice(self._queue, self._task_size))
        if not task:
            self._exhausted = True
            return
        worker.task = {pending.sound_id: pending for pending in task}
        worker.since = time.monotonic()
        # A worker that has just died is noticed when it is listened to.
        with contextlib.suppress(OSError):
            worker.connection.send(task)

    def _listen(self, worker: _Worker) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            while worker.connection.poll():
                message = worker.connection.recv()
                worker.since = time.monotonic()
                match message:
                    case Ready(fingerprint):
                        worker.ready = True
                        self.fingerprint = fingerprint
                    case Unusable(error):
                        raise error
                    case Decoding(sound_id, computed):
                        worker.decoding, worker.computed, worker.idle_since = sound_id, computed, None
                    case Embedding():
                        worker.decoding = None
                    case Done(finished):
                        self._deaths_in_a_row = 0
                        for outcome in finished:
                            worker.task.pop(outcome.sound_id, None)
                        outcomes += finished
        except (EOFError, OSError):
            outcomes += self._bury(worker)
        return outcomes

    def _look_after(self, worker: _Worker) -> list[Outcome]:
        """Stop a worker that is stuck, and replace one that ended before it could be listened to."""
        if not worker.ready and _ended_in_silence(worker):
            return self._bury(worker)
        silence = time.monotonic() - worker.since if worker.task else 0.0
        if worker.decoding in worker.task:
            if silence > self._decoding_seconds and self._is_stuck(worker, silence):
                stuck = worker.task.pop(worker.decoding)
                logger.warning("decoding did not end: %s", stuck.path)
                self._replace(worker)
                self._give_back(list(worker.task.values()))
                return [stuck.given_up(f"Decoding it took longer than {self._decoding_seconds:g} s.")]
        elif silence > _EMBEDDING_SECONDS:
            return self._bury(worker)
        return []

    def _is_stuck(self, worker: _Worker, silence: float) -> bool:
        """Whether a worker that is silent for too long computed or waited all the time, rather than not being let."""
        limit, now = self._decoding_seconds, time.monotonic()
        computed = _computed(worker.process)
        waits, worker.computed_lately = computed <= worker.computed_lately, computed
        if _STATUS_TELLS:
            try:
                waits = psutil.Process(worker.process.pid).status() != psutil.STATUS_RUNNING
            except psutil.Error:
                return True
        worker.idle_since = worker.idle_since or now if waits else None
        if worker.idle_since is not None and now - worker.idle_since >= min(_IDLE_SECONDS, limit):
            return True
        return silence > _PATIENCE * limit or computed - worker.computed > limit / 2

    def _bury(self, worker: _Worker) -> list[Outcome]:
        """After a crash: find out which sound is to blame, and give the others to another worker."""
        code = self._replace(worker)
        cause = words_for_exit(code)
        self._deaths_in_a_row += 1
        if self._deaths_in_a_row > _DEATHS_IN_A_ROW or (self.fingerprint is None and self._deaths_in_a_row > 2):
            raise ModelError(
                f"The processes that hear sounds keep ending ({cause}). "
                "There may be too little memory: scan with fewer workers."
            )
        if worker.decoding in worker.task:
            suspect = worker.task.pop(worker.decoding)
            self._give_back(list(worker.task.values()))
        elif len(worker.task) == 1:
            (suspect,) = worker.task.values()
        else:
            # The model choked on one of several: one at a time shows on which.
            for pending in worker.task.values():
                self._give_back([pending])
            return []
        was_killed = code in (-signal.SIGKILL, -signal.SIGTERM) if os.name == "posix" else False
        self._suspicion[suspect.sound_id] += _KILL if was_killed else _CRASH
        if self._suspicion[suspect.sound_id] < _GUILTY:
            self._give_back([suspect])
            return []
        logger.warning("ended the process (%s): %s", cause, suspect.path)
        if suspect.parts_only:
            return [PartsHeard(suspect.sound_id, ())]  # all else is known; it would crash the next time too
        return [Failed(suspect.sound_id, f"Hearing it made the decoder or the model crash ({cause}).")]

    def _give_back(self, task: list[Pending]) -> None:
        if task:
            self._again.append(task)

    def _replace(self, worker: _Worker) -> int | None:
        """End a worker and start another in its place; returns its exit code."""
        worker.connection.close()
        worker.process.kill()
        worker.process.join()
        code = worker.process.exitcode
        worker.process.close()
        self._workers[self._workers.index(worker)] = self._start()
        return code


def _work(connection: Connection, loader: EarLoader, model: Path | None) -> None:
    """In the worker's process, which alone needs what decodes and measures: importing that takes a second."""
    from engine.library.worker import run

    run(connection, loader, model)


def _ended_in_silence(worker: _Worker) -> bool:
    """Whether a worker is gone and its pipe does not tell: on Windows this process holds the other end of it until the
    worker takes it, and what ends before that never does."""
    try:
        return not worker.process.is_alive() and not worker.connection.poll()
    except OSError:
        return False  # it tells, and is listened to


def _computed(process: SpawnProcess) -> float:
    """Seconds of a processor that it has used; 0 where it is gone."""
    try:
        times = psutil.Process(process.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
