"""What a file is, whatever it is called and wherever it lies: a digest of its bytes."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

_READ_BYTES = 64 << 20
_DIGEST_BYTES = 16


def content_digest(path: str | Path) -> bytes:
    """16 bytes that two files share only if they hold the same.

    Of a file above 64 MB only the first 64 MB and the length count: reading a three-hour recording to its end takes
    longer than hearing the minute of it that is heard. Raises OSError where it cannot be read.
    """
    facts = os.stat(path)
    return _digest(os.fspath(path), facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=4)  # the presets of one large file ask one after another
def _digest(path: str, length: int, _: int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        digest = hashlib.blake2b(length.to_bytes(8, "little"), digest_size=_DIGEST_BYTES)
        left = _READ_BYTES
        while left and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    return digest.digest()


def digest_if_readable(path: str | Path) -> bytes | None:
    """The same; None, and a line in the log, where it cannot be read."""
    try:
        return content_digest(path)
    except OSError as error:
        logger.warning("cannot be read: %s: %s", path, error.strerror)
        return None
