"""Work with a drive that may stop answering."""

from __future__ import annotations

import threading
import time

import pytest

from engine.jobs import Cancelled
from engine.library import drives as drives_module
from engine.library.drives import DriveSilent, DriveWatch

clock = time.monotonic


def nothing() -> None:
    pass


def cancelled() -> None:
    raise Cancelled


def drives() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "drive"]


def test_what_the_work_returns_or_raises() -> None:
    def refuse() -> None:
        raise PermissionError("not for you")

    assert DriveWatch().run(lambda: 3, 5.0, nothing) == 3
    with pytest.raises(PermissionError, match="not for you"):
        DriveWatch().run(refuse, 5.0, nothing)


def test_where_the_drive_is_silent_the_work_is_left_and_does_nothing_more() -> None:
    watch, answer, done = DriveWatch(), threading.Event(), []

    def work() -> None:
        answer.wait(30.0)
        with watch:
            done.append("entered what nobody waits for")

    began = time.monotonic()
    with pytest.raises(DriveSilent):
        watch.run(work, 0.3, nothing)
    assert time.monotonic() - began < 10.0
    left = drives()
    answer.set()
    for thread in left:
        thread.join(10.0)
        assert not thread.is_alive()
    assert done == []


def test_each_answer_has_its_own_time() -> None:
    watch = DriveWatch()

    def work() -> int:
        for _ in range(20):
            time.sleep(0.1)
            watch.answered()
        return 1

    assert watch.run(work, 1.0, nothing) == 1


def test_where_the_work_asks_nothing_it_may_take_long() -> None:
    watch = DriveWatch()

    def work() -> int:
        with watch:
            time.sleep(1.0)
        return 1

    assert watch.run(work, 0.3, nothing) == 1


def test_a_program_that_was_asleep_asks_the_drive_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asleep, began = threading.Event(), 0.0, time.monotonic()
    monkeypatch.setattr(drives_module.time, "monotonic", lambda: clock() + asleep)

    def sleep_once() -> None:
        nonlocal asleep
        if clock() - began > 0.3:
            asleep = 3_600.0
        if clock() - began > 1.0:
            answer.set()

    assert DriveWatch().run(lambda: answer.wait(30.0), 15.0, sleep_once)


def test_who_cancels_does_not_wait_for_the_drive() -> None:
    answer = threading.Event()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        DriveWatch().run(lambda: answer.wait(30.0), 30.0, cancelled)
    assert time.monotonic() - began < 10.0
    answer.set()


def test_who_cancels_waits_for_what_is_not_the_drive() -> None:
    watch, done = DriveWatch(), []

    def work() -> None:
        with watch:
            time.sleep(0.5)
            done.append("entered")
        watch.answered()
        done.append("went on")

    def cancel_once_it_is_entering() -> None:
        if watch._asking_since is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        watch.run(work, 5.0, cancel_once_it_is_entering)
    assert done[0] == "entered"
