"""A day of use in minutes: songs opened, slots stepped through, sounds played, compared, searched and marked.

What a window keeps must not grow with what was done in it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.screenshots import PictureBackend, Studio
from engine.demo import ensure_demo
from engine.jobs import ignore_progress

pytestmark = pytest.mark.soak

SONGS = int(os.environ.get("EARSHOT_SONGS", "60"))
STEPS_PER_SONG = 60
WARM = 10
"""Songs after which everything is loaded and every cache is full."""
MOST_GROWTH_MIB = 60.0
WORDS = ("", "kick", "bass -sub", "family:lead", "type:loop", "length:-1", "favourite:yes", "nothing like this")


@pytest.mark.timeout(120 * SONGS)
def test_nothing_grows_over_a_day(tmp_path: Path) -> None:
    files = ensure_demo(tmp_path / "demo", ignore_progress)
    dice, process = random.Random(0), psutil.Process()
    held: list[tuple[float, int, int]] = []
    with Studio(PictureBackend(tmp_path / "library")) as studio:
        window, work = studio.window, studio.work
        table, panel = window.matches_panel.table, window.matches_panel
        work.take([files.library, files.song])
        studio.wait_until_heard()
        studio.wait(lambda: not work.library.scanning, "scanning")
        studio.wait_for_matches()
        deeds: list[Callable[[], object]] = [
            lambda: table.choose(dice.randrange(max(1, work.matches.rowCount()))),
            lambda: table.choose(dice.randrange(max(1, work.matches.rowCount()))),
            lambda: work.choose_slot(dice.randrange(max(1, work.slots.rowCount()))),
            lambda: panel.search.setText(dice.choice(WORDS)),
            lambda: panel.search.setText(""),
            window.toggle_favourite,
            work.find_similar,
            work.matching.back,
            lambda: work.timeline.zoom(0.7),
            work.timeline.show_all,
            lambda: work.fitting.set_at_pitch(not work.fitting.at_pitch),
            lambda: work.listening.set_in_context(not work.auditioner.in_context),
            work.listening.play_pause,
            work.listening.toggle_side,
        ]
        for number in range(SONGS):
            for _ in range(STEPS_PER_SONG):
                dice.choice(deeds)()
                studio.live(0.03)
            work.open_song(files.song)
            studio.wait_until_heard()
            gc.collect()
            give_back_freed_memory()
            held.append((process.memory_info().rss / 2**20, alive(window), threading.active_count()))
            print(f"\nsong {number + 1}: {held[-1][0]:.0f} MiB, {held[-1][1]} objects, {held[-1][2]} threads", end="")
            studio.forgive()  # a search may have found nothing to be played
    memory, objects, threads = zip(*held[min(WARM, SONGS - 1) :], strict=True)
    assert max(memory) - memory[0] < MOST_GROWTH_MIB, "memory"
    assert objects[-1] <= objects[0] * 1.05, "objects of Qt"
    assert threads[-1] <= max(threads[0], 12), "threads"


def give_back_freed_memory() -> None:
    """What the allocator keeps for later is not held by anything, and comes and goes by tens of megabytes."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def alive(window: QObject) -> int:
    """How many objects hang below the window and the application, timers among them."""
    application = QApplication.instance()
    assert application is not None
    return sum(len(root.findChildren(QObject)) + len(root.findChildren(QTimer)) for root in (window, application))
