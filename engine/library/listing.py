"""The first pass of a scan: every sound is in the catalog before any file is decoded."""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio.suffixes import SFZ_SUFFIX, is_preset_file
from engine.errors import AudioError
from engine.jobs import CancelToken, Progress, ProgressCallback
from engine.library.catalog import Catalog, Root, is_inside, outermost
from engine.library.database import Database
from engine.library.drives import ANSWER_SECONDS, DriveSilent, DriveWatch
from engine.library.found import begin_scan, list_files, mark_missing, see_again, see_no_more
from engine.library.fragments import leave_out_fragments
from engine.library.moves import follow_moved
from engine.library.replaced import list_replaced
from engine.library.twins import hear_as_twins
from engine.library.walk import FoundFile, sound_files
from engine.presets import multisamples, presets_of
from engine.presets.sfz_region import open_sfz

logger = logging.getLogger(__name__)

_FILES_PER_LISTING = 2_000
_PRESET_FILES_PER_LOOK = 500
_SECONDS_PER_COMMIT = 0.5
_READING_SECONDS = 120.0
"""For the 64 MB of a file that are compared, at the pace of a slow network."""

_UNREAD_NS = -1
"""The time of no file."""


@dataclass(frozen=True)
class Listing:
    """What the first pass found.

    Attributes
    ----------
    number : of the scan.
    found, moved, removed : numbers of sounds.
    unreadable : folders, and files with too long paths, that could not be read; their sounds stay as they were.
    without_sounds : of the folders, those that could be read and hold nothing that is a sound by its name.
    moved_to_be_heard : of those that moved, how many are to be heard again all the same: see `follow_moved`.
    unanswered : of the folders, those whose drive stopped answering; what is known of their sounds stays as it was.
    """

    number: int
    found: int
    moved: int
    removed: int
    unreadable: list[str]
    without_sounds: list[str]
    moved_to_be_heard: int
    unanswered: list[str]


def list_folders(
    catalog: Catalog,
    folders: Sequence[str],
    progress: ProgressCallback,
    cancel: CancelToken,
    *,
    retry_failed: bool = False,
    answer_seconds: float = ANSWER_SECONDS,
) -> Listing:
    """Enter every file; read are only those of presets, which tell how many there are, and those that may have moved,
    been replaced, or have a twin.

    retry_failed : read also files of presets that failed and are as they were.
    answer_seconds : a folder whose drive does not answer for so long is left out.
    """
    database = catalog.database
    number = begin_scan(database)
    unreadable: list[str] = []
    without_sounds: list[str] = []
    unanswered: list[str] = []

    def note_unreadable(path: str, error: OSError) -> None:
        logger.warning("left out: %s: %s", path, error.strerror or error)
        unreadable.append(path)

    def note_unanswered(folder: str) -> None:
        logger.warning("left out: %s: its drive does not answer any more", folder)
        unanswered.append(folder)

    spelled = set()
    for folder in folders:
        try:
            ask = functools.partial(catalog.as_known, folder)
            spelled.add(DriveWatch().run(ask, answer_seconds, cancel.raise_if_cancelled))
        except DriveSilent:
            note_unanswered(folder)
    found = removed = 0
    for folder in outermost(spelled):
        root = catalog.add_root(folder, is_spelled=True)
        watch = DriveWatch()
        here = _FolderPass(database, number, root, found, progress, cancel, retry_failed, watch)
        enter_all = functools.partial(here.enter_all, folder, note_unreadable)
        try:
            found_here = watch.run(enter_all, answer_seconds, cancel.raise_if_cancelled)
        except _Empty:
            # Rather an unplugged drive's mount point than a folder from which everything was deleted.
            note_unreadable(folder, OSError(errno.ENOENT, "it is empty; is its drive connected?"))
            continue
        except DriveSilent:
            note_unanswered(folder)
            see_no_more(database, number, root.id, functools.partial(is_inside, folder=folder))
            continue
        found += found_here
        removed += mark_missing(database, number, root.id, _was_walked(folder, unreadable))
        if not found_here and folder not in unreadable:
            without_sounds.append(folder)
    moved, moved_to_be_heard = _compare_contents(database, number, cancel)
    progress(Progress("listing", found, found))
    # What moved was counted as removed, unless an earlier scan had missed it already.
    return Listing(
        number, found, moved, max(0, removed - moved), unreadable, without_sounds, moved_to_be_heard, unanswered
    )


def _compare_contents(database: Database, number: int, cancel: CancelToken) -> tuple[int, int]:
    """Read what may have moved, been replaced, or have a twin; what `follow_moved` returns."""
    watch = DriveWatch()
    moved = 0, 0

    def between() -> None:
        watch.answered()
        cancel.raise_if_cancelled()

    def compare() -> None:
        nonlocal moved
        moved = follow_moved(database, number, between)
        list_replaced(database, number, between)
        hear_as_twins(database, number, between)

    try:
        watch.run(compare, _READING_SECONDS, cancel.raise_if_cancelled)
    except DriveSilent:
        logger.warning("not all that may have moved was read: a drive does not answer any more")
    return moved


def _was_walked(folder: str, unreadable: Sequence[str]) -> Callable[[str], bool]:
    return lambda path: is_inside(path, folder) and not any(is_inside(path, other) for other in unreadable)


class _Empty(Exception):
    """A root in which there were sounds holds nothing at all."""


def _is_empty(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return next(entries, None) is None
    return False


def _with_instruments(files: Iterable[FoundFile]) -> Iterator[FoundFile]:
    """The same files, those told apart that are the notes of one instrument; they come folder by folder."""
    for folder, inside in itertools.groupby(files, key=lambda file: os.path.dirname(file.path)):
        here = list(inside)
        instruments = {
            name: instrument
            for instrument, notes in multisamples(os.path.basename(file.path) for file in here).items()
            for names in notes.values()
            for name in names
        }
        for file in here:
            instrument = instruments.get(os.path.basename(file.path))
            yield file if instrument is None else replace(file, instrument=os.path.join(folder, instrument))


class _FolderPass:
    """Enters the files of one folder in batches. However few sounds there are among them, it looks at its token all the
    time, and tells every `_SECONDS_PER_COMMIT` how far it is. Where the root is removed from the library in the
    meantime, nothing more is entered.

    found : number of sounds in the folders before, for what is told.
    watch : told whenever the folder's drive has answered.
    """

    def __init__(
        self,
        database: Database,
        scan: int,
        root: Root,
        found: int,
        progress: ProgressCallback,
        cancel: CancelToken,
        retry_failed: bool,
        watch: DriveWatch,
    ) -> None:
        self._database, self._scan, self._root = database, scan, root
        self._progress, self._cancel = progress, cancel
        self._retry_failed, self._watch = retry_failed, watch
        self._batch: list[FoundFile] = []
        self._preset_files: list[FoundFile] = []
        self._due = time.monotonic() + _SECONDS_PER_COMMIT
        self._before = self._found = found
        self._presets = _PresetFiles(root.path)
        self._is_removed = False

    def enter_all(self, folder: str, on_unreadable: Callable[[str, OSError], None]) -> int:
        """Enter all files of a folder in the root; returns how many sounds they are. Raises Cancelled, and _Empty."""
        if folder == self._root.path and self._root.sounds and _is_empty(folder):
            raise _Empty
        for file in _with_instruments(sound_files(Path(folder), on_unreadable=on_unreadable, between=self._between)):
            self._take(file)
            if self._is_removed:
                break
        self._enter()
        with self._watch:
            fragments = leave_out_fragments(
                self._database,
                self._root.id,
                self._root.path,
                self._presets.cannot_sound,
                self._presets.includes,
                self._cancel.raise_if_cancelled,
            )
        return self._found - self._before - fragments

    def _between(self) -> None:
        """To be called between two files or folders. Raises Cancelled."""
        self._watch.answered()
        self._cancel.raise_if_cancelled()
        if time.monotonic() > self._due:
            self._enter()

    def _take(self, file: FoundFile) -> None:
        """Another file; entered with others. Raises Cancelled."""
        (self._preset_files if is_preset_file(file.path) else self._batch).append(file)
        if len(self._batch) >= _FILES_PER_LISTING or len(self._preset_files) >= _PRESET_FILES_PER_LOOK:
            self._enter()
        self._between()

    def _enter(self) -> None:
        """Enter what was taken. Raises Cancelled."""
        files, self._preset_files = self._preset_files, []
        with self._watch:
            known = see_again(self._database, self._scan, files, retry_failed=self._retry_failed)
        for file, sounds in zip(files, known, strict=True):
            self._cancel.raise_if_cancelled()
            if sounds is not None:
                self._found += sounds
                continue
            self._batch += self._presets.read(file)
            self._watch.answered()
            if time.monotonic() > self._due:
                self._list()
        self._list()

    def _list(self) -> None:
        batch, self._batch = self._batch, []
        with self._watch:
            if batch and not self._is_removed:
                self._is_removed = not list_files(self._database, self._scan, self._root.id, self._root.path, batch)
                self._found += 0 if self._is_removed else len(batch)
            self._progress(Progress("listing", self._found))
        self._due = time.monotonic() + _SECONDS_PER_COMMIT


class _PresetFiles:
    """Reads the files of presets of a root.

    Attributes
    ----------
    cannot_sound : paths of the SFZ files that, by themselves, are no instruments.
    includes : of the others, what they include.
    """

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self.cannot_sound: list[str] = []
        self.includes: dict[str, frozenset[Path]] = {}

    def read(self, file: FoundFile) -> list[FoundFile]:
        """Each preset of a file; the file itself where there is none to be had, and whoever hears it will say why."""
        path = Path(file.path)
        is_sfz = path.suffix.lower() == SFZ_SUFFIX
        try:
            presets = presets_of(path, root=self._root)
            if is_sfz:
                instrument = open_sfz(path, self._root)
                if instrument.has_samples:
                    self.includes[file.path] = instrument.includes
                else:
                    self.cannot_sound.append(file.path)
        except AudioError as error:
            if isinstance(error.__cause__, OSError):  # of another time than the file's: the next scan reads it again
                return [replace(file, mtime_ns=_UNREAD_NS)]
            if is_sfz:
                self.cannot_sound.append(file.path)
            return [file]
        except Exception:  # a defect of ours must cost one row, not the scan
            logger.exception("its presets cannot be listed: %s", file.path)
            return [file]
        return [replace(file, preset=preset.key, name=preset.name) for preset in presets]
