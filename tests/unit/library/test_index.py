"""Nearest vectors: the exact index is the truth, the graph is held against it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.library.index import GRAPH_FILE_NAME, STAMP_FILE_NAME, ExactIndex, GraphIndex, Stamp

DIMENSION = 16
STAMP = Stamp(catalog="this", revision=5, fingerprint="ear")


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 60), top=st.integers(1, 80), allowed_share=st.floats(0, 1), seed=st.integers(0, 99))
def test_exact_is_a_sorted_comparison_with_all(count: int, top: int, allowed_share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, vectors = np.sort(rng.choice(1_000, count, replace=False)), unit_vectors(count, seed)
    allowed = labels[rng.random(count) < allowed_share]
    queries = 3.0 * unit_vectors(2, seed + 1)

    found, similarities = ExactIndex(labels, vectors).search(queries, top, allowed)

    assert found.shape == similarities.shape == (2, min(top, len(allowed)))
    for query, row, values in zip(queries, found, similarities, strict=True):
        expected = sorted(
            ((float(vector @ query) / 3.0, label) for label, vector in zip(labels, vectors, strict=True)), reverse=True
        )
        expected = [(value, label) for value, label in expected if label in allowed][:top]
        assert row.tolist() == [label for _, label in expected]
        np.testing.assert_allclose(values, [value for value, _ in expected], atol=1e-5)


def test_equal_vectors_come_by_label() -> None:
    index = ExactIndex(np.arange(20), np.tile(unit_vectors(1), (20, 1)))
    assert index.search(unit_vectors(1), 5)[0].tolist() == [[0, 1, 2, 3, 4]]


@pytest.fixture(scope="module")
def graph() -> GraphIndex:
    return GraphIndex.build(np.arange(4_000) * 3, unit_vectors(4_000))


def test_the_graph_finds_what_is_nearest(graph: GraphIndex) -> None:
    exact = ExactIndex(graph.labels, unit_vectors(4_000))
    queries = unit_vectors(50, seed=1)
    found, similarities = graph.search(queries, 10)
    expected, expected_similarities = exact.search(queries, 10)
    recall = np.mean([len(np.intersect1d(row, truth)) / 10 for row, truth in zip(found, expected, strict=True)])
    assert recall >= 0.99
    assert (np.diff(similarities, axis=1) <= 0).all()
    np.testing.assert_allclose(similarities[:, 0], expected_similarities[:, 0], atol=1e-5)


@pytest.mark.parametrize("count", [1, 7, 60, 1_000, 3_999])
@pytest.mark.parametrize("top", [1, 50, 5_000])
def test_a_filter_never_costs_results(graph: GraphIndex, count: int, top: int) -> None:
    allowed = np.sort(np.random.default_rng(count).choice(graph.labels, count, replace=False))
    query = unit_vectors(1, seed=2)
    found, _ = graph.search(query, top, allowed)
    expected, _ = ExactIndex(graph.labels, unit_vectors(4_000)).search(query, top, allowed)
    assert found.shape == expected.shape
    assert np.isin(found, allowed).all()
    assert len(np.unique(found)) == found.size
    assert len(np.intersect1d(found, expected)) >= 0.98 * expected.size


def test_the_farthest_are_found_as_well(graph: GraphIndex) -> None:
    query = unit_vectors(1, seed=3)
    everything, _ = ExactIndex(graph.labels, unit_vectors(4_000)).search(query, 4_000)
    allowed = np.sort(everything[0, -30:])
    assert sorted(graph.search(query, 50, allowed)[0][0].tolist()) == allowed.tolist()


def test_nothing_allowed_nothing_found(graph: GraphIndex) -> None:
    labels, similarities = graph.search(unit_vectors(1), 10, np.zeros(0, np.int64))
    assert labels.shape == similarities.shape == (1, 0)


def test_vectors_can_be_added() -> None:
    vectors = unit_vectors(300)
    index = GraphIndex.build(np.arange(100), vectors[:100])
    for start in (100, 200):
        index.add(np.arange(start, start + 100), vectors[start : start + 100])
    assert index.labels.tolist() == list(range(300))
    assert index.search(vectors[[0, 150, 299]], 1)[0].ravel().tolist() == [0, 150, 299]


def test_saved_and_loaded(tmp_path: Path, graph: GraphIndex) -> None:
    graph.save(tmp_path, STAMP)
    assert sorted(path.name for path in tmp_path.iterdir()) == [GRAPH_FILE_NAME, STAMP_FILE_NAME]
    loaded = GraphIndex.load(tmp_path, Stamp("this", 6, "ear"))
    assert loaded is not None
    query = unit_vectors(3, seed=4)
    np.testing.assert_array_equal(loaded.search(query, 20)[0], graph.search(query, 20)[0])
    np.testing.assert_array_equal(loaded.labels, graph.labels)


@pytest.mark.parametrize(
    "now", [Stamp("another", 5, "ear"), Stamp("this", 4, "ear"), Stamp("this", 5, "new ear")], ids=str
)
def test_a_graph_of_something_else_is_not_used(tmp_path: Path, graph: GraphIndex, now: Stamp) -> None:
    graph.save(tmp_path, STAMP)
    assert GraphIndex.load(tmp_path, now) is None


@pytest.mark.parametrize(
    "damage", ["truncated", "one byte", "empty", "swapped", "gone", "stamp gone", "no json", "newer", "other fields"]
)
def test_a_damaged_graph_is_not_used(tmp_path: Path, graph: GraphIndex, damage: str) -> None:
    graph.save(tmp_path, STAMP)
    path, stamp_path = tmp_path / GRAPH_FILE_NAME, tmp_path / STAMP_FILE_NAME
    content = bytearray(path.read_bytes())
    match damage:
        case "truncated":
            path.write_bytes(content[:-1_000])
        case "one byte":
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "empty":
            path.write_bytes(b"")
        case "swapped":
            GraphIndex.build(np.arange(50), unit_vectors(50)).save(tmp_path / "..", STAMP)
            (tmp_path / ".." / GRAPH_FILE_NAME).replace(path)
        case "gone":
            path.unlink()
        case "stamp gone":
            stamp_path.unlink()
        case "no json":
            stamp_path.write_text("{")
        case "newer":
            stamp_path.write_text(json.dumps(json.loads(stamp_path.read_text()) | {"version": 2}))
        case "other fields":
            stamp_path.write_text(json.dumps([1, 2]))
    assert GraphIndex.load(tmp_path, STAMP) is None
