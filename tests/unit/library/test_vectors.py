"""Half-precision vectors and exact search over them, held against NumPy's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.library.vectors import Vectors, unit

DIMENSION = 16


def half_vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, DIMENSION))).astype(np.float16)


@settings(max_examples=60)
@given(count=st.integers(0, 1_200), top=st.integers(0, 80), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_nearest_is_a_sorted_comparison_with_all(count: int, top: int, share: float, seed: int) -> None:
    half = half_vectors(count, seed)
    rows = np.flatnonzero(np.random.default_rng(seed).random(count) < share)
    queries = 3.0 * half_vectors(2, seed + 1).astype(np.float32)

    found, similarities = Vectors(DIMENSION).extended(half).nearest(queries, top, rows)

    assert found.shape == similarities.shape == (2, min(top, len(rows)))
    truth = unit(queries) @ unit(half).T
    for row, values, all_values in zip(found, similarities, truth, strict=True):
        assert set(row.tolist()) <= set(rows.tolist())
        assert len(set(row.tolist())) == len(row)
        np.testing.assert_allclose(values, all_values[row], atol=1e-5)
        np.testing.assert_allclose(values, np.sort(all_values[rows])[::-1][: len(row)], atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 6e-8])
def test_small_numbers_count_as_well(scale: float) -> None:
    """Those that half precision holds without a leading bit, and the smallest of all."""
    half = np.zeros((3, DIMENSION), np.float16)
    half[:, 0], half[1, 1], half[2, 1] = 1.0, scale, -scale
    _, similarities = Vectors(DIMENSION).extended(half).nearest(np.eye(DIMENSION, dtype=np.float32)[1:2], 3)
    small = float(half[1, 1]) / np.hypot(1.0, float(half[1, 1]))
    assert small > 0
    assert similarities[0].tolist() == pytest.approx([small, 0.0, -small], rel=1e-5)


def test_equal_vectors_come_by_number() -> None:
    vectors = Vectors(DIMENSION).extended(np.tile(half_vectors(1), (20, 1)))
    assert vectors.nearest(half_vectors(1).astype(np.float32), 5)[0].tolist() == [[0, 1, 2, 3, 4]]


def test_what_was_there_stays_while_more_comes() -> None:
    half = half_vectors(700)
    grown = [Vectors(DIMENSION, capacity=100)]
    for start in range(0, 700, 70):
        grown.append(grown[-1].extended(half[start : start + 70]))
    for number, vectors in enumerate(grown):
        assert len(vectors) == 70 * number
        np.testing.assert_allclose(vectors.units(np.arange(70 * number)), unit(half[: 70 * number]), atol=1e-6)
