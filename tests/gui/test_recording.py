"""A reference recorded in the window, through the real recorder; only the input is the test's own."""

from __future__ import annotations

import errno
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.errors import RecordingError
from engine.recording import inputs as inputs_module
from engine.recording import recorder as recorder_module
from engine.recording.inputs import InputDevice, Prepare
from tests.gui.conftest import until

RATE = 16_000
DESK, PLAYED = InputDevice("Desk", 0, default=True), InputDevice("What is played: Speakers", 1, loopback=True)


class ToneInput:
    """Delivers a tone in real time, until it is closed or pulled out."""

    def __init__(self, device: InputDevice, prepare: Prepare) -> None:
        self.device, self.rate, self.channels, self.alive = device, RATE, 1, True
        self._take = prepare(RATE, 1)
        self._stop = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        block = (0.25 * np.sin(2 * np.pi * 200 * np.arange(800) / RATE)).astype(np.float32)[:, None]
        while self.alive and not self._stop.wait(0.05):
            self._take(block)

    def close(self) -> None:
        self.alive = False
        self._stop.set()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToneInput]:
    made: list[ToneInput] = []

    def open_input(device: InputDevice, prepare: Prepare) -> ToneInput:
        made.append(ToneInput(device, prepare))
        return made[-1]

    monkeypatch.setattr(recorder_module, "open_input", open_input)
    monkeypatch.setattr(recorder_module, "_SILENT_SECONDS", 600.0)  # a busy machine may let the tone wait
    monkeypatch.setattr(inputs_module, "input_devices", lambda: [DESK, PLAYED])
    return made


def recordings(window: MainWindow) -> list[Path]:
    folder = window.workspace.backend.recordings_dir
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_a_song_is_recorded_by_keyboard_and_opened(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], tmp_path: Path
) -> None:
    page, recording = window.recording_page, window.workspace.recording
    window.actions_.record.trigger()
    until(qtbot, lambda: recording.ready and page.isVisible())
    assert page.hasFocus()
    assert [page.input.itemText(number) for number in range(page.input.count())] == [DESK.name, PLAYED.name]
    until(qtbot, lambda: page.level.text() == "−12 dB")
    page.input.setCurrentIndex(1)
    page.input.activated.emit(1)
    until(qtbot, lambda: recording.ready and recording.device == PLAYED)
    until(qtbot, lambda: [made.alive for made in opened] == [False, True])
    assert recordings(window) == [], "nothing is kept before that was asked for"
    qtbot.keyClick(page, Qt.Key.Key_Return)
    until(qtbot, lambda: page.time.text() >= "0:01.6" and page.record.text() == "Stop and open")
    assert recording.recording
    assert not page.input.isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_Return)
    until(qtbot, lambda: window.workspace.reference.path is not None)
    (path,) = recordings(window)
    assert window.workspace.reference.path == path
    assert soundfile.info(path).duration >= 1.5
    assert not page.isVisible()
    assert window.settings.input == PLAYED.name
    until(qtbot, lambda: window.settings.recent_songs == [path])
    until(qtbot, lambda: not opened[-1].alive)
    until(qtbot, lambda: (hearing := window.workspace.reference.hearing) is not None and hearing.done)
    assert [slot.family for slot in window.workspace.slots.slots] == ["bass"]


def test_escape_leaves_without_a_trace(filled: MainWindow, qtbot: QtBot, opened: list[ToneInput]) -> None:
    before = filled.workspace.reference.path
    filled.actions_.record.trigger()
    until(qtbot, lambda: filled.workspace.recording.ready and filled.recording_page.isVisible())
    assert filled.slots_panel.list.isVisible()
    assert not filled.slots_panel.hint.isVisible(), "the song is still there, only covered"
    qtbot.keyClick(filled.recording_page, Qt.Key.Key_Escape)
    until(qtbot, lambda: not opened[0].alive)
    assert not filled.recording_page.isVisible()
    assert filled.reference_panel.spectrogram.isVisible()
    assert filled.focusWidget() is filled.zones.centre, "no control shows a ring that nobody asked for"
    assert (filled.workspace.reference.path, recordings(filled)) == (before, [])


def test_an_input_that_is_pulled_out_leaves_what_came(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput]
) -> None:
    window.workspace.record()
    recording = window.workspace.recording
    until(qtbot, lambda: recording.ready)
    recording.begin()
    until(qtbot, lambda: recording.seconds > 0.4)
    opened[0].alive = False
    until(qtbot, lambda: window.workspace.reference.path is not None)
    told = window.notice.message.text()
    assert told.startswith("The input Desk went away")
    assert told.endswith("What was recorded until then is kept.")
    assert window.workspace.reference.path == recordings(window)[0]


def test_what_the_disk_was_too_slow_for_is_said(window: MainWindow, qtbot: QtBot, opened: list[ToneInput]) -> None:
    window.workspace.record()
    recording = window.workspace.recording
    until(qtbot, lambda: recording.ready)
    recording.begin()
    until(qtbot, lambda: recording.seconds > 0.4)
    with recording._recorder._lock:
        opened[0]._take(np.zeros((21 * RATE, 1), np.float32))
    recording.finish()
    until(qtbot, lambda: window.workspace.reference.path is not None)
    until(qtbot, lambda: window.notice.message.text().startswith("21.0 s of the recording were lost"))


def test_a_disk_that_is_full_at_the_end_is_said(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    window.workspace.record()
    recording = window.workspace.recording
    until(qtbot, lambda: recording.ready)
    recording.begin()
    until(qtbot, lambda: recording.seconds > 0.4)
    recorder = recording._recorder
    recorder._closed.set()  # the last block is written by nobody but `finish`
    recorder._thread.join()
    monkeypatch.setattr(recorder_module._WavFile, "write", refuse)
    until(qtbot, lambda: recorder._ring._written > recorder._ring._read)
    recording.finish()
    until(qtbot, lambda: window.notice.message.text().startswith("The disk is full: free some space"))
    assert window.workspace.reference.path == recordings(window)[0]


def test_closing_the_window_keeps_the_recording(window: MainWindow, qtbot: QtBot, opened: list[ToneInput]) -> None:
    window.workspace.record()
    until(qtbot, lambda: window.workspace.recording.ready)
    window.workspace.recording.begin()
    until(qtbot, lambda: window.workspace.recording.seconds > 0.4)
    window.close()
    assert soundfile.info(recordings(window)[0]).duration > 0.4
    assert not opened[0].alive


def test_another_song_ends_the_recording_and_keeps_it(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], song: Path
) -> None:
    window.workspace.record()
    until(qtbot, lambda: window.workspace.recording.ready)
    window.workspace.recording.begin()
    until(qtbot, lambda: window.workspace.recording.seconds > 0.3)
    window.workspace.take([song])
    until(qtbot, lambda: not opened[0].alive and not window.recording_page.isVisible())
    qtbot.wait(300)
    assert window.workspace.reference.path == song, "it does not push the new song aside"
    assert len(recordings(window)) == 1
    assert window.notice.message.text() == f"The recording was kept: {recordings(window)[0]}"
    assert window.settings.input == DESK.name


def test_leaving_before_the_input_answers_gives_it_back(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, begun = threading.Event(), threading.Event()
    open_at_once = recorder_module.open_input

    def open_slowly(device: InputDevice, prepare: Prepare) -> ToneInput:
        begun.set()
        assert answer.wait(90)
        return open_at_once(device, prepare)  # type: ignore[return-value]

    monkeypatch.setattr(recorder_module, "open_input", open_slowly)
    window.workspace.record()
    until(qtbot, begun.is_set)
    window.workspace.recording.close()
    answer.set()
    until(qtbot, lambda: len(opened) == 1 and not opened[0].alive)
    assert not window.workspace.recording.active


def test_a_song_opened_while_a_recording_is_being_kept_stays(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.workspace.record()
    until(qtbot, lambda: window.workspace.recording.ready)
    window.workspace.recording.begin()
    until(qtbot, lambda: window.workspace.recording.seconds > 0.3)
    go_on, finish = threading.Event(), recorder_module.Recorder.finish

    def finish_slowly(recorder: recorder_module.Recorder) -> Path | None:
        assert go_on.wait(90)
        return finish(recorder)

    monkeypatch.setattr(recorder_module.Recorder, "finish", finish_slowly)
    window.workspace.recording.finish()
    window.workspace.take([song])
    until(qtbot, lambda: window.workspace.reference.path == song)
    go_on.set()
    until(qtbot, lambda: "The recording was kept" in window.notice.message.text())
    assert window.workspace.reference.path == song
    assert len(recordings(window)) == 1
    until(qtbot, lambda: not opened[0].alive)


@pytest.mark.parametrize("kind", ["none", "refuses"])
def test_without_an_input_the_page_says_so(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def refuse(*_: object) -> None:
        raise RecordingError("The input Desk could not be opened: busy. Choose another one, or free it.")

    if kind == "none":
        monkeypatch.setattr(inputs_module, "input_devices", list)
    else:
        monkeypatch.setattr(recorder_module, "open_input", refuse)
    window.workspace.record()
    page = window.recording_page
    words = inputs_module.NO_INPUT if kind == "none" else "The input Desk could not be opened: busy."
    until(qtbot, lambda: page.hint.text().startswith(words))
    assert not page.record.isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_Return)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_a_folder_that_cannot_be_written_to_is_said(
    window: MainWindow, qtbot: QtBot, opened: list[ToneInput], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    window.workspace.backend.recordings_dir = tmp_path / "file" / "recordings"
    window.workspace.record()
    until(qtbot, lambda: window.workspace.recording.ready)
    window.workspace.recording.begin()
    until(qtbot, lambda: window.notice.isVisible() and "Nothing can be recorded in" in window.notice.message.text())
    assert window.workspace.recording.ready
    shutil.rmtree(tmp_path / "file", ignore_errors=True)


def test_the_page_is_reached_and_named(window: MainWindow, qtbot: QtBot, opened: list[ToneInput]) -> None:
    window.workspace.record()
    until(qtbot, lambda: window.workspace.recording.ready)
    page = window.recording_page
    reached = set()
    for _ in range(8):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert {page.input, page.record, page.leave} <= reached
    assert all(widget.accessibleName() for widget in (page, page.input, page.record, page.leave, page.meter))
    page.leave.click()
