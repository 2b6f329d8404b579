"""The log file: what went wrong behind the window, kept small, for a report."""

from __future__ import annotations

import logging
import os
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
    file.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(file)
