"""What a library takes: on the disk, and in memory."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Usage:
    """Bytes of a library's own folder (catalog, index, notes of instruments), and of the memory that this process and
    its workers have to themselves: what several of them share, as the code of libraries, would count several times."""

    disk_bytes: int
    memory_bytes: int


def usage_of(directory: Path) -> Usage:
    """What a library takes now; what cannot be looked at, or goes meanwhile, counts nothing."""
    disk = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(OSError):
                disk += os.lstat(os.path.join(folder, name)).st_size
    memory = 0
    with contextlib.suppress(psutil.Error):
        own = psutil.Process()
        for process in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory += process.memory_full_info().uss
    return Usage(disk, memory)
