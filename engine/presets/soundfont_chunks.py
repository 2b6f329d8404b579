"""The chunks of a SoundFont file: where its samples lie, and the lists of records that say what they are for."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.errors import AudioError

PRESET_RECORD = np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "V12")])
INSTRUMENT_RECORD = np.dtype([("name", "S20"), ("bag", "<u2")])
BAG_RECORD = np.dtype([("generator", "<u2"), ("modulator", "<u2")])
GENERATOR_RECORD = np.dtype([("operator", "<u2"), ("amount", "<u2")])
SAMPLE_RECORD = np.dtype(
    [
        *[("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4")],
        *[("rate", "<u4"), ("root", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2")],
    ]
)
RECORDS = {
    b"phdr": PRESET_RECORD,
    b"pbag": BAG_RECORD,
    b"pgen": GENERATOR_RECORD,
    b"inst": INSTRUMENT_RECORD,
    b"ibag": BAG_RECORD,
    b"igen": GENERATOR_RECORD,
    b"shdr": SAMPLE_RECORD,
}

_LARGEST_HEADERS = 64 << 20
_MOST_CHUNKS = 1_000
"""In one list; a font has ten or twenty. The zeros of a download that was broken off would be read as millions."""

DAMAGED = "Damaged: its lists of presets contradict each other."


@dataclass
class Chunks:
    """Where the samples lie, and the lists by name; the last record of each only ends the one before."""

    samples_at: int
    samples_bytes: int
    records: dict[bytes, np.ndarray]


def read_chunks(file: BinaryIO, path: Path) -> Chunks:
    """Read what there is, except the samples.

    Raises
    ------
    AudioError : not a SoundFont, cut short, or with chunks larger than what they are in.
    """
    size = os.fstat(file.fileno()).st_size
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise AudioError(path, "Not a SoundFont, whatever its name says.")
    found = Chunks(samples_at=0, samples_bytes=0, records={})
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > size or len(found.records) == len(RECORDS):
            break
        name, length = _chunk_header(file, position)
        if position + 8 + length > size:
            raise AudioError(path, "Cut short: a part of the file is missing.")
        if name == b"LIST" and length >= 4:
            _read_list(file, path, position + 8, length, found)
        position += 8 + length + length % 2
    if len(found.records) < len(RECORDS):
        raise AudioError(path, "Cut short or damaged: it has no list of presets.")
    return found


def _read_list(file: BinaryIO, path: Path, start: int, length: int, found: Chunks) -> None:
    file.seek(start)
    kind = file.read(4)
    if kind not in (b"sdta", b"pdta"):
        return
    if kind == b"pdta" and length > _LARGEST_HEADERS:
        raise AudioError(path, "Its lists of presets are larger than any font needs.")
    position, end = start + 4, start + length
    for _ in range(_MOST_CHUNKS):
        if position + 8 > end:
            return
        name, size = _chunk_header(file, position)
        if position + 8 + size > end:
            raise AudioError(path, "Damaged: a part of it is larger than the whole.")
        if kind == b"sdta" and name == b"smpl":
            found.samples_at, found.samples_bytes = position + 8, size
        elif kind == b"pdta" and name in RECORDS:
            dtype = RECORDS[name]
            if size < dtype.itemsize:
                raise AudioError(path, DAMAGED)
            found.records[name] = np.frombuffer(file.read(size), dtype, count=size // dtype.itemsize)
        position += 8 + size + size % 2


def _chunk_header(file: BinaryIO, position: int) -> tuple[bytes, int]:
    file.seek(position)
    name, length = struct.unpack("<4sI", file.read(8))
    return name, length
