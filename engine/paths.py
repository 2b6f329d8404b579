"""Where things live: what the program ships, and what the user's machine keeps."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import platformdirs


def file_name(words: str, otherwise: str) -> str:
    """Words as the name of a file on any system; `otherwise` where nothing is left of them."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "-", words).strip(" .") or otherwise


def resources_dir() -> Path:
    """The shipped data, from a checkout, an installation or a frozen build."""
    frozen_root = getattr(sys, "_MEIPASS", None)
    return Path(frozen_root or Path(__file__).resolve().parent.parent) / "resources"


def library_dir(chosen: str | Path | None = None) -> Path:
    """The folder of catalog and index: `chosen`, else `EARSHOT_HOME`, else the user's data folder."""
    if chosen is not None:
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("EARSHOT_HOME")
    if home:
        return Path(home).expanduser().absolute()
    return Path(platformdirs.user_data_dir("earshot", appauthor=False)) / "library"


def demo_dir() -> Path:
    """The folder in which the demo's sounds and song are made."""
    return library_dir() / "demo"


def log_dir() -> Path:
    """The folder of the window's log: in `EARSHOT_HOME` if that is set, else where the system keeps logs."""
    home = os.environ.get("EARSHOT_HOME")
    if home:
        return Path(home).expanduser().absolute() / "log"
    return Path(platformdirs.user_log_dir("earshot", appauthor=False))


def recordings_dir() -> Path:
    """The folder of recorded references, beside the library: nothing in it is ever deleted."""
    return library_dir().parent / "recordings" if not os.environ.get("EARSHOT_HOME") else library_dir() / "recordings"


def rendered_dir() -> Path:
    """The folder for changed sounds that other programs use: among the user's music, and never tidied up."""
    return Path(platformdirs.user_music_dir()) / "Earshot"
