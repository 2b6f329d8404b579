"""Prints what the changelog says of a version: `python packaging/release_notes.py 0.1.0`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def section(changelog: str, version: str) -> str:
    """What is below a version's heading.

    Raises
    ------
    ValueError : there is no such heading, or nothing below it.
    """
    found = re.search(
        rf"^## \[?{re.escape(version)}\]?(?!\S)[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not found or not found[1].strip():
        raise ValueError(f"{CHANGELOG.name} says nothing of version {version}")
    return found[1].strip()


if __name__ == "__main__":
    try:
        print(section(CHANGELOG.read_text(encoding="utf-8"), sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
