"""The hnswlib graph over the vectors, and its file.

A cache beside the catalog: a stamp says what it was made of, and whatever does not fit is built again. Its weak spot is
deletion and update in place, so neither is done: a vector keeps its label for ever, dead labels stay in the graph, are
left out of the answers, and go when the graph is built anew.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import hnswlib
import numpy as np

logger = logging.getLogger(__name__)

GRAPH_FILE_NAME = "index.hnsw"
STAMP_FILE_NAME = "index.json"
_METRIC = "cosine"
_VERSION = 1
_LINKS_PER_VECTOR = 16
_BREADTH_WHILE_BUILDING = 200
_LEAST_BREADTH = 128


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


class Graph:
    """Labelled vectors, linked to their neighbours. Every method may be called from any thread; each waits its turn."""

    def __init__(self, dimension: int, capacity: int = 1, *, file: Path | None = None) -> None:
        """Empty, with room for so many vectors; or what hnswlib wrote into a file."""
        self.dimension = dimension
        self._lock = threading.Lock()
        self._graph = hnswlib.Index(space=_METRIC, dim=dimension)
        if file is None:
            self._graph.init_index(
                max_elements=max(1, capacity), M=_LINKS_PER_VECTOR, ef_construction=_BREADTH_WHILE_BUILDING
            )
        else:
            self._graph.load_index(_as_opened_by_hnswlib(file))
        self._labels = np.sort(np.array(self._graph.get_ids_list(), np.int64))

    @property
    def labels(self) -> np.ndarray:
        """int64 [n], ascending."""
        return self._labels

    def add(self, labels: np.ndarray, vectors: np.ndarray, *, threads: int = -1) -> None:
        """Add vectors, float32 [n, dimension], with labels that were never in the graph; -1: a thread per core."""
        with self._lock:
            needed = len(self._labels) + len(labels)
            if needed > self._graph.get_max_elements():
                self._graph.resize_index(needed + needed // 8)
            self._graph.add_items(vectors, labels, num_threads=threads)
            in_order = not len(self._labels) or not len(labels) or labels[0] > self._labels[-1]
            self._labels = np.concatenate([self._labels, labels])
            if not in_order:
                self._labels.sort()

    def nearest(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The `count` nearest of each row of `queries` (float32 [q, dimension]), best first.

        Returns labels int64 [q, count] and cosine similarities float32 [q, count]: who is found is a guess, the
        similarities are exact, so that no answer gains from being compared again. None where the links lead to fewer.
        """
        with self._lock:
            # The last of as many as are looked at are often not the nearest.
            self._graph.set_ef(max(_LEAST_BREADTH, count + count // 4))
            try:
                labels, distances = self._graph.knn_query(queries, k=count, num_threads=1)
            except RuntimeError:
                return None
        return labels.astype(np.int64), 1.0 - distances

    def save(self, directory: Path, stamp: Stamp) -> None:
        """Write graph and stamp, each under another name first.

        A loss of power leaves the old pair, or a pair that does not fit together and is built again.
        """
        graph_path, stamp_path = directory / GRAPH_FILE_NAME, directory / STAMP_FILE_NAME
        new_graph, new_stamp = (path.with_name(f"{path.name}.{os.getpid()}.new") for path in (graph_path, stamp_path))
        try:
            with self._lock:
                self._graph.save_index(_as_opened_by_hnswlib(new_graph))
                count = len(self._labels)
            saved = _SavedGraph(stamp, self.dimension, count, _checksum(new_graph))
            new_stamp.write_text(json.dumps(asdict(saved)), encoding="utf-8")
            os.replace(new_graph, graph_path)
            os.replace(new_stamp, stamp_path)
        finally:
            new_graph.unlink(missing_ok=True)
            new_stamp.unlink(missing_ok=True)

    @classmethod
    def load(cls, directory: Path, now: Stamp) -> Graph | None:
        """The saved graph, or None where there is none, or it is damaged or does not fit."""
        try:
            content = json.loads((directory / STAMP_FILE_NAME).read_text(encoding="utf-8"))
            saved = _SavedGraph(**{**content, "stamp": Stamp(**content["stamp"])})
            if (saved.version, saved.metric) != (_VERSION, _METRIC) or not saved.stamp.fits(now):
                raise ValueError("it belongs to another catalog, model or version")
            # hnswlib trusts what it reads; a damaged file must not get that far.
            if saved.checksum != _checksum(directory / GRAPH_FILE_NAME):
                raise ValueError("its checksum is wrong")
            graph = cls(saved.dimension, file=directory / GRAPH_FILE_NAME)
            if len(graph._labels) != saved.count:
                raise ValueError(f"it holds {len(graph._labels)} vectors instead of {saved.count}")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            logger.warning("the index in %s is built again: %s", directory, error)
            return None
        return graph


def _as_opened_by_hnswlib(path: Path) -> bytes:
    """A file's name in the letters in which C++ opens it; as text hnswlib would take it for UTF-8.

    On Windows those are the letters of the system's code page: there a name in UTF-8 is that of a folder which does not
    exist, as soon as the user is called Müller. Raises OSError where the code page lacks a letter.
    """
    if sys.platform != "win32":
        return os.fsencode(path)
    try:
        return str(path).encode("mbcs")
    except UnicodeEncodeError as error:
        raise OSError(f"{path} has letters that the code page of this Windows lacks") from error


def _checksum(path: Path) -> int:
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
