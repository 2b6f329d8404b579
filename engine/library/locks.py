"""What of a library one process at a time has to itself: scanning it, and writing to it from a window."""

from __future__ import annotations

import time
from pathlib import Path

import filelock

from engine.errors import LibraryError
from engine.library.catalog import Catalog

ANOTHER_WINDOW = (
    "Another Earshot has this library open. This one searches and plays; it changes nothing. "
    "Close the other one, then open this one again."
)

_SECONDS_TO_MAKE_A_CATALOG = 5.0
_SECONDS_BETWEEN_LOOKS = 0.1


def try_lock(path: Path) -> filelock.BaseFileLock | None:
    """Have a file's lock until it is released or this process ends, however it ends; None where another one has it.

    Any thread may release it. Raises OSError: the file cannot be made.
    """
    lock = filelock.FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return lock


def take_for_window(directory: Path, create: bool) -> tuple[filelock.BaseFileLock | None, bool]:
    """The lock of the one window that may write, and whether another one has it.

    Neither where nothing can be written there, or there is no such folder: whoever opens the library will say so.

    Parameters
    ----------
    create : make the folder where there is none.
    """
    try:
        if create:
            directory.mkdir(parents=True, exist_ok=True)
        taken = try_lock(directory / "window.lock")
    except OSError:
        return None, False
    return taken, taken is None


def catalog_beside_another(directory: Path) -> Catalog:
    """The catalog that another window has, for reading alone. Raises LibraryError where it cannot be used."""
    give_up = time.monotonic() + _SECONDS_TO_MAKE_A_CATALOG
    while True:
        try:
            return Catalog.open(directory, read_only=True, why=ANOTHER_WINDOW)
        except LibraryError:  # most likely the other one has only begun to make it
            if time.monotonic() > give_up:
                raise
        time.sleep(_SECONDS_BETWEEN_LOOKS)
