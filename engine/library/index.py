"""Nearest vectors by cosine, among all or among those that pass a filter: exact for small libraries, by a graph for
large ones. `SCALE.md` has the figures behind the numbers here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engine.library.graph import Graph
from engine.library.vectors import Vectors, unit

EXACT_BELOW = 20_000
"""Number of vectors up to which comparing with every one takes no more than a few milliseconds, and is never wrong."""

_ROWS_PER_FETCHED = 16
"""How many vectors can be compared with while the graph fetches one more neighbour."""

_MARGIN = 1.5
"""How many more neighbours are fetched than should be enough, because a filter takes away now more, now fewer."""


class VectorIndex(Protocol):
    """Rows of vectors that can be searched."""

    def __len__(self) -> int:
        """The number of rows."""

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The nearest rows of each of some vectors (float32 [q, dimension]), best first.

        Parameters
        ----------
        allowed : bool [rows], which of them to choose from; None allows all.

        Returns
        -------
        row numbers int64 [q, k] and cosine similarities float32 [q, k]; k is `top`, or the number of rows allowed if
        that is less.
        """


class ExactIndex:
    """Compares with every vector."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        return self._vectors.nearest(vectors, top, None if allowed is None else np.flatnonzero(allowed))


class GraphIndex:
    """Asks the graph, compares with what is not in it yet, and compares with every allowed vector where those are few.

    Parameters
    ----------
    labels : int64 [rows], ascending: what the graph calls them.
    graph : holds most of them, and dead ones besides; may grow meanwhile.
    """

    def __init__(self, vectors: Vectors, labels: np.ndarray, graph: Graph) -> None:
        self._vectors = vectors
        self._exact = ExactIndex(vectors)
        self._labels = labels
        self._graph = graph
        known = graph.labels
        self._outside = np.flatnonzero(~among(labels, known))
        self._reachable = len(known)

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def outside(self) -> np.ndarray:
        """int64 [n], ascending: the rows that were not in the graph when this was made."""
        return self._outside

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        outside = self._outside if allowed is None else self._outside[allowed[self._outside]]
        inside = count - len(outside)
        wanted = min(top, inside)
        if wanted < 1:
            return self._exact.search(vectors, top, allowed)
        # What is nearest is often what the filter asks for; if not, the first answer tells how far down the rest is.
        fetched = wanted if inside == self._reachable else int(_MARGIN * wanted) + 1
        while fetched * _ROWS_PER_FETCHED < inside:
            found = self._graph.nearest(unit(vectors), fetched)
            if found is None:
                break
            rows, similarities, kept = self._kept(*found, wanted, allowed)
            if kept >= wanted:
                return self._merged(vectors, top, rows, similarities, outside)
            if not kept:
                break
            fetched = max(2 * fetched, int(_MARGIN * wanted * fetched / kept))
        return self._exact.search(vectors, top, allowed)

    def _kept(
        self, labels: np.ndarray, similarities: np.ndarray, wanted: int, allowed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Of what the graph found for each query the first `wanted` that are alive and allowed, and how many there are
        of these for each query at least: the rest is worth nothing where that is less than `wanted`."""
        rows = np.minimum(np.searchsorted(self._labels, labels), len(self._labels) - 1)
        kept = self._labels[rows] == labels
        if allowed is not None:
            kept &= allowed[rows]
        least = int(np.count_nonzero(kept, axis=1).min())
        first = np.argsort(~kept, axis=1, kind="stable")[:, :wanted]
        return np.take_along_axis(rows, first, axis=1), np.take_along_axis(similarities, first, axis=1), least

    def _merged(
        self, vectors: np.ndarray, top: int, rows: np.ndarray, similarities: np.ndarray, outside: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the graph found, and what is nearest outside of it; the graph may have grown and found that as well."""
        if not len(outside):
            return rows, similarities
        newer, their_similarities = self._vectors.nearest(vectors, top, outside)
        similarities = np.where(among(rows, outside), -np.inf, similarities)
        rows, similarities = np.hstack([rows, newer]), np.hstack([similarities, their_similarities])
        order = np.lexsort((rows, -similarities), axis=1)[:, :top]
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarities, order, axis=1)


def among(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """bool, in the shape of `labels`: which of them are among others, which ascend."""
    if not len(known):
        return np.zeros(labels.shape, np.bool_)
    return known[np.minimum(np.searchsorted(known, labels), len(known) - 1)] == labels
