"""The chunks of which WAV, AIFF and CAF files are made."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_LARGEST_READ = 1 << 16
_MOST_CHUNKS = 200


class Chunk(NamedTuple):
    """One chunk of a file.

    Attributes
    ----------
    length : bytes of what it holds, as its header tells; negative for the samples of a CAF that run to the end.
    start : where in the file that begins.
    beginning : all of it, of large ones (the samples) the first bytes.
    """

    name: bytes
    length: int
    start: int
    beginning: bytes


def walk_chunks(file: BinaryIO, order: str, *, size: str = "I", padded: bool = True) -> Iterator[Chunk]:
    """Chunks from the file's position on, which must be left alone meanwhile.

    Parameters
    ----------
    order : of bytes, "<" or ">".
    size : format of a length, as `struct` names it.
    padded : every chunk begins at an even place.
    """
    header = struct.Struct(f"{order}4s{size}")
    for _ in range(_MOST_CHUNKS):
        raw = file.read(header.size)
        if len(raw) < header.size:
            return
        name, length = header.unpack(raw)
        start = file.tell()
        yield Chunk(name, length, start, file.read(min(length, _LARGEST_READ)) if length >= 0 else b"")
        if length < 0:
            return
        file.seek(max(0, length - _LARGEST_READ) + (length % 2 if padded else 0), os.SEEK_CUR)
