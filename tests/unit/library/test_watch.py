"""What happens in a watched folder is told once, soon, and with the folders that have to be scanned."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileDeletedEvent

from engine.library import watch
from engine.library.watch import Watcher


class Listener:
    def __init__(self) -> None:
        self.told: queue.Queue[list[str]] = queue.Queue()
        self.watcher = Watcher(self.told.put, settle_seconds=0.3)

    def next(self) -> list[str]:
        return self.told.get(timeout=90)

    def silent(self) -> bool:
        try:
            self.told.get(timeout=2.0)
        except queue.Empty:
            return True
        return False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is done inside comes as one, however long a busy machine takes between two files."""
        with self.watcher._lock:
            yield
            time.sleep(1.5)  # what watchdog heard of it waits for its turn


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    (folder / "kit" / "deep").mkdir(parents=True)
    (folder / "bass").mkdir()
    return folder


@pytest.fixture
def listener(root: Path) -> Iterator[Listener]:
    listener = Listener()
    assert listener.watcher.watch([str(root)]) == {}
    yield listener
    listener.watcher.close()


def test_many_changes_are_one(root: Path, listener: Listener) -> None:
    with listener.at_once():
        for number in range(50):
            (root / "kit" / f"{number}.wav").write_bytes(b"sound")
        (root / "kit" / "deep" / "late.flac").write_bytes(b"sound")
        (root / "bass" / "sub.wav").write_bytes(b"sound")
    assert listener.next() == [str(root / "bass"), str(root / "kit")]
    assert listener.silent()


def test_what_is_no_sound_is_not_told(root: Path, listener: Listener) -> None:
    (root / "kit" / "readme.txt").write_text("words")
    (root / "kit" / "song.wav.part").write_bytes(b"half")
    assert listener.silent()
    (root / "kit" / "song.wav.part").rename(root / "kit" / "song.wav")
    assert listener.next() == [str(root / "kit")]


def test_removed_renamed_and_new_folders(root: Path, listener: Listener) -> None:
    (root / "kit" / "a.wav").write_bytes(b"sound")
    assert listener.next() == [str(root / "kit")]
    with listener.at_once():
        shutil.rmtree(root / "kit")
    assert listener.next() == [str(root)]  # the nearest that is still there
    (root / "bass").rename(root / "low")
    assert listener.next() == [str(root)]
    (root / "new").mkdir()
    listener.next()
    (root / "new" / "a.wav").write_bytes(b"sound")  # in a folder that was not there at first
    assert listener.next() == [str(root / "new")]


def test_reading_is_no_change(root: Path, listener: Listener) -> None:
    (root / "kit" / "a.wav").write_bytes(b"sound")
    listener.next()
    (root / "kit" / "a.wav").read_bytes()
    assert listener.silent()


def test_no_longer_watched(root: Path, listener: Listener, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    offline = str(tmp_path / "offline")
    assert listener.watcher.watch([str(other), offline]) == {offline: os.strerror(errno.ENOENT)}
    (root / "kit" / "a.wav").write_bytes(b"sound")
    assert listener.silent()
    (other / "a.wav").write_bytes(b"sound")
    assert listener.next() == [str(other)]


def test_more_folders_than_can_be_watched(tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(listener.watcher._observer, "schedule", refuse)
    (why,) = listener.watcher.watch([str(tmp_path)]).values()
    assert "more folders than" in why


def test_folders_may_be_watched_while_others_are_looked_through(
    root: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, folders = watch.is_inside, [str(root / "bass"), str(root / "kit")]
    listener.watcher.watch(folders)

    def watch_more(path: str, folder: str) -> bool:
        listener.watcher.watch([*folders, str(root / "more")])
        return inside(path, folder)

    (root / "more").mkdir()
    monkeypatch.setattr(watch, "is_inside", watch_more)
    (root / "kit" / "one.wav").write_bytes(b"sound")
    assert listener.next() == [str(root / "kit")]


def test_of_folders_that_no_scan_enters_nothing_is_told(root: Path, listener: Listener) -> None:
    for name in (".git", "$RECYCLE.BIN", "kit/Synth.vst3", "kit/.previews"):
        (root / name).mkdir()
    assert set(listener.next()) <= {str(root), str(root / "kit")}
    with listener.at_once():
        for name in (".git", "$RECYCLE.BIN", "kit/Synth.vst3"):
            (root / name / "a.wav").touch()
    with listener.at_once():
        (root / "kit" / ".previews" / "a.nksf.ogg").touch()
    assert listener.next() == [str(root / "kit")]
    assert listener.silent()


def test_a_root_behind_a_link_is_told_as_it_was_named(root: Path, tmp_path: Path) -> None:
    """macOS tells what changes without the links on the way to it."""
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    listener = Listener()
    try:
        assert listener.watcher.watch([str(link)]) == {}
        listener.watcher._touch(str(root / "kit"))
        assert listener.next() == [str(link / "kit")]
        listener.watcher._touch(str(root))
        assert listener.next() == [str(link)]
    finally:
        listener.watcher.close()


def test_windows_calls_a_folder_that_is_gone_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    handler = watch._Handler(touched.append)
    monkeypatch.setattr(watch, "_FOLDERS_GO_AS_FILES", False)
    handler.on_any_event(FileDeletedEvent(os.path.join("sounds", "Vol. 2")))
    assert touched == []
    monkeypatch.setattr(watch, "_FOLDERS_GO_AS_FILES", True)
    handler.on_any_event(FileDeletedEvent(os.path.join("sounds", "Vol. 2")))
    assert touched == ["sounds"]


def test_what_is_told_while_a_change_is_noted_ends_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it happens where changes go on for longer than they are waited for."""
    monkeypatch.setattr(watch, "_LONGEST_WAIT_SECONDS", 0.0)
    listener = Listener()
    wake = listener.watcher._wake.set

    def wake_late() -> None:
        wake()
        give_up = time.monotonic() + 1.0
        while listener.watcher._touched and time.monotonic() < give_up:
            time.sleep(0.01)
        wake()

    try:
        assert listener.watcher.watch([str(root)]) == {}
        monkeypatch.setattr(listener.watcher._wake, "set", wake_late)
        listener.watcher._touch(str(root / "kit"))
        assert listener.next() == [str(root / "kit")]
        while listener.watcher._wake.is_set():
            time.sleep(0.01)
        listener.watcher._touch(str(root / "bass"))
        assert listener.next() == [str(root / "bass")], "it is still told"
    finally:
        listener.watcher.close()
