"""kill -9, a hundred times: of the whole scan or of one of its workers, at any moment from its first to its last."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.e2e.scan_checks import assert_sound, counts, wait_for

pytestmark = pytest.mark.soak

ROUNDS = int(os.environ.get("EARSHOT_ROUNDS", "100"))
FILES = 120
RATE = 44_100


@pytest.mark.timeout(60 * ROUNDS)
def test_nothing_is_lost_twice_or_damaged(tmp_path: Path) -> None:
    moments = random.Random(0)
    folder, directory = tmp_path / "sounds", tmp_path / "library"
    folder.mkdir()
    for number in range(FILES):
        seconds = np.arange(RATE // 5) / RATE
        soundfile.write(folder / f"{number:03}.wav", 0.5 * np.sin(2 * np.pi * (100 + 10 * number) * seconds), RATE)
    ended = {"scan": 0, "worker": 0, "by itself": 0}
    kept, longest = 0, 6.0
    for _ in range(ROUNDS):
        command = [sys.executable, "-m", "tests.e2e.scan_process", str(directory), str(folder)]
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        try:
            of_worker = moments.random() < 0.5
            if of_worker:  # before its first moment there is none
                wait_for(lambda process=process: process.poll() is not None or any(map(is_worker, children(process))))  # type: ignore[misc]
            time.sleep(moments.uniform(0, longest))
            family = children(process)
            workers = [child for child in family if is_worker(child)]
            if of_worker and workers:
                with contextlib.suppress(psutil.NoSuchProcess):  # the scan has just come to its end
                    moments.choice(workers).kill()
                    ended["worker"] += 1
                assert process.wait(300) == 0, "a scan survives the loss of a worker"
                longest = time.monotonic() - began
            elif process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                ended["scan"] += 1
            else:
                ended["by itself"] += 1
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        wait_for(lambda family=family: not any(child.is_running() for child in family))  # type: ignore[misc]
        now = counts(directory)
        assert now.failed == 0
        assert now.ready >= kept, "finished rows are kept"
        kept = now.ready
        if now.listed + now.ready:
            assert_sound(directory, FILES)
        if kept == FILES:  # all of it once more: to a scan they are other files
            for path in folder.iterdir():
                os.utime(path)
            kept = 0
    print(f"\n{ROUNDS} rounds: {ended}")


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def is_worker(child: psutil.Process) -> bool:
    """Rather than one of the processes in which the standard library forks workers and cleans up after them: a worker
    is a child of the former, or begins as an interpreter of its own."""
    try:
        parent = child.parent()  # gone where its scan was just killed
        forked = parent is not None and "forkserver" in " ".join(parent.cmdline())
        return forked or "--multiprocessing-fork" in child.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
