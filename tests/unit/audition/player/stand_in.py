"""An output for tests of the player, and what they play."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from engine.audio.decode import Audio
from engine.audition import output
from engine.errors import PlaybackError

RATE = 48000


class StandIn:
    """An output whose blocks are asked for by the test."""

    opened: list[StandIn] = []  # noqa: RUF012
    refuses = 0
    while_opening: Callable[[], object] = lambda: None

    def __init__(
        self,
        device: str | int | None,
        prepare: Callable[[int, int], Callable[[np.ndarray], None]],
        latency: float,
    ) -> None:
        if StandIn.refuses:
            StandIn.refuses -= 1
            raise PlaybackError(output.NO_OUTPUT)
        self.rate, self.channels, self.latency_seconds, self.latency = RATE, 2, 0.0, latency
        self.device = device
        self.render = prepare(RATE, 2)
        self.alive, self.closed, self.underflows = True, False, 0
        StandIn.while_opening()
        StandIn.opened.append(self)

    def close(self) -> None:
        self.closed, self.alive = True, False

    def block(self, seconds: float) -> np.ndarray:
        out = np.zeros((round(seconds * RATE), 2), dtype=np.float32)
        for start in range(0, out.shape[0], 480):
            self.render(out[start : start + 480])
        return out


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def tone(seconds: float = 1.0, value: float = 0.5, rate: int = RATE) -> Audio:
    return Audio(samples=np.full((1, round(seconds * rate)), value, dtype=np.float32), rate=rate)
