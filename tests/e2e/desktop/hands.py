"""A screen in memory with a window manager, and hands at its pointer and keyboard."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_VIRTUAL_SCREEN = Path(__file__).parents[3] / "packaging" / "virtual_screen.py"
_SECONDS_PER_STEP = 0.03
_STEPS = 12
_SECONDS_BEFORE_THE_DROP = 1.5
"""The target answers before it, also on a busy machine; else it is no drop."""


class Hands:
    """What a person does at a desktop; all of it by xdotool."""

    def __init__(self, screen: Any) -> None:
        self._screen = screen
        self.environment = {**os.environ, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}

    def key(self, *names: str) -> None:
        """Press keys one after the other, such as 'Down' or 'ctrl+q'."""
        self._do("key", "--delay", "40", *names)

    def click(self, at: tuple[int, int]) -> None:
        self._do("mousemove", *map(str, at), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, move at a human pace, let go."""
        self._do("mousemove", *map(str, start))
        self._do("mousedown", "1")
        for step in range(1, _STEPS + 1):
            place = [round(a + (b - a) * step / _STEPS) for a, b in zip(start, end, strict=True)]
            self._do("mousemove", *map(str, place))
            time.sleep(_SECONDS_PER_STEP)
        time.sleep(_SECONDS_BEFORE_THE_DROP)
        self._do("mouseup", "1")

    def picture(self, path: Path) -> None:
        """Write what is on the screen as a picture."""
        self._screen.save(path)

    def _do(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True, timeout=90)


@contextmanager
def desktop() -> Iterator[Hands]:
    """A screen of 1440 by 900 with openbox on it."""
    spec = importlib.util.spec_from_file_location("virtual_screen", _VIRTUAL_SCREEN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.VirtualScreen() as screen:
        hands = Hands(screen)
        manager = subprocess.Popen(["openbox"], env=hands.environment, stderr=subprocess.DEVNULL)
        try:
            yield hands
        finally:
            manager.terminate()
            manager.wait(timeout=90)
