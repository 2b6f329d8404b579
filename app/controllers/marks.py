"""What the producer says of sounds: ratings, families, tags, collections; and what was listened to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.backend import Backend
from app.jobs import Job, JobRunner
from engine.errors import EarshotError

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.library.marks import Marks, RemovedCollection, SoundCollection

LINGER_MILLISECONDS = 700
"""A sound counts as listened to when no other follows it for so long: stepping through a list leaves no trace."""

MARKING, COLLECTING = "marking", "collecting"
"""Lanes of what is written."""

MarkChange = Callable[["Marks"], Any]
Receiver = Callable[[Any], None]


@dataclass(frozen=True)
class MarksState:
    """What the panels show of the marks.

    tags : how many sounds have each.
    auditioned : how many sounds the history holds.
    favourites : how many there are.
    """

    collections: tuple[SoundCollection, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    auditioned: int = 0
    favourites: int = 0

    def collection(self, collection_id: int | None) -> SoundCollection | None:
        return next((known for known in self.collections if known.id == collection_id), None)


@dataclass(frozen=True)
class _Waiting:
    """A change that is to be written.

    then : gets its answer.
    refused : called where it failed.
    quiet : nobody needs to hear of its failure.
    """

    number: int
    lane: str
    change: MarkChange
    ids: tuple[int, ...]
    then: Receiver | None = None
    refused: Callable[[], None] | None = None
    quiet: bool = False


class MarksController(QObject):
    """Writes one mark after the other, in the order in which they were made, and reads back what became of them.

    What goes into collections is written beside the marks: of sounds that were never heard it reads the files, and no
    mark waits for a drive.
    """

    changed = Signal()
    """Favourites, collections, tags or the history."""
    sounds_changed = Signal(object)
    """The sounds that were marked, as they are now; a list."""
    said = Signal(str)
    failed = Signal(str)
    removed = Signal(object)
    """The `RemovedCollection` that `restore_collection` would bring back, to be offered."""

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.state = MarksState()
        self._waiting: dict[str, deque[_Waiting]] = {MARKING: deque(), COLLECTING: deque()}
        self._numbers = count()
        self._latest: dict[int, int] = {}
        """The number of the last mark that each sound was given and that is not read back yet."""
        self._unheard: dict[int, None] = {}
        """Ids, in that order, of marked sounds whose files may not have been read yet."""
        self._removed: list[RemovedCollection] = []
        """Collections that were deleted and can be brought back, in that order."""
        self._stale = False
        self._listened: int | None = None
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(LINGER_MILLISECONDS)
        self._linger.timeout.connect(self._note_listened)

    @property
    def library_dir(self) -> Path:
        """The folder of the library to which the ids of sounds belong."""
        return self._backend.library_dir

    def refresh(self) -> None:
        """Read favourites, collections, tags and history behind the window."""
        if self._jobs.running("marks") is not None:
            self._stale = True
            return
        self._jobs.start("marks", self._read, on_done=self._take, on_failed=self.failed.emit)

    def set_favourites(self, ids: Collection[int], on: bool) -> None:
        """Make sounds favourites, or no longer."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.set_favourite(wanted, on), wanted)

    def rate(self, ids: Collection[int], rating: int) -> None:
        """Give sounds 1 to 5, or 0 for no rating."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.rate(wanted, rating), wanted)

    def correct_family(self, ids: Collection[int], family: str | None) -> None:
        """Say which family sounds are of; None leaves it to what was heard."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.correct_family(wanted, family), wanted)

    def tag(self, ids: Collection[int], *, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
        """Add and remove tags."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.tag(wanted, add=add, remove=remove), wanted)

    def collect(self, collection_id: int, ids: Collection[int]) -> None:
        """Put sounds into a collection."""
        wanted, found = tuple(ids), self.state.collection(collection_id)
        name = found.name if found is not None else "the collection"
        self._write(
            lambda marks: marks.collect(collection_id, wanted),
            wanted,
            lane=COLLECTING,
            then=lambda _: self.said.emit(f"{_sounds(len(wanted))} now in “{name}”."),
        )

    def let_go(self, collection_id: int, ids: Collection[int]) -> None:
        """Take sounds out of a collection."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.let_go(collection_id, wanted), wanted, lane=COLLECTING)

    def add_collection(self, name: str, ids: Collection[int] = ()) -> None:
        """Make a collection of these sounds."""
        wanted = tuple(ids)

        def add(marks: Marks) -> None:
            collection_id = marks.add_collection(name)
            if wanted:
                marks.collect(collection_id, wanted)

        said = f"{_sounds(len(wanted))} now in “{name}”."
        self._write(add, wanted, lane=COLLECTING, then=(lambda _: self.said.emit(said)) if wanted else None)

    def rename_collection(self, collection_id: int, name: str) -> None:
        self._write(lambda marks: marks.rename_collection(collection_id, name), lane=COLLECTING)

    def remove_collection(self, collection_id: int) -> None:
        """Forget a collection; `removed` offers it back, unless it was gone already."""
        self._write(
            lambda marks: marks.remove_collection(collection_id), lane=COLLECTING, then=self._collection_removed
        )

    def _collection_removed(self, removed: RemovedCollection | None) -> None:
        if removed is not None:
            self._removed.append(removed)
            self._offer_back()

    def restore_collection(self) -> None:
        """Bring back the collection that was deleted last; `removed` offers the one before it then."""
        if not self._removed:
            return
        last = self._removed.pop()
        self._write(
            lambda marks: marks.restore_collection(last),
            lane=COLLECTING,
            then=lambda _: self._offer_back(),
            refused=lambda: self._removed.append(last),
        )

    def _offer_back(self) -> None:
        if self._removed:
            self.removed.emit(self._removed[-1])

    def listening_to(self, sound: Sound) -> None:
        """A sound begins to be heard; it enters the history if that goes on."""
        if sound.id != self._listened:
            self._listened = sound.id
            self._linger.start()

    def forget_history(self) -> None:
        """What sounds meanwhile is forgotten too, until it is played again."""
        self._listened = None
        self._linger.stop()
        self._write(lambda marks: marks.forget_auditioned())

    def stop(self) -> None:
        self._linger.stop()

    def finish(self) -> None:
        """Write what was marked while a job was about to end: no other one comes once the jobs are shut down."""
        for waiting in self._waiting.values():
            for _ in self._written_of(waiting):
                pass

    def _note_listened(self) -> None:
        sound_id = self._listened
        if sound_id is not None:
            self._write(lambda marks: marks.note_auditioned(sound_id), quiet=True)

    def _write(
        self,
        change: MarkChange,
        ids: tuple[int, ...] = (),
        *,
        lane: str = MARKING,
        then: Receiver | None = None,
        refused: Callable[[], None] | None = None,
        quiet: bool = False,
    ) -> None:
        """As `_Waiting`; `ids` are the sounds that it is about."""
        number = next(self._numbers)
        if lane == MARKING:
            self._latest.update(dict.fromkeys(ids, number))
        self._waiting[lane].append(_Waiting(number, lane, change, ids, then, refused, quiet))
        if self._jobs.running(lane) is None:
            self._start_writing(lane)

    def _start_writing(self, lane: str) -> None:
        self._jobs.start(
            lane,
            lambda job: self._work(job, self._waiting[lane]),
            on_item=lambda tell: tell(),
            on_done=lambda _: self._written(lane),
            on_failed=self.failed.emit,
        )

    def _work(self, job: Job, waiting: deque[_Waiting]) -> None:
        # All that waits, also while the window closes: a mark that was made is kept.
        for tell in self._written_of(waiting):
            job.item(tell)

    def _written_of(self, waiting: deque[_Waiting]) -> Iterator[Callable[[], None]]:
        """Write what waits, one after the other, and yield what tells the window of each."""
        while True:
            try:
                asked = waiting.popleft()  # whoever gets it: at the very end a late job and the window may both ask
            except IndexError:
                return
            answer, reason, sounds = None, "", []
            try:
                catalog = self._backend.library().catalog
                try:
                    answer = asked.change(catalog.marks)
                except EarshotError as error:
                    reason = str(error)
                # Of a change that failed too: the table may show it already.
                sounds = catalog.sounds(asked.ids) if asked.ids and asked.lane == MARKING else []
            except EarshotError as error:
                reason = reason or str(error)
            yield partial(self._tell, asked, answer, reason, sounds)

    def _tell(self, asked: _Waiting, answer: object, reason: str, sounds: list[Sound]) -> None:
        if reason and not asked.quiet:
            self.failed.emit(reason)
        # Who pressed a key twice is not shown what was true in between.
        settled = {sound_id for sound_id in asked.ids if self._latest.get(sound_id) == asked.number}
        for sound_id in settled:
            del self._latest[sound_id]
        if shown := [sound for sound in sounds if sound.id in settled]:
            self.sounds_changed.emit(shown)
        if asked.lane == COLLECTING:
            self._read_back(asked.ids)
        self.refresh()
        if reason:
            if asked.refused is not None:
                asked.refused()
            return
        if asked.then is not None:
            asked.then(answer)
        self._unheard.update(dict.fromkeys(asked.ids))
        self._read_contents()

    def _read_back(self, ids: Collection[int]) -> None:
        """Bring what the catalog says of these sounds; in turn with the marks, so that it is never older than one."""
        if ids:
            self._write(lambda _: None, tuple(ids))

    def _read_contents(self) -> None:
        """Let marks be kept by what the files of their sounds hold, too. It may take long, and may be given up at any
        time: the marks are written, and a scan does the same."""
        if not self._unheard or self._jobs.running("contents") is not None:
            return
        ids, backend = tuple(self._unheard), self._backend
        self._unheard.clear()

        def done(read: list[int]) -> None:
            self._read_back(read)
            self._read_contents()

        self._jobs.start(
            "contents",
            lambda job: backend.library().catalog.marks.read_contents(ids, job.checkpoint),
            on_done=done,
            on_failed=self.failed.emit,
            gentle=True,
        )

    def _written(self, lane: str) -> None:
        if self._waiting[lane]:  # came while the job was ending
            self._start_writing(lane)

    def _read(self, job: Job) -> MarksState:
        marks = self._backend.library().catalog.marks
        return MarksState(tuple(marks.collections()), marks.tags(), len(marks.auditioned()), len(marks.favourites()))

    def _take(self, state: MarksState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()
        if self._stale:
            self._stale = False
            self.refresh()


def _sounds(number: int) -> str:
    return "1 sound is" if number == 1 else f"{number:,} sounds are"
