"""Drives that are away, come and go, or do not answer: nothing else waits for them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from watchdog.observers import Observer

from app import backend as backend_module
from app.backend import Backend
from app.controllers import carrying as carrying_module
from app.controllers import library as library_module
from app.controllers.carrying import Carrying
from app.controllers.library import LibraryController
from app.jobs import JobRunner
from engine.audition.fit import UNCHANGED
from tests.gui.conftest import PATIENCE_MILLISECONDS, until
from tests.gui.controllers.listing import ListingBackend, a_sound, at_rest, roots

LONG_CLOSING_SECONDS = 10.0


def test_the_library_is_scanned_again_although_one_drive_is_away(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    drums.rename(drums.with_name("unplugged"))
    failures: list[str] = []
    library.scan_failed.connect(failures.append)
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1 and at_rest(library))
    assert (backend.scans, failures) == ([([keys], False)], [])
    keys.rename(keys.with_name("unplugged too"))
    library.rescan()
    until(qtbot, lambda: bool(failures))
    assert "There is no folder" in failures[0]


def test_a_drive_that_comes_and_goes_is_noticed(
    backend: ListingBackend, jobs: JobRunner, folders: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "FOLLOW_MILLISECONDS", 20)
    library = LibraryController(backend, jobs, jobs)
    library.scan(folders)

    def online() -> list[bool]:
        return [root.online for root in library.state.roots] if library.state is not None else []

    until(qtbot, lambda: online() == [True, True])
    folders[0].rename(folders[0].with_name("unplugged"))
    until(qtbot, lambda: online() == [False, True])
    folders[0].with_name("unplugged").rename(folders[0])
    until(qtbot, lambda: online() == [True, True])


def test_a_drive_that_does_not_answer_holds_up_nothing_else(
    library: LibraryController,
    backend: ListingBackend,
    folders: list[Path],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a share whose server is off, at the next start."""
    drums, keys = folders
    until(qtbot, lambda: library._watched == set(map(str, folders)))
    answer, isdir, jobs = threading.Event(), os.path.isdir, library._jobs

    def hang(path: Any) -> bool:
        if str(path) == str(drums):
            answer.wait(PATIENCE_MILLISECONDS / 1000)
        return isdir(path)

    monkeypatch.setattr(os.path, "isdir", hang)
    library._follow.stop()
    again = LibraryController(backend, jobs, jobs)
    again.refresh()
    until(qtbot, lambda: roots(again) == [str(drums), str(keys)] and again._watched == {str(keys)})
    more = tmp_path / "More"
    more.mkdir()
    (more / "one.wav").write_bytes(b"RIFF")
    again.scan([more])
    until(qtbot, lambda: roots(again) == [str(drums), str(keys), str(more)] and at_rest(again))
    assert again.state is not None
    assert [(root.online, root.away) for root in again.state.roots[:2]] == [(None, False), (True, False)]
    answer.set()
    until(qtbot, lambda: again._watched == {str(drums), str(keys), str(more)})


def test_a_scan_goes_on_without_a_drive_that_does_not_answer(
    library: LibraryController,
    folders: list[Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drums, keys = folders
    until(qtbot, lambda: library._watched == set(map(str, folders)))
    library._follow.stop()
    answer, isdir, is_dir = threading.Event(), os.path.isdir, Path.is_dir

    def hang(path: Any) -> None:
        if str(path) == str(drums):
            answer.wait(PATIENCE_MILLISECONDS / 1000)

    monkeypatch.setattr(os.path, "isdir", lambda path: hang(path) or isdir(path))
    monkeypatch.setattr(Path, "is_dir", lambda path: hang(path) or is_dir(path))
    monkeypatch.setattr("app.controllers.library.ANSWER_SECONDS", 0.5)
    (keys / "two.wav").write_bytes(b"RIFF")
    told: list[list[str]] = []
    library.unanswered.connect(told.append)
    library.scan([drums, keys])
    try:
        until(qtbot, lambda: at_rest(library) and library.state is not None and library.state.counts.total == 3)
        assert told == [[str(drums)]]
    finally:
        answer.set()


def test_sounds_of_a_drive_that_does_not_answer_are_left_out_of_what_is_carried(
    jobs: JobRunner, qtbot: QtBot, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    drums, keys = folders
    answer, isdir = threading.Event(), os.path.isdir

    def hang(path: Any) -> bool:
        if str(path) == str(drums):
            answer.wait(PATIENCE_MILLISECONDS / 1000)
        return isdir(path)

    monkeypatch.setattr(os.path, "isdir", hang)
    monkeypatch.setattr(carrying_module, "ANSWER_SECONDS", 0.2, raising=False)
    fitting = SimpleNamespace(change=lambda sound: UNCHANGED)
    carrying = Carrying(SimpleNamespace(rendered_dir=keys), jobs, fitting, jobs)  # type: ignore[arg-type]
    carried: list[Path] = []
    told: list[str] = []
    carrying.failed.connect(told.append)
    try:
        carrying.fetch([a_sound(folder / "one.wav") for folder in folders], carried.extend)
        qtbot.waitUntil(lambda: bool(carried), timeout=20_000)
        assert (carried, told) == ([keys / "one.wav"], [f"Left out: one: {drums} does not answer."])
    finally:
        answer.set()


def test_closing_waits_for_no_tree_of_folders(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is walked to watch it, at the pace of its drive."""
    monkeypatch.setattr(backend_module, "CLOSING_SECONDS", 0.1)
    walking, walked = threading.Event(), threading.Event()
    schedule = Observer.schedule

    def schedule_slowly(*asked: Any, **named: Any) -> object:
        walking.set()
        walked.wait(LONG_CLOSING_SECONDS)
        return schedule(*asked, **named)

    monkeypatch.setattr(Observer, "schedule", schedule_slowly)
    backend = Backend(tmp_path / "library")
    watching = threading.Thread(target=lambda: backend.watch([str(tmp_path)], print))
    watching.start()
    until(qtbot, walking.is_set)
    began = time.monotonic()
    backend.close()
    closed_seconds = time.monotonic() - began
    walked.set()
    watching.join()
    assert closed_seconds < LONG_CLOSING_SECONDS / 2
    assert backend._watcher is not None
    until(qtbot, lambda: not backend._watcher._thread.is_alive() and not backend._watcher._observer.is_alive())
    assert backend.watch([str(tmp_path)], print) == {}, "nothing is watched any more"
