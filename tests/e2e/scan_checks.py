"""What is looked at while a scan runs in another process, and after that process was lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import LibraryError
from engine.library.catalog import Catalog, Counts
from engine.library.database import FILE_NAME


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def counts(library: Path) -> Counts:
    """As another Earshot sees them, while the scan is running."""
    if not Catalog.exists(library):
        return Counts()
    try:
        catalog = Catalog.open(library, read_only=True)
    except LibraryError:  # in its first moments there is nothing in it
        return Counts()
    try:
        return catalog.counts()
    finally:
        catalog.close()


def assert_sound(library: Path, files: int) -> None:
    """As many rows as files, none twice; one vector for each that is ready, no damage.

    What waits to be heard again may still have the vector of what it was.
    """
    connection = sqlite3.connect(library / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    (rows, paths) = connection.execute("SELECT count(*), count(DISTINCT path) FROM sounds").fetchone()
    assert rows == paths == files
    vectors = connection.execute(
        "SELECT state, (SELECT count(*) FROM embeddings WHERE sound_id = sounds.id) FROM sounds"
    ).fetchall()
    assert all(number == 1 if state == "ready" else number <= 1 for state, number in vectors), vectors
    connection.close()
