"""A worker that is silent for long: stuck, or only not let by other programs?"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.library import watched
from engine.library.library import Library
from engine.library.messages import Decoding
from engine.library.queue import Pending
from engine.library.scanner import scan
from engine.library.watched import WatchedWorker
from tests.unit.library.ears import load_fragile

pytestmark = pytest.mark.usefixtures("no_worker_is_left_behind")


def test_a_worker_that_is_hardly_let_has_more_time(
    library: Library, tone: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the system's eyes: it wants to run all the while, and used next to nothing."""
    tone(tmp_path / "sounds" / "slow.wav")
    monkeypatch.setattr(psutil.Process, "status", lambda self: psutil.STATUS_RUNNING)
    result = scan(library, [tmp_path / "sounds"], workers=1, loader=load_fragile, decoding_seconds=1.0)
    assert (result.embedded, result.failed) == (1, 0)


@pytest.mark.parametrize(
    ("work", "stuck"),
    [
        ("time.sleep(600)", True),
        ("while True: time.sleep(0.02); sum(range(30_000))", False),
        ("while True: pass", True),
    ],
    ids=["waits", "is hardly let", "computes for ever"],
)
def test_where_every_process_counts_as_running(monkeypatch: pytest.MonkeyPatch, work: str, stuck: bool) -> None:
    monkeypatch.setattr(watched, "_STATUS_TELLS", False)
    monkeypatch.setattr(psutil.Process, "status", lambda self: psutil.STATUS_RUNNING)
    process: Any = subprocess.Popen([sys.executable, "-c", f"import time\n{work}"])
    ours, theirs = multiprocessing.Pipe()
    try:
        worker = WatchedWorker(process, ours, decoding_seconds=2.0)
        worker.give([Pending(1, "a.wav")])
        theirs.send(Decoding(1))
        assert list(worker.messages()) == [Decoding(1)]
        until = time.monotonic() + (120.0 if stuck else 5.0)
        seen = False
        while not seen and time.monotonic() < until:
            time.sleep(0.1)
            seen = worker.hangs_in_decoder()
        assert seen == stuck
    finally:
        process.kill()
        process.wait()
        ours.close()
        theirs.close()
