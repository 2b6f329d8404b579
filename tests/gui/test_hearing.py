"""The process in which the window hears: what becomes of it, and of the song."""

from __future__ import annotations

import functools
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.backend import Backend
from app.main_window import MainWindow
from engine.encoder.ear_process import EarProcess
from engine.encoder.heard import HeardWindows
from engine.matching.slots import Slot
from tests.gui.conftest import leftover_threads, until
from tests.gui.stand_in import load_asleep, load_stand_in


def test_a_song_is_heard_though_the_process_that_hears_ended_and_none_outlives_the_window(
    filled: MainWindow, qtbot: QtBot, song: Path
) -> None:
    work, backend = filled.workspace, filled.workspace.backend
    families = [slot.family for slot in work.slots.slots]
    backend._ear = EarProcess(loader=load_stand_in)
    backend.ear = functools.partial(Backend.ear, backend)  # type: ignore[method-assign]

    def hear_again() -> tuple[Slot, ...]:
        work.slot_editor.hear_again(work.reference, None)
        until(qtbot, lambda: (hearing := work.reference.hearing) is not None and hearing.done)
        return tuple(work.slots.slots)

    children = set(psutil.Process().children())
    assert [slot.family for slot in hear_again()] == families
    (first,) = set(psutil.Process().children()) - children
    first.kill()
    assert [slot.family for slot in hear_again()] == families
    assert filled.notice.isHidden()
    (second,) = set(psutil.Process().children()) - children
    assert second != first
    filled.close()
    assert not second.is_running()


def test_a_window_that_is_closed_while_its_ear_loads_is_gone_at_once(window: MainWindow, qtbot: QtBot) -> None:
    work, backend = window.workspace, window.workspace.backend
    ear = backend._ear = EarProcess(loader=load_asleep)
    backend.ear = functools.partial(Backend.ear, backend)  # type: ignore[method-assign]
    work.jobs.start("ear", lambda _: backend.ear())
    until(qtbot, lambda: ear._child is not None)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 4.0
    assert leftover_threads() == []


def test_hearing_that_was_stopped_says_so_and_can_be_had_whole(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, whole_song = filled.workspace, filled.actions_.whole_song
    assert not whole_song.isEnabled()
    assert not filled.header.whole_song.isVisible()
    ear, go_on = work.backend.ear(), threading.Event()

    def hear_slowly(windows: np.ndarray) -> HeardWindows:
        go_on.wait(60)
        return heard(windows)

    heard = ear.hear
    monkeypatch.setattr(ear, "hear", hear_slowly)
    work.slot_editor.hear_again(work.reference, None)
    until(qtbot, lambda: work.reference.hearing_job is not None)
    work.reference.cancel_hearing()
    go_on.set()
    assert whole_song.isEnabled()
    assert filled.header.whole_song.isVisible()
    assert filled.notice.message.text().startswith("Hearing was stopped")
    whole_song.trigger()
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    assert not whole_song.isEnabled()
    assert filled.notice.isHidden()
