"""What the producer says of sounds: ratings, tags, collections; and what was listened to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
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

Change = Callable[["Marks"], Any]
Receiver = Callable[[Any], None]


@dataclass(frozen=True)
class MarksState:
    """What the panels show of the marks.

    tags : how many sounds have each.
    auditioned : how many sounds the history holds.
    """

    collections: tuple[SoundCollection, ...] = ()
    tags: Mapping[str, int] = field(default_factory=dict)
    auditioned: int = 0

    def collection(self, collection_id: int | None) -> SoundCollection | None:
        return next((known for known in self.collections if known.id == collection_id), None)


class MarksController(QObject):
    """Writes one mark after the other, in the order in which they were made, and reads back what became of them."""

    changed = Signal()
    """Collections, tags or the history."""
    sounds_changed = Signal(object)
    """The sounds that were marked, as they are now; a list."""
    said = Signal(str)
    failed = Signal(str)
    removed = Signal(object)
    """A `RemovedCollection`, to be offered back."""

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.state = MarksState()
        self._waiting: deque[tuple[Change, tuple[int, ...], Receiver | None, bool]] = deque()
        self._stale = False
        self._listened: int | None = None
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(LINGER_MILLISECONDS)
        self._linger.timeout.connect(self._note_listened)

    def refresh(self) -> None:
        """Read collections, tags and history behind the window."""
        if self._jobs.running("marks") is not None:
            self._stale = True
            return
        self._jobs.start("marks", self._read, on_done=self._take, on_failed=self.failed.emit)

    def rate(self, ids: Collection[int], rating: int) -> None:
        """Give sounds 1 to 5, or 0 for no rating."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.rate(wanted, rating), wanted)

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
            lambda _: self.said.emit(f"{_sounds(len(wanted))} in {name} now."),
        )

    def let_go(self, collection_id: int, ids: Collection[int]) -> None:
        """Take sounds out of a collection."""
        wanted = tuple(ids)
        self._write(lambda marks: marks.let_go(collection_id, wanted), wanted)

    def add_collection(self, name: str, ids: Collection[int] = ()) -> None:
        """Make a collection of these sounds."""
        wanted = tuple(ids)

        def add(marks: Marks) -> None:
            collection_id = marks.add_collection(name)
            if wanted:
                marks.collect(collection_id, wanted)

        said = f"{_sounds(len(wanted))} in {name} now."
        self._write(add, wanted, (lambda _: self.said.emit(said)) if wanted else None)

    def rename_collection(self, collection_id: int, name: str) -> None:
        self._write(lambda marks: marks.rename_collection(collection_id, name))

    def remove_collection(self, collection_id: int) -> None:
        """Forget a collection; `removed` offers it back."""
        self._write(lambda marks: marks.remove_collection(collection_id), (), self.removed.emit)

    def restore_collection(self, removed: RemovedCollection) -> None:
        self._write(lambda marks: marks.restore_collection(removed))

    def listening_to(self, sound: Sound) -> None:
        """A sound is being heard; it enters the history if that goes on."""
        if sound.id != self._listened:
            self._listened = sound.id
            self._linger.start()

    def forget_history(self) -> None:
        self._listened = None
        self._linger.stop()
        self._write(lambda marks: marks.forget_auditioned())

    def stop(self) -> None:
        self._linger.stop()

    def _note_listened(self) -> None:
        sound_id = self._listened
        if sound_id is not None:
            self._write(lambda marks: marks.note_auditioned(sound_id), quiet=True)

    def _write(
        self, change: Change, ids: tuple[int, ...] = (), then: Receiver | None = None, *, quiet: bool = False
    ) -> None:
        """quiet : of a failure nobody needs to hear."""
        self._waiting.append((change, ids, then, quiet))
        if self._jobs.running("marking") is None:
            self._jobs.start(
                "marking", self._work, on_item=lambda tell: tell(), on_done=self._written, on_failed=self.failed.emit
            )

    def _work(self, job: Job) -> None:
        # All that waits, also while the window closes: a mark that was made is kept.
        while self._waiting:
            change, ids, then, quiet = self._waiting.popleft()
            try:
                catalog = self._backend.library().catalog
                answer = change(catalog.marks)
                sounds = catalog.sounds(ids) if ids else []
            except EarshotError as error:
                if not quiet:
                    job.item(lambda words=str(error): self.failed.emit(words))
                continue
            job.item(lambda then=then, answer=answer, sounds=sounds: self._tell(then, answer, sounds))

    def _tell(self, then: Receiver | None, answer: object, sounds: list[Sound]) -> None:
        if sounds:
            self.sounds_changed.emit(sounds)
        if then is not None:
            then(answer)
        self.refresh()

    def _written(self, _: object) -> None:
        if self._waiting:  # came while the job was ending
            change, ids, then, quiet = self._waiting.pop()
            self._write(change, ids, then, quiet=quiet)

    def _read(self, job: Job) -> MarksState:
        marks = self._backend.library().catalog.marks
        return MarksState(tuple(marks.collections()), marks.tags(), len(marks.auditioned()))

    def _take(self, state: MarksState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()
        if self._stale:
            self._stale = False
            self.refresh()


def _sounds(number: int) -> str:
    return "1 sound is" if number == 1 else f"{number:,} sounds are"
