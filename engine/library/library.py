"""The library as everybody else sees it: one folder with a catalog and an index, and search over both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from pathlib import Path

import numpy as np

from engine.errors import LibraryError
from engine.library.catalog import Catalog, Sound
from engine.library.index import EXACT_BELOW, ExactIndex, GraphIndex, Stamp
from engine.library.query import read_query

logger = logging.getLogger(__name__)

_DEAD_SHARE_TO_REBUILD = 0.1
_NEW_SHARE_TO_SAVE = 0.1


class Library:
    """The sounds of the producer, searchable by similarity. Every method may be called from any thread."""

    def __init__(self, directory: Path, catalog: Catalog, fingerprint: str | None = None) -> None:
        self.directory = directory
        self.catalog = catalog
        self._pinned_fingerprint = fingerprint
        self._lock = threading.Lock()
        self._index: ExactIndex | GraphIndex | None = None
        self._loaded: tuple[str, int] | None = None
        self._live = np.zeros(0, np.int64)
        self._live_sounds = np.zeros(0, np.int64)
        self._unsaved = 0

    @classmethod
    def open(cls, directory: Path, *, fingerprint: str | None = None, create: bool = False) -> Library:
        """Open the library in a folder.

        Parameters
        ----------
        fingerprint : the model whose embeddings are searched; None takes the one that scanned last.
        create : make a library where there is none.

        Raises
        ------
        LibraryError : there is none, or its catalog cannot be used.
        """
        make = create and not Catalog.exists(directory)
        library = cls(directory, Catalog.open(directory) if make else Catalog.existing(directory))
        library._pinned_fingerprint = fingerprint
        try:
            library.refresh()
        except BaseException:
            library.close()
            raise
        return library

    @property
    def fingerprint(self) -> str | None:
        """The model whose embeddings are searched; None before the first scan."""
        return self._pinned_fingerprint or self.catalog.fingerprint

    @property
    def searchable(self) -> int:
        """How many sounds `search` chooses from, as of the last `refresh`. 0 after a change of model: scan again."""
        return len(np.unique(self._live_sounds))

    def search(
        self,
        vectors: np.ndarray,
        *,
        top: int = 50,
        families: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        text: str = "",
    ) -> list[tuple[Sound, float]]:
        """The sounds nearest to a vector, or to any of several, best first.

        Parameters
        ----------
        vectors : float32 [dimension] or [n, dimension], of this library's model.
        top : how many at most; fewer come only where fewer pass the filters.
        families, kinds : only sounds of these; kinds are 'one-shot', 'loop', 'long' and 'preset'.
        text : only what this query finds, as `read_query` understands it.

        Returns
        -------
        sounds with their cosine similarity, -1 to 1: the greatest, where the sound or the query has several vectors.
        """
        query = read_query(text)
        query = query.with_families(None if families is None else frozenset(families))
        query = query.with_kinds(None if kinds is None else frozenset(kinds))
        chosen = None if query.asks_nothing else self.catalog.matching(query)
        with self._lock:
            best = self._nearest_sounds(np.atleast_2d(np.asarray(vectors, np.float32)), top, chosen)
        sounds = {sound.id: sound for sound in self.catalog.sounds(best)}
        return [(sounds[sound_id], similarity) for sound_id, similarity in best.items() if sound_id in sounds]

    def vectors(self, sound_id: int) -> np.ndarray:
        """float32 [n, dimension]: what was heard in a sound, to search by.

        Raises LibraryError where it was not heard (yet).
        """
        vectors = self.catalog.vectors(sound_id, self.fingerprint or "")
        if not len(vectors):
            raise LibraryError("This sound was not heard yet: nothing can be compared with it before it was scanned.")
        return vectors

    def refresh(self) -> None:
        """Pick up what a scan wrote since the last time; cheap where there is nothing new."""
        with self._lock:
            self._refresh()

    def close(self) -> None:
        """Save the index if much of it is new, and close the catalog."""
        with self._lock:
            if self._unsaved:
                self._save()
            self.catalog.close()

    def _nearest_sounds(self, vectors: np.ndarray, top: int, chosen: np.ndarray | None) -> dict[int, float]:
        index = self._index
        if index is None or not len(self._live) or top < 1:
            return {}
        allowed = self._live if chosen is None else self._live[np.isin(self._live_sounds, chosen)]
        wanted = top
        while True:
            labels, similarities = index.search(vectors, wanted, allowed)
            sound_ids = self._live_sounds[np.searchsorted(self._live, labels)]
            # Who is among the best of all is among the best of one of the vectors.
            if labels.shape[1] >= len(allowed) or all(len(np.unique(row)) >= top for row in sound_ids):
                break
            wanted *= 2  # sounds with several vectors took several places
        order = np.lexsort((sound_ids.ravel(), -similarities.ravel()))
        _, places = np.unique(sound_ids.ravel()[order], return_index=True)
        best = order[np.sort(places)[:top]]
        return dict(zip(sound_ids.ravel()[best].tolist(), similarities.ravel()[best].tolist(), strict=True))

    def _refresh(self) -> None:
        fingerprint, revision = self.fingerprint, self.catalog.revision
        if (fingerprint, revision) == self._loaded:
            return
        if fingerprint is None:
            return
        if self._loaded is None or self._loaded[0] != fingerprint:
            self._index = None
        live, live_sounds = self.catalog.live_labels(fingerprint)
        if len(live) < EXACT_BELOW:
            self._index = self._exact(fingerprint, live)
        else:
            self._index = self._graph(fingerprint, revision, live)
        # What a scan removed between the two questions to the catalog is in the first answer alone.
        present = np.isin(live, self._index.labels)
        self._live, self._live_sounds = live[present], live_sounds[present]
        self._loaded = fingerprint, revision
        if self._unsaved > _NEW_SHARE_TO_SAVE * len(self._live):
            self._save()

    def _exact(self, fingerprint: str, live: np.ndarray) -> ExactIndex:
        self._unsaved = 0
        old = self._index
        if not isinstance(old, ExactIndex) or not len(old.labels):
            labels, _, vectors = self.catalog.labelled_embeddings(fingerprint)
            return ExactIndex(labels, vectors)
        kept = np.isin(old.labels, live)
        new, _, new_vectors = self._missing_from(old.labels, fingerprint, live)
        labels = np.concatenate([old.labels[kept], new])
        vectors = np.concatenate([old.vectors[kept], new_vectors]) if len(new) else old.vectors[kept]
        order = np.argsort(labels)
        return ExactIndex(labels[order], vectors[order])

    def _graph(self, fingerprint: str, revision: int, live: np.ndarray) -> GraphIndex:
        old = self._index
        if not isinstance(old, GraphIndex):
            old = GraphIndex.load(self.directory, Stamp(self.catalog.identity, revision, fingerprint))
        if old is not None:
            dead = len(old.labels) - np.count_nonzero(np.isin(old.labels, live))
            if dead <= _DEAD_SHARE_TO_REBUILD * len(old.labels):
                labels, _, vectors = self._missing_from(old.labels, fingerprint, live)
                if len(labels):
                    old.add(labels, vectors)
                    self._unsaved += len(labels)
                return old
        labels, _, vectors = self.catalog.labelled_embeddings(fingerprint)
        self._unsaved = len(labels)
        return GraphIndex.build(labels, vectors)

    def _missing_from(
        self, labels: np.ndarray, fingerprint: str, live: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The live embeddings whose labels are not among `labels`."""
        absent = np.setdiff1d(live, labels)
        if not len(absent):
            return absent, absent, np.zeros((0, 0), np.float32)
        found, sound_ids, vectors = self.catalog.labelled_embeddings(fingerprint, after=int(absent[0]) - 1)
        new = np.isin(found, absent)
        return found[new], sound_ids[new], vectors[new]

    def _save(self) -> None:
        self._unsaved = 0
        if not isinstance(self._index, GraphIndex) or self._loaded is None:
            return
        fingerprint, revision = self._loaded
        try:
            self._index.save(self.directory, Stamp(self.catalog.identity, revision, fingerprint))
        except (OSError, RuntimeError) as error:
            logger.warning("the index could not be saved and will be built again next time: %s", error)
