"""Nearest vectors by cosine: exact for small libraries, an hnswlib graph for large ones.

The graph is a cache beside the catalog. A stamp says what it was made of, and whatever does not fit is built again.
Its weak spot is deletion and update in place, so neither is done: a vector keeps its label for ever, dead labels stay
in the graph, are filtered out of the answers, and go when the graph is built anew.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import hnswlib
import numpy as np

logger = logging.getLogger(__name__)

EXACT_BELOW = 20_000
"""Number of vectors up to which comparing with every one is as fast as the graph, and never wrong."""

GRAPH_FILE_NAME = "index.hnsw"
STAMP_FILE_NAME = "index.json"
_METRIC = "cosine"
_VERSION = 1
_LINKS_PER_VECTOR = 16
_BREADTH_WHILE_BUILDING = 200
_LEAST_BREADTH = 128
_MOST_FETCHED = 8_192


class VectorIndex(Protocol):
    """A set of labelled unit vectors that can be searched."""

    @property
    def labels(self) -> np.ndarray:
        """int64 [n], ascending."""

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The nearest of each row of `vectors` (float32 [q, dimension]), best first.

        Parameters
        ----------
        allowed : ascending labels to choose from, all of them in the index; None allows all.

        Returns
        -------
        labels int64 [q, k] and cosine similarities float32 [q, k]; k is `top`, or the number allowed if that is less.
        """


class ExactIndex:
    """Compares with every vector."""

    def __init__(self, labels: np.ndarray, vectors: np.ndarray) -> None:
        self._labels = labels
        self._vectors = vectors

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    @property
    def vectors(self) -> np.ndarray:
        return self._vectors

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        if allowed is None:
            return _nearest(vectors, self._labels, self._vectors, top)
        return _nearest(vectors, allowed, self._vectors[np.searchsorted(self._labels, allowed)], top)


def _nearest(queries: np.ndarray, labels: np.ndarray, vectors: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    top = min(top, len(labels))
    if top == 0:
        return np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    similarities = _unit(queries) @ vectors.T
    # Partitioning first keeps the sort short; equal similarities come in the order of their labels.
    best = np.argpartition(-similarities, top - 1, axis=1)[:, :top]
    values = np.take_along_axis(similarities, best, axis=1)
    order = np.lexsort((labels[best], -values), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    return labels[best], np.take_along_axis(values, order, axis=1)


@dataclass(frozen=True)
class Stamp:
    """Where the vectors of a graph come from: the catalog, as of one of its revisions, and the model."""

    catalog: str
    revision: int
    fingerprint: str

    def fits(self, now: Stamp) -> bool:
        """Whether a graph with this stamp is of use to the same catalog as it is now, which may hold more by now."""
        return (self.catalog, self.fingerprint) == (now.catalog, now.fingerprint) and self.revision <= now.revision


@dataclass(frozen=True)
class _SavedGraph:
    """The content of the stamp file; hnswlib's own files name neither their metric nor their completeness."""

    stamp: Stamp
    dimension: int
    count: int
    checksum: int
    metric: str = _METRIC
    version: int = _VERSION


class GraphIndex:
    """An hnswlib graph."""

    def __init__(self, dimension: int) -> None:
        self._graph = hnswlib.Index(space=_METRIC, dim=dimension)
        self._labels = np.zeros(0, np.int64)
        self.dimension = dimension

    @classmethod
    def build(cls, labels: np.ndarray, vectors: np.ndarray) -> GraphIndex:
        index = cls(vectors.shape[1])
        index._graph.init_index(
            max_elements=max(1, len(labels)), M=_LINKS_PER_VECTOR, ef_construction=_BREADTH_WHILE_BUILDING
        )
        index.add(labels, vectors)
        return index

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    def add(self, labels: np.ndarray, vectors: np.ndarray) -> None:
        """Add vectors with labels that were never in the index. Not while another thread searches."""
        needed = len(self._labels) + len(labels)
        if needed > self._graph.get_max_elements():
            self._graph.resize_index(needed + needed // 8)
        self._graph.add_items(vectors, labels)
        self._labels = np.union1d(self._labels, labels)

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        allowed = self._labels if allowed is None else allowed
        top = min(top, len(allowed))
        found = [self._search_one(vector, top, allowed) for vector in np.atleast_2d(vectors)]
        return (
            np.stack([labels for labels, _ in found]).astype(np.int64),
            np.stack([similarities for _, similarities in found]).astype(np.float32),
        )

    def _search_one(self, vector: np.ndarray, top: int, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        everything = len(allowed) == len(self._labels)
        # As many more than wanted as the filter is expected to take away, and twice that where it takes away more.
        fetched = top if everything else 2 * top * len(self._labels) // max(1, len(allowed))
        while top and fetched <= _MOST_FETCHED:
            fetched = min(fetched, len(self._labels))
            self._graph.set_ef(max(_LEAST_BREADTH, 2 * fetched))
            try:
                labels, distances = self._graph.knn_query(vector, k=fetched)
            except RuntimeError:  # the graph holds too few within reach
                break
            labels, similarities = labels[0].astype(np.int64), 1.0 - distances[0]
            kept = slice(None) if everything else np.isin(labels, allowed)
            if len(labels[kept]) >= top:
                return labels[kept][:top], similarities[kept][:top]
            if fetched == len(self._labels):
                break
            fetched *= 4
        # So rare a filter leaves few to compare with, and none of them may be overlooked.
        chosen = np.asarray(self._graph.get_items(allowed), np.float32).reshape(len(allowed), self.dimension)
        labels, similarities = _nearest(np.atleast_2d(vector), allowed, chosen, top)
        return labels[0], similarities[0]

    def save(self, directory: Path, stamp: Stamp) -> None:
        """Write graph and stamp, each under another name first.

        A loss of power leaves the old pair, or a pair that does not fit together and is built again.
        """
        graph_path, stamp_path = directory / GRAPH_FILE_NAME, directory / STAMP_FILE_NAME
        new_graph, new_stamp = (path.with_name(f"{path.name}.{os.getpid()}.new") for path in (graph_path, stamp_path))
        try:
            self._graph.save_index(str(new_graph))
            saved = _SavedGraph(stamp, self.dimension, len(self._labels), _checksum(new_graph))
            new_stamp.write_text(json.dumps(asdict(saved)), encoding="utf-8")
            os.replace(new_graph, graph_path)
            os.replace(new_stamp, stamp_path)
        finally:
            new_graph.unlink(missing_ok=True)
            new_stamp.unlink(missing_ok=True)

    @classmethod
    def load(cls, directory: Path, now: Stamp) -> GraphIndex | None:
        """The saved graph, or None where there is none, or it is damaged or does not fit."""
        try:
            content = json.loads((directory / STAMP_FILE_NAME).read_text(encoding="utf-8"))
            saved = _SavedGraph(**{**content, "stamp": Stamp(**content["stamp"])})
            if (saved.version, saved.metric) != (_VERSION, _METRIC) or not saved.stamp.fits(now):
                raise ValueError("it belongs to another catalog, model or version")
            # hnswlib trusts what it reads; a damaged file must not get that far.
            if saved.checksum != _checksum(directory / GRAPH_FILE_NAME):
                raise ValueError("its checksum is wrong")
            index = cls(saved.dimension)
            index._graph.load_index(str(directory / GRAPH_FILE_NAME))
            index._labels = np.sort(np.array(index._graph.get_ids_list(), np.int64))
            if len(index._labels) != saved.count:
                raise ValueError(f"it holds {len(index._labels)} vectors instead of {saved.count}")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            logger.warning("the index in %s is built again: %s", directory, error)
            return None
        return index


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.atleast_2d(np.asarray(vectors, np.float32))
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _checksum(path: Path) -> int:
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
