"""Work beside the window: the only place where threads meet Qt.

A job runs a plain callable of the engine in a thread of its own and brings what it says back to the thread of the
window. A job started in a lane replaces the one before it there: from that moment nothing of the old one reaches the
window, however long the engine needs to notice.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from queue import SimpleQueue
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.errors import EarshotError
from engine.jobs import Cancelled, CancelToken, Progress

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.1
"""Progress is passed on no more often than this; a figure that changes faster cannot be read."""

SWITCH_SECONDS = 0.0005
"""After so long a thread gives way to the window: Python's own 5 ms, waited for again and again, add up to a stall that
is seen. While a folder is scanned and a song heard on two processors, stalls above 50 ms fall from five to two."""

GENTLE_NICENESS = 5
"""Of jobs that compute much: the thread of the window goes before them. Processes of scans step further back."""

Work = Callable[["Job"], Any]
Receiver = Callable[[Any], None]


class What(Enum):
    """What a job says to the window; after `DONE` or `FAILED` nothing more."""

    ITEM, PROGRESS, DONE, FAILED = range(4)


class Job:
    """One piece of work. The worker's side calls `item`, `progress` and `checkpoint`; the window's side the rest."""

    def __init__(
        self,
        lane: str,
        say: Callable[[Job, What, Any], None],
        receivers: Mapping[What, Receiver | None],
        *,
        gentle: bool = False,
    ) -> None:
        self.lane, self.gentle, self.receivers = lane, gentle, receivers
        self.token = CancelToken()
        self.finished = False
        self.ended = threading.Event()
        """Set once the thread is through, cancelled or not."""
        self._say = say
        self._running = threading.Event()
        self._running.set()
        self._last_progress = 0.0

    # the worker's side

    def item(self, value: object) -> None:
        """Bring a partial result to the window."""
        self._say(self, What.ITEM, value)

    def progress(self, progress: Progress) -> None:
        """Bring progress to the window, thinned out; waits here while paused, and ends the job when cancelled."""
        self.checkpoint()
        now = time.monotonic()
        complete = progress.total is not None and progress.done >= progress.total
        if complete or now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            self._say(self, What.PROGRESS, progress)

    def checkpoint(self) -> None:
        """Wait while paused; raise `Cancelled` once cancelled."""
        self._running.wait()
        self.token.raise_if_cancelled()

    # the window's side

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def pause(self) -> None:
        """Hold the work at its next step."""
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        (self.resume if self.paused else self.pause)()

    def cancel(self) -> None:
        """End the work at its next step; nothing of it reaches the window any more."""
        self.token.cancel()
        self._running.set()


class JobRunner(QObject):
    """Starts jobs and brings back what they say, in the thread that made the runner."""

    defect = Signal(object)
    """An exception that no job should raise; emitted in the job's thread."""
    _said = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._current: dict[str, Job] = {}
        self._waiting: SimpleQueue[tuple[Job, Work] | None] = SimpleQueue()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._said.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._starter = threading.Thread(target=self._start_threads, name="earshot-starter", daemon=True)
        self._starter.start()

    def start(
        self,
        lane: str,
        work: Work,
        *,
        on_item: Receiver | None = None,
        on_progress: Receiver | None = None,
        on_done: Receiver | None = None,
        on_failed: Callable[[str], None] | None = None,
        gentle: bool = False,
    ) -> Job:
        """Run `work(job)` in a thread, in place of what runs in `lane`.

        Parameters
        ----------
        on_item, on_progress, on_done : called in the window's thread with what the work gives; never after `cancel`.
        on_failed : called with the reason in words.
        gentle : it computes much, and steps back behind the window where both want a processor; so do all threads
            that it starts, which is why no job that opens a device may be.
        """
        self.cancel(lane)
        receivers = {
            What.ITEM: on_item,
            What.PROGRESS: on_progress,
            What.DONE: on_done,
            What.FAILED: on_failed,
        }
        job = Job(lane, self._said.emit, receivers, gentle=gentle)
        if self._closed:
            job.cancel()
            return job
        self._current[lane] = job
        self._waiting.put((job, work))
        return job

    def running(self, lane: str) -> Job | None:
        """The unfinished job of a lane."""
        job = self._current.get(lane)
        return job if job is not None and not job.finished and not job.token.cancelled else None

    def cancel(self, lane: str) -> None:
        """Cancel the lane's job, if there is one."""
        job = self._current.pop(lane, None)
        if job is not None:
            job.cancel()

    def stop(self) -> None:
        """Cancel everything, and begin nothing more."""
        self._closed = True
        for lane in list(self._current):
            self.cancel(lane)

    def shutdown(self, seconds: float = 5.0) -> bool:
        """Stop, and wait for the threads to end, at most `seconds`; whether all did."""
        self.stop()
        deadline = time.monotonic() + seconds
        self._waiting.put(None)
        self._starter.join(seconds)
        with self._lock:
            threads = [self._starter, *self._threads]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _start_threads(self) -> None:
        """Whoever starts a thread waits until it runs; on a busy machine the window would wait for tens of
        milliseconds."""
        while (waiting := self._waiting.get()) is not None:
            job, _ = waiting
            thread = threading.Thread(target=self._run, args=waiting, name=f"earshot-{job.lane}", daemon=True)
            thread.start()
            with self._lock:
                # A thread is forgotten once it is gone: one that took itself off the list would still be running then,
                # and `shutdown` would not wait for it.
                self._threads = {thread, *(other for other in self._threads if other.is_alive())}

    def _run(self, job: Job, work: Work) -> None:
        if job.gentle:
            _step_back()
        try:
            result = work(job)
            self._said.emit(job, What.DONE, result)
        except Cancelled:
            pass
        except EarshotError as error:
            self._said.emit(job, What.FAILED, str(error))
        except Exception as error:
            log.exception("job %s failed", job.lane)
            self.defect.emit(error)
            self._said.emit(job, What.FAILED, f"Earshot itself failed here ({type(error).__name__}: {error}).")
        finally:
            job.ended.set()

    @Slot(object, object, object)
    def _hear(self, job: Job, what: What, value: object) -> None:
        if what in (What.DONE, What.FAILED):
            job.finished = True
            if self._current.get(job.lane) is job:
                del self._current[job.lane]
        receiver = job.receivers[what]
        if receiver is not None and not job.token.cancelled and not self._closed:
            receiver(value)


def _step_back() -> None:
    """Let other threads go before this one. Elsewhere than on Linux this cannot be said of one thread alone."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        if os.getpriority(os.PRIO_PROCESS, thread) < GENTLE_NICENESS:  # the way back is not permitted
            os.setpriority(os.PRIO_PROCESS, thread, GENTLE_NICENESS)
