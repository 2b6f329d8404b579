"""One worker process of a scan, seen from outside: what it was given, what it says, whether it is stuck.

Its inside is `worker.py`; `crew.py` has several of these. A decoder that hangs never says so, and one that other
programs keep from computing looks the same: so it is not silence alone that is judged, but what the process computed
meanwhile.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from engine.library.ears import EarLoader
from engine.library.messages import Decoding, Done, Embedding, Message, Ready
from engine.library.queue import Pending
from engine.processes import fork_child

DECODING_SECONDS = 60.0
"""A file that takes longer is given up, unless other programs kept its worker from computing."""

_PATIENCE = 10
"""So many times as long a file may take where other programs leave its worker no processor."""

_IDLE_SECONDS = 5.0
"""A silent worker that has not computed for so long, though it was let, waits for something that does not come."""

_STATUS_TELLS = sys.platform.startswith("linux")
"""Whether the system says of a process that it wants to run and is not let. Elsewhere every process that is not
suspended counts as running; but there nobody is let nothing at all for `_IDLE_SECONDS`."""

_ENDING_SECONDS = 5.0
"""What was killed is gone by then, unless the system itself waits for a drive on its behalf."""

EMBEDDING_SECONDS = 600.0
"""Sounds that the model hears together take seconds; a worker that has been at it for so long is stuck."""


class WatchedWorker:
    """A worker process and this side's end of the pipe to it. It runs until `end` is called.

    process, connection : as `fork_child` gives them.
    """

    def __init__(self, process: BaseProcess, connection: Connection, decoding_seconds: float) -> None:
        self.process = process
        self.connection = connection
        self.task: dict[int, Pending] = {}
        """What it was given and has not finished, by sound id."""
        self._decoding_seconds = decoding_seconds
        self._decoding: int | None = None
        self._ready = False
        self._since = time.monotonic()
        """When it last said something while it had work."""
        self._computed = 0.0
        """Seconds of a processor that it had used by then, if it was decoding."""
        self._computed_lately = 0.0
        """Those that it had used when it was looked at last."""
        self._idle_since: float | None = None
        """Since when a silent worker was seen waiting."""

    @classmethod
    def start(cls, loader: EarLoader, model: Path | None, decoding_seconds: float) -> WatchedWorker:
        return cls(*fork_child(_work, loader, model), decoding_seconds)

    @property
    def free(self) -> bool:
        """Whether it has loaded the ear and waits for a task."""
        return self._ready and not self.task

    def give(self, task: list[Pending]) -> None:
        self.task = {pending.sound_id: pending for pending in task}
        self.excuse_silence()
        # A worker that has just died is noticed when it is listened to.
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def excuse_silence(self) -> None:
        """Begin to wait anew: what it did not say so far means nothing."""
        self._since = time.monotonic()

    def messages(self) -> Iterator[Message]:
        """All that it has said since the last time.

        Raises
        ------
        EOFError, OSError : it has ended.
        """
        while self.connection.poll():
            message: Message = self.connection.recv()
            self.excuse_silence()
            match message:
                case Ready():
                    self._ready = True
                case Decoding(sound_id, computed):
                    self._decoding, self._computed, self._idle_since = sound_id, computed, None
                case Embedding():
                    self._decoding = None
                case Done(finished):
                    for outcome in finished:
                        self.task.pop(outcome.sound_id, None)
            yield message

    @property
    def suspect(self) -> Pending | None:
        """The sound that is to blame if the worker ends or hangs now. None where several went through the model
        together, or none."""
        if self._decoding in self.task:
            return self.task[self._decoding]
        return next(iter(self.task.values())) if len(self.task) == 1 else None

    def has_ended_in_silence(self) -> bool:
        """Whether it is gone and its pipe does not tell: on Windows this process holds the other end of it until the
        worker takes it, and what ends before that never does."""
        if self._ready:
            return False
        try:
            return not self.process.is_alive() and not self.connection.poll()
        except OSError:
            return False  # it tells, and is listened to

    def hangs_in_model(self) -> bool:
        return bool(self.task) and self._decoding not in self.task and self._silence > EMBEDDING_SECONDS

    def hangs_in_decoder(self) -> bool:
        """Whether it is on a file for too long, and computed or waited all the time, rather than not being let. To be
        asked again and again: how long it has waited shows only where it was looked at in between."""
        limit = self._decoding_seconds
        if self._decoding not in self.task or self._silence <= limit:
            return False
        now, computed = time.monotonic(), _computed(self.process)
        waits, self._computed_lately = computed <= self._computed_lately, computed
        if _STATUS_TELLS:
            try:
                waits = psutil.Process(self.process.pid).status() != psutil.STATUS_RUNNING
            except psutil.Error:
                return True
        self._idle_since = self._idle_since or now if waits else None
        if self._idle_since is not None and now - self._idle_since >= min(_IDLE_SECONDS, limit):
            return True
        return self._silence > _PATIENCE * limit or computed - self._computed > limit / 2

    @property
    def _silence(self) -> float:
        return time.monotonic() - self._since

    def kill(self) -> None:
        """Make it end, without waiting until it has."""
        self.connection.close()
        self.process.kill()

    def end(self) -> int | None:
        """Make it end, and wait until it has. Returns its exit code: that of an earlier end of its own, if there was
        one; None where it ends only once its drive answers."""
        self.kill()
        self.process.join(_ENDING_SECONDS)
        code = self.process.exitcode
        if code is not None:
            self.process.close()
        return code


def _work(connection: Connection, loader: EarLoader, model: Path | None) -> None:
    """In the worker's process, which alone needs what decodes and measures: importing that takes a second."""
    from engine.library.worker import run

    run(connection, loader, model)


def _computed(process: BaseProcess) -> float:
    """Seconds of a processor that it has used; 0 where it is gone."""
    try:
        times = psutil.Process(process.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
