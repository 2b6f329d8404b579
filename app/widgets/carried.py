"""What a drag of sounds carries inside the window, beside the files that other programs take."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QMimeData

SOUNDS = "application/x-earshot-sounds"


def put_sounds(data: QMimeData, ids: Iterable[int]) -> None:
    """Let the window know which sounds of its library these are."""
    data.setData(SOUNDS, QByteArray(" ".join(map(str, ids)).encode()))


def sounds_in(data: QMimeData) -> list[int]:
    """The ids of the sounds that are carried; none where something else is."""
    words = bytes(data.data(SOUNDS).data()).decode("ascii", "replace").split()
    return [int(word) for word in words if word.isdigit()]
