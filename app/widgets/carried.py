"""What a drag carries: files as other programs take them, and inside the window the sounds themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QByteArray, QMimeData, QUrl

SOUNDS = "application/x-earshot-sounds"


def put_sounds(data: QMimeData, ids: Iterable[int], library: Path) -> None:
    """Let windows know which sounds of which library these are; a library is known by its folder."""
    told = {"library": str(library.resolve()), "sounds": list(ids)}
    data.setData(SOUNDS, QByteArray(json.dumps(told).encode()))


def sounds_in(data: QMimeData, library: Path) -> list[int]:
    """The ids of the sounds of a library that are carried; none where something else is, or sounds of another."""
    try:
        told = json.loads(bytes(data.data(SOUNDS).data()))
        ids = told["sounds"] if told["library"] == str(library.resolve()) else []
        return [int(number) for number in ids]
    except (ValueError, TypeError, KeyError):
        return []


def url_of(path: Path) -> QUrl:
    """The address of a file; Qt's own way leads through UTF-8, which not every name on Linux is."""
    return QUrl.fromEncoded(QByteArray(path.absolute().as_uri().encode()))


def path_of(url: QUrl) -> Path:
    """The file at a local address, also where its name is not UTF-8."""
    if os.name == "nt":
        return Path(url.toLocalFile())
    return Path(os.fsdecode(unquote_to_bytes(url.path(QUrl.ComponentFormattingOption.FullyEncoded))))
