"""A library of made-up sounds, as large as one likes, and a process that measures it: its memory is nobody else's.

    python -m tests.benchmarks.scale make DIRECTORY COUNT
    python -m tests.benchmarks.scale measure DIRECTORY

The vectors resemble embeddings: 5,000 clusters around 19 families, cosines inside a cluster of 0.6 to 0.95.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from engine.audio.facts import Facts
from engine.families import FAMILIES
from engine.library.database import FILE_NAME
from engine.library.found import begin_scan, list_files
from engine.library.index import ExactIndex, GraphIndex
from engine.library.library import Library
from engine.library.query import Query
from engine.library.results import Heard, set_fingerprint, write_outcomes
from engine.library.walk import FoundFile

DIMENSION = 256
CLUSTERS = 5_000
FINGERPRINT = "made up"
QUERIES = 200
COMPARED = 50
"""Queries whose answers are held against exact ones, which take long."""

SHARES = (0.5, 0.1, 0.01, 0.001)
SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
_PER_WRITE = 10_000


class Mixture:
    """Clusters of unit vectors."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        families = _unit(rng.normal(size=(len(FAMILIES), DIMENSION)))
        self.families = rng.integers(len(FAMILIES), size=CLUSTERS)
        self._centres = _unit(0.6 * families[self.families] + 0.8 * _unit(rng.normal(size=(CLUSTERS, DIMENSION))))
        self._cosines = rng.uniform(0.6, 0.95, CLUSTERS)[:, None]

    def draw(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors float32 [count, DIMENSION] and the number of the family of each."""
        rng = np.random.default_rng(seed)
        cluster = rng.integers(CLUSTERS, size=count)
        near = self._cosines[cluster]
        vectors = np.sqrt(near) * self._centres[cluster] + np.sqrt(1 - near) * _unit(
            rng.normal(size=(count, DIMENSION))
        )
        return _unit(vectors).astype(np.float32), self.families[cluster]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make(directory: Path, count: int) -> None:
    """Fill a catalog as a scan does, as far as it is not filled yet, and have the index built."""
    mixture = Mixture()
    library = Library.open(directory, create=True)
    database, folder = library.catalog.database, "/made up"
    root, scan = library.catalog.add_root(folder), begin_scan(database)
    for start in range(library.catalog.counts().ready, count, _PER_WRITE):
        rng = np.random.default_rng(start)
        numbers = range(start, min(start + _PER_WRITE, count))
        list_files(database, scan, root.id, folder, [FoundFile(_path(number), 1, 1) for number in numbers])
        vectors, families = mixture.draw(len(numbers), seed=start + 2)
        tempos = rng.uniform(SLOWEST_BPM, FASTEST_BPM, len(numbers))
        # In an empty catalog ids are given in the order of entry.
        outcomes = [
            Heard(
                number + 1,
                Facts(1.0, 44_100, 1, -1.0, -14.0, "loop" if number % 4 else "one-shot", 440.0, 0.9, float(tempo)),
                FAMILIES[family],
                0.9,
                (FAMILIES[family],),
                (vector.astype(np.float16).tobytes(),),
                bytes(64),
                bytes(16),
            )
            for number, vector, family, tempo in zip(numbers, vectors, families, tempos, strict=True)
        ]
        write_outcomes(database, FINGERPRINT, outcomes)
        _say(f"{numbers[-1] + 1} sounds")
    set_fingerprint(database, FINGERPRINT)
    library.refresh()
    library.settle(lambda progress: _say(f"{progress.done} of {progress.total} in the graph"))
    library.close()


def _path(number: int) -> str:
    return f"/made up/pack {number // 1_000}/sound {number}.wav"


def _say(text: str) -> None:
    print(f"\r{text}   ", end="", file=sys.stderr, flush=True)


def measure(directory: Path) -> dict[str, float]:
    """Seconds, unless the name says otherwise."""
    figures = {"empty SQLite opened": _seconds_to_open_nothing(directory)}
    began = time.perf_counter()
    library = Library.open(directory)
    library.catalog.sounds(range(1, 101))
    figures["first rows"] = time.perf_counter() - began
    queries, families = Mixture().draw(QUERIES, seed=0)
    library.search(queries[0])
    figures["first search"] = time.perf_counter() - began
    library.settle()
    figures["graph loaded"] = time.perf_counter() - began
    state = library._state
    assert state is not None
    assert isinstance(state.index, GraphIndex)
    figures["sounds"] = library.searchable

    def timed(name: str, ask: Callable[[int], object], count: int = QUERIES) -> None:
        for number in range(10):
            ask(number)
        times = []
        for number in range(count):
            began = time.perf_counter()
            ask(number)
            times.append(time.perf_counter() - began)
        figures[f"{name} p50"], figures[f"{name} p95"] = np.percentile(times, (50, 95))

    exact = ExactIndex(state.index._vectors)

    def recall(name: str, allowed: np.ndarray | None = None) -> None:
        hits = 0
        for query in queries[:COMPARED, None]:
            found, truth = state.index.search(query, 10, allowed)[0], exact.search(query, 10, allowed)[0]
            hits += len(np.intersect1d(found, truth))
        figures[f"{name} recall@10"] = hits / (10 * COMPARED)

    timed("any", lambda number: library.search(queries[number]))
    timed("any, 500 rows", lambda number: library.search(queries[number], top=500))
    recall("any")
    for share in SHARES:
        query = Query(tempo_bpm=(SLOWEST_BPM, SLOWEST_BPM + share * (FASTEST_BPM - SLOWEST_BPM)))
        timed(f"{share:.1%}", lambda number, query=query: library.search(queries[number], query=query))  # type: ignore[misc]
        recall(f"{share:.1%}", state.live.facets.passing(query))
    timed("own family", lambda number: library.search(queries[number], families=[FAMILIES[families[number]]]))
    other = [FAMILIES[(family + 1) % len(FAMILIES)] for family in families]
    timed("other family", lambda number: library.search(queries[number], families=[other[number]]))
    figures["memory now, MB"] = psutil.Process().memory_info().rss / 1e6
    figures["memory at most, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3

    timed("exact", lambda number: exact.search(queries[number][None], 50), COMPARED)
    everything = state.index._vectors.units(np.arange(len(exact)))
    timed("numpy", lambda number: everything @ queries[number], COMPARED)
    library.close()
    return {name: float(value) for name, value in figures.items()}


def _seconds_to_open_nothing(directory: Path) -> float:
    path = directory / "empty.sqlite"
    began = time.perf_counter()
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    seconds = time.perf_counter() - began
    connection.close()
    path.unlink(missing_ok=True)
    return seconds


def is_made(directory: Path, count: int) -> bool:
    if not (directory / FILE_NAME).exists():
        return False
    library = Library.open(directory)
    ready = library.catalog.counts().ready
    library.close()
    return ready >= count


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(measure(Path(sys.argv[2]))))
