"""Threads meet Qt here, and only here."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import GENTLE_NICENESS, Job, JobRunner
from engine.errors import AudioError
from engine.jobs import Progress
from tests.gui.conftest import PATIENCE_MILLISECONDS, leftover_threads, until

PATIENCE_SECONDS = PATIENCE_MILLISECONDS / 1000


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    runner.shutdown()
    assert leftover_threads() == []


def test_results_arrive_in_the_windows_thread(jobs: JobRunner, qtbot: QtBot) -> None:
    heard: list[tuple[str, object, bool]] = []

    def hear(kind: str) -> object:
        return lambda value: heard.append((kind, value, threading.current_thread() is threading.main_thread()))

    def work(job: Job) -> str:
        assert threading.current_thread() is not threading.main_thread()
        job.item(1)
        job.item(None)
        return "end"

    jobs.start("lane", work, on_item=hear("item"), on_done=hear("done"))  # type: ignore[arg-type]
    until(qtbot, lambda: len(heard) == 3)
    assert heard == [("item", 1, True), ("item", None, True), ("done", "end", True)]
    assert jobs.running("lane") is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread cannot step back by itself")
@pytest.mark.parametrize("before", [0, 11])
def test_gentle_jobs_step_back_behind_the_window_and_never_come_forward(
    jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "getpriority", lambda which, who: before)
    monkeypatch.setattr(os, "setpriority", lambda which, who, niceness: asked.append(niceness))
    done: list[str] = []
    jobs.start("plain", lambda job: "plain", on_done=done.append)
    until(qtbot, lambda: done == ["plain"])
    assert asked == []
    jobs.start("gentle", lambda job: "gentle", on_done=done.append, gentle=True)
    until(qtbot, lambda: done == ["plain", "gentle"])
    assert asked == ([GENTLE_NICENESS] if before == 0 else [])


def test_a_replaced_job_never_speaks_again(jobs: JobRunner, qtbot: QtBot) -> None:
    heard: list[str] = []
    release = threading.Event()

    def stubborn(job: Job) -> str:
        job.item("old")
        assert release.wait(2 * PATIENCE_SECONDS)  # an engine call that does not look at its token
        job.item("old")
        return "old"

    old = jobs.start("lane", stubborn, on_item=heard.append, on_done=heard.append)
    jobs.start("lane", lambda job: "new", on_done=heard.append)
    until(qtbot, lambda: "new" in heard)
    assert not old.ended.is_set(), "the new one did not wait for it"
    release.set()
    until(qtbot, old.ended.is_set)
    qtbot.wait(50)
    assert heard == ["new"]


def test_cancelling_ends_a_job_at_its_next_step(jobs: JobRunner, qtbot: QtBot) -> None:
    steps: list[bool] = []

    def work(job: Job) -> None:
        while True:
            steps.append(job.token.cancelled)
            job.checkpoint()
            time.sleep(0.005)

    job = jobs.start("lane", work)
    until(qtbot, lambda: bool(steps))
    jobs.cancel("lane")
    assert job.ended.wait(PATIENCE_SECONDS)
    assert steps.count(True) <= 1


def test_a_paused_job_waits_and_goes_on(jobs: JobRunner, qtbot: QtBot) -> None:
    steps: list[int] = []

    def work(job: Job) -> None:
        for step in itertools.count():
            job.progress(Progress("counting", step))
            steps.append(step)
            time.sleep(0.002)

    job = jobs.start("lane", work)
    until(qtbot, lambda: len(steps) > 2)
    job.pause()
    reached = len(steps)
    qtbot.wait(150)
    assert len(steps) <= reached + 1, "the step that was begun is ended, and no other begun"
    job.resume()
    until(qtbot, lambda: len(steps) > reached + 1)
    job.pause()
    jobs.cancel("lane")  # a paused job can be cancelled
    assert job.ended.wait(PATIENCE_SECONDS)


def test_failures_become_words(jobs: JobRunner, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    words: list[str] = []

    def bad_file(job: Job) -> None:
        raise AudioError("/songs/x.wav", "It is empty.")

    def defect(job: Job) -> None:
        raise ZeroDivisionError("by nothing")

    jobs.start("one", bad_file, on_failed=words.append)
    jobs.start("two", defect, on_failed=words.append)
    until(qtbot, lambda: len(words) == 2)
    assert "/songs/x.wav: It is empty." in words
    assert any("ZeroDivisionError" in word for word in words)
    assert "job two failed" in caplog.text


def test_progress_is_thinned_but_its_end_arrives(jobs: JobRunner, qtbot: QtBot) -> None:
    seen: list[float] = []

    def work(job: Job) -> None:
        for step in range(5001):
            job.progress(Progress("counting", step, 5000))

    jobs.start("lane", work, on_progress=lambda progress: seen.append(progress.done), on_done=lambda _: seen.append(-1))
    until(qtbot, lambda: seen[-1:] == [-1])
    assert seen[-2] == 5000
    assert len(seen) < 500


def test_nothing_starts_after_shutdown(qtbot: QtBot) -> None:
    runner = JobRunner()
    runner.shutdown()
    heard: list[object] = []
    runner.start("lane", lambda job: 1, on_done=heard.append)
    qtbot.wait(30)
    assert heard == []
    assert leftover_threads() == []
