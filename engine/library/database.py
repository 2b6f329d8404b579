"""The catalog's SQLite file: its connections, and what its errors mean in words.

One connection reads and one writes, each behind a lock, so that a Database may be used from any thread and reading
never waits for writing. Transactions are short; whatever was committed survives the loss of the process (WAL).
"""

from __future__ import annotations

import datetime
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from engine.errors import LibraryError
from engine.library.schema import MIGRATIONS, SCHEMA_VERSION

logger = logging.getLogger(__name__)

FILE_NAME = "catalog.sqlite"
_APPLICATION_ID = 0x45415253  # "EARS"
_CHECKED_AT_OPENING_BYTES = 32 << 20
"""Up to this size a whole check takes less than a fifth of a second; larger files are believed until a read fails."""

CLOSING_SECONDS = 10.0
"""A read of a library of 50,000 sounds can take longer than the window waits for its threads."""


class Database:
    """The connections to one catalog file."""

    def __init__(self, directory: Path, *, read_only: bool = False, why: str = "", busy_seconds: float = 5.0) -> None:
        """Open the catalog of a library folder; where there is none and `read_only` is False, make it.

        Parameters
        ----------
        why : what a refused write says where `read_only`: the reason and the remedy.

        Raises
        ------
        LibraryError : it cannot be opened, is in use, or comes from a newer Earshot; or it is damaged, and then it was
            set aside under another name, unless `read_only`.
        """
        self.path = directory / FILE_NAME
        self.read_only = read_only
        self.why_read_only = (why or f"The library in {directory} was opened for reading only.") if read_only else ""
        self._busy_seconds = busy_seconds
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._connections: list[sqlite3.Connection] = []
        try:
            if not read_only:
                directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The library folder {directory} cannot be made: {error.strerror}. "
                "Choose another one with --library or EARSHOT_HOME."
            ) from error
        try:
            self._writer = self._connect()
            self._prepare()
            self._reader = self._writer if read_only else self._connect()
        except sqlite3.Error as error:
            self.close()
            raise self._in_words(error, opening=True) from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECT: it sees whatever was committed, by this process or another."""
        with self._reading:
            try:
                yield self._reader
            except sqlite3.Error as error:
                raise self._in_words(error) from error

    @property
    def version(self) -> int:
        """Another number after each commit, by whichever process, that this one did not see before."""
        with self.read() as connection:
            return _pragma(connection, "data_version")

    def require_writable(self) -> None:
        """Raise LibraryError, with the reason and the remedy, where this was opened for reading only."""
        if self.read_only:
            raise LibraryError(self.why_read_only)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, undone as a whole where the block raises."""
        self.require_writable()
        with self._writing:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    # A failed statement (disk full) may have ended the transaction already.
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._in_words(error) from error

    def close(self) -> None:
        """Wait for what other threads read and write, `CLOSING_SECONDS` at most for each, and close the connections."""
        # A connection that is closed under a thread which reads with it takes the program with it. One that is in use
        # for longer than that is left open, and ends with the program.
        held = [lock for lock in (self._writing, self._reading) if lock.acquire(timeout=CLOSING_SECONDS)]
        try:
            if len(held) == 2:
                for connection in self._connections:
                    with suppress(sqlite3.Error):
                        connection.close()
                self._connections.clear()
        finally:
            for lock in held:
                lock.release()

    def _connect(self) -> sqlite3.Connection:
        mode = "rwc"
        if self.read_only:
            # Without the right to write beside the file SQLite cannot share it, only read it as it lies there.
            mode = "ro" if os.access(self.path.parent, os.W_OK) else "ro&immutable=1"
        connection = sqlite3.connect(
            f"{_address(self.path.absolute())}?mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connections.append(connection)
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32768")
        return connection

    def _prepare(self) -> None:
        connection = self._writer
        if _pragma(connection, "user_version") == 0 and not self.read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            with self.write():
                if _pragma(connection, "user_version") == 0:  # else another process was faster
                    self._create(connection)
                    self._migrate(connection)
        version, application = _pragma(connection, "user_version"), _pragma(connection, "application_id")
        if application != _APPLICATION_ID:
            raise LibraryError(f"{self.path} is not a catalog of Earshot. Choose another folder with --library.")
        if version > SCHEMA_VERSION:
            raise LibraryError(
                f"The library in {self.path.parent} was made by a newer Earshot (format {version}, this one knows "
                f"{SCHEMA_VERSION}). Update Earshot, or choose another folder with --library."
            )
        if version < SCHEMA_VERSION:
            if self.read_only:
                raise LibraryError(
                    f"The library in {self.path.parent} was made by an older Earshot and may not be written to. "
                    "Mend its permissions, or choose another folder with --library."
                )
            with self.write():
                self._migrate(connection)
        if self.path.stat().st_size <= _CHECKED_AT_OPENING_BYTES:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                self.close()
                raise self._damaged(opening=True)

    def _create(self, connection: sqlite3.Connection) -> None:
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise LibraryError(f"{self.path} is not a catalog of Earshot. Choose another folder with --library.")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        for migration in MIGRATIONS[_pragma(connection, "user_version") :]:
            for statement in migration.split("\n\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _in_words(self, error: sqlite3.Error, *, opening: bool = False) -> LibraryError:
        folder = self.path.parent
        # The low byte is the primary code, the rest says more (SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE ...).
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return LibraryError(
                    f"The library in {folder} is in use by another Earshot. Close it, or wait until it is done."
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return self._damaged(opening)
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return LibraryError(
                    f"The library in {folder} may not be written to. Mend its permissions, "
                    "or choose another folder with --library."
                )
            case sqlite3.SQLITE_FULL:
                return LibraryError(f"The disk that holds the library ({folder}) is full. Make room and scan again.")
            case sqlite3.SQLITE_CANTOPEN:
                return LibraryError(
                    f"The catalog {self.path} cannot be opened. See whether it is there and may be read, "
                    "or choose another folder with --library."
                )
            case _:
                return LibraryError(f"The catalog {self.path} cannot be used: {error}.")

    def _damaged(self, opening: bool) -> LibraryError:
        """What is said of a damaged catalog; one that is being opened for writing is set aside. Who may only read it
        leaves it to whoever writes: another window may have it open."""
        if opening and not self.read_only:
            return self._set_aside()
        return LibraryError(f"The catalog {self.path} is damaged. Start Earshot again to have it set aside.")

    def _set_aside(self) -> LibraryError:
        """Move the damaged file and its companions to a name of their own, so that nothing of it is lost."""
        now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        kept = self.path.with_name(f"catalog-damaged-{now}-{os.getpid()}.sqlite")
        try:
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.replace(f"{self.path}{suffix}", f"{kept}{suffix}")
        except OSError as error:  # on Windows as long as any program has it open
            return LibraryError(
                f"The catalog {self.path} is damaged and could not be set aside ({error.strerror}). Close what else "
                "uses it, such as another Earshot, then start this one again."
            )
        logger.error("the catalog %s is damaged; kept as %s", self.path, kept)
        return LibraryError(
            f"The catalog {self.path} was damaged. It is kept as {kept.name}; "
            "scan your folders again to build a new one: earshot scan FOLDER"
        )


def encode_path(path: str) -> str | bytes:
    """As SQLite stores it: text, or bytes where the name is not valid UTF-8 and must come back as it was."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def decode_path(stored: str | bytes) -> str:
    return os.fsdecode(stored)


def _address(path: PurePath) -> str:
    """A file's address as SQLite takes it: without a host, which it refuses. The name of a share on Windows begins with
    two slashes instead."""
    address = path.as_uri()
    return address if address.startswith("file:///") else address.replace("file:", "file://", 1)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
