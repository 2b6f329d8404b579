"""What a drag of sounds carries inside the window, beside the files that other programs take."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData

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
