"""Child processes that do what may crash: polite, quiet, deaf to Ctrl-C, and gone when their parent is gone.

A child begins as a new interpreter. Workers import several hundred megabytes, which takes each of them seconds; so
where forking is safe they are forked from a process that has done so before, the nursery, and share that memory.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import psutil

logger = logging.getLogger(__name__)

NURSERY = "engine.library.nursery"
"""What it imports."""

FORKS = sys.platform.startswith("linux")
"""The libraries of macOS do not survive it, and Windows knows no such thing."""

SCAN_NICENESS = 10
_IDLE_LOOKS = 5
_SECONDS_PER_LOOK = 0.1


def start_child(main: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
    """A process of its own that runs `main(connection, *arguments)`, and this side's end of the connection."""
    return _start("spawn", main, arguments)


def fork_child(main: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
    """The same from the nursery, where there is one: within milliseconds once `open_nursery` has returned."""
    if FORKS:
        try:
            return _start("forkserver", main, arguments)
        except (OSError, EOFError) as error:
            logger.warning("no worker could be forked: %r", error)
    return start_child(main, *arguments)


def open_nursery(meanwhile: Callable[[], None]) -> None:
    """Return once `fork_child` is quick: at once, or after seconds where it was not needed for a while.

    meanwhile : called several times a second; what it raises ends the waiting.
    """
    if not FORKS:
        return
    multiprocessing.set_forkserver_preload([NURSERY])
    # Only by a first child is it known that the nursery has imported everything.
    first = threading.Thread(target=_fork_and_forget, name="nursery", daemon=True)
    first.start()
    while first.is_alive():
        meanwhile()
        first.join(_SECONDS_PER_LOOK)


def _fork_and_forget() -> None:
    with contextlib.suppress(OSError):  # such as too many processes, which whoever starts a worker meets too
        process, connection = fork_child(_nothing)
        process.join()
        process.close()
        connection.close()


def _nothing(connection: Connection) -> None:
    """What the first child does."""


def _start(method: str, main: Callable[..., None], arguments: tuple[object, ...]) -> tuple[BaseProcess, Connection]:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, *arguments), daemon=True)
    with _without_interrupts():
        process.start()
    theirs.close()
    return process, ours


def leave_when_idle(seconds: float) -> None:
    """End this process, from which others are forked, after it has been without them for about so long: it holds a few
    hundred megabytes. Whoever wants one more begins another nursery."""
    looks = 0

    def look(*_: object) -> None:
        nonlocal looks
        looks = 0 if psutil.Process().children() else looks + 1
        if looks >= _IDLE_LOOKS:
            os._exit(0)

    # Not a thread: what is forked while one runs may inherit a lock that nobody opens again.
    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, seconds / _IDLE_LOOKS, seconds / _IDLE_LOOKS)


def give_way(niceness: int = SCAN_NICENESS) -> None:
    """Let other programs compute first, those aside that give way more already."""
    own = psutil.Process()
    own.nice(max(niceness, own.nice()) if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)


def settle_in(niceness: int = SCAN_NICENESS) -> None:
    """Be a background process. Called first thing in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    with open(os.devnull, "w") as nowhere:  # decoders write about broken files to the terminal
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.dup2(nowhere.fileno(), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    give_way(niceness)
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A decoder that hangs never looks at the pipe again, so it is not enough to notice there.
        threading.Thread(target=_leave_with, args=(parent,), name="leave with the parent", daemon=True).start()


def words_for_exit(code: int | None) -> str:
    """How a child ended, for the user: the name of the signal that ended it, else its exit code.

    code : as `BaseProcess.exitcode` gives it.
    """
    if code is None:
        return "it does not end"
    if code < 0:
        with contextlib.suppress(ValueError):  # signals of real time have no names of their own
            return signal.Signals(-code).name
        return f"signal {-code}"
    return f"exit code {code}"


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started inside never receives Ctrl-C, not even before its first line of Python."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
