"""`earshot demo` on a machine without a display: the shipped ear finds most of the demo song's true sounds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_true_sounds_are_found_and_pictured(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    result = subprocess.run(
        [sys.executable, "-m", "engine", "demo", "--directory", str(tmp_path / "demo")],
        env={**environment, "EARSHOT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=1190,
    )
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    last = result.stdout.splitlines()[-1]
    found = re.fullmatch(r"demo: (\d+) of (\d+) instruments have their true sound in the top 5", last)
    assert found, last
    assert int(found[1]) / int(found[2]) >= 0.8, result.stdout
    assert not (tmp_path / "home").exists()  # the demo leaves the user's own library alone

    if sys.platform not in ("win32", "darwin"):
        (picture,) = (tmp_path / "demo").rglob("window.png")
        image = QImage(str(picture))
        assert (image.width(), image.height()) >= (1280, 800)
        colours = {image.pixel(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)}
        assert len(colours) > 50
