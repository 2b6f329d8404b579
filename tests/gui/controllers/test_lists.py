"""What is listed, and what of it is gone when the answer comes: collections, similar sounds, orders."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import sound_list
from app.controllers.marks import MarksController
from app.controllers.matching import MatchController
from app.jobs import JobRunner
from app.models.columns import Column
from engine.errors import LibraryError
from engine.jobs import CancelToken, ignore_progress
from engine.library.query import EVERYTHING
from tests.gui.conftest import PATIENCE_MILLISECONDS, until
from tests.gui.controllers.listing import ListingBackend, a_sound


def test_collections_come_back_in_the_opposite_order(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = MarksController(backend, jobs, jobs)
    offered: list[str] = []
    failures: list[str] = []
    marks.removed.connect(lambda removed: offered.append(removed.name))
    marks.failed.connect(failures.append)

    def names() -> list[str]:
        return [known.name for known in marks.state.collections]

    for name in ("Ash", "Beech", "Cedar"):
        marks.add_collection(name)
    until(qtbot, lambda: names() == ["Ash", "Beech", "Cedar"])
    for known in marks.state.collections[:2]:
        marks.remove_collection(known.id)
    until(qtbot, lambda: names() == ["Cedar"] and offered == ["Ash", "Beech"])
    marks.restore_collection()
    until(qtbot, lambda: names() == ["Beech", "Cedar"] and offered[2:] == ["Ash"])

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    catalog = backend.library().catalog
    with monkeypatch.context() as broken:
        broken.setattr(catalog.marks, "restore_collection", refuse)
        marks.restore_collection()
        until(qtbot, lambda: failures == ["The disk is full."])
    marks.restore_collection()
    until(qtbot, lambda: names() == ["Ash", "Beech", "Cedar"])
    marks.restore_collection()
    assert jobs.running("collecting") is None, "nothing is left to be brought back"
    assert offered == ["Ash", "Beech", "Ash"]


def test_what_was_similar_to_a_sound_is_left_when_the_sound_is_gone(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, tmp_path: Path
) -> None:
    matching = MatchController(backend, jobs, jobs)
    failures: list[str] = []
    matching.failed.connect(failures.append)
    with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
        matching.find_similar(a_sound(tmp_path / "gone.wav"))
    assert (ready.args[0].sound, matching.trail, failures) == (None, [], [])


def test_a_library_that_changes_all_the_time_does_not_keep_an_answer_from_coming(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = MatchController(backend, jobs, jobs)
    answers: list[object] = []
    matching.results_ready.connect(answers.append)
    library, asked, go_on = backend.library, threading.Semaphore(0), threading.Semaphore(0)

    def slow() -> object:
        asked.release()
        assert go_on.acquire(timeout=60)
        return library()

    monkeypatch.setattr(backend, "library", slow)
    matching.refresh()
    for answered in (0, 1):
        until(qtbot, lambda: asked.acquire(blocking=False))
        assert len(answers) == answered
        for _ in range(3 if answered == 0 else 0):
            matching.library_changed()
            qtbot.wait(60)
        assert not asked.acquire(blocking=False), "it is asked again once it has answered"
        go_on.release()
    until(qtbot, lambda: len(answers) == 2)
    qtbot.wait(60)
    assert not asked.acquire(blocking=False)


def test_where_not_all_sounds_are_listed_another_order_brings_others(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in "dbeac":
        (folder / f"{name}.wav").write_bytes(name.encode())
    backend.scan([folder], progress=ignore_progress, cancel=CancelToken())
    matching = MatchController(backend, jobs, jobs)

    def listed() -> tuple[str, Column | None]:
        results = ready.args[0]
        return "".join(row.sound.name for row in results.rows), results.first_by

    with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
        matching.refresh()
    assert listed() == ("abcde", None)
    matching.set_order(Column.NAME, True)
    matching.set_order(Column.NAME, False)
    qtbot.wait(60)
    assert jobs.running("rank") is None, "all of them are there already"
    monkeypatch.setattr(sound_list, "MOST_LISTED", 3)
    for column, descending, expected in (
        (Column.NUMBER, False, ("abc", Column.NAME)),
        (Column.NAME, True, ("edc", Column.NAME)),
        (Column.FOLDER, False, ("abc", Column.FOLDER)),
    ):
        with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
            matching.set_order(column, descending)
            matching.refresh()
        assert listed() == expected
    monkeypatch.setattr(sound_list, "PAGE", 3)
    pages = sound_list.pages(backend.library().catalog, EVERYTHING, Column.NAME, True)
    assert ["".join(sound.name for sound in page) for page in pages] == ["edc", "b", "a"], "each once"
