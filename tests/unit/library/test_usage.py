"""What a library takes."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.library.library import Library
from engine.library.usage import usage_of
from engine.processes import start_child


def test_files_below_the_folder_are_counted(library: Library) -> None:
    before = usage_of(library.directory).disk_bytes
    assert before >= (library.directory / "catalog.sqlite").stat().st_size
    (library.directory / "notes").mkdir()
    (library.directory / "notes" / "note.wav").write_bytes(bytes(100_000))
    (library.directory / "notes" / "gone").symlink_to("nowhere")
    assert usage_of(library.directory).disk_bytes == pytest.approx(before + 100_000, abs=20_000)
    assert usage_of(library.directory / "there is none").disk_bytes == 0


def test_memory_is_that_of_the_workers_too(tmp_path: Path) -> None:
    own = psutil.Process().memory_full_info().uss
    assert usage_of(tmp_path).memory_bytes >= own / 2
    process, connection = start_child(wait_for_a_word)
    try:
        assert connection.recv() == "here"
        of_child = psutil.Process(process.pid).memory_full_info().uss
        assert usage_of(tmp_path).memory_bytes > own / 2 + of_child / 2
    finally:
        connection.send("enough")
        process.join()


def wait_for_a_word(connection) -> None:  # type: ignore[no-untyped-def]
    connection.send("here")
    connection.recv()
