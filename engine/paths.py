"""Where things live: what the program ships, and what the user's machine keeps."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs

_LONGEST_NAME_BYTES = 200
"""Systems take 255; an ending and a number have room behind."""

_RESERVED_NAME = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(?=\.|$)", re.IGNORECASE)
"""What Windows takes for a device, with any ending behind."""


def file_name(words: str, otherwise: str) -> str:
    """Words as the name of a file on any system, without its ending; `otherwise` where nothing is left of them."""
    name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "-", words).strip(" .")
    sizes = itertools.accumulate(len(letter.encode(errors="surrogatepass")) for letter in name)
    name = name[: sum(size <= _LONGEST_NAME_BYTES for size in sizes)].rstrip(" .")
    return _RESERVED_NAME.sub(r"\1_", name, count=1) if _RESERVED_NAME.match(name) else name or otherwise


def numbered(stem: str, ending: str = "") -> Iterator[str]:
    """`stem` with its ending, then "stem (2)", "stem (3)" and so on, for as long as one is taken."""
    yield stem + ending
    for number in itertools.count(2):
        yield f"{stem} ({number}){ending}"


_ROOT = Path(getattr(sys, "_MEIPASS", None) or Path(__file__).resolve().parent.parent)
"""Of a checkout, an installation or a frozen build."""


def resources_dir() -> Path:
    """The shipped data."""
    return _ROOT / "resources"


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
    """The folder of recorded references, beside the library, or inside it where `EARSHOT_HOME` names that: what was
    recorded is never deleted."""
    return library_dir().parent / "recordings" if not os.environ.get("EARSHOT_HOME") else library_dir() / "recordings"


def rendered_dir() -> Path:
    """The folder for changed sounds that other programs use: among the user's music, and never tidied up."""
    return Path(platformdirs.user_music_dir()) / "Earshot"
