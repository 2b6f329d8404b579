"""Work that goes on behind its owner's back, and ends with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.jobs import Cancelled, CancelToken


class Behind:
    """A thread that does one piece of work after the other, and is gone while there is nothing to do.

    Parameters
    ----------
    piece : does some of what there is to do, and says whether there was anything; it may raise `Cancelled` once `stop`
        is set.
    """

    def __init__(self, piece: Callable[[], bool], name: str) -> None:
        self.stop = CancelToken()
        self._piece = piece
        self._name = name
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._woken = False

    def wake(self) -> None:
        """There may be something to do."""
        with self._lock:
            self._woken = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether everything is done, after at most so many seconds; None waits until it is."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return self._thread is None

    def close(self) -> None:
        """Stop after the present piece, and wait for that."""
        self.stop.cancel()
        self.wait()

    def _run(self) -> None:
        try:
            while self._goes_on():
                while not self.stop.cancelled and self._piece():
                    pass
        except Cancelled:
            pass
        finally:
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _goes_on(self) -> bool:
        """Whether it was woken since it last asked; if not, this thread ends and the next wake starts another."""
        with self._lock:
            goes_on = self._woken and not self.stop.cancelled
            self._woken = False
            if not goes_on:
                self._thread = None
            return goes_on
