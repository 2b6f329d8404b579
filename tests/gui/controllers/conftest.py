"""Controllers without a window, over a library whose scans the test holds and lets go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from app.controllers.library import LibraryController
from app.jobs import JobRunner
from tests.gui.conftest import until
from tests.gui.controllers.listing import ListingBackend, at_rest, roots


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    assert runner.shutdown()
    # Now, in this thread: the collector of garbage may run in any.
    runner.deleteLater()
    QCoreApplication.sendPostedEvents(runner, QEvent.Type.DeferredDelete)


@pytest.fixture
def backend(tmp_path: Path, jobs: JobRunner) -> Iterator[ListingBackend]:
    made = ListingBackend(tmp_path / "library")
    yield made
    made.go_on.set()
    jobs.shutdown()
    made.close()


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two folders with a file each."""
    made = [tmp_path / "Drums", tmp_path / "Keys"]
    for folder in made:
        folder.mkdir()
        (folder / "one.wav").write_bytes(b"RIFF")
    return made


@pytest.fixture
def library(backend: ListingBackend, jobs: JobRunner, folders: list[Path], qtbot: QtBot) -> LibraryController:
    """Both folders are its roots."""
    controller = LibraryController(backend, jobs, jobs)
    controller.scan(folders)
    until(qtbot, lambda: roots(controller) == list(map(str, folders)) and at_rest(controller))
    backend.scans.clear()
    return controller
