"""Scans that join, follow or cancel one another, and folders that are removed meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from app.controllers.library import LibraryController
from engine.library.scanner import ScanResult, _only_scan_of
from tests.gui.conftest import PATIENCE_MILLISECONDS, until
from tests.gui.controllers.listing import LONG_ENOUGH_MILLISECONDS, ListingBackend, a_sound, at_rest, roots


def test_a_folder_that_is_removed_while_it_is_scanned_stays_away(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    library.remove_root(str(drums))
    assert library.scanning == (keys,), "the other one is still to be scanned"
    until(qtbot, lambda: len(backend.scans) == 2)
    backend.go_on.set()
    until(qtbot, lambda: roots(library) == [str(keys)] and at_rest(library))
    library.scan([keys])
    until(qtbot, lambda: len(backend.scans) == 3 and at_rest(library))
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert roots(library) == [str(keys)]
    library.scan([drums])
    until(qtbot, lambda: roots(library) == list(map(str, folders)))


def test_a_change_that_is_noticed_late_does_not_bring_a_removed_folder_back(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    library.remove_root(str(drums))
    library._folders_changed.emit([str(drums)])
    library.rescan()
    until(qtbot, lambda: roots(library) == [str(keys)])
    until(qtbot, lambda: backend.scans == [([keys], False)] and at_rest(library))
    library._folders_changed.emit([str(drums)])
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert len(backend.scans) == 1
    library._folders_changed.emit([str(drums), str(keys)])
    until(qtbot, lambda: backend.scans == 2 * [([keys], False)] and at_rest(library))
    assert roots(library) == [str(keys)]


def test_a_scan_that_joins_another_tries_failed_files_again_too(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    backend.go_on.clear()
    assert library.state is not None
    library.retry(a_sound(drums / "one.wav", root_id=library.state.roots[0].id))
    until(qtbot, lambda: len(backend.scans) == 1)
    library.scan([keys])
    backend.go_on.set()
    until(qtbot, lambda: len(backend.scans) == 2 and at_rest(library))
    library.scan([keys])
    until(qtbot, lambda: len(backend.scans) == 3 and at_rest(library))
    assert backend.scans == [([drums], True), ([drums, keys], True), ([keys], False)]


def test_folders_named_while_a_scan_is_stopping_wait_for_its_end(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    """One after the other, although each scan takes the place of the one before."""
    more = [tmp_path / "Bells", tmp_path / "Strings"]
    for folder in more:
        folder.mkdir()
        (folder / "one.wav").write_bytes(b"RIFF")
    refused: list[str] = []
    library.scan_failed.connect(refused.append)
    scan, stopping, may_stop = backend.scan, threading.Event(), threading.Event()

    def stop_slowly(*asked: Any, **named: Any) -> ScanResult:
        with _only_scan_of(backend.library_dir):
            try:
                return scan(*asked, **named)
            finally:
                if not backend.go_on.is_set():
                    stopping.set()
                    may_stop.wait(PATIENCE_MILLISECONDS / 1000)

    backend.scan = stop_slowly  # type: ignore[method-assign]
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    first = library.scan_job
    assert first is not None
    library.scan(more[:1])
    until(qtbot, stopping.is_set)
    second = library.scan_job
    assert second is not None
    library.scan(more[1:])
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert (refused, first.ended.is_set(), second.ended.is_set()) == ([], False, False)
    backend.go_on.set()
    may_stop.set()
    until(qtbot, lambda: at_rest(library) and roots(library) == sorted(map(str, [*folders, *more])))
    assert (refused, len(backend.scans)) == ([], 2), "the second one never began"


def test_a_scan_that_is_cancelled_does_not_begin_again(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    library._folders_changed.emit([str(folders[0])])
    library.cancel_scan()
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert at_rest(library)
    assert len(backend.scans) == 1
