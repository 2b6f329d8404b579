"""The library: its roots, scanning them, and what failed."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.backend import Backend
from app.jobs import Job, JobRunner
from engine.library.drives import ANSWER_SECONDS, are_there

if TYPE_CHECKING:
    from engine.jobs import Progress
    from engine.library.catalog import Counts, Root, Sound
    from engine.library.scanner import ScanResult
    from engine.plugins import Added

REFRESH_MILLISECONDS = 1500
"""How often what a running scan has finished is taken into the results."""
FOLLOW_MILLISECONDS = 2000
"""How often it is asked whether another process, a scan or another window, has changed the library."""
USAGE_MILLISECONDS = 10_000
"""How often it is measured what the library takes: all its files and all processes are looked at for it."""


@dataclass(frozen=True)
class LibraryState:
    """What the panels show of the library.

    roots : `online` of each is what its drive said last, and None as long as it has said nothing.
    why_read_only : in words; empty where it can be changed.
    second_window : another window has the library, and it is read only for that.
    version : another number where anything in it has changed.
    """

    roots: tuple[Root, ...]
    counts: Counts
    failed: tuple[Sound, ...]
    revision: int
    version: int = 0
    why_read_only: str = ""
    second_window: bool = False


class LibraryController(QObject):
    """Opens the library behind the window, scans, and says what changed."""

    changed = Signal()
    """Roots, counts or failed files."""
    usage_changed = Signal(object)
    """The library's `Usage`."""
    contents_changed = Signal()
    """Which sounds can be found changed: results are stale."""
    scan_progress = Signal(object)
    """`Progress`; None when no scan runs."""
    failed = Signal(str)
    refused = Signal(str)
    """Why nothing in the library can be changed."""
    scan_began = Signal()
    scan_failed = Signal(str)
    unanswered = Signal(object)
    """Folders that a scan left out: their drives did not answer."""
    without_sounds = Signal(object)
    """Paths of folders that were to be scanned, and hold nothing that is a sound by its name."""
    instrument_playing = Signal(str, str)
    """How far a plug-in instrument is played, and by what to stop it (`stop_instrument`)."""
    instrument_said = Signal(str, bool)
    """What came of playing an instrument; whether it failed."""
    unwatched = Signal(object)
    """Paths of roots in which changes are not noticed, and why in words; none where all are watched."""
    _folders_changed = Signal(object)

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.state: LibraryState | None = None
        self.failure: str | None = None
        self.scanning: tuple[Path, ...] = ()
        self.progress: Progress | None = None
        """Of the running scan."""
        self._wanted_first: tuple[int, ...] = ()
        """Ids; taken over by the thread of the scan."""
        self._last_scan: Job | None = None
        self._retries = False
        """Whether the running scan tries again what failed before."""
        self._asked: set[Path] = set()
        """Of the folders being scanned those that the user named, rather than those in which something changed."""
        self._leaving: set[Path] = set()
        """Roots whose removal was asked for: what changes in them brings them back no more."""
        self._stale = False
        self._watched: set[str] = set()
        self._last_watch: Job | None = None
        self._some_unwatched = False
        self._to_scan: set[Path] = set()
        """Folders in which something changed while a scan was running."""
        self._folders_changed.connect(self._scan_changed)
        self._seen: tuple[Any, ...] | None = None
        self._online: dict[str, bool] = {}
        """By the path of each root what its drive said last."""
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MILLISECONDS)
        self._follow.timeout.connect(self._look)
        self._measure = QTimer(self)
        self._measure.setInterval(USAGE_MILLISECONDS)
        self._measure.timeout.connect(self._measure_usage)

    @property
    def scan_job(self) -> Job | None:
        """The running scan, to be paused."""
        return self._jobs.running("scan")

    @property
    def empty(self) -> bool:
        """No folder was added yet; False while that is not known."""
        return self.state is not None and not self.state.roots and not self.scanning

    def refuses(self) -> bool:
        """Whether nothing can be changed, which is said then."""
        words = self.state.why_read_only if self.state is not None else ""
        if words:
            self.refused.emit(words)
        return bool(words)

    def refresh(self) -> None:
        """Read the library's state in the background."""
        if self._jobs.running("library") is not None:
            self._stale = True  # what is being read may be older than what changed
            return
        self._jobs.start("library", self._read, on_done=self._take, on_failed=self._fail, gentle=True)

    def scan(
        self, folders: list[Path], *, retry_failed: bool = False, asked: bool = True, paused: bool = False
    ) -> None:
        """Scan folders, with those of a scan that runs: it is replaced at once and what it finished is kept. Folders
        that are away are left out, unless all of them are.

        asked : the user named them, and what was paused goes on with them; else it stays paused, and it is no news
            that they hold no sounds.
        paused : begin paused.
        """
        if not folders or self.refuses():
            return
        paused = paused or (not asked and (running := self.scan_job) is not None and running.paused)
        named = [Path(os.path.abspath(folder)) for folder in folders]
        self._leaving.difference_update(named)
        if asked:
            self._asked.update(named)
        wanted = list(dict.fromkeys((*self.scanning, *named)))
        retries = retry_failed or (bool(self.scanning) and self._retries)
        self.scanning, self._retries = tuple(wanted), retries
        self.scan_began.emit()
        backend, last = self._backend, self._last_scan

        def work(job: Job) -> Any:
            _wait_for(last, job)  # one scan at a time may write the catalog
            # Of a drive that does not answer the scan itself tells.
            answers = are_there(map(str, wanted), ANSWER_SECONDS, job.checkpoint)
            there = [folder for folder in wanted if answers[str(folder)] is not False]
            return backend.scan(
                there or wanted,
                progress=job.progress,
                cancel=job.token,
                retry_failed=retries,
                first=lambda: self._wanted_first,
            )

        self._last_scan = self._jobs.start(
            "scan", work, on_progress=self._scanning_on, on_done=self._scanned, on_failed=self._scan_failed, gentle=True
        )
        if paused:
            self._last_scan.pause()
        self._timer.start()
        self._scanning_on(_starting())
        self.changed.emit()

    def hear_first(self, ids: tuple[int, ...]) -> None:
        """What a scan that runs, or the next one, is to hear before all else: the sounds in sight."""
        self._wanted_first = ids

    def cancel_scan(self) -> None:
        """Stop scanning; what was finished stays. What changed meanwhile waits for the next scan, too."""
        self._jobs.cancel("scan")
        self._to_scan.clear()
        self._end_scan()

    def rescan(self) -> None:
        """Scan every root again."""
        if self.state is not None:
            roots = [Path(root.path) for root in self.state.roots]
            self.scan([root for root in roots if root not in self._leaving])

    def retry(self, sound: Sound) -> None:
        """Try a failed file again, with the others of its folder that failed."""
        root = next((root for root in self.state.roots if root.id == sound.root_id), None) if self.state else None
        if root is not None:
            self.scan([Path(root.path)], retry_failed=True)

    def add_instrument(self, path: Path) -> None:
        """Have a plug-in instrument played, and its notes scanned."""
        if self.refuses():
            return
        backend, name, lane = self._backend, path.stem, f"instrument {path}"
        self.instrument_playing.emit(f"Playing {name}, to keep its notes as sounds.", lane)
        self._jobs.start(
            lane,
            lambda job: backend.add_instrument(path, progress=job.progress, cancel=job.token),
            on_progress=lambda step: self.instrument_playing.emit(
                f"Playing {name}: {step.done:,.0f} of {step.total:,.0f}.", lane
            ),
            on_done=lambda added: self._instrument_added(name, added),
            on_failed=lambda reason: self.instrument_said.emit(reason, True),
        )

    def stop_instrument(self, lane: str) -> None:
        """Play no more of an instrument."""
        self._jobs.cancel(lane)
        self.instrument_said.emit("Stopped.", False)

    def _instrument_added(self, name: str, added: Added) -> None:
        words = [f"{added.sounds:,} {'sound' if added.sounds == 1 else 'sounds'} of {name} in the library."]
        if added.failed:
            program, reason = added.failed[0]
            words.append(f"{len(added.failed):,} could not be played, such as {program}: {reason}")
        self.instrument_said.emit(" ".join(words), not added.sounds)
        self.scan([added.folder.parent])

    def remove_root(self, path: str) -> None:
        """Forget a folder; its files are not touched. A scan goes on without it."""
        if self.refuses():
            return
        backend, last = self._backend, self._last_scan
        self._leaving.add(Path(path))
        self._leave_out_of_scan(Path(path))

        def work(job: Job) -> None:
            if last is not None and last.token.cancelled:
                _wait_for(last, job)  # it may be about to make the folder a root again
            library = backend.library()
            library.catalog.remove_root(path)
            library.refresh()

        def fail(reason: str) -> None:
            self._leaving.discard(Path(path))
            self._fail(reason)

        self._jobs.start(f"remove {path}", work, on_done=lambda _: self.refresh(), on_failed=fail)

    def _leave_out_of_scan(self, root: Path) -> None:
        rest = [folder for folder in self.scanning if not folder.is_relative_to(root)]
        if len(rest) == len(self.scanning):
            return
        if rest:
            self.scanning = ()
            self.scan(rest, retry_failed=self._retries, asked=False)
        else:
            self._jobs.cancel("scan")
            self._end_scan()

    def _read(self, job: Job) -> LibraryState:
        library = self._backend.library()
        library.refresh()
        catalog = library.catalog
        version = catalog.database.version  # before all else: what changes meanwhile is seen the next time
        return LibraryState(
            tuple(catalog.roots()),
            catalog.counts(),
            tuple(catalog.failed()),
            catalog.revision,
            version,
            library.why_read_only,
            library.beside_another_window,
        )

    def _look(self) -> None:
        backend, state = self._backend, self.state
        if state is None:
            self.refresh()
            return
        if self._jobs.running("poll") is None:
            self._jobs.start("poll", lambda _: backend.library().catalog.database.version, on_done=self._looked)
        for root in state.roots:
            self._ask_drive(root.path)

    def _ask_drive(self, path: str) -> None:
        # A job for each: a network drive that does not answer holds up nothing else.
        lane = f"drive of {path}"
        if self._jobs.running(lane) is None:
            self._jobs.start(
                lane,
                lambda job: are_there([path], ANSWER_SECONDS, job.checkpoint)[path],
                on_done=lambda online: self._drive_answered(path, online),
            )

    def _drive_answered(self, path: str, online: bool | None) -> None:
        if online is None:
            return  # it is asked again
        state = self.state
        if state is not None and any(root.path == path and root.online is not online for root in state.roots):
            self._online[path] = online
            self._show(state)

    def _measure_usage(self) -> None:
        backend = self._backend
        if self._jobs.running("usage") is None:
            self._jobs.start("usage", lambda _: backend.usage(), on_done=self.usage_changed.emit, gentle=True)

    def _looked(self, version: int) -> None:
        if self.state is not None and version != self.state.version:
            self.refresh()

    def _show(self, state: LibraryState) -> None:
        """The library as it was read, with what is known of its drives."""
        roots = tuple(replace(root, online=self._online.get(root.path)) for root in state.roots)
        self.state = state = replace(state, roots=roots)
        self.changed.emit()
        seen = (state.revision, state.counts.total, tuple((root.id, root.away) for root in roots))
        if seen != self._seen:
            self._seen = seen
            self.contents_changed.emit()
        online = {root.path for root in roots if root.online}
        if online != self._watched and not state.why_read_only:
            self._watched = online
            self._watch(online)

    def _watch(self, folders: Collection[str]) -> None:
        backend, last = self._backend, self._last_watch

        def work(job: Job) -> Any:
            _wait_for(last, job)  # else the one that was asked first might have the last word
            return backend.watch(folders, self._folders_changed.emit)

        self._last_watch = self._jobs.start("watch", work, on_done=self._watch_answered)

    def _watch_answered(self, refused: dict[str, str]) -> None:
        self._some_unwatched = bool(refused)
        self.unwatched.emit(refused)

    def _take(self, state: LibraryState) -> None:
        self.failure = None
        paths = {root.path for root in state.roots}
        self._leaving &= set(map(Path, paths))
        self._online = {path: online for path, online in self._online.items() if path in paths}
        self._show(state)
        for path in paths:
            self._ask_drive(path)
        if self._stale:
            self._stale = False
            self.refresh()
        self._follow.start()
        if not self._measure.isActive():
            self._measure.start()
            self._measure_usage()

    def _scan_changed(self, folders: list[str]) -> None:
        self._to_scan.update(map(Path, folders))
        self._scan_what_changed()

    def _scan_what_changed(self) -> None:
        asked = frozenset(self._to_scan)
        if asked and self.scan_job is None:

            def work(job: Job) -> list[Path]:
                answers = are_there(map(str, asked), ANSWER_SECONDS, job.checkpoint)
                return [folder for folder in asked if answers[str(folder)]]

            self._jobs.start("changed folders", work, on_done=lambda there: self._scan_those(asked, there))

    def _scan_those(self, asked: frozenset[Path], there: list[Path]) -> None:
        if self.scan_job is not None or self.state is None:
            return  # after this one
        self._to_scan -= asked
        roots = {Path(root.path) for root in self.state.roots} - self._leaving
        self.scan([folder for folder in there if any(folder.is_relative_to(root) for root in roots)], asked=False)

    def _scanning_on(self, progress: Progress | None) -> None:
        self.progress = progress
        self.scan_progress.emit(progress)

    def _scanned(self, result: ScanResult) -> None:
        empty = [folder for folder in result.without_sounds if Path(folder) in self._asked]
        self._end_scan()
        if result.unanswered:
            self.unanswered.emit(list(result.unanswered))
        if empty:
            self.without_sounds.emit(empty)

    def _scan_failed(self, reason: str) -> None:
        self._end_scan()
        self.scan_failed.emit(reason)

    def _end_scan(self) -> None:
        self.scanning, self._retries = (), False
        self._asked.clear()
        self._timer.stop()
        self._scanning_on(None)
        if self._some_unwatched:  # what kept them from being watched may have gone since
            self._watch(self._watched)
        self._jobs.cancel("library")
        self.refresh()
        self._scan_what_changed()

    def _fail(self, reason: str) -> None:
        """What cannot be opened is tried again until it can be, and said once."""
        known = self.state is None and reason == self.failure
        self.failure = reason
        if self.state is None:
            self._follow.start()
        if not known:
            self.failed.emit(reason)
            self.changed.emit()


def _wait_for(last: Job | None, job: Job) -> None:
    """Called in `job`, until another one has ended; also where `job` is cancelled meanwhile: whoever waits for it waits
    with it for the other one."""
    if last is not None:
        last.ended.wait()
    job.checkpoint()


def _starting() -> Progress:
    from engine.jobs import Progress

    return Progress("listing", 0.0)
