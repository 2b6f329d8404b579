"""One folder by one name, where the system takes 'samples' for 'Samples'."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path


def as_known(folder: str, roots: Iterable[str]) -> str:
    """The absolute path of a folder, in the letters of the root that it is or is in, else of the disk.

    Only letter case and the way in which accents are written are changed, and only where the file system says that both
    are the same.
    """
    first, *names = Path(folder).parts
    path = first.upper() if os.name == "nt" and len(first) <= len("C:\\") else first
    for name in names:
        path = os.path.join(path, _entry(path, name))
    parts = Path(path).parts
    for root in roots:
        length = len(Path(root).parts)
        head = os.path.join(*parts[:length])
        if head != root and _may_be_same(head, root) and _is_same(head, root):
            return os.path.join(root, *parts[length:])
    return path


def _entry(folder: str, name: str) -> str:
    """A name in a folder, as the folder lists it."""
    try:
        listed = os.listdir(folder)
    except OSError:  # such as a folder that may be entered and not read
        return name
    if name not in listed:
        for other in listed:
            if _may_be_same(name, other) and _is_same(os.path.join(folder, name), os.path.join(folder, other)):
                return other
    return name


def _may_be_same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one).casefold() == unicodedata.normalize("NFC", other).casefold()


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
