"""Pictures of sound on the pixel grid.

A pixel column that covers several frames shows the loudest of them. Nothing is interpolated, so nothing is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.models.scales import CEILING_DB, FLOOR_DB

_MOST_TAKEN = 8


@dataclass(frozen=True)
class MelPicture:
    """A mel spectrogram to draw.

    Attributes
    ----------
    levels : uint8 [frames, bands], 0 quiet .. 255 loud, lowest band first.
    frames_per_second : of the first axis.
    """

    levels: np.ndarray
    frames_per_second: float

    @classmethod
    def from_decibels(cls, image: np.ndarray, frames_per_second: float) -> MelPicture:
        """From float32 [bands, frames] in dB below the loudest."""
        share = (image - FLOOR_DB) / (CEILING_DB - FLOOR_DB)
        return cls(np.ascontiguousarray(np.round(np.clip(share, 0, 1) * 255).astype(np.uint8).T), frames_per_second)

    def level_db(self, seconds: float, height: float) -> float | None:
        """The level at a time and a height 0..1, None outside."""
        frame = int(seconds * self.frames_per_second)
        frames, bands = self.levels.shape
        if not (0 <= frame < frames and 0 <= height <= 1):
            return None
        level = float(self.levels[frame, min(bands - 1, int(height * bands))])
        return FLOOR_DB + level / 255 * (CEILING_DB - FLOOR_DB)

    def columns(self, start: float, end: float, width: int) -> np.ndarray:
        """uint8 [bands, width]: the time between `start` and `end` in `width` columns."""
        edges = np.linspace(start, end, width + 1) * self.frames_per_second
        return np.ascontiguousarray(pool_columns(self.levels, edges).T)


@dataclass(frozen=True)
class Look:
    """The picture of a reference, as far as it is drawn.

    peaks : float32 [bins, 3] (min, max, rms) over the whole duration, zero where not drawn yet.
    picture : of as much as was drawn; None before the first of it.
    """

    peaks: np.ndarray
    picture: MelPicture | None
    drawn_seconds: float


def pool_columns(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The greatest value between neighbouring edges.

    values : [cells, ...]; edges : float [n + 1], in cells, rising evenly. Returns [n, ...], zero outside the cells.
    A column narrower than a cell shows that cell.
    """
    first = np.floor(edges[:-1] + 1e-9).astype(np.int64)
    last = np.maximum(np.ceil(edges[1:] - 1e-9).astype(np.int64), first + 1)
    result = np.zeros((len(first), *values.shape[1:]), values.dtype)
    inside = (first >= 0) & (first < len(values))
    if not inside.any():
        return result
    first, last = first[inside], last[inside]
    widest = int((last - first).max())
    seen = values[first[0] : last[-1]]
    seen = np.concatenate((seen, np.repeat(seen[-1:], widest, axis=0)))
    first, last = first - first[0], last - first[0]
    # Each turn every value comes to stand for twice as many cells, until a few of them make a column. (NumPy's own
    # maximum.reduceat does the same twenty times as slowly; frames of the window wait for this.)
    reach = 1
    while widest > _MOST_TAKEN * reach:
        seen = np.maximum(seen[:-reach], seen[reach:])
        reach *= 2
    greatest = seen[first]
    for step in range(reach, widest, reach):
        np.maximum(greatest, seen[np.minimum(first + step, last - reach)], out=greatest)
    result[inside] = greatest
    return result
