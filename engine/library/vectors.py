"""Vectors in half precision, as the catalog stores them: 512 bytes for each of 256 dimensions, and exact search."""

from __future__ import annotations

import numpy as np

_ROWS_AT_ONCE = 512
"""What a processor's second cache holds in single precision; twice as many take a fifth longer."""

# Half precision becomes single by moving its bits to where single has them: exponent and fraction by 13, the sign to
# the top. The exponent is then 112 too small, which the query makes good. NumPy's own conversion takes three times as
# long as all the rest of a search.
_SHIFT = 13
_SIGN_EXPONENT_FRACTION = np.int32(0x8FFFE000 - (1 << 32))
_EXPONENT_MADE_GOOD = np.float32(2.0**112)


class Vectors:
    """Rows that are only ever added; what was read of an older one stays right while a newer one grows.

    Of several made by `extended` from the same one only the last may be used: they share their memory.
    """

    def __init__(self, dimension: int, capacity: int = 0) -> None:
        self._count = 0
        self._half = np.empty((capacity, dimension), np.float16)
        self._scale = np.empty(capacity, np.float32)

    def __len__(self) -> int:
        return self._count

    @property
    def dimension(self) -> int:
        return int(self._half.shape[1])

    def extended(self, half: np.ndarray) -> Vectors:
        """These and more rows, float16 [n, dimension]; finite, of about unit length."""
        count, needed = self._count, self._count + len(half)
        larger = Vectors(self.dimension)
        larger._count = needed
        larger._half, larger._scale = self._half, self._scale
        if needed > len(self._half):
            capacity = 2 * needed  # memory that nothing was written to takes none
            larger._half = np.empty((capacity, self.dimension), np.float16)
            larger._scale = np.empty(capacity, np.float32)
            larger._half[:count], larger._scale[:count] = self._half[:count], self._scale[:count]
        larger._half[count:needed] = half
        larger._scale[count:needed] = 1.0 / np.maximum(_lengths(half.astype(np.float32)), 1e-12)
        return larger

    def units(self, rows: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, dimension] of the rows with these numbers, int64 [n]."""
        return self._half[rows].astype(np.float32) * self._scale[rows, None]

    def nearest(self, queries: np.ndarray, top: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Compare with every row, or those with the numbers `rows` (ascending).

        Parameters
        ----------
        queries : float32 [q, dimension], of any length.

        Returns
        -------
        row numbers int64 [q, k] and cosine similarities float32 [q, k], best first, equal ones by number; k is `top`
        or the number of rows compared with if that is less.
        """
        count = self._count if rows is None else len(rows)
        top = min(top, count)
        if top < 1:
            return np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
        similarities = self._similarities(unit(queries), rows, count)
        best = np.stack([_best(row, top) for row in similarities])
        values = np.take_along_axis(similarities, best, axis=1)
        return best if rows is None else rows[best], values

    def similarities(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Cosines float32 [n] of one vector, float32 [dimension], with the rows of these numbers, int64 [n]."""
        return self._similarities(unit(query[None]), rows, len(rows))[0]

    def _similarities(self, queries: np.ndarray, rows: np.ndarray | None, count: int) -> np.ndarray:
        similarities = np.empty((len(queries), count), np.float32)
        raised, bits = queries * _EXPONENT_MADE_GOOD, self._half.view(np.int16)
        wide = np.empty((min(_ROWS_AT_ONCE, count), self.dimension), np.int32)
        gathered = np.empty(wide.shape, np.int16)
        for start in range(0, count, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, count)
            block = wide[: stop - start]
            if rows is None:
                block[:] = bits[start:stop]
            else:
                # With a mode that cannot fail NumPy writes straight to its place.
                block[:] = np.take(bits, rows[start:stop], axis=0, out=gathered[: stop - start], mode="clip")
            block <<= _SHIFT
            block &= _SIGN_EXPONENT_FRACTION
            np.matmul(raised, block.view(np.float32).T, out=similarities[:, start:stop])
        similarities *= self._scale[:count] if rows is None else self._scale[rows]
        return similarities


def _best(values: np.ndarray, top: int) -> np.ndarray:
    """The places of the `top` greatest, equal ones by place: a library may hold a sound many times."""
    least = np.partition(values, len(values) - top)[len(values) - top]
    greater = np.flatnonzero(values > least)
    best = np.concatenate([greater, np.flatnonzero(values == least)[: top - len(greater)]])
    return best[np.lexsort((best, -values[best]))]


def unit(vectors: np.ndarray) -> np.ndarray:
    """float32 [n, dimension] of unit length; zeros stay zeros."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(_lengths(vectors)[:, None], 1e-12)


def _lengths(vectors: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return lengths
