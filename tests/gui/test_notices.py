"""The line above the transport: what is said last, and what is said again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.notice import NoticeBar
from engine.errors import LibraryError
from engine.library.library import Library
from tests.gui.conftest import until, wait_for_rows


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    notices = NoticeBar()
    qtbot.addWidget(notices)
    return notices


def test_what_goes_wrong_is_not_covered_by_how_far_something_is(bar: NoticeBar) -> None:
    bar.say("Playing Synth: 1 of 9.", topic="instrument", danger=False, action=("Stop", int))
    bar.say("Kick cannot be played.", topic="playback")
    bar.say("Playing Synth: 2 of 9.", topic="instrument", danger=False, action=("Stop", int))
    assert bar.message.text() == "Kick cannot be played."
    bar.dismiss()
    assert bar.message.text() == "Playing Synth: 2 of 9."
    bar.say("Snare cannot be played.", topic="playback")
    bar.say("Something new.", topic="drop", danger=False)
    assert bar.message.text() == "Something new."


def test_what_lasts_is_there_again_when_a_file_was_dragged_over_the_window(bar: NoticeBar) -> None:
    bar.say("There is no song to take pitch from.", topic="fitting", danger=False, lasting=True)
    bar.say("Drop a song.", topic="drag", danger=False)
    bar.settle("drag")
    assert bar.message.text() == "There is no song to take pitch from."
    bar.settle("fitting")
    assert bar.isHidden()


def test_playing_an_instrument_can_be_stopped(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "Toy.vst3"
    path.write_text("Warm")
    work = window.workspace
    work.library.instrument_playing.emit("Playing Toy: 1 of 200.", f"instrument {path}")
    go_on = threading.Event()
    job = work.jobs.start(f"instrument {path}", lambda _: go_on.wait(60))
    assert window.notice.message.text() == "Playing Toy: 1 of 200."
    window.notice.action.click()
    assert job.token.cancelled
    assert window.notice.message.text() == "Stopped."
    go_on.set()


def test_a_library_that_cannot_be_opened_is_tried_again_and_is_not_empty(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = filled.workspace
    opened, broken = work.backend.library, True

    def open_library() -> Library:
        if broken:
            raise LibraryError("The library is busy.")
        return opened()

    monkeypatch.setattr(work.backend, "library", open_library)
    said: list[str] = []
    work.library.failed.connect(said.append)
    work.library.state = None
    work.library.refresh()
    until(qtbot, lambda: work.library.failure is not None)
    assert not work.library.empty
    assert filled.actions_.rescan.isEnabled()
    qtbot.wait(2_500)
    assert said == ["The library is busy."]
    broken = False
    until(qtbot, lambda: work.library.state is not None)
    wait_for_rows(qtbot, filled, 12)
