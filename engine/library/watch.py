"""Notices that something in a folder changed, while it changes."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from engine.library.catalog import is_inside, outermost
from engine.library.walk import SOUND_SUFFIXES, is_left_out
from engine.presets.previews import PREVIEWS

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""A copy of a thousand files is one change: it is told when nothing more has happened for so long."""

_LONGEST_WAIT_SECONDS = 30.0
_TOO_MANY = "there are more folders than this system lets a program watch"
_FOLDERS_GO_AS_FILES = sys.platform == "win32"
"""Windows does not tell what it was that was deleted, or moved elsewhere, and watchdog calls all of it a file."""
_LOOKED_AT = ("created", "modified", "moved", "deleted", "closed")


class Watcher:
    """Watches folders until it is closed. A context manager.

    Parameters
    ----------
    changed : called from a thread of the watcher with the folders (absolute, existing, none inside another) that have
        to be scanned to know again what is in the watched ones.
    """

    def __init__(self, changed: Callable[[list[str]], None], *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._changed = changed
        self._settle_seconds = settle_seconds
        self._observer: BaseObserver = Observer()
        self._watches: dict[str, ObservedWatch] = {}
        self._real: dict[str, str] = {}
        self._lock = threading.Lock()
        self._touched: set[str] = set()
        self._first = self._last = 0.0
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._tell, name="watch", daemon=True)
        self._observer.start()
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def watch(self, roots: Collection[str]) -> dict[str, str]:
        """Watch these folders and no others; returns those that cannot be watched, and why, in words."""
        for root in self._watches.keys() - set(roots):
            self._observer.unschedule(self._watches.pop(root))
        refused = {}
        for root in sorted(set(roots) - self._watches.keys()):
            self._real[root] = os.path.realpath(root)
            try:
                self._watches[root] = self._observer.schedule(_Handler(self._touch), root, recursive=True)
            except OSError as error:
                # inotify has no error of its own for its limits: of a disk without room this tells nothing here.
                is_limit = error.errno in (errno.ENOSPC, errno.EMFILE)
                refused[root] = _TOO_MANY if is_limit else error.strerror or str(error)
                logger.warning("%s is not watched: %s", root, refused[root])
        return refused

    def close(self) -> None:
        """Stop watching; nothing is told any more."""
        self._closed = True
        self._wake.set()
        self._observer.stop()
        self._observer.join()
        self._thread.join()

    def _touch(self, folder: str) -> None:
        with self._lock:
            now = time.monotonic()
            if not self._touched:
                self._first = now
            self._touched.add(folder)
            self._last = now
            self._wake.set()  # in here: else what was just added might be told, and nothing be left to wake for

    def _tell(self) -> None:
        while True:
            self._wake.wait()
            if self._closed:
                return
            with self._lock:
                now = time.monotonic()
                due = min(self._last + self._settle_seconds, self._first + _LONGEST_WAIT_SECONDS)
                folders = set()
                if now >= due:
                    folders, self._touched = self._touched, set()
                    self._wake.clear()
            if folders:
                if to_scan := self._existing(folders):
                    self._changed(to_scan)
            else:
                time.sleep(max(0.0, min(due - now, 0.1)))  # short, so that closing does not wait

    def _existing(self, folders: Collection[str]) -> list[str]:
        """The nearest folders that are there, in a watched root, and entered by a scan of it, without those inside
        another."""
        found: set[str] = set()
        for folder in folders:
            while not os.path.isdir(folder) and folder != os.path.dirname(folder):
                folder = os.path.dirname(folder)
            for root in tuple(self._watches):  # `watch` may change them meanwhile
                # On macOS what changes is told without the links on the way to it.
                inside = _moved(folder, self._real[root], root)
                if is_inside(inside, root) and (entered := _entered(inside, root)) is not None:
                    found.add(entered)
        return outermost(found)


def _moved(folder: str, real: str, root: str) -> str:
    """A folder inside `real` as one inside `root`; any other as it is."""
    return str(Path(root, Path(folder).relative_to(real))) if is_inside(folder, real) else folder


def _entered(folder: str, root: str) -> str | None:
    """The folder of a root whose scan sees a change in `folder`; None where no scan looks there."""
    names = Path(folder).relative_to(root).parts
    for number, name in enumerate(names):
        if is_left_out(name):
            # Whether a preset beside its preview is a sound changes with that.
            return os.path.join(root, *names[:number]) if name == PREVIEWS else None
    return folder


class _Handler(FileSystemEventHandler):
    def __init__(self, touch: Callable[[str], None]) -> None:
        self._touch = touch

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Of files only those that may be sounds; of folders whatever comes, goes or is renamed."""
        if event.event_type not in _LOOKED_AT:
            return
        if event.is_directory and event.event_type in ("modified", "closed"):
            return  # something in it changed, which is told of itself
        may_be_folder = event.is_directory or (_FOLDERS_GO_AS_FILES and event.event_type == "deleted")
        for path in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            if path and (may_be_folder or Path(path).suffix.lower() in SOUND_SUFFIXES):
                self._touch(os.path.dirname(path))
