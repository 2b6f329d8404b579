"""A library in a temporary folder, and a folder of small sounds to scan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from engine.library.library import Library

RATE = 16_000


def write_tone(path: Path, hz: float = 440.0, seconds: float = 0.2) -> Path:
    """A tone that dies away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * t) * np.exp(-5 * t), RATE)
    return path


@pytest.fixture
def tone() -> Callable[..., Path]:
    return write_tone


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library.open(tmp_path / "library", create=True)
    yield library
    library.close()


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Twelve tones in three folders, 100 to 3,200 Hz."""
    folder = tmp_path / "sounds"
    for number, hz in enumerate(np.geomspace(100, 3_200, 12)):
        write_tone(folder / ("low", "middle", "high")[number // 4] / f"Tone {number:02}.wav", hz)
    return folder


@pytest.fixture
def no_worker_is_left_behind() -> Iterator[None]:
    before = set(psutil.Process().children(recursive=True))
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    # The standard library keeps two processes of its own: one cleans up after the others, from one workers are forked.
    kept = [
        child for child in left if child.ppid() == os.getpid() and "from multiprocessing." in " ".join(child.cmdline())
    ]
    assert [child.cmdline() for child in left if child not in kept] == []
