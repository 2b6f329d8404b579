"""How long the window does not answer."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

TICK_MILLISECONDS = 5


class StallWatch(QObject):
    """Measures the longest time between two ticks of a timer in the window's thread."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_seconds = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def begin(self) -> None:
        """Forget what was measured so far."""
        self.longest_seconds, self._last = 0.0, time.perf_counter()

    def stop(self) -> float:
        """The longest stall in seconds."""
        self._timer.stop()
        return self.longest_seconds

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_seconds = max(self.longest_seconds, now - self._last)
        self._last = now
