"""What becomes of sounds whose worker ends, with real worker processes and toy ears."""

from __future__ import annotations

import errno
import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.library import crew, watched
from engine.library.catalog import Counts
from engine.library.crew import Crew
from engine.library.library import Library
from engine.library.scanner import scan
from tests.unit.library.ears import load_and_die, load_choking, load_fragile, load_nothing, load_stuck, load_toy

pytestmark = pytest.mark.usefixtures("no_worker_is_left_behind")


def test_one_bad_file_costs_one_row(library: Library, tone: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "fragile"
    for number in range(10):
        tone(folder / f"{number} fine.wav")
    for name in ("unlucky", "crash", "hang", "spin", "defect"):
        tone(folder / f"{name}.wav")
    (folder / "text.wav").write_text("no sound")
    tone(folder / "silent.wav", 0.0)

    result = scan(library, [folder], workers=2, loader=load_fragile, decoding_seconds=2.0)

    assert (result.listed, result.embedded, result.failed) == (17, 11, 6)
    reasons = {sound.name: sound.reason or "" for sound in library.catalog.failed()}
    assert set(reasons) == {"crash", "hang", "spin", "defect", "text", "silent"}
    assert "SIGSEGV" in reasons["crash"]
    assert reasons["hang"] == reasons["spin"] == "Decoding it took longer than 2 s."
    assert "by zero" in reasons["defect"]
    assert "Not audio" in reasons["text"]
    assert "Silent" in reasons["silent"]
    assert library.catalog.counts() == Counts(ready=11, failed=6)

    tone(folder / "text.wav")
    result = scan(library, [folder], workers=1, loader=load_toy, retry_failed=True)
    assert (result.embedded, result.failed, result.unchanged) == (5, 1, 11)


def test_the_sound_on_which_the_model_dies_is_found(library: Library, sounds: Path, tone: Callable[..., Path]) -> None:
    tone(sounds / "half a second.wav", seconds=0.5)
    result = scan(library, [sounds], workers=1, loader=load_choking)
    assert (result.embedded, result.failed) == (12, 1)
    assert [sound.name for sound in library.catalog.failed()] == ["half a second"]


def test_the_sound_on_which_the_model_hangs_is_found(
    library: Library, sounds: Path, tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "EMBEDDING_SECONDS", 2.0)
    tone(sounds / "half a second.wav", seconds=0.5)
    result = scan(library, [sounds], workers=1, loader=load_stuck)
    assert (result.embedded, result.failed) == (12, 1)
    (failed,) = library.catalog.failed()
    assert failed.name == "half a second"
    assert failed.reason == "Hearing it made the decoder or the model hang (no answer for 2 s)."


def test_a_sound_whose_drive_does_not_answer_keeps_what_another_model_heard(
    library: Library, tone: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = tmp_path / "drive", tmp_path / "other model"
    for name in ("hang", "fine"):
        tone(folder / f"{name}.wav")
    other.write_text("another")
    scan(library, [folder], workers=1, loader=load_toy)
    answer = threading.Event()
    monkeypatch.setattr(crew, "can_be_read", lambda _: answer.wait(30.0))
    monkeypatch.setattr(crew, "_ANSWER_SECONDS", 0.2)
    scan(library, [folder], workers=1, loader=load_fragile, model=other, decoding_seconds=2.0)
    answer.set()
    assert library.catalog.counts() == Counts(ready=2)
    assert scan(library, [folder], workers=1, loader=load_toy, model=other).embedded == 1, "it is tried again"


def test_a_worker_that_cannot_be_begun_leaves_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> tuple[BaseProcess, Connection]:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with Crew(load_toy, None) as workers:
        workers.grow(2)
        monkeypatch.setattr(watched, "fork_child", refuse)
        workers._workers[0].process.kill()
        with pytest.raises(ModelError, match=r"could be begun \(Cannot allocate memory\)"):
            list(map(workers.step, 100 * [0.1]))


def test_a_model_that_cannot_be_loaded(library: Library, sounds: Path) -> None:
    with pytest.raises(ModelError, match="The model is missing"):
        scan(library, [sounds], workers=2, loader=load_nothing)
    assert library.catalog.counts() == Counts(listed=12)


def test_workers_that_never_start(library: Library, sounds: Path) -> None:
    with pytest.raises(ModelError, match=r"keep ending.*exit code 3"):
        scan(library, [sounds], workers=1, loader=load_and_die)


def test_workers_that_end_before_they_take_their_end_of_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows that end stays open here, and nothing ever comes through it."""
    kept_open = []

    def fork_child(*_: object) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        kept_open.append(theirs)
        process = context.Process(target=os._exit, args=(3,), daemon=True)
        process.start()
        return process, ours

    monkeypatch.setattr(watched, "fork_child", fork_child)
    with Crew(load_toy, None) as workers:
        workers.grow(1)

        def wait() -> None:
            for _ in range(600):
                workers.step(0.1)

        with pytest.raises(ModelError, match=r"keep ending \(exit code 3\)"):
            wait()
    for connection in kept_open:
        connection.close()
