"""Scanning: list every file at once, then hear the new and changed ones in worker processes.

Whatever was finished is in the catalog half a second later and stays there, however the scan ends; the next one goes on
from there.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.encoder import weights
from engine.errors import LibraryError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress
from engine.library.catalog import Sound, outermost
from engine.library.crew import Crew
from engine.library.drives import ANSWER_SECONDS, are_there
from engine.library.ears import EarLoader, load_ear
from engine.library.headers import HeaderPass
from engine.library.library import Library
from engine.library.listing import list_folders
from engine.library.locks import try_lock
from engine.library.queue import count_pending, pending
from engine.library.results import Failed, Heard, Outcome, PartsUnheard, set_fingerprint, write_outcomes
from engine.library.watched import DECODING_SECONDS
from engine.processes import open_nursery

logger = logging.getLogger(__name__)

_SECONDS_PER_COMMIT = 0.5
_SECONDS_PER_STEP = 0.1
_LARGEST_TASK = 16
_MOST_WORKERS = 8


@dataclass(frozen=True)
class ScanResult:
    """What a scan did.

    Attributes
    ----------
    listed : sounds found: audio files, and presets in files of presets.
    embedded, failed : of those, what was heard this time, and what could not be.
    unchanged : of those, what was known already (in the same size and with the same time).
    moved : of those, files that were known under another name or in another folder.
    removed : sounds that were there before and are gone; what is known of them is kept.
    unreadable : folders, and files with too long paths, that could not be read; their sounds stay as they were.
    unanswered : of the scanned folders, those whose drive did not answer; their sounds stay as they were.
    without_sounds : of the scanned folders, those that hold nothing that is a sound by its name.
    incomplete : of the embedded sounds, presets without some of their samples; `reason` says which.
    """

    listed: int
    embedded: int
    failed: int
    unchanged: int
    moved: int
    removed: int
    seconds: float
    unreadable: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    without_sounds: tuple[str, ...] = ()
    incomplete: tuple[Sound, ...] = ()


@dataclass
class _Tally:
    """What the second pass came to.

    embedded, failed : how many sounds.
    total : how many there were to hear, without those that stay as they were.
    incomplete : ids of those embedded that lack something.
    """

    embedded: int = 0
    failed: int = 0
    total: int = 0
    incomplete: list[int] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        """One more of them is through."""
        match outcome:
            case PartsUnheard(sound_id, reason):
                self.total -= 1
                logger.warning("the parts of sound %d were not heard: %s", sound_id, reason)
            case Failed():
                self.failed += 1
            case _:
                self.embedded += 1
                if isinstance(outcome, Heard) and outcome.note:
                    self.incomplete.append(outcome.sound_id)


def most_workers() -> int:
    """As many as there are processors to use, up to eight: each holds a model of its own."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)


def default_workers() -> int:
    """Half of them, for there is a DAW beside; but two where there are two, since all of them give way to it."""
    return max(min(most_workers(), 2), most_workers() // 2)


def scan(
    library: Library,
    roots: Sequence[Path],
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    workers: int | None = None,
    model: Path | None = None,
    retry_failed: bool = False,
    first: Callable[[], Sequence[int]] = tuple,
    loader: EarLoader = load_ear,
    decoding_seconds: float = DECODING_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
) -> ScanResult:
    """Bring the library up to date with some folders.

    Parameters
    ----------
    roots : folders; each becomes a root, unless it lies in one.
    progress : told of the stages "listing" and "scanning", in files.
    cancel : stops the scan within a fraction of a second; what is finished is kept.
    workers : number of processes; None takes `default_workers`.
    model : a file of weights; None takes the shipped one.
    retry_failed : try again what failed before, changed or not.
    first : gives the ids of sounds that are to be heard before all others, asked again and again.
    loader : makes the ear in each worker.
    decoding_seconds : a file that takes longer fails.
    answer_seconds : a root whose drive takes longer to tell whether it is there, or what is in one of its folders, is
        left out.

    Raises
    ------
    LibraryError : a root is not a folder, no root's drive answers, the library cannot be written, or another scan of it
        is running.
    ModelError : the model cannot be loaded.
    Cancelled : `cancel` was set.
    """
    started = time.monotonic()
    cancel = cancel or CancelToken()
    folders, unanswered = _folders(roots, answer_seconds, cancel)
    library.catalog.database.require_writable()
    workers = workers or default_workers()
    with _only_scan_of(library.directory):
        try:
            listing = list_folders(
                library.catalog, folders, progress, cancel, retry_failed=retry_failed, answer_seconds=answer_seconds
            )
            tally = _Tally()
            if expected := _expected(library, listing.number, model, retry_failed):
                with (
                    HeaderPass(library.catalog.database, listing.number),
                    Crew(loader, model, decoding_seconds=decoding_seconds) as crew,
                ):
                    open_nursery(cancel.raise_if_cancelled)
                    # Of many sounds every worker has a share, and they begin together.
                    crew.grow(max(1, min(workers, expected // _LARGEST_TASK)))
                    tally = _hear(library, listing.number, crew, workers, retry_failed, first, progress, cancel)
        finally:
            library.refresh()
    return ScanResult(
        listed=listing.found,
        embedded=tally.embedded,
        failed=tally.failed,
        # What moved may be heard for other reasons too, such as another model: it counts once.
        unchanged=max(0, listing.found - tally.total - (listing.moved - listing.moved_to_be_heard)),
        moved=listing.moved,
        removed=listing.removed,
        seconds=time.monotonic() - started,
        unreadable=tuple(listing.unreadable),
        unanswered=(*unanswered, *listing.unanswered),
        without_sounds=tuple(listing.without_sounds),
        incomplete=tuple(library.catalog.sounds(tally.incomplete)),
    )


def _folders(roots: Sequence[Path], answer_seconds: float, cancel: CancelToken) -> tuple[list[str], list[str]]:
    """Absolute paths, without those inside another one; and those whose drives do not answer."""
    answers = are_there(sorted({os.path.abspath(root) for root in roots}), answer_seconds, cancel.raise_if_cancelled)
    unanswered = [folder for folder, is_there in answers.items() if is_there is None]
    folders = [folder for folder in answers if folder not in unanswered]
    if unanswered and not folders:
        raise LibraryError(f"The drive of {unanswered[0]} does not answer. Connect it, or wake it, and scan again.")
    for folder in folders:
        if not os.path.exists(folder):
            raise LibraryError(f"There is no folder {folder}. If it is on a drive, connect that and scan again.")
        if not os.path.isdir(folder):
            raise LibraryError(f"{folder} is not a folder. Scan the folder that it is in.")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise LibraryError(f"The folder {folder} may not be read. Mend its permissions and scan again.")
    return outermost(folders), unanswered


@contextmanager
def _only_scan_of(directory: Path) -> Iterator[None]:
    try:
        lock = try_lock(directory / "scan.lock")
    except OSError as error:
        raise LibraryError(
            f"The library in {directory} may not be written to ({error.strerror}). Mend its permissions, "
            "or choose another folder with --library."
        ) from error
    if lock is None:
        raise LibraryError(
            f"The library in {directory} is being scanned by another Earshot. Wait until that is done, or stop it."
        )
    try:
        yield
    finally:
        lock.release()


def _expected(library: Library, number: int, model: Path | None, retry_failed: bool) -> int:
    """About how many sounds have to be heard. Where it is none no worker has to be started, which takes seconds."""
    try:
        fingerprint = weights.fingerprint(model or weights.shipped_model())
    except OSError:
        return 1  # the worker tells what is wrong with it
    count = count_pending(library.catalog.database, number, fingerprint, retry_failed=retry_failed)
    return count or int(fingerprint != library.catalog.fingerprint)


def _hear(
    library: Library,
    number: int,
    crew: Crew,
    workers: int,
    retry_failed: bool,
    first: Callable[[], Sequence[int]],
    progress: ProgressCallback,
    cancel: CancelToken,
) -> _Tally:
    """The second pass."""
    database = library.catalog.database
    while crew.fingerprint is None:
        cancel.raise_if_cancelled()
        crew.step(_SECONDS_PER_STEP)
    fingerprint = crew.fingerprint
    set_fingerprint(database, fingerprint)
    total = count_pending(database, number, fingerprint, retry_failed=retry_failed)
    # Small scans are cut small, so that every worker has a share and progress shows.
    task_size = max(1, min(_LARGEST_TASK, total // (4 * workers)))
    crew.set_queue(pending(database, number, fingerprint, retry_failed=retry_failed, first=first), task_size)
    crew.grow(min(workers, total // task_size))
    meter = _Meter("scanning", total, progress)
    unwritten: list[Outcome] = []
    tally = _Tally(total=total)
    done = 0
    due = time.monotonic() + _SECONDS_PER_COMMIT
    meter.report(0)
    try:
        while done < total:
            cancel.raise_if_cancelled()
            outcomes = crew.step(_SECONDS_PER_STEP)
            unwritten += outcomes
            done += len(outcomes)
            for outcome in outcomes:
                tally.count(outcome)
            if time.monotonic() > due:
                write_outcomes(database, fingerprint, unwritten)
                unwritten.clear()
                due = time.monotonic() + _SECONDS_PER_COMMIT
            meter.report(done)
            if not outcomes and not crew.busy:
                break  # a root was removed while it was being scanned
    finally:
        write_outcomes(database, fingerprint, unwritten)
    meter.report(done, last=True)
    return tally


class _Meter:
    """Turns a count into progress with the rate of the last ten seconds, a few times a second."""

    _SECONDS_PER_REPORT = 0.1
    _WINDOW_SECONDS = 10.0

    def __init__(self, stage: str, total: int, progress: ProgressCallback) -> None:
        self._stage = stage
        self._total = total
        self._progress = progress
        self._history = deque([(time.monotonic(), 0)])
        self._last_report = -1.0

    def report(self, done: int, *, last: bool = False) -> None:
        now = time.monotonic()
        if now - self._last_report < self._SECONDS_PER_REPORT and not last:
            return
        self._last_report = now
        if self._history[-1][1] == 0:
            self._history.clear()  # the model was still being loaded; that says nothing about the rate
        self._history.append((now, done))
        while len(self._history) > 2 and now - self._history[0][0] > self._WINDOW_SECONDS:
            self._history.popleft()
        since, before = self._history[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        left = (self._total - done) / rate if rate > 0 else None
        self._progress(Progress(self._stage, done, self._total, rate, left))
