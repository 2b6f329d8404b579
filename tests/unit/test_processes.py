"""Child processes: forked where that is safe, begun anew elsewhere, polite either way; how they end, in words."""

import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import psutil
import pytest

from engine import processes
from engine.jobs import Cancelled, CancelToken
from engine.processes import (
    fork_child,
    leave_when_idle,
    open_nursery,
    settle_in,
    start_child,
    words_for_exit,
)


def tell_itself(connection: Connection) -> None:
    settle_in()
    loaded = "engine.library.worker" in sys.modules
    connection.send((os.getppid(), psutil.Process().nice(), loaded))


def keep_a_child_for_a_while(connection: Connection) -> None:
    """Be a nursery for 0.5 s at a time, at first with a child that takes 2 s."""
    settle_in()
    child = os.fork()
    if child == 0:
        time.sleep(2.0)
        os._exit(0)
    leave_when_idle(0.5)
    os.waitpid(child, 0)
    connection.send(time.monotonic())
    while True:
        time.sleep(60.0)


def told_by(start: Callable[..., tuple]) -> tuple[int, int, bool]:
    process, connection = start(tell_itself)
    told: tuple[int, int, bool] = connection.recv()
    process.join()
    assert process.exitcode == 0
    return told


@pytest.mark.skipif(not processes.FORKS, reason="nothing is forked on this system")
def test_workers_are_forked_from_what_has_imported_all_they_need() -> None:
    open_nursery(lambda: None)
    (nursery, nice, loaded), again = told_by(fork_child), told_by(fork_child)
    assert (nursery, nice, loaded) == again
    assert psutil.Process(nursery).ppid() == os.getpid()
    assert loaded
    assert nice == psutil.Process(nursery).nice() >= 10


def test_a_child_of_its_own_has_imported_nothing() -> None:
    parent, nice, loaded = told_by(start_child)
    assert parent == os.getpid()
    assert nice >= 10
    assert not loaded


def test_where_nothing_can_be_forked_a_child_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = processes._start

    def no_server(method: str, *rest: object) -> tuple:
        if method == "forkserver":
            raise EOFError
        return begin(method, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(processes, "_start", no_server)
    open_nursery(lambda: None)
    assert told_by(fork_child)[0] == os.getpid()


@pytest.mark.skipif(not processes.FORKS, reason="nothing is forked on this system")
def test_waiting_for_the_nursery_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        open_nursery(cancel.raise_if_cancelled)


@pytest.mark.skipif(not processes.FORKS, reason="nothing is forked on this system")
def test_a_nursery_that_nobody_needs_ends() -> None:
    process, connection = start_child(keep_a_child_for_a_while)
    assert connection.poll(60)
    left_alone = connection.recv()
    process.join(60)
    assert process.exitcode == 0
    assert time.monotonic() - left_alone > 0.3


@pytest.mark.skipif(not processes.FORKS, reason="nothing is forked on this system")
def test_after_its_end_there_is_another() -> None:
    open_nursery(lambda: None)
    first = told_by(fork_child)[0]
    psutil.Process(first).kill()
    open_nursery(lambda: None)
    second = told_by(fork_child)[0]
    assert second not in (first, os.getpid())


@pytest.mark.parametrize(("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (None, "it does not end")])
def test_an_exit_code_is_told_as_it_is(code: int | None, words: str) -> None:
    assert words_for_exit(code) == words


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("code", "words"), [(-9, "SIGKILL"), (-11, "SIGSEGV"), (-63, "signal 63")])
def test_a_signal_is_told_by_its_name(code: int, words: str) -> None:
    assert words_for_exit(code) == words
