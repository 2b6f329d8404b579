"""The library as everybody else sees it: one folder with a catalog and an index, and search over both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import LibraryError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress
from engine.library import index as index_module
from engine.library.behind import Behind
from engine.library.catalog import Catalog, Sound
from engine.library.facets import MarkedSounds
from engine.library.index import VectorIndex
from engine.library.keeper import Keeper, LocalKeeper
from engine.library.live import Live, count_new, count_searchable, mask_of, read_live
from engine.library.locks import catalog_beside_another, take_for_window
from engine.library.part_vectors import PartCounts, PartVectors, nearest, parts_of_sound
from engine.library.query import EVERYTHING, Query

if TYPE_CHECKING:
    import filelock

logger = logging.getLogger(__name__)

_SECONDS_PER_REPORT = 0.2


@dataclass(frozen=True)
class _State:
    """What searches use; replaced as a whole, so that a search never sees half of a change."""

    live: Live
    index: VectorIndex


class Library:
    """The sounds of the producer, searchable by similarity. Every method may be called from any thread.

    The catalog answers at once. What can be searched is read by `refresh`: at once where it is little, else by a thread
    of the library, which also loads and builds the graph. `search` waits for the first reading (some
    seconds for a million sounds) and for nothing else: what the graph does not hold yet is compared with exactly.
    """

    def __init__(
        self,
        directory: Path,
        catalog: Catalog,
        fingerprint: str | None,
        keeper: Keeper,
        *,
        taken: filelock.BaseFileLock | None = None,
        beside_another_window: bool = False,
    ) -> None:
        """`taken`: released with the library."""
        self.directory = directory
        self.catalog = catalog
        self._pinned_fingerprint = fingerprint
        self._keeper = keeper
        self._taken = taken
        self.beside_another_window = beside_another_window
        """Whether this is a window's library that is read only since another window has it."""
        self._marked = MarkedSounds()
        self._parts = PartVectors()
        self._changes = threading.Condition()
        self._state: _State | None = None
        self._reading_behind = False
        self._behind = Behind(self._piece, "index of the library")
        self._failure: LibraryError | None = None

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        fingerprint: str | None = None,
        create: bool = False,
        index: str | None = None,
        window: bool = False,
    ) -> Library:
        """Open the library in a folder.

        Parameters
        ----------
        fingerprint : the model whose embeddings are searched; None takes the one that scanned last.
        create : make a library where there is none.
        index : the address of an index on another machine (`remote.py`); None keeps one here.
        window : of the windows on one library the first may write; the others get it for reading alone, and
            `why_read_only` says so. Commands are not windows.

        Raises
        ------
        LibraryError : there is none, or its catalog or index cannot be used.
        """
        taken, is_second = take_for_window(directory, create) if window else (None, False)
        try:
            if is_second:
                catalog = catalog_beside_another(directory)
            else:
                make = create and not Catalog.exists(directory)
                catalog = Catalog.open(directory) if make else Catalog.existing(directory)
            try:
                keeper = _keeper(directory, catalog, index)
                library = cls(directory, catalog, fingerprint, keeper, taken=taken, beside_another_window=is_second)
                library.refresh()
            except BaseException:
                catalog.close()
                raise
        except BaseException:
            if taken is not None:
                taken.release()
            raise
        return library

    @property
    def why_read_only(self) -> str:
        """Why nothing in it can be changed, and the remedy, in words; empty where it can."""
        return self.catalog.database.why_read_only

    @property
    def fingerprint(self) -> str | None:
        """The model whose embeddings are searched; None before the first scan."""
        return self._pinned_fingerprint or self.catalog.fingerprint

    @property
    def searchable(self) -> int:
        """How many sounds `search` chooses from, as of the last `refresh`. 0 after a change of model: scan again."""
        state, fingerprint = self._state, self.fingerprint
        if state is not None:
            return state.live.searchable
        if self._reading_behind and fingerprint is not None:
            return count_searchable(self.catalog.database, fingerprint)
        return 0

    def search(
        self,
        vectors: np.ndarray,
        *,
        top: int = 50,
        query: Query = EVERYTHING,
        families: Collection[str] | None = None,
    ) -> list[tuple[Sound, float]]:
        """The sounds nearest to a vector, or to any of several, best first.

        Parameters
        ----------
        vectors : float32 [dimension] or [n, dimension], of this library's model.
        top : how many at most; fewer come only where fewer pass the filters.
        query : what they have to be.
        families : besides what the query asks: only sounds of these.

        Returns
        -------
        sounds with their cosine similarity, -1 to 1: the greatest, where the sound or the query has several vectors.

        Raises
        ------
        LibraryError : the index cannot be read.
        """
        asked = query.with_families(None if families is None else frozenset(families))
        state = self._current()
        if state is None or top < 1:
            return []
        allowed = self._allowed(state.live, asked)
        best = _nearest_sounds(state, np.atleast_2d(np.asarray(vectors, np.float32)), top, allowed)
        sounds = {sound.id: sound for sound in self.catalog.sounds(best)}
        return [(sounds[sound_id], similarity) for sound_id, similarity in best.items() if sound_id in sounds]

    def search_by_part(
        self,
        vectors: Mapping[str, np.ndarray],
        weights: Mapping[str, float],
        *,
        top: int = 50,
        query: Query = EVERYTHING,
    ) -> list[tuple[Sound, float, tuple[float, ...]]]:
        """The loops and longer sounds nearest by some parts, best first; those without one of the parts are not found.

        Parameters
        ----------
        vectors : for each of the parts float32 [dimension], of this library's model.
        weights : of the parts to compare by, above 0; at least one.
        top, query : as those of `search`.

        Returns
        -------
        sounds with the weighted mean of the cosines, -1 to 1, and the cosine for each part in the order of `weights`.

        Raises
        ------
        LibraryError : the index cannot be read.
        """
        state = self._current()
        if state is None or top < 1:
            return []
        live = state.live
        allowed = self._allowed(live, query)
        ids = live.sound_ids if allowed is None else live.sound_ids[allowed]
        rows = self._parts.of(self.catalog.database, live.fingerprint)
        found = nearest(rows, vectors, weights, mask_of(ids, int(ids.max(initial=0)) + 1), top)
        sounds = {sound.id: sound for sound in self.catalog.sounds(found.sound_ids)}
        return [
            (sounds[sound_id], mean, tuple(cosines))
            for sound_id, mean, cosines in zip(
                found.sound_ids.tolist(), found.means.tolist(), found.cosines.tolist(), strict=True
            )
            if sound_id in sounds
        ]

    def vectors(self, sound_id: int) -> np.ndarray:
        """float32 [n, dimension]: what was heard in a sound, to search by.

        Raises LibraryError where it was not heard (yet), or is no longer in the library.
        """
        vectors = self.catalog.vectors(sound_id, self.fingerprint or "")
        if not len(vectors):
            self.catalog.sound(sound_id)  # which raises where its folder was removed
            raise LibraryError("This sound was not heard yet: nothing can be compared with it before it was scanned.")
        return vectors

    def parts(self, sound_id: int) -> dict[str, np.ndarray]:
        """float32 [dimension] for each part that is heard in a sound; empty for one-shots and presets."""
        return parts_of_sound(self.catalog.database, sound_id, self.fingerprint or "")

    @property
    def part_counts(self) -> PartCounts:
        """How many of its sounds `search_by_part` may choose from."""
        return self._parts.counts(self.catalog.database, self.fingerprint or "")

    def refresh(self) -> None:
        """Pick up what a scan wrote since the last time; cheap where there is nothing new.

        Where there is much (20,000 vectors), or much is gone, a thread does it behind; `settle` waits for that.
        """
        with self._changes:
            fingerprint = self.fingerprint
            if fingerprint is None or self._reading_behind or self._behind.stop.cancelled:
                return
            if self._state is not None and self._state.live.fingerprint != fingerprint:
                self._forget()
            if self._state is not None and self._state.live.is_of(self.catalog, fingerprint):
                return
            if self._is_much(fingerprint):
                self._reading_behind = True
            else:
                self._read(fingerprint)
            self._behind.wake()

    def settle(self, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None) -> None:
        """Wait until the index holds all that the last `refresh` found.

        Parameters
        ----------
        progress : told of the stage "indexing", in vectors.
        cancel : ends the waiting, not the work; `close` does that.

        Raises
        ------
        Cancelled : `cancel` was set.
        LibraryError : the index cannot be read.
        """
        while not self._behind.wait(_SECONDS_PER_REPORT):
            if cancel is not None:
                cancel.raise_if_cancelled()
            if (state := self._state) is not None:
                progress(Progress("indexing", self._keeper.done(state.live), len(state.live.labels)))
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Stop what is done behind, save the index if some of it is new, and close the catalog."""
        with ExitStack() as what_is_held:  # of which each is let go whatever becomes of the others
            if self._taken is not None:
                what_is_held.callback(self._taken.release)
            what_is_held.callback(self.catalog.close)
            what_is_held.callback(self._keeper.close)
            self._behind.close()
            if self._state is not None:
                self._keeper.save(self._state.live)

    def _current(self) -> _State | None:
        if (state := self._state) is not None:  # without waiting for a refresh
            return state
        with self._changes:
            while self._state is None and self._reading_behind:
                self._changes.wait()
            if self._state is None and self._failure is not None:
                raise self._failure
            return self._state

    def _allowed(self, live: Live, query: Query) -> np.ndarray | None:
        """bool [rows]; None for all."""
        marked = self._marked.of(self.catalog.database)
        allowed = live.facets.passing(query, live.families_by_hand(marked))
        if not live.alive.all():
            allowed = live.alive if allowed is None else allowed & live.alive
        if query.favourites:
            chosen = live.with_sounds(marked.favourites)
            allowed = chosen if allowed is None else allowed & chosen
        if not query.of_the_catalog.asks_nothing:
            chosen = live.with_sounds(self.catalog.matching(query.of_the_catalog))
            allowed = chosen if allowed is None else allowed & chosen
        for left_out in query.left_out:  # few: to name all the others would take a second for a million
            chosen = ~live.with_sounds(self.catalog.matching(left_out))
            allowed = chosen if allowed is None else allowed & chosen
        return allowed

    def _is_much(self, fingerprint: str) -> bool:
        before, much = None if self._state is None else self._state.live, index_module.EXACT_BELOW
        return count_new(self.catalog.database, fingerprint, before, much) >= much

    def _read(self, fingerprint: str, *, anew: bool = False) -> None:
        """Bring the state up to date with the catalog."""
        before = None if self._state is None or anew else self._state.live
        try:
            if before is None:
                self._keeper.begin()
            live = read_live(self.catalog, fingerprint, before, self._keeper.take, self._behind.stop.raise_if_cancelled)
            index = self._keeper.index(live)
        except BaseException:
            with self._changes:
                self._forget()  # the keeper may have some of the new rows
            raise
        with self._changes:
            self._failure = None
            self._state = _State(live, index)

    def _forget(self) -> None:
        self._state = None
        self._keeper.begin()

    def _piece(self) -> bool:
        """A piece of what is done behind; whether there was any."""
        with self._changes:
            state = self._state
            self._reading_behind |= state is not None and state.live.much_is_gone
        if self._reading_behind:
            return self._read_behind()
        if state is None or not self._keeper.tend(state.live, self._behind.stop):
            return False
        with self._changes:
            if self._state is not None:  # of what became of it meanwhile
                self._state = replace(self._state, index=self._keeper.index(self._state.live))
        return True

    def _read_behind(self) -> bool:
        fingerprint, state = self.fingerprint, self._state
        assert fingerprint is not None
        try:
            self._read(fingerprint, anew=state is not None and state.live.much_is_gone)
        except LibraryError as error:
            logger.warning("the index is not up to date: %s", error)
            self._failure = error
            return False
        finally:
            with self._changes:
                self._reading_behind = False
                self._changes.notify_all()
        return True


def _keeper(directory: Path, catalog: Catalog, index: str | None) -> Keeper:
    if index is None:
        return LocalKeeper(directory, catalog.identity, saves=not catalog.database.read_only)
    from engine.library.remote import RemoteKeeper

    return RemoteKeeper.open(index, catalog)


def _nearest_sounds(state: _State, vectors: np.ndarray, top: int, allowed: np.ndarray | None) -> dict[int, float]:
    """Ids of the nearest sounds with their similarities, best first."""
    count = len(state.index) if allowed is None else int(np.count_nonzero(allowed))
    wanted = top
    while True:
        rows, similarities = state.index.search(vectors, wanted, allowed)
        sound_ids = state.live.sound_ids[rows]
        # Fewer than were asked for, and there are, come from an index elsewhere that has lost some: it has no more.
        if rows.shape[1] < min(wanted, count) or rows.shape[1] >= count:
            break
        # Who is among the best of all is among the best of one of the vectors.
        if all(len(np.unique(row)) >= top for row in sound_ids):
            break
        wanted *= 2  # sounds with several vectors took several places
    order = np.lexsort((sound_ids.ravel(), -similarities.ravel()))
    _, places = np.unique(sound_ids.ravel()[order], return_index=True)
    best = order[np.sort(places)[:top]]
    return dict(zip(sound_ids.ravel()[best].tolist(), similarities.ravel()[best].tolist(), strict=True))
