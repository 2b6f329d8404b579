"""Two windows on one library: the first writes, the second reads and says why, and both may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import engine.library.index as index_module
from engine.errors import LibraryError
from engine.library import locks
from engine.library.catalog import Catalog
from engine.library.library import Library
from engine.library.scanner import scan
from tests.unit.library.ears import load_toy
from tests.unit.library.made_up import add_sounds, vector

_OTHER = """
import sys
from pathlib import Path
from engine.library.library import Library
library = Library.open(Path(sys.argv[1]), create=True, window=True)
print(library.why_read_only or "writes", flush=True)
sys.stdin.readline()
library.close()
print("closed", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def other_window(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts what a window is to a library, in a process of its own; a line to it closes the library."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _OTHER, str(tmp_path / "library")]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def open_window(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "library", create=True, window=True)


def test_the_second_window_reads_until_the_first_is_killed(
    tmp_path: Path, other_window: Callable[[], subprocess.Popen[str]]
) -> None:
    first = other_window()
    assert said(first) == "writes"
    second = open_window(tmp_path)
    assert second.why_read_only == locks.ANOTHER_WINDOW
    assert second.beside_another_window
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert second.catalog.counts().total == 0, "what it reads is still there"
    third = open_window(tmp_path)
    assert (third.why_read_only, third.beside_another_window) == ("", False)
    add_sounds(third, range(5))
    assert second.catalog.counts().ready == 5, "it goes on following"
    third.close()
    second.close()


def test_closing_the_first_window_is_enough(tmp_path: Path, other_window: Callable[[], subprocess.Popen[str]]) -> None:
    first = other_window()
    assert said(first) == "writes"
    assert first.stdin is not None
    first.stdin.write("\n")
    first.stdin.flush()
    assert said(first) == "closed"
    mine = open_window(tmp_path)
    assert said(other_window()) == locks.ANOTHER_WINDOW
    # The library is opened by one thread of a window and closed by another.
    thread = threading.Thread(target=mine.close)
    thread.start()
    thread.join()
    assert said(other_window()) == "writes"


def test_nothing_is_changed_and_everything_says_why(
    tmp_path: Path, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    first = open_window(tmp_path)
    add_sounds(first, range(50))
    first.catalog.marks.add_collection("Mine")
    before = _content(tmp_path / "library")
    second = open_window(tmp_path)
    second.settle()
    assert [sound.name for sound, _ in second.search(vector(7), top=1)] == ["7"], "it searches"
    catalog = second.catalog
    refused: list[Callable[[], object]] = [
        lambda: catalog.marks.set_favourite([1], True),
        lambda: catalog.marks.rate([1], 3),
        lambda: catalog.marks.tag([1], add=["warm"]),
        lambda: catalog.marks.correct_family([1], "bass"),
        lambda: catalog.marks.add_collection("Another"),
        lambda: catalog.marks.remove_collection(1),
        lambda: catalog.marks.note_auditioned(1),
        lambda: catalog.remove_root("/sounds"),
        lambda: scan(second, [sounds], workers=1, loader=load_toy),
    ]
    for change in refused:
        with pytest.raises(LibraryError, match=r"Another Earshot has this library open.*Close the other one"):
            change()
    second.close()
    assert _content(tmp_path / "library") == before, "not even the index is written"
    first.close()


def test_commands_write_beside_a_window(tmp_path: Path, sounds: Path) -> None:
    window = open_window(tmp_path)
    command = Library.open(tmp_path / "library")
    version = window.catalog.database.version
    assert scan(command, [sounds], workers=1, loader=load_toy).embedded == 12
    command.close()
    assert window.catalog.database.version != version, "it can be seen that there is something new"
    window.refresh()
    assert window.searchable == 12
    window.catalog.marks.set_favourite([1], True)
    window.close()


def test_two_windows_that_are_opened_at_once(tmp_path: Path) -> None:
    """The second one comes when the first has begun, but has not made the catalog."""
    directory = tmp_path / "library"
    directory.mkdir()
    lock = locks.try_lock(directory / "window.lock")
    assert lock is not None
    made = threading.Timer(0.5, lambda: Catalog.open(directory).close())
    made.start()
    second = open_window(tmp_path)
    assert second.beside_another_window
    second.close()
    made.join()
    lock.release()


def test_a_catalog_that_never_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_SECONDS_TO_MAKE_A_CATALOG", 0.3)
    directory = tmp_path / "library"
    directory.mkdir()
    lock = locks.try_lock(directory / "window.lock")
    assert lock is not None
    with pytest.raises(LibraryError, match="cannot be opened"):
        open_window(tmp_path)
    lock.release()
    open_window(tmp_path).close()


def test_a_window_that_cannot_open_its_library_has_no_lock(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    directory.mkdir()
    (directory / "catalog.sqlite").write_bytes(b"no catalog" * 1000)
    with pytest.raises(LibraryError, match="It is kept as"):
        open_window(tmp_path)
    window = open_window(tmp_path)
    assert not window.why_read_only
    window.close()


def test_a_folder_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_window(tmp_path).close()

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    may = os.access
    monkeypatch.setattr(locks, "try_lock", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK and may(path, mode))
    window = open_window(tmp_path)
    assert not window.beside_another_window
    with pytest.raises(LibraryError, match=r"may not be written to.*Mend its permissions"):
        window.catalog.marks.add_collection("Mine")
    window.close()


def _content(directory: Path) -> dict[str, bytes]:
    """Of every file but the log of the database, which reading opens."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if not path.name.endswith("-shm")}
