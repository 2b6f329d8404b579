"""The ear in a process of its own: the same answers, and nothing lost when that process ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.encoder import checkpoint, ear_process
from engine.encoder.ear import Ear
from engine.encoder.ear_process import EarProcess
from engine.errors import ModelError
from tests.unit.encoder.odd_ear import load_odd
from tests.unit.tone_ear import ToneEar, tone

WINDOW = tone(1, ToneEar.window_seconds)


@pytest.fixture(scope="module")
def odd() -> Iterator[EarProcess]:
    ear = EarProcess(loader=load_odd)
    ear.load()
    yield ear
    ear.close()


def window(first: float) -> np.ndarray:
    changed = WINDOW[None].copy()
    changed[0, 0] = first
    return changed


def test_it_answers_as_the_ear_itself(tmp_path: Path) -> None:
    model = tmp_path / "small.safetensors"
    checkpoint.save(model, checkpoint.untrained(0), name="small")
    here, there = Ear.load(model, device="cpu"), EarProcess(model, device="cpu")
    there.load()
    for fact in ("name", "fingerprint", "device", "rate", "window_seconds", "calibration"):
        assert getattr(there, fact) == getattr(here, fact)
    noise = np.random.default_rng(0).standard_normal((2, round(here.rate * here.window_seconds))).astype(np.float32)
    heard, expected = there.hear(noise), here.hear(noise)
    for fact in ("vectors", "presence", "families", "activity", "parts"):
        np.testing.assert_allclose(getattr(heard, fact), getattr(expected, fact), atol=1e-4)
    sounds = [noise[0, :9_000], noise[1]]
    np.testing.assert_allclose(there.embed(sounds).vectors, here.embed(sounds).vectors, atol=1e-4)
    there.close()


def test_it_is_another_process_which_gives_way_to_this_one(odd: EarProcess) -> None:
    (pid, niceness), *_ = odd.embed([]).vectors
    assert psutil.Process(int(pid)).ppid() == os.getpid()
    assert niceness >= 5


def test_a_process_that_was_ended_is_begun_anew(odd: EarProcess) -> None:
    before = int(odd.embed([]).vectors[0, 0])
    psutil.Process(before).kill()
    assert odd.hear(WINDOW[None]).presence.max() > 0.5
    assert int(odd.embed([]).vectors[0, 0]) != before


def test_one_that_ends_again_and_again_is_an_error_and_the_next_question_is_answered(odd: EarProcess) -> None:
    with pytest.raises(ModelError, match=r"ended twice \(exit code 3\)"):
        odd.hear(window(1.0))
    assert odd.hear(WINDOW[None]).presence.max() > 0.5


def test_what_the_ear_says_is_wrong_is_said(odd: EarProcess) -> None:
    with pytest.raises(ModelError, match="The graphics card has no memory left"):
        odd.hear(window(2.0))
    assert odd.hear(WINDOW[None]).presence.max() > 0.5


def test_a_defect_in_it_keeps_its_traceback(odd: EarProcess) -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'no such window'"):
        odd.hear(window(3.0))


def test_a_model_that_cannot_be_loaded_is_said_each_time() -> None:
    ear = EarProcess(device="cuda", loader=load_odd)
    for _ in range(2):
        with pytest.raises(ModelError, match="There is no graphics card"):
            ear.load()
    assert not ear.loaded
    ear.close()


def test_several_threads_take_turns(odd: EarProcess) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: odd.hear(WINDOW[None]).presence.shape, range(8)))
    assert set(found) == {found[0]}


def test_closing_ends_the_process_and_whoever_waits() -> None:
    ear = EarProcess(loader=load_odd)
    ear.load()
    child = psutil.Process(int(ear.embed([]).vectors[0, 0]))
    with ThreadPoolExecutor(1) as threads:
        waits = threads.submit(ear.hear, window(4.0))
        while child.status() == psutil.STATUS_RUNNING or not waits.running():
            time.sleep(0.01)
        closing = threading.Thread(target=ear.close)
        closing.start()
        with pytest.raises(ModelError, match="closed"):
            waits.result(20.0)
        closing.join(20.0)
    assert not child.is_running()
    with pytest.raises(ModelError, match="closed"):
        ear.hear(WINDOW[None])


def test_a_process_that_ends_before_it_takes_its_end_of_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows that end stays open here until then, and nothing ever comes through it."""
    kept_open = []

    def start(*_: object) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        kept_open.append(theirs)
        process = context.Process(target=os.getpid, daemon=True)  # which ends at once
        process.start()
        return process, ours

    monkeypatch.setattr(ear_process, "start_child", start)
    ear = EarProcess(loader=load_odd)
    with ThreadPoolExecutor(1) as threads, pytest.raises(ModelError, match=r"ended twice \(exit code 0\)"):
        threads.submit(ear.load).result(60.0)
    ear.close()


def test_closing_what_was_never_loaded() -> None:
    ear = EarProcess(loader=load_odd)
    ear.close()
    with pytest.raises(ModelError, match="closed"):
        ear.load()
