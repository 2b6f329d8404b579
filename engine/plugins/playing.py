"""Has a plug-in played by another process, which is watched: one that crashes or hangs costs a program, no more."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from engine.errors import AudioError
from engine.jobs import CancelToken
from engine.plugins.host import run
from engine.plugins.messages import Loaded, Message, Played, Playing, PluginLoader, Unusable
from engine.processes import start_child, words_for_exit

_SECONDS_PER_LOOK = 0.1
_MOST_DEATHS = 3
"""In one plug-in: then it is the plug-in, not the program."""


@dataclass(frozen=True)
class Program:
    """One program of a plug-in.

    Attributes
    ----------
    plugin : what it calls itself; '' where it could not be loaded.
    number, count : from 0, of how many.
    name : '' for the state in which the plug-in starts.
    notes : for each MIDI number float32 [channels, samples]; none where `reason` says why.
    """

    plugin: str
    number: int
    count: int
    name: str
    notes: dict[int, np.ndarray]
    reason: str = ""


def programs_played(
    path: Path, presets: Sequence[Path], loader: PluginLoader, seconds: float, cancel: CancelToken
) -> Iterator[Program]:
    """Every program of a plug-in with its notes, or why it has none, in order; at least one.

    Parameters
    ----------
    presets : files of presets that are programs too.
    seconds : loading, and each program, may take so long.

    Raises
    ------
    AudioError : it is no instrument.
    Cancelled : `cancel` was set.
    """
    loaded: Loaded | None = None
    first = deaths = 0
    while loaded is None or first < len(loaded.programs):
        reason = ""
        with _child(path, presets, loader, first) as (process, connection):
            while not reason:
                message, reason = _next(process, connection, seconds, cancel)
                match message:
                    case Unusable(why):
                        raise AudioError(path, why)
                    case Loaded():
                        loaded = message
                    case Playing(number):
                        first = number
                    case Played(number, notes, why):
                        assert loaded is not None
                        yield Program(loaded.name, number, len(loaded.programs), loaded.programs[number], notes, why)
                        first = number + 1
                        if first == len(loaded.programs):
                            return
        if loaded is None:
            yield Program("", 0, 1, "", {}, f"{reason} Update the plug-in, or ask its maker.")
            return
        deaths += 1
        yield Program(loaded.name, first, len(loaded.programs), loaded.programs[first], {}, reason)
        first += 1
        if deaths == _MOST_DEATHS:
            for number in range(first, len(loaded.programs)):
                given_up = f"It was not tried: the plug-in failed {deaths} times before. {reason}"
                yield Program(loaded.name, number, len(loaded.programs), loaded.programs[number], {}, given_up)
            return


@contextmanager
def _child(
    path: Path, presets: Sequence[Path], loader: PluginLoader, first: int
) -> Iterator[tuple[BaseProcess, Connection]]:
    process, connection = start_child(run, loader, path, list(presets), first)
    try:
        yield process, connection
    finally:
        process.kill()
        process.join()
        process.close()
        connection.close()


def _next(
    process: BaseProcess, connection: Connection, seconds: float, cancel: CancelToken
) -> tuple[Message | None, str]:
    """What the child says next; or None and why it says nothing more."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        cancel.raise_if_cancelled()
        try:
            if connection.poll(_SECONDS_PER_LOOK):
                message: Message = connection.recv()
                return message, ""
        except (EOFError, OSError):
            process.join()
            return None, f"The plug-in crashed ({words_for_exit(process.exitcode)})."
    return None, f"The plug-in did not answer for {seconds:.0f} s, and was stopped."
