"""Which sounds the table shows: those ranked for the chosen slot or near to a sound, or all there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.backend import Backend
from app.controllers.parts import PartChoice, Seed
from app.controllers.sound_list import ORDERS, auditioned, listed
from app.jobs import Job, JobRunner
from app.models.columns import Column, Row
from app.text import note_number
from engine.notes import NOTE_NAMES

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.library.query import Query
    from engine.matching.match import Match
    from engine.matching.slots import Slot

TOP = 500
"""Ranked rows; narrower filters look further down, so that they do not run dry."""
TOP_FILTERED = 5000
SETTLE_MILLISECONDS = 40


@dataclass(frozen=True)
class Filters:
    """What the producer asked to see.

    kinds : of 'one-shot', 'loop', 'long', 'preset'; None for all.
    text : a query, as `engine.library.query` reads it.
    note : 0..11 from C; None for any.
    rating_from : 1..5; 0 for any, or none.
    tags : all of them.
    history : only what was listened to lately, the last one first whatever slot is chosen.
    """

    any_family: bool = False
    kinds: Collection[str] | None = None
    text: str = ""
    note: int | None = None
    bpm_from: float | None = None
    bpm_to: float | None = None
    rating_from: int = 0
    favourites: bool = False
    root_id: int | None = None
    collection_id: int | None = None
    tags: tuple[str, ...] = ()
    history: bool = False

    def query(self) -> Query:
        """What the library is asked for."""
        from engine.library.query import read_query

        query = read_query(self.text).with_kinds(None if self.kinds is None else frozenset(self.kinds))
        if self.bpm_from is not None or self.bpm_to is not None:
            slowest, fastest = sorted((self.bpm_from or 0.0, self.bpm_to or float("inf")))  # in either order
            query = query.with_tempo((slowest, fastest))
        if self.rating_from:
            query = query.with_rating((self.rating_from, float("inf")))
        if self.root_id is not None:
            query = replace(query, roots=frozenset({self.root_id}))
        if self.collection_id is not None:
            query = replace(query, collections=frozenset({self.collection_id}))
        return replace(
            query,
            favourites=query.favourites or self.favourites,
            tags=(*query.tags, *self.tags),
            auditioned=query.auditioned or self.history,
        )

    def accept(self, sound: Sound) -> bool:
        """Whether a sound passes what the library does not know of: its note, in whichever octave, or else its key."""
        if self.note is None:
            return True
        number = note_number(sound.pitch_hz) if sound.pitch_hz else None
        tonic = NOTE_NAMES[number % len(NOTE_NAMES)] if number is not None else (sound.key or "").split(" ")[0]
        return tonic == NOTE_NAMES[self.note]


NO_FILTERS: dict[str, object] = {
    name: getattr(Filters(), name)
    for name in (
        "note",
        "bpm_from",
        "bpm_to",
        "rating_from",
        "favourites",
        "root_id",
        "collection_id",
        "tags",
        "history",
    )
}
"""Changes that let go of all that narrows the library, but for the type and what was typed."""


@dataclass(frozen=True)
class Results:
    """What the table shows, and for what.

    slot : the chosen one, if any.
    sound : what the rows are similar to, rather than to the slot.
    parts : by which the rows were ranked, of the sound or else of the reference; empty where they were not.
    searchable : how many sounds were compared.
    nothing_alike : even the best of the rows is hardly what was heard.
    obstacle : why nothing can be ranked by part, where that is so.
    history : the rows are what was listened to, the last one first.
    first_by : where there are more sounds than rows, the column by which these come first.
    """

    slot: Slot | None
    rows: tuple[Row, ...]
    searchable: int
    nothing_alike: bool = False
    sound: Sound | None = None
    parts: tuple[str, ...] = ()
    obstacle: str = ""
    history: bool = False
    first_by: Column | None = None

    @property
    def ranked(self) -> bool:
        """Whether the rows are compared with something, rather than only listed."""
        return self.slot is not None or self.sound is not None or bool(self.parts)


class MatchController(QObject):
    """Ranks in the background, at most one question at a time, always the latest."""

    results_ready = Signal(object)
    failed = Signal(str)
    overviews_ready = Signal(object)
    sound_parts_changed = Signal()
    filters_changed = Signal()

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.slot: Slot | None = None
        self.trail: list[Seed] = []
        """The sounds to which similar ones were asked for, one after the other; the last one counts."""
        self.parts = PartChoice(self)
        self.parts.changed.connect(self._parts_changed)
        self.sound_parts: tuple[str, ...] = ()
        """The parts that sound in the chosen sound, once they are known."""
        self._family_is_sure = False
        self._ranked_by: dict[str, int] = {}
        self.filters = Filters()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self._ask)
        self._order, self._descending = Column.NAME, False
        self._is_cut = False
        """Not all sounds are listed: another order shows others."""
        self._outdated = False
        """The library changed while it was being asked."""

    def set_slot(self, slot: Slot | None, *, family_is_sure: bool = False) -> None:
        """Rank for another slot, or for what became known of this one.

        family_is_sure : the producer named it, so no other family goes before it.
        """
        if (slot.id if slot else None) != (self.slot.id if self.slot else None):
            self.trail.clear()
        self.slot, self._family_is_sure = slot, family_is_sure
        self.refresh()

    def find_similar(self, sound: Sound, part: str | None = None) -> None:
        """Show what is near to a sound, or has a part like one of its own; itself first."""
        last = self.trail[-1] if self.trail else None
        if last is None or (last.sound.id, last.part) != (sound.id, part):
            self.trail.append(Seed(sound, part))
            self.refresh()

    def back(self) -> bool:
        """To what was shown before `find_similar`, then from parts to the slot; False where there is nothing before."""
        if self.trail:
            self.trail.pop()
            self.refresh()
            return True
        return self.parts.leave()

    @property
    def has_way_back(self) -> bool:
        return bool(self.trail or self.parts.weights)

    def leave(self) -> None:
        """To the slot at once."""
        if self.has_way_back:
            self.trail.clear()
            self.parts.leave()
            self.refresh()

    def _parts_changed(self) -> None:
        chosen = dict(self.parts.weights)
        if chosen != self._ranked_by:
            self.trail.clear()
        if chosen or self._ranked_by:
            self.refresh()
        self._ranked_by = chosen

    def set_filters(self, **changes: object) -> None:
        """Change some of the filters."""
        filters = replace(self.filters, **changes)  # type: ignore[arg-type]
        if filters != self.filters:
            self.filters = filters
            self.refresh()
            self.filters_changed.emit()

    def set_order(self, column: int, descending: bool) -> None:
        """The producer sorts by a column: where not all sounds are listed, others come first then."""
        order = (Column(column), descending) if Column(column) in ORDERS else (Column.NAME, False)
        if order != (self._order, self._descending):
            self._order, self._descending = order
            if self._is_cut:
                self.refresh()

    def marks_changed(self) -> None:
        """The producer said something of sounds: results that depend on it, or are just being read, are stale."""
        query = self.filters.query()
        if self._jobs.running("rank") is not None or query.favourites or query.asks_for_marks:
            self.refresh()

    def library_changed(self) -> None:
        """Ask again, once what is asked now is answered: a scan changes the library all the time, and would else never
        let a slow answer come."""
        if self._jobs.running("rank") is None:
            self.refresh()
        else:
            self._outdated = True

    def refresh(self) -> None:
        """Ask again; questions that come together are one."""
        if not self._settle.isActive():
            self._settle.start()

    @property
    def pending(self) -> bool:
        """Whether an answer to what was asked last is still to come."""
        return self._settle.isActive() or self._jobs.running("rank") is not None

    def stop(self) -> None:
        self._settle.stop()

    def look_for_parts(self, sound: Sound | None) -> None:
        """Bring the parts that sound in the chosen sound."""
        backend = self._backend
        self._take_sound_parts(())
        self._jobs.cancel("parts of a sound")
        if sound is not None:
            sound_id = sound.id
            self._jobs.start(
                "parts of a sound",
                lambda job: tuple(backend.library().parts(sound_id)),
                on_done=self._take_sound_parts,
                gentle=True,
            )

    def _take_sound_parts(self, parts: tuple[str, ...]) -> None:
        if parts != self.sound_parts:
            self.sound_parts = parts
            self.sound_parts_changed.emit()

    def fetch_overviews(self, ids: list[int]) -> None:
        """Bring the small waveforms of these sounds."""
        if not ids:
            return
        backend = self._backend

        self._jobs.start(
            "overviews", lambda _: backend.library().catalog.overviews(ids), on_done=self.overviews_ready.emit
        )

    def _ask(self) -> None:
        slot, filters, backend, sure = self.slot, self.filters, self._backend, self._family_is_sure
        seed = self.trail[-1] if self.trail else None
        sound, part = (seed.sound, seed.part) if seed is not None else (None, None)
        weights = {part: 1} if part is not None else {} if sound is not None else dict(self.parts.weights)
        heard, content = dict(self.parts.heard), self.parts.content
        order, descending = self._order, self._descending

        def work(job: Job) -> Results | None:
            library = backend.library()
            library.refresh()
            if sound is not None and not library.catalog.sounds([sound.id]):
                return None
            query, top = filters.query(), TOP if filters.note is None else TOP_FILTERED
            if weights and (sound is not None or not filters.history):
                return _by_part(backend, sound, heard, weights, filters, content)
            if sound is not None:
                from engine.matching.match import similar

                matches = similar(sound, library, top=top, query=query)
            elif filters.history:
                return Results(
                    None, auditioned(library.catalog, query, filters.accept), library.searchable, history=True
                )
            elif slot is not None:
                matches = matches_of(backend, slot, filters, family_is_sure=sure)
            else:
                rows, is_cut = listed(library.catalog, query, filters.accept, order, descending, job.checkpoint)
                return Results(None, rows, library.searchable, first_by=order if is_cut else None)
            from engine.matching.match import nothing_alike

            accepted = [match for match in matches if filters.accept(match.sound)]
            return Results(slot, _rows(accepted), library.searchable, nothing_alike(accepted), sound)

        def take(results: Results | None) -> None:
            if results is not None:
                self._is_cut = results.first_by is not None
                self.results_ready.emit(results)
                self._ask_again()
            else:  # the sound has left the library
                self.trail[:] = [kept for kept in self.trail if kept != seed]
                self._ask()

        def fail(reason: str) -> None:
            self.failed.emit(reason)
            self._ask_again()

        self._outdated = False
        self._jobs.start("rank", work, on_done=take, on_failed=fail, gentle=True)

    def _ask_again(self) -> None:
        if self._outdated:
            self._outdated = False
            self.refresh()


def matches_of(backend: Backend, slot: Slot, filters: Filters, *, family_is_sure: bool, most: int = TOP) -> list[Match]:
    """What the table shows for a slot, the best first; the first `most` of it are all there.

    Raises LibraryError, ModelError.
    """
    matches = backend.rank(
        slot,
        top=most if filters.note is None else TOP_FILTERED,
        any_family=filters.any_family,
        family_is_sure=family_is_sure,
        query=filters.query(),
    )
    return [match for match in matches if filters.accept(match.sound)]


def _rows(matches: Sequence[Match]) -> tuple[Row, ...]:
    return tuple(
        Row(match.sound, number, match.similarity, match.chance, match.copies, match.by_part, match.handicap)
        for number, match in enumerate(matches, 1)
    )


def _by_part(
    backend: Backend,
    sound: Sound | None,
    heard: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    filters: Filters,
    content: bytes | None,
) -> Results:
    """Loops and longer sounds, by parts of a sound of the library or else of the reference, of this content."""
    from engine.matching.parts import cannot_be_ranked, rank_by_part

    backend.require_fit()
    library = backend.library()
    parts, counts = tuple(weights), library.part_counts
    if sound is not None:
        heard, content = library.parts(sound.id), None
    obstacle = cannot_be_ranked(counts) or ""
    if obstacle and counts.waiting:
        obstacle += " Scan it again: File, Scan the library again."
    if not obstacle and not all(part in heard for part in weights):
        obstacle = f"No {parts[0]} can be made out in {sound.name if sound is not None else 'the reference'}."
    if obstacle:
        return Results(None, (), counts.heard, sound=sound, parts=parts, obstacle=obstacle)
    top = TOP if filters.note is None else TOP_FILTERED
    matches = rank_by_part(heard, weights, library, top=top, query=filters.query(), without=content)
    accepted = [match for match in matches if filters.accept(match.sound)]
    return Results(None, _rows(accepted), counts.heard, sound=sound, parts=parts)
