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


def test_what_was_made_meanwhile_is_never_looked_at_and_what_comes_later_is_by_who_looks() -> None:
    script = """
import gc, threading
from app import garbage
garbage.wait()
assert not gc.isenabled()
kept = [[number] for number in range(50_000)]
garbage.look()
assert gc.get_freeze_count() == 0
garbage.begin()
assert not gc.isenabled() and gc.get_freeze_count() >= 50_000
gone = []
class Ring:
    def __init__(self):
        self.itself = self
    def __del__(self):
        gone.append(threading.current_thread())
def make():
    for _ in range(garbage.YOUNG_OBJECTS + 1):
        Ring()
maker = threading.Thread(target=make)
maker.start()
maker.join()
assert not gone, "looked at in a thread that merely made them"
garbage.look()
assert len(gone) > garbage.YOUNG_OBJECTS, "rings made later are collected"
assert set(gone) == {threading.main_thread()}
for _ in range(gc.get_threshold()[1] + 1):
    make()
    garbage.look()
assert gc.get_stats()[1]["collections"] > 0, "older ones are looked at now and then"
"""
    subprocess.run([sys.executable, "-c", script], check=True)
