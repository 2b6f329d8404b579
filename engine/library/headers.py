"""Lengths and rates from file headers, within seconds of a scan's beginning and long before anything is heard.

A process of its own reads them, since files that nobody trusts may crash or hang whatever reads them. What it cannot
tell in time is left to the workers, which say what is wrong.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from engine.errors import EarshotError
from engine.library.database import Database
from engine.library.queue import Header, unread, write_headers
from engine.processes import settle_in, start_child

logger = logging.getLogger(__name__)

_SECONDS_PER_TASK = 20.0
_SECONDS_PER_LOOK = 0.1


class HeaderPass:
    """Reads the headers of the new files of a scan, beside it. A context manager: leaving it ends the reading."""

    def __init__(self, database: Database, scan: int) -> None:
        self._database = database
        self._scan = scan
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headers", daemon=True)
        self._reader: tuple[BaseProcess, Connection] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def wait(self) -> None:
        """Wait until all of them are read."""
        self._thread.join()

    def _run(self) -> None:
        try:
            for batch in unread(self._database, self._scan):
                headers = self._read(batch)
                if self._stopped.is_set():
                    return
                write_headers(self._database, headers)
        except EarshotError as error:
            # Nothing depends on it, and the scan itself meets the same trouble and says it.
            logger.warning("headers are left to the second pass: %s", error)
        finally:
            self._end_reader()

    def _read(self, batch: Sequence[tuple[int, str]]) -> list[Header]:
        """The headers of a batch, those left out that tell nothing; none where the process dies or takes too long."""
        try:
            connection = self._reader[1] if self._reader else self._start_reader()
            connection.send(batch)
            late = time.monotonic() + _SECONDS_PER_TASK
            while not self._stopped.is_set() and time.monotonic() < late:
                if connection.poll(_SECONDS_PER_LOOK):
                    headers: list[Header] = connection.recv()
                    return headers
        except (EOFError, OSError):
            pass
        if not self._stopped.is_set():
            logger.warning("a header among these cannot be read: %s ... %s", batch[0][1], batch[-1][1])
        self._end_reader()
        return []

    def _start_reader(self) -> Connection:
        self._reader = start_child(_read_headers)
        return self._reader[1]

    def _end_reader(self) -> None:
        if self._reader is None:
            return
        process, connection = self._reader
        self._reader = None
        connection.close()
        process.kill()
        process.join()
        process.close()


def _read_headers(connection: Connection) -> None:
    """In the process: from batches of (sound id, path) to batches of headers, until the pipe closes."""
    from engine.audio.decode import probe
    from engine.errors import AudioError

    settle_in()
    try:
        while True:
            headers = []
            for sound_id, path in connection.recv():
                try:
                    info = probe(path)
                except AudioError:
                    continue  # the second pass says why
                headers.append(Header(sound_id, info.duration_seconds, info.rate, info.channels))
            connection.send(headers)
    except (EOFError, OSError):
        return
