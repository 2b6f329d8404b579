"""A folder that is watched: what comes, moves and goes is in the library soon after."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import LibraryError
from engine.library.catalog import Catalog, Counts, Sound


def write_tone(path: Path, hz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * np.arange(9_000) / 44_100), 44_100)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_what_changes_is_scanned(tmp_path: Path) -> None:
    folder, home = tmp_path / "sounds", tmp_path / "library"
    write_tone(folder / "kit" / "first.wav", 300)
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "scan", str(folder), "--watch", "--workers", "1"],
        env={**os.environ, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def wait_for(happened: Callable[[Catalog], bool]) -> list[Sound]:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            if Catalog.exists(home):
                with suppress(LibraryError):  # it is being made just now
                    catalog = Catalog.open(home, read_only=True)
                    try:
                        if happened(catalog):
                            return catalog.sounds()
                    finally:
                        catalog.close()
            time.sleep(0.2)
        process.kill()
        raise AssertionError(process.communicate())

    try:
        (first,) = wait_for(lambda catalog: catalog.counts() == Counts(ready=1))
        assert process.stderr is not None
        assert any("watching" in line for line in process.stderr)

        write_tone(folder / "new" / "second.wav", 700)
        wait_for(lambda catalog: catalog.counts() == Counts(ready=2))
        shutil.move(folder / "kit" / "first.wav", folder / "renamed.wav")
        # It is listed as a new file before its content tells that it is the first one.
        wait_for(lambda catalog: (first.id, "renamed") in [(sound.id, sound.name) for sound in catalog.sounds()])
        (folder / "new" / "second.wav").unlink()
        wait_for(lambda catalog: catalog.counts() == Counts(ready=1, missing=1))

        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        assert "0 embedded, 1 unchanged, 0 failed, 1 moved, 0 removed" in printed
    finally:
        process.kill()
        process.wait()
