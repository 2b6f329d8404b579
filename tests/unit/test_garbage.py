"""When Python looks for garbage."""

from __future__ import annotations

import gc
import subprocess
import sys

from app import garbage


def test_begin_changes_nothing_where_nobody_waits() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    assert gc.isenabled()
    garbage.begin()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_what_was_made_meanwhile_is_never_looked_at_and_what_comes_later_is() -> None:
    script = """
import gc
from app import garbage
garbage.wait()
assert not gc.isenabled()
kept = [[number] for number in range(50_000)]
garbage.begin()
assert gc.isenabled() and gc.get_freeze_count() >= 50_000
gone = []
class Ring:
    def __init__(self):
        self.itself = self
    def __del__(self):
        gone.append(1)
for _ in range(2 * garbage.YOUNG_OBJECTS):
    Ring()
assert gone, "rings made later are collected"
"""
    subprocess.run([sys.executable, "-c", script], check=True)
