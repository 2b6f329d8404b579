"""Keeps the index of a library that fits into this machine's memory: its vectors, and a graph beside the catalog.

The slow work, loading and growing the graph, comes in portions that a thread behind the library asks for; between them
the index answers from what it has.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.jobs import CancelToken
from engine.library import index as index_module
from engine.library.graph import Graph, Stamp
from engine.library.index import ExactIndex, GraphIndex, VectorIndex, among
from engine.library.live import EmbeddingRows, Live
from engine.library.vectors import Vectors

logger = logging.getLogger(__name__)

_DEAD_SHARE_TO_BUILD_ANEW = 0.1
_NEW_SHARE_TO_SAVE = 0.1
_ROWS_PER_PORTION = 5_000
_ROWS_PER_TURN = 32
"""So few are added at once for each thread that a search between them waits for a thirtieth of a second."""

_SECONDS_BETWEEN_TURNS = 0.001


class Keeper(Protocol):
    """What a library needs of whoever keeps its vectors."""

    def begin(self) -> None:
        """All vectors come again."""

    def take(self, embeddings: EmbeddingRows) -> None:
        """Add rows."""

    def index(self, live: Live) -> VectorIndex:
        """An index of the rows of `live`, which are those that were taken."""

    def tend(self, live: Live, cancel: CancelToken) -> bool:
        """Do a portion of the slow work; whether there was any, so that `index` is better now."""

    def done(self, live: Live) -> int:
        """How many rows the slow work is done for."""

    def save(self, live: Live) -> None:
        """Keep for the next time what is worth it."""

    def close(self) -> None:
        """Nothing more will be asked."""


class LocalKeeper:
    """A keeper in this machine's memory. While one thread tends, another may take."""

    def __init__(self, directory: Path, catalog: str, *, saves: bool = True) -> None:
        """`catalog`: the identity of the catalog in the folder; without `saves` nothing is written there."""
        self._directory = directory
        self._saves = saves
        self._catalog = catalog
        self._vectors = Vectors(0)
        self._graph: Graph | None = None
        self._next: Graph | None = None
        self._growing = False
        self._unsaved = 0

    def begin(self) -> None:
        # The graph stays; what of it is dead by then will be seen.
        self._vectors = Vectors(0)

    def take(self, embeddings: EmbeddingRows) -> None:
        vectors = self._vectors if len(self._vectors) else Vectors(embeddings.half.shape[1])
        self._vectors = vectors.extended(embeddings.half)

    def index(self, live: Live) -> VectorIndex:
        if self._graph is None or len(live.labels) < index_module.EXACT_BELOW:
            return ExactIndex(self._vectors)
        return GraphIndex(self._vectors, live.labels, self._graph)

    def tend(self, live: Live, cancel: CancelToken) -> bool:
        vectors = self._vectors
        if not index_module.EXACT_BELOW <= len(live.labels) <= len(vectors):  # few, or being read anew
            return False
        if self._graph is None or self._graph.dimension != vectors.dimension:
            saved = Graph.load(self._directory, self._stamp(live))
            self._graph = saved or Graph(vectors.dimension, len(live.labels))
            return True
        if self._next is None and _dead(self._graph, live) > _DEAD_SHARE_TO_BUILD_ANEW * len(self._graph.labels):
            self._next = Graph(vectors.dimension, len(live.labels))
        graph = self._next or self._graph
        missing = np.flatnonzero(~among(live.labels, graph.labels))
        self._growing |= graph is self._next or len(missing) > index_module.EXACT_BELOW or not len(graph.labels)
        if not self._growing:
            return False
        self._add(graph, live, vectors, missing[:_ROWS_PER_PORTION], cancel)
        if len(missing) <= _ROWS_PER_PORTION and not cancel.cancelled:
            self._growing = False
            self._graph, self._next = graph, None
        if graph is self._graph and (not self._growing or self._unsaved > _NEW_SHARE_TO_SAVE * len(graph.labels)):
            self.save(live)
        return True

    def done(self, live: Live) -> int:
        graph = self._next or self._graph
        return 0 if graph is None else len(graph.labels)

    def save(self, live: Live) -> None:
        if self._graph is None or not self._unsaved or not self._saves:
            return
        self._unsaved = 0
        try:
            self._graph.save(self._directory, self._stamp(live))
        except (OSError, RuntimeError) as error:
            logger.warning("the index could not be saved and will be built again next time: %s", error)

    def close(self) -> None:
        pass

    def _add(self, graph: Graph, live: Live, vectors: Vectors, rows: np.ndarray, cancel: CancelToken) -> None:
        threads = max(1, (os.cpu_count() or 1) // 2)
        for start in range(0, len(rows), _ROWS_PER_TURN * threads):
            if cancel.cancelled:
                return
            part = rows[start : start + _ROWS_PER_TURN * threads]
            graph.add(live.labels[part], vectors.units(part), threads=threads)
            self._unsaved += len(part)
            time.sleep(_SECONDS_BETWEEN_TURNS)  # or this thread would always be the first to have the graph again

    def _stamp(self, live: Live) -> Stamp:
        return Stamp(self._catalog, live.revision, live.fingerprint)


def _dead(graph: Graph, live: Live) -> int:
    return int(np.count_nonzero(~among(graph.labels, live.labels)))
