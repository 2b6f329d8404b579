"""Child processes: forked where that is safe, begun anew elsewhere, polite either way."""

import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

import psutil
import pytest

from engine.jobs import Cancelled, CancelToken
from engine.library import processes
from engine.library.processes import fork_child, open_nursery, settle_in, start_child


def tell_itself(connection: Connection) -> None:
    settle_in()
    loaded = "engine.library.worker" in sys.modules
    connection.send((os.getppid(), psutil.Process().nice(), loaded))


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
