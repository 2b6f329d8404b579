"""Headers that tell something else than their files hold, and what they should tell.

Nothing is written: a file is read as if its first bytes were others.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from engine.audio.chunks import walk_chunks

_HEADER_BYTES = 1 << 16
_SMALLEST_TAG, _LARGEST_TAG = 10, 32 << 20
"""Bytes behind its header. What is smaller, the decoder does not take for a tag."""

_FRAMES_IN_A_ROW = 3
"""So many headers of MP3 frames, each where the one before ends, are no chance, as two in a picture may be."""
_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_HZ = (44_100, 48_000, 32_000)

_BLOCK_CODINGS = (0x02, 0x11, 0x31)
"""Format tags of WAV: Microsoft's ADPCM, IMA ADPCM, GSM 6.10."""


class WithHeader:
    """A file of which the first bytes are read as others, as libsndfile reads through Python."""

    def __init__(self, file: BinaryIO, header: bytes) -> None:
        self._file = file
        self._header = header
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int) -> bytes:
        position = self._file.tell()
        data = self._file.read(count)
        header = self._header[position : position + len(data)]
        return header + data[len(header) :]


def is_unfinished_wav(file: BinaryIO) -> bool:
    """Whether the header of a wav file tells another length than the file has: its recorder never came to write it."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return False
    # One byte may be missing, or counted, that makes the length even.
    return abs(8 + int.from_bytes(head[4:8], "little") - _size(file)) > 1


def finished_header(file: BinaryIO) -> bytes | None:
    """The first bytes of an RF64 or AU file in which no length was ever written, with the length that the file has;
    None for others."""
    head = bytearray(file.read(_HEADER_BYTES))
    size = _size(file)
    if head[:4] == b".snd" and head[8:12] == bytes(4):
        head[8:12] = b"\xff" * 4  # by its specification: to the end of the file
        return bytes(head)
    if head[:4] != b"RF64" or head[8:16] != b"WAVEds64" or head[28:36] != bytes(8):
        return None
    if int.from_bytes(head[20:28], "little") == size - 8:  # finished, and empty
        return None
    file.seek(12)
    sound = next((chunk for chunk in walk_chunks(file, "<") if chunk.name == b"data"), None)
    if sound is None or sound.start > len(head):
        return None
    head[20:36] = struct.pack("<QQ", size - 8, size - sound.start)
    return bytes(head)


def header_of_true_tag(file: BinaryIO) -> bytes | None:
    """The first bytes of an MP3 file whose ID3v2 tag tells that it is longer or shorter than it is, with the length
    that it has; None for others."""
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:]) > 0x7F:
        return None
    length = 0
    for byte in head[6:]:
        length = length << 7 | byte
    file.seek(10 + length + (10 if head[5] & 0x10 else 0))
    following = file.read(_HEADER_BYTES).lstrip(b"\0")  # which some writers leave free behind it
    is_other_sound = following[:1] == b"\xff" and not _frame_bytes(following[:4])  # such as AAC
    if following[:3] == b"ID3" or is_other_sound or _are_frames(following, 0):
        return None
    file.seek(10)
    first = _first_frame(file.read(_LARGEST_TAG))
    if first is None or first < _SMALLEST_TAG:
        return None
    return head[:5] + bytes([head[5] & ~0x10]) + bytes(first >> shift & 0x7F for shift in (21, 14, 7, 0))


def _first_frame(data: bytes) -> int | None:
    """Where the first of some MP3 frames in a row begins."""
    position = data.find(b"\xff")
    while position >= 0 and not _are_frames(data, position):
        position = data.find(b"\xff", position + 1)
    return position if position >= 0 else None


def _are_frames(data: bytes, position: int) -> bool:
    """Whether MP3 frames in a row begin here."""
    for _ in range(_FRAMES_IN_A_ROW):
        length = _frame_bytes(data[position : position + 4])
        position += length
        if not length:
            return False
    return True


def _frame_bytes(head: bytes) -> int:
    """Length of the MP3 frame that begins with these four bytes; 0 where they begin none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    is_first = version == 3
    hz = _MPEG_HZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    kbps = (_KBPS_1 if is_first else _KBPS_2)[bitrate]
    return (144_000 if is_first else 72_000) * kbps // hz + (head[2] >> 1 & 1)


def frames_without_padding(file: BinaryIO) -> int | None:
    """Frames of a WAV whose sound is coded in blocks, without what fills its last block; None where that is not told,
    or cannot be."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    before: dict[bytes, bytes] = {}
    for chunk in walk_chunks(file, "<"):
        if chunk.name == b"data":
            sound_bytes = min(chunk.length, _size(file) - chunk.start)
            break
        before[chunk.name] = chunk.beginning
    else:
        return None
    coding, told = before.get(b"fmt ", b""), before.get(b"fact", b"")
    if len(coding) < 20 or len(told) < 4 or int.from_bytes(coding[:2], "little") not in _BLOCK_CODINGS:
        return None
    block_bytes, frames_of_block = struct.unpack_from("<H4xH", coding, 12)
    frames = int.from_bytes(told[:4], "little")
    if not block_bytes or not frames_of_block:
        return None
    # Some writers count otherwise, half of a stereo file or all of its last block: what is told lies in that.
    blocks = -(-sound_bytes // block_bytes)
    return frames if (blocks - 1) * frames_of_block < frames <= blocks * frames_of_block else None


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
