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
    its workers take: of what several share, each takes its part, where the system tells that; else it is left out."""

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
                taken = process.memory_full_info()
                memory += getattr(taken, "pss", taken.uss)
    return Usage(disk, memory)
