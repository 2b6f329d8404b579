"""The line to the output: opened when something is to be heard, watched while it is open, given back when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.audition.deck import Deck, Frames
from engine.audition.keys import KeyVoices
from engine.audition.output import LATENCY_SECONDS, Output, refresh
from engine.errors import PlaybackError

IDLE_SECONDS = 3.0
"""How long the device is kept after the last sound: the next click is heard sooner, other programs are not shut out."""

_SUPERVISION_SECONDS = 0.25
_CLOSING_SECONDS = 2.0
_FADING_SECONDS = 0.1
"""The longest that a block is waited for before the device is given back all the same."""
_TOLERATED_UNDERFLOWS = 8
_LARGEST_LATENCY_SECONDS = 0.1
_WENT_AWAY = "The audio output went away. Play again to go on: through it if it is back, else the default one."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class OpenLine:
    """An open output, with the deck and the keys that sound on it.

    Attributes
    ----------
    chosen : the device that was asked for, which need not be the one that plays.
    substitute : says so in words for the user then; else None.
    """

    chosen: str | int | None
    output: Output
    deck: Deck
    keys: KeyVoices
    substitute: str | None = None

    @property
    def rate(self) -> int:
        """Frames per second of the output."""
        return self.output.rate

    @property
    def channels(self) -> int:
        """1 or 2, as the output has them."""
        return self.output.channels


class Line:
    """Holds at most one output open. Where the chosen device is away the default one takes its place.

    Parameters
    ----------
    device : name or index of the output, None for the system's default. When it is changed the next `open` obeys.
    on_open : called with a line that was just opened.
    on_leave : called before one is given back: with words for the user where it went away by itself, else None.
    on_stutter : called when the machine is too busy for so short a latency; the next `open` asks for a longer one.

    Attributes
    ----------
    turn : held by whoever opens or closes, which of a sleeping device takes seconds. `open`, `give_back` and all that
        is called by them or by the thread that watches happen inside it; it is taken before any other lock.
    current : what is open now. May be read at any time, but only inside `turn` does it stay.
    """

    def __init__(
        self,
        device: str | int | None,
        *,
        on_open: Callable[[OpenLine], None],
        on_leave: Callable[[OpenLine, str | None], None],
        on_stutter: Callable[[], None],
    ) -> None:
        self.device = device
        self.turn = threading.RLock()
        self.current: OpenLine | None = None
        self._on_open, self._on_leave, self._on_stutter = on_open, on_leave, on_stutter
        self._latency = LATENCY_SECONDS
        self._closed = threading.Event()
        self._supervisor: threading.Thread | None = None

    def open(self) -> OpenLine:
        """What is open, if that is the chosen device and still there; else it is opened, looking for devices anew if
        that fails. Raises PlaybackError."""
        self._check_not_closed()
        wanted, current = self.device, self.current
        if current is not None and current.output.alive and current.chosen == wanted:
            return current
        self.give_back(None if current is None or current.output.alive else _WENT_AWAY)
        opened = self._find(wanted)
        if self._closed.is_set():  # while it was opened
            opened.output.close()
        self._check_not_closed()
        self.current = opened
        self._on_open(opened)
        if self._supervisor is None:
            self._supervisor = threading.Thread(target=self._supervise, name="earshot-player", daemon=True)
            self._supervisor.start()
        return opened

    def _check_not_closed(self) -> None:
        if self._closed.is_set():
            raise PlaybackError("The player was closed.")

    def _find(self, wanted: str | int | None) -> OpenLine:
        try:
            return OpenLine(wanted, *self._connect(wanted))
        except PlaybackError as error:
            _log.info("looking for audio outputs anew: %s", error)
        refresh()
        try:
            return OpenLine(wanted, *self._connect(wanted))
        except PlaybackError:
            if wanted is None:
                raise
        words = f"{wanted} is not there or cannot be used: the default output plays instead."
        return OpenLine(wanted, *self._connect(None), substitute=words)

    def _connect(self, device: str | int | None) -> tuple[Output, Deck, KeyVoices]:
        """Open a device, with a deck and keys of its rate. Raises PlaybackError."""
        made: list[tuple[Deck, KeyVoices]] = []

        def prepare(rate: int, channels: int) -> Callable[[Frames], None]:
            keys = KeyVoices(rate, channels)
            deck = Deck(rate, channels, keys)
            made.append((deck, keys))
            return deck.render

        output = Output(device, prepare, self._latency)
        return output, *made[-1]

    def give_back(self, reason: str | None = None) -> None:
        """Give the device back, if one is open; `reason`, in words for the user, where it went away by itself."""
        current = self.current
        if current is not None:
            self._on_leave(current, reason)
            self.current = None
            _fade_out(current)
            current.output.close()

    def close(self) -> None:
        """Give the device back for good. One that is being opened is closed by whoever opens it, when that is done."""
        self._closed.set()
        if self.turn.acquire(timeout=_CLOSING_SECONDS):
            try:
                self.give_back()
            finally:
                self.turn.release()
        if self._supervisor is not None and self._supervisor is not threading.current_thread():
            self._supervisor.join(timeout=_CLOSING_SECONDS)

    def _supervise(self) -> None:
        """Gives an idle device back, notices one that is gone, and lengthens the latency of one that stutters."""
        idle_since: float | None = None
        while not self._closed.wait(_SUPERVISION_SECONDS):
            with self.turn:
                current = self.current
                if current is None:
                    idle_since = None
                    continue
                idle_since = (idle_since or time.monotonic()) if current.deck.silent else None
                if not current.output.alive:
                    _log.warning("the audio output went away")
                    self.give_back(_WENT_AWAY)
                elif current.output.underflows > _TOLERATED_UNDERFLOWS and self._latency < _LARGEST_LATENCY_SECONDS:
                    self._latency = min(2.0 * self._latency, _LARGEST_LATENCY_SECONDS)
                    _log.info("the output stutters: raising its latency to %.0f ms", 1000.0 * self._latency)
                    self._on_stutter()
                elif idle_since is not None and time.monotonic() - idle_since > IDLE_SECONDS:
                    self.give_back()


def _fade_out(line: OpenLine) -> None:
    """Let what sounds come to silence: a device that is given back cuts off what it holds."""
    if line.deck.silent:
        return
    line.deck.set_volume(0.0)
    deadline = time.monotonic() + _FADING_SECONDS
    while line.output.alive and not line.deck.muted and time.monotonic() < deadline:
        time.sleep(0.001)
    if line.deck.muted:
        time.sleep(min(line.output.latency_seconds, _LARGEST_LATENCY_SECONDS))
