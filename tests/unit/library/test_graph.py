"""The graph's file: whatever is damaged or does not fit is not used."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.library import graph as graph_module
from engine.library.graph import GRAPH_FILE_NAME, STAMP_FILE_NAME, Graph, Stamp
from engine.library.vectors import unit

DIMENSION = 16
STAMP = Stamp(catalog="this", revision=5, fingerprint="ear")


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, DIMENSION)))


def made(labels: np.ndarray) -> Graph:
    graph = Graph(DIMENSION, len(labels))
    graph.add(labels, unit_vectors(len(labels)))
    return graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return made(np.arange(2_000) * 3)


def nearest(graph: Graph, queries: np.ndarray, count: int) -> np.ndarray:
    found = graph.nearest(queries, count)
    assert found is not None
    return found[0]


def test_vectors_can_be_added_in_any_order() -> None:
    vectors = unit_vectors(300)
    graph = Graph(DIMENSION)
    for start in (100, 0, 200):
        graph.add(np.arange(start, start + 100), vectors[start : start + 100])
    assert graph.labels.tolist() == list(range(300))
    assert nearest(graph, vectors[[0, 150, 299]], 1).ravel().tolist() == [0, 150, 299]


def test_similarities_are_cosines(graph: Graph) -> None:
    queries = unit_vectors(5, seed=2)
    found = graph.nearest(queries, 20)
    assert found is not None
    labels, similarities = found
    np.testing.assert_allclose(
        similarities, np.einsum("qd,qkd->qk", queries, unit_vectors(2_000)[labels // 3]), atol=1e-5
    )


def test_more_than_there_are(graph: Graph) -> None:
    assert graph.nearest(unit_vectors(1), 2_001) is None


def test_saved_and_loaded(tmp_path: Path, graph: Graph) -> None:
    graph.save(tmp_path, STAMP)
    assert sorted(path.name for path in tmp_path.iterdir()) == [GRAPH_FILE_NAME, STAMP_FILE_NAME]
    loaded = Graph.load(tmp_path, Stamp("this", 6, "ear"))
    assert loaded is not None
    queries = unit_vectors(3, seed=4)
    np.testing.assert_array_equal(nearest(loaded, queries, 20), nearest(graph, queries, 20))
    np.testing.assert_array_equal(loaded.labels, graph.labels)


@pytest.mark.parametrize(
    "now", [Stamp("another", 5, "ear"), Stamp("this", 4, "ear"), Stamp("this", 5, "new ear")], ids=str
)
def test_a_graph_of_something_else_is_not_used(tmp_path: Path, graph: Graph, now: Stamp) -> None:
    graph.save(tmp_path, STAMP)
    assert Graph.load(tmp_path, now) is None


@pytest.mark.parametrize(
    "damage", ["truncated", "one byte", "empty", "swapped", "gone", "stamp gone", "no json", "newer", "other fields"]
)
def test_a_damaged_graph_is_not_used(tmp_path: Path, graph: Graph, damage: str) -> None:
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
            (tmp_path / "other").mkdir()
            made(np.arange(50)).save(tmp_path / "other", STAMP)
            (tmp_path / "other" / GRAPH_FILE_NAME).replace(path)
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
    assert Graph.load(tmp_path, STAMP) is None


@pytest.fixture
def western_windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Windows for Western Europe, as far as names of files are concerned."""

    def code_page(name: str) -> codecs.CodecInfo | None:
        return codecs.lookup("cp1252") if name == "mbcs" else None

    codecs.register(code_page)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        yield
    codecs.unregister(code_page)


@pytest.mark.skipif(sys.platform == "win32", reason="what this one's code page is does not matter")
def test_windows_opens_names_in_its_code_page(western_windows: None) -> None:
    assert graph_module._as_opened_by_hnswlib(Path("/Users/Müller/index.hnsw")) == b"/Users/M\xfcller/index.hnsw"
    with pytest.raises(OSError, match="音楽"):
        graph_module._as_opened_by_hnswlib(Path("/Users/音楽/index.hnsw"))
