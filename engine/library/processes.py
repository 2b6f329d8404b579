"""Child processes that do what may crash: polite, quiet, deaf to Ctrl-C, and gone when their parent is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil


def start_child(main: Callable[..., None], *arguments: object) -> tuple[SpawnProcess, Connection]:
    """A process of its own that runs `main(connection, *arguments)`, and this side's end of the connection."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, *arguments), daemon=True)
    with _without_interrupts():
        process.start()
    theirs.close()
    return process, ours


def settle_in() -> None:
    """Be a background process. Called first thing in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the scan decides what Ctrl-C means
    with open(os.devnull, "w") as nowhere:  # decoders write about broken files to the terminal
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.dup2(nowhere.fileno(), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    if hasattr(os, "nice"):
        os.nice(10)
    else:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A decoder that hangs never looks at the pipe again, so it is not enough to notice there.
        threading.Thread(target=_leave_with, args=(parent,), name="leave with the scan", daemon=True).start()


def words_for_exit(code: int | None) -> str:
    """How a child ended, for the user: the name of the signal that ended it, else its exit code.

    code : as `SpawnProcess.exitcode` gives it.
    """
    if code is not None and code < 0:
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
