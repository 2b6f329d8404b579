"""What a file is, whatever it is called and wherever it lies: a digest of its bytes, and of an SFZ what it plays."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import time
from pathlib import Path

from engine.audio.suffixes import SFZ_SUFFIX
from engine.errors import AudioError
from engine.presets.sfz_region import open_sfz

logger = logging.getLogger(__name__)

_READ_BYTES = 64 << 20
_DIGEST_BYTES = 16
_SAMPLES_READ = 64
_SAMPLE_BYTES = 4096
_SECONDS_KEPT = 10.0


def content_digest(path: str | Path, root: str | Path | None = None) -> bytes:
    """16 bytes that two files share only if they hold the same; of an SFZ 32, the first half of which is of its text.

    Of a file above 64 MB only the first 64 MB and the length count: reading a three-hour recording to its end takes
    longer than hearing the minute of it that is heard. An SFZ is a text that names its samples, and many have the same:
    names and lengths of the samples count too, and a little of some of them; where they lie does not.

    root : the folder that nothing an SFZ names may lie outside of; its own folder where None.

    Raises OSError where it cannot be read.
    """
    facts = os.stat(path)
    path = os.fspath(path)
    digest = _digest(path, facts.st_size, facts.st_mtime_ns)
    if os.path.splitext(path)[1].lower() == SFZ_SUFFIX:
        # The sounds of a drum kit ask one after another; later a sample may be another one.
        digest += _digest_of_played(path, root, facts.st_mtime_ns, time.monotonic() // _SECONDS_KEPT)
    return digest


def digest_of_text(content: bytes) -> bytes | None:
    """Of an SFZ's content the digest of its text alone, which was all of it in earlier versions; None for others."""
    return content[:_DIGEST_BYTES] if len(content) > _DIGEST_BYTES else None


@functools.lru_cache(maxsize=4)  # the presets of one large file ask one after another
def _digest(path: str, length: int, _: int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        digest = hashlib.blake2b(length.to_bytes(8, "little"), digest_size=_DIGEST_BYTES)
        left = _READ_BYTES
        while left and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    return digest.digest()


@functools.lru_cache(maxsize=4)
def _digest_of_played(path: str, root: str | Path | None, _mtime_ns: int, _now: float) -> bytes:
    """Of an SFZ that cannot be read as one nothing."""
    try:
        instrument = open_sfz(Path(path), None if root is None else Path(root))
    except AudioError:
        return b""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    folder = os.path.dirname(os.path.abspath(path))
    included = {os.path.relpath(inner, folder).replace(os.sep, "/"): inner for inner in instrument.includes}
    for name, inner in sorted(included.items()):
        digest.update(f"{name!r} {inner.stat().st_size}".encode())
        digest.update(inner.read_bytes())
    samples = sorted(instrument.sample_files().items())
    read_each = -(-len(samples) // _SAMPLES_READ)
    for number, (name, sample) in enumerate(samples):
        length = None if sample is None else sample.stat().st_size
        digest.update(f"{name!r} {length}".encode())
        if sample is not None and length is not None and number % read_each == 0:
            digest.update(_some_of(sample, length))
    return digest.digest()


def _some_of(path: Path, length: int) -> bytes:
    """Its beginning, which may be silent, and its middle."""
    with open(path, "rb", buffering=0) as file:
        beginning = file.read(_SAMPLE_BYTES)
        file.seek(length // 2)
        return beginning + file.read(_SAMPLE_BYTES)


def can_be_read(path: str | Path) -> bool:
    """Whether its drive gives its first and its last byte."""
    try:
        with open(path, "rb", buffering=0) as file:
            if file.read(1):
                file.seek(-1, os.SEEK_END)
                file.read(1)
    except OSError:
        return False
    return True


def digest_if_readable(path: str | Path, root: str | Path | None = None) -> bytes | None:
    """The same; None, and a line in the log, where it cannot be read."""
    try:
        return content_digest(path, root)
    except OSError as error:
        logger.warning("cannot be read: %s: %s", path, error.strerror)
        return None
