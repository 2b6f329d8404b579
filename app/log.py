"""The log file: what went wrong behind the window, kept small, for a report."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_NAME = "earshot.log"
LARGEST_BYTES = 1_000_000
KEPT_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start(folder: Path) -> None:
    """Log to the terminal, from the level that `EARSHOT_LOG` names (WARNING), and to a file, from INFO on.

    Where the folder cannot be written there is no file, and the terminal says so.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(os.environ.get("EARSHOT_LOG", "WARNING").upper())
    terminal.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    root.addHandler(terminal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / LOG_NAME, maxBytes=LARGEST_BYTES, backupCount=KEPT_FILES - 1, encoding="utf-8"
        )
    except OSError as error:
        logging.getLogger(__name__).warning("no log is kept: %s", error)
        return
    file.rotator = _move_on
    file.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(file)


def _move_on(full: str, kept: str) -> None:
    """Give a full file the name of an old one. On Windows that is refused while a second window has it open; the file
    then grows on, rather than that what comes is lost."""
    with suppress(FileNotFoundError, PermissionError):
        os.rename(full, kept)
