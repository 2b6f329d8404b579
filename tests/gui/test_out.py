"""What leaves the window: sheets, copies, reports; and what is written down when something goes wrong."""

from __future__ import annotations

import csv
import errno
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import log
from app.audio_files import copy_presets
from app.controllers.export import _write as write_sheet
from app.crash import CrashDialog, CrashReporter
from app.main_window import MainWindow
from engine import __version__
from engine.errors import EarshotError
from engine.jobs import CancelToken, ignore_progress
from engine.library import export
from engine.library.catalog import Catalog
from engine.library.export import CopyResult
from engine.library.listing import list_folders
from tests.gui.conftest import until, wait_until_quiet


def test_the_sheet_holds_what_the_window_shows(filled: MainWindow, qtbot: QtBot, tmp_path: Path, song: Path) -> None:
    work = filled.workspace
    work.slot_editor.rename(0, "Sub")
    work.export.save_sheet(tmp_path / "out.json")
    until(qtbot, (tmp_path / "out.json").exists)
    sheet = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert sheet["reference"]["path"] == str(song)
    assert [(slot["id"], slot.get("name"), slot["family"]) for slot in sheet["slots"]] == [
        (1, "Sub", "bass"),
        (2, None, "lead"),
    ]
    assert [match["name"] for match in sheet["slots"][0]["matches"]] == [row.sound.name for row in work.matches.rows]
    until(qtbot, lambda: filled.notice.message.text() == "The slot sheet was saved as out.json.")
    assert filled.notice.action.text() == "Show"


@pytest.mark.parametrize("narrowed", [{"text": "bass -00"}, {"note": 9}, {"rating_from": 4}])
def test_the_sheet_lists_the_sounds_that_the_filters_leave(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path, narrowed: dict[str, Any]
) -> None:
    work = filled.workspace
    work.marks.rate([row.sound.id for row in work.matches.rows[2:7]], 4)
    until(qtbot, lambda: sum(row.sound.rating == 4 for row in work.matches.rows) == 5)
    wait_until_quiet(qtbot, filled)
    with qtbot.waitSignal(work.matching.results_ready):
        work.matching.set_filters(**narrowed)
    wait_until_quiet(qtbot, filled)
    rows = [row.sound.name for row in work.matches.rows]
    assert 0 < len(rows) < 12
    work.export.save_sheet(tmp_path / "out.json")
    until(qtbot, (tmp_path / "out.json").exists)
    sheet = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [match["name"] for match in sheet["slots"][0]["matches"]] == rows


def test_a_sheet_in_the_making_tells_how_far_it_is_and_can_be_stopped(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, ranked, go_on = filled.workspace, filled.workspace.backend.rank, threading.Event()

    def rank_slowly(*asked: Any, **named: Any) -> object:
        go_on.wait(60)
        return ranked(*asked, **named)

    monkeypatch.setattr(work.backend, "rank", rank_slowly)
    work.export.save_sheet(tmp_path / "out.json")
    until(qtbot, lambda: filled.notice.message.text() == "Saving the slot sheet: 0 of 2 slots.")
    assert filled.notice.action.text() == "Stop"
    job = work.jobs.running("export")
    assert job is not None
    filled.notice.action.click()
    assert filled.notice.message.text() == "Stopped. No sheet was saved."
    go_on.set()
    until(qtbot, job.ended.is_set)
    assert list(tmp_path.glob("out*")) == []


def test_what_is_exported_meanwhile_waits_its_turn(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, go_on = filled.workspace, threading.Event()

    def copy_slowly(*asked: Any, **named: Any) -> CopyResult:
        go_on.wait(60)
        return copied(*asked, **named)

    copied = export.copy_sounds
    monkeypatch.setattr(export, "copy_sounds", copy_slowly)
    wanted = [row.sound for row in work.matches.rows[:3]]
    work.set_favourites([sound.id for sound in wanted])
    until(qtbot, lambda: work.marks.state.favourites == 3)
    work.export.copy_favourites(tmp_path / "Kit")
    work.export.save_sheet(tmp_path / "out.json")
    work.export.copy_favourites(tmp_path / "Other kit")
    go_on.set()
    until(qtbot, lambda: len(list((tmp_path / "Other kit").glob("*.wav"))) == 3)
    assert (tmp_path / "out.json").exists()
    assert len(list((tmp_path / "Kit").iterdir())) == 3


def test_the_folder_of_a_sound_is_shown_or_said_to_be_away(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    filled.matches_panel.table.choose(0)
    sound = filled.workspace.matches.rows[0].sound
    filled.actions_.reveal.trigger()
    assert [Path(url.toLocalFile()) for url in opened] == [Path(sound.path).parent]
    filled.workspace.matches.set_roots({sound.root_id: (sound.root, False)})
    filled.actions_.reveal.trigger()
    assert len(opened) == 1
    assert filled.notice.message.text().startswith(f"{sound.name} is away")


def test_which_folder_is_shown_is_asked_of_the_drive_beside_the_window(
    window: MainWindow, qtbot: QtBot, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    asked: list[threading.Thread] = []
    isdir = os.path.isdir

    def note(path: Any) -> bool:
        if path in (str(song), str(song.parent)):
            asked.append(threading.current_thread())
        return isdir(path)

    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    monkeypatch.setattr(os.path, "isdir", note)
    for path in (song, song.parent):
        opened.clear()
        window.library_panel.reveal_asked.emit(str(path))
        until(qtbot, lambda: opened == [song.parent])
    assert len(asked) == 2
    assert threading.current_thread() not in asked


def test_a_sheets_name_gets_its_ending_and_replaces_nothing_unasked(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes], []
    exists, lookers = os.path.exists, set()

    def look(path: Any) -> bool:
        if path == target:
            lookers.add(threading.current_thread())
        return exists(path)

    def answer(parent: QWidget, title: str, words: str) -> QMessageBox.StandardButton:
        asked.append(words)
        return answers[len(asked) - 1]

    csv = "Table for spreadsheets (*.csv)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "Track 1.2"), csv))
    monkeypatch.setattr(QMessageBox, "question", answer)
    target = tmp_path / "Track 1.2.csv"
    monkeypatch.setattr(os.path, "exists", look)
    filled.outbox.save_sheet()
    until(qtbot, target.is_file)
    wait_until_quiet(qtbot, filled)
    assert asked == []
    target.write_text("mine")
    filled.outbox.save_sheet()
    until(qtbot, lambda: asked == ["Track 1.2.csv already exists. Replace it?"])
    wait_until_quiet(qtbot, filled)
    assert target.read_text() == "mine"
    filled.outbox.save_sheet()
    until(qtbot, lambda: target.read_text().count("\n") > 1)
    assert lookers
    assert threading.current_thread() not in lookers, "a drive may take long to answer"


def test_slots_left_out_and_hidden_are_in_no_sheet(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    work = filled.workspace
    work.toggle_muted(0)
    work.export.save_sheet(tmp_path / "out.csv")
    until(qtbot, (tmp_path / "out.csv").exists)
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert {(line["slot"], line["slot_family"]) for line in lines} == {("2", "lead")}
    assert [line["rank"] for line in lines] == [str(rank) for rank in range(1, 13)]
    assert list(tmp_path.glob("*.part")) == []


def test_a_sheet_that_cannot_be_written_says_why(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    filled.workspace.export.save_sheet(tmp_path / "gone" / "out.json")
    until(qtbot, lambda: "out.json cannot be written" in filled.notice.message.text())
    assert "Choose another folder" in filled.notice.message.text()


def test_a_sheet_that_a_spreadsheet_has_open_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows replaces no file that is open."""
    (tmp_path / "out.csv").write_text("as it was")

    def refuse(source: str, target: str) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(EarshotError, match=r"\(Access is denied\). Close it where it is open"):
        write_sheet(tmp_path / "out.csv", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as it was"]


def test_a_sheet_that_its_folder_refuses_says_so_whatever_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(EarshotError, match=r"cannot be written \(File name too long\)\. Choose another folder"):
        write_sheet(tmp_path / f"{'x' * 300}.csv", "new")


def test_a_sheet_tells_paths_that_are_not_utf8_so_that_they_can_be_read_back(tmp_path: Path) -> None:
    sheet = {"path": "/Träume/K\udce4ck.wav"}
    write_sheet(tmp_path / "out.json", json.dumps(sheet, ensure_ascii=False))
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == sheet


def test_favourites_become_a_folder(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    work = filled.workspace
    assert not filled.actions_.export_favourites.isEnabled()
    wanted = [work.matches.rows[number].sound for number in (0, 5)]
    for number in (0, 5):
        work.set_favourites([work.matches.rows[number].sound.id])
    until(qtbot, filled.actions_.export_favourites.isEnabled)
    until(qtbot, lambda: work.marks.state.favourites == 2)
    work.export.copy_favourites(tmp_path / "Kit")
    until(qtbot, lambda: filled.notice.message.text() == "2 files were copied into Kit.")
    copies = {path.name: path.read_bytes() for path in (tmp_path / "Kit").iterdir()}
    assert copies == {Path(sound.path).name: Path(sound.path).read_bytes() for sound in wanted}
    work.export.copy_favourites(tmp_path / "Kit")
    until(qtbot, lambda: "2 files were there already." in filled.notice.message.text())


def test_presets_leave_as_they_are_auditioned(tmp_path: Path) -> None:
    folder, kit = tmp_path / "Keys", tmp_path / "Kit"
    folder.mkdir()
    soundfile.write(folder / "C4.wav", 0.5 * np.sin(2 * np.pi * 261.6 * np.arange(22_050) / 44_100), 44_100)
    (folder / "Warm Keys.sfz").write_text("<region> sample=C4.wav pitch_keycenter=60")
    (folder / "Gone.sfz").write_text("<region> sample=gone.wav")
    catalog = Catalog.open(tmp_path / "library")
    list_folders(catalog, [str(folder)], ignore_progress, CancelToken())
    presets = [sound for sound in catalog.sounds() if sound.is_preset]
    catalog.close()
    assert len(presets) == 2
    assert copy_presets(presets, kit, ignore_progress) == CopyResult(1, 0, (str(folder / "Gone.sfz"),))
    assert [path.name for path in kit.iterdir()] == ["Warm Keys.wav"]
    assert soundfile.info(kit / "Warm Keys.wav").duration > 0.2
    assert copy_presets(presets[::-1], kit, ignore_progress) == CopyResult(0, 1, (str(folder / "Gone.sfz"),))


@pytest.fixture
def reporter(window: MainWindow, tmp_path: Path) -> CrashReporter:
    return CrashReporter(window, tmp_path)


def dialogs(window: QWidget) -> list[CrashDialog]:
    return [dialog for dialog in window.findChildren(CrashDialog) if dialog.isVisible()]


def failure(words: str) -> Exception:
    try:
        raise ZeroDivisionError(words)
    except ZeroDivisionError as error:
        return error


def test_a_defect_is_reported_once_at_a_time(window: MainWindow, reporter: CrashReporter, qtbot: QtBot) -> None:
    reporter.tell(failure("first"))
    reporter.tell(failure("second"))
    until(qtbot, lambda: bool(dialogs(window)))
    qtbot.wait(50)
    assert len(dialogs(window)) == 1
    dialog = dialogs(window)[0]
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith(f"Earshot {__version__}\n")
    assert all(words in copied for words in ("Traceback", "test_out.py", "ZeroDivisionError: first", "second"))
    qtbot.mouseClick(dialog.go_on, Qt.MouseButton.LeftButton)
    assert dialogs(window) == []
    reporter.tell(failure("third"))
    until(qtbot, lambda: bool(dialogs(window)))
    assert "first" not in dialogs(window)[0].text.toPlainText()
    dialogs(window)[0].accept()


def test_defects_of_jobs_and_threads_are_heard_of(
    window: MainWindow, reporter: CrashReporter, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    reporter.install()
    window.workspace.jobs.defect.connect(reporter.tell)

    def broken(job: object) -> None:
        raise failure("in a job")

    window.workspace.jobs.start("broken", broken)
    threading.Thread(target=broken, args=(None,)).start()
    sys.excepthook(ZeroDivisionError, failure("in the window"), None)
    until(qtbot, lambda: bool(dialogs(window)) and dialogs(window)[0].text.toPlainText().count("Traceback") == 3)
    report = dialogs(window)[0].text.toPlainText()
    assert report.count("ZeroDivisionError: in a job") == 2
    assert "in the window" in report
    dialogs(window)[0].accept()


def test_mistakes_of_the_user_are_no_defects(
    window: MainWindow, reporter: CrashReporter, qtbot: QtBot, tmp_path: Path
) -> None:
    window.workspace.jobs.defect.connect(reporter.tell)
    window.workspace.open_song(tmp_path / "none.wav")
    until(qtbot, lambda: window.workspace.reference.failure is not None)
    qtbot.wait(50)
    assert dialogs(window) == []


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_the_log_is_kept_small(root_logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGEST_BYTES", 2000)
    log.start(tmp_path / "log")
    for number in range(200):
        logging.getLogger("engine.somewhere").info("line %d", number)
    files = sorted((tmp_path / "log").iterdir())
    assert [path.name for path in files] == ["earshot.log", "earshot.log.1", "earshot.log.2"]
    assert all(path.stat().st_size <= 2000 for path in files)
    assert "line 199" in files[0].read_text()
    assert "INFO engine.somewhere" in files[0].read_text()


def test_nothing_is_lost_while_a_second_window_has_the_log_open(
    root_logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows renames no file that is open."""

    def refuse(source: str, target: str) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(log, "LARGEST_BYTES", 2000)
    monkeypatch.setattr(os, "rename", refuse)
    log.start(tmp_path / "log")
    for number in range(200):
        logging.getLogger("engine.somewhere").info("line %d", number)
    (file,) = (tmp_path / "log").iterdir()
    assert len(file.read_text().splitlines()) == 200


def test_without_a_place_for_the_log_the_window_goes_on(
    root_logger: logging.Logger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    log.start(tmp_path / "file" / "log")
    assert "no log is kept" in caplog.text
