"""Files that take their name only once they are whole: what was cut short never looks finished."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def unfinished_in(folder: Path) -> Iterator[Path]:
    """A path in `folder`, of this thread alone, to write a file at; what still lies there at the end is removed.

    Its name is short: that of the finished file may be as long as the system takes already.
    """
    unfinished = folder / f".{os.getpid()}.{threading.get_native_id()}.part"
    try:
        yield unfinished
    finally:
        with contextlib.suppress(OSError):  # what went wrong before is what is told
            unfinished.unlink(missing_ok=True)


def take_name(unfinished: Path, name: Path) -> bool:
    """Give a finished file its name; False where another file has that by now, which is left alone. Raises OSError."""
    try:
        name.touch(exist_ok=False)  # taken: a mere rename would overwrite what appeared meanwhile
    except FileExistsError:
        return False
    try:
        os.replace(unfinished, name)
    except OSError:
        with contextlib.suppress(OSError):
            name.unlink(missing_ok=True)
        raise
    return True
