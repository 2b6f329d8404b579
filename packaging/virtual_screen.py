"""A screen that exists in memory alone (Xvfb), and what is on it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import numpy as np

WIDTH, HEIGHT = 1440, 900
_HEADER_WORDS = 25
_SECONDS = 60.0


class VirtualScreen:
    """An X server of its own; `display` is its name."""

    def __enter__(self) -> VirtualScreen:
        self._folder = Path(tempfile.mkdtemp())
        told, to_be_told = os.pipe()
        server = ["Xvfb", "-displayfd", str(to_be_told), "-fbdir", str(self._folder), "-nolisten", "tcp"]
        screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
        self._server = subprocess.Popen([*server, *screen], pass_fds=[to_be_told], stderr=subprocess.DEVNULL)
        os.close(to_be_told)
        with os.fdopen(told) as number:
            self.display = f":{number.readline().strip()}"
        self._began = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.terminate()
        self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def seconds_until_painted(self) -> float:
        """From when the screen was there to when a window with many colours is on it.

        Raises
        ------
        AssertionError : nothing appears within a minute.
        """
        while time.monotonic() - self._began < _SECONDS:
            if len(np.unique(self.pixels()[::8, ::8].reshape(-1, 3), axis=0)) > 8:
                return time.monotonic() - self._began
            time.sleep(0.02)
        raise AssertionError("no window appeared")

    def pixels(self) -> np.ndarray:
        """uint8 [height, width, 3]: red, green, blue."""
        content = (self._folder / "Xvfb_screen0").read_bytes()  # in the format of xwd
        header = struct.unpack(f">{_HEADER_WORDS}I", content[: 4 * _HEADER_WORDS])
        header_size, width, height, line, colours = (header[place] for place in (0, 4, 5, 12, 19))
        start = header_size + 12 * colours
        rows = np.frombuffer(content, np.uint8, line * height, start).reshape(height, line)
        return rows[:, : 4 * width].reshape(height, width, 4)[:, :, 2::-1]

    def save(self, path: Path) -> None:
        """Write what is on the screen as a picture."""
        from PySide6.QtGui import QImage

        pixels = np.ascontiguousarray(self.pixels())
        height, width, _ = pixels.shape
        QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).save(str(path))
