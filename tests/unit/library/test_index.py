"""The graph's answers held against exact ones, with filters of every rarity, dead labels and rows outside of it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.library.graph import Graph
from engine.library.index import ExactIndex, GraphIndex
from engine.library.vectors import Vectors, unit

DIMENSION = 16
COUNT = 4_000
LABELS = np.arange(COUNT) * 3 + 7


def half_vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, DIMENSION))).astype(np.float16)


def queries(count: int, seed: int) -> np.ndarray:
    return half_vectors(count, seed).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return Vectors(DIMENSION).extended(half_vectors(COUNT))


def graph_of(vectors: Vectors, rows: np.ndarray, dead: int = 0) -> Graph:
    """A graph of some rows, and of vectors that are no row."""
    graph = Graph(DIMENSION, len(rows))
    if dead:
        graph.add(np.arange(dead) * 3 + 8, queries(dead, seed=9))
    graph.add(LABELS[rows], vectors.units(rows))
    return graph


@pytest.fixture(scope="module", params=["all", "with dead ones", "part"])
def index(request: pytest.FixtureRequest, vectors: Vectors) -> GraphIndex:
    rows = np.arange(COUNT) if request.param == "all" else np.arange(3_600)
    return GraphIndex(vectors, LABELS, graph_of(vectors, rows, 400 if request.param == "with dead ones" else 0))


def recall(found: np.ndarray, expected: np.ndarray) -> float:
    assert found.shape == expected.shape
    shared = [len(np.intersect1d(row, truth)) for row, truth in zip(found, expected, strict=True)]
    return sum(shared) / max(1, expected.size)


def test_finds_what_is_nearest(index: GraphIndex, vectors: Vectors) -> None:
    found, similarities = index.search(queries(50, seed=1), 10)
    expected, expected_similarities = ExactIndex(vectors).search(queries(50, seed=1), 10)
    assert recall(found, expected) >= 0.99
    assert (np.diff(similarities, axis=1) <= 0).all()
    np.testing.assert_allclose(similarities[:, 0], expected_similarities[:, 0], atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 7, 60, 1_000, 3_999])
@pytest.mark.parametrize("top", [0, 1, 50, 5_000])
def test_a_filter_never_costs_results(index: GraphIndex, vectors: Vectors, count: int, top: int) -> None:
    allowed = np.zeros(COUNT, np.bool_)
    allowed[np.random.default_rng(count).choice(COUNT, count, replace=False)] = True
    found, _ = index.search(queries(3, seed=2), top, allowed)
    expected, _ = ExactIndex(vectors).search(queries(3, seed=2), top, allowed)
    assert allowed[found].all()
    assert all(len(np.unique(row)) == len(row) for row in found)
    assert recall(found, expected) >= 0.98 or not count * top


def test_the_farthest_are_found_as_well(index: GraphIndex, vectors: Vectors) -> None:
    """A filter that lets through only what is unlike the query."""
    query = queries(1, seed=3)
    everything, _ = ExactIndex(vectors).search(query, COUNT)
    allowed = np.zeros(COUNT, np.bool_)
    allowed[everything[0, -300:]] = True
    assert index.search(query, 50, allowed)[0].tolist() == [everything[0, -300:-250].tolist()]


def test_common_filters_are_left_to_the_graph(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    index = GraphIndex(vectors, LABELS, graph_of(vectors, np.arange(COUNT)))
    compared: list[int] = []

    def counted(self: Vectors, queries: np.ndarray, top: int, rows: np.ndarray | None = None) -> object:
        compared.append(len(self) if rows is None else len(rows))
        return nearest(self, queries, top, rows)

    nearest = Vectors.nearest
    monkeypatch.setattr(Vectors, "nearest", counted)
    index.search(queries(1, seed=4), 10, np.arange(COUNT) % 2 == 0)
    assert compared == []
    index.search(queries(1, seed=4), 10, np.arange(COUNT) % 100 == 0)
    assert compared == [40]


def test_rows_that_come_into_the_graph_meanwhile_come_once(vectors: Vectors) -> None:
    graph = graph_of(vectors, np.arange(3_000))
    index = GraphIndex(vectors, LABELS, graph)
    assert index.outside.tolist() == list(range(3_000, COUNT))
    graph.add(LABELS[3_000:], vectors.units(np.arange(3_000, COUNT)))
    found, _ = index.search(queries(20, seed=5), 30)
    assert all(len(np.unique(row)) == 30 for row in found)
    assert recall(found, ExactIndex(vectors).search(queries(20, seed=5), 30)[0]) >= 0.98


def test_searches_go_on_while_the_graph_grows(vectors: Vectors) -> None:
    graph = graph_of(vectors, np.arange(1_000))
    index = GraphIndex(vectors, LABELS, graph)
    expected, _ = ExactIndex(vectors).search(queries(5, seed=6), 10)

    def grow() -> None:
        for start in range(1_000, COUNT, 20):
            graph.add(LABELS[start : start + 20], vectors.units(np.arange(start, start + 20)))

    thread = threading.Thread(target=grow)
    thread.start()
    answers = [index.search(queries(5, seed=6), 10)[0] for _ in range(50)]
    thread.join()
    assert min(recall(answer, expected) for answer in answers) >= 0.98
    assert len(graph.labels) == COUNT
