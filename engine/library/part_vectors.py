"""The parts of loops and longer sounds, kept in memory for exact search.

Every row is compared with, which is right up to some 100,000s of them (50,000 take 11 ms, and reading 250,000 anew
after a scan 1.3 s, by a thread behind the window); a graph could not weigh parts against each other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.families import PARTS
from engine.library.database import Database
from engine.library.records import WITH_PARTS
from engine.library.vectors import Vectors, unit

_SOUNDS_PER_QUERY = 20_000


@dataclass(frozen=True)
class PartCounts:
    """Number of loops and longer sounds: those in which parts were told, and those that the next scan asks for them."""

    heard: int
    waiting: int


def part_counts(database: Database, fingerprint: str) -> PartCounts:
    """Those of the sounds that can be found by similarity with this model."""
    query = (
        "SELECT parts_heard_by IS ?, count(*) FROM sounds "
        f"WHERE state = 'ready' AND NOT missing AND kind IN {WITH_PARTS} GROUP BY 1"
    )
    with database.read() as connection:
        counts = dict(connection.execute(query, (fingerprint,)).fetchall())
    return PartCounts(counts.get(1, 0), counts.get(0, 0))


def parts_of_sound(database: Database, sound_id: int, fingerprint: str) -> dict[str, np.ndarray]:
    """A unit vector float32 [dimension] for each part that this model heard in a sound; empty for none."""
    query = "SELECT part, vector FROM part_vectors WHERE sound_id = ? AND fingerprint = ?"
    with database.read() as connection:
        rows = dict(connection.execute(query, (sound_id, fingerprint)).fetchall())
    return {part: unit(np.frombuffer(rows[part], np.float16)[None])[0] for part in PARTS if part in rows}


@dataclass(frozen=True)
class PartRows:
    """The sounds in which a part is heard: ids int64 [n], ascending, and a vector for each."""

    sound_ids: np.ndarray
    vectors: Vectors


class PartVectors:
    """What the catalog holds of one model, read again when that has changed; usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: tuple[str, int] | None = None
        self._rows: dict[str, PartRows] = {}

    def of(self, database: Database, fingerprint: str) -> Mapping[str, PartRows]:
        """The rows of each part that is heard in any sound."""
        with self._lock:
            with database.read() as connection:
                (revision,) = connection.execute("SELECT value FROM meta WHERE key = 'parts_revision'").fetchone()
            if self._version != (fingerprint, revision):
                self._rows = _read(database, fingerprint)
                self._version = fingerprint, revision
            return self._rows


def _read(database: Database, fingerprint: str) -> dict[str, PartRows]:
    # In pieces, between which others can read the catalog.
    sound_ids: dict[str, list[int]] = {}
    vectors: dict[str, list[bytes]] = {}
    with database.read() as connection:
        (last,) = connection.execute("SELECT max(sound_id) FROM part_vectors").fetchone()
    query = (
        "SELECT sound_id, part, vector FROM part_vectors "
        "WHERE sound_id > ? AND sound_id <= ? AND fingerprint = ? ORDER BY sound_id"
    )
    for start in range(0, last or 0, _SOUNDS_PER_QUERY):
        with database.read() as connection:
            rows = connection.execute(query, (start, start + _SOUNDS_PER_QUERY, fingerprint)).fetchall()
        for sound_id, part, vector in rows:
            sound_ids.setdefault(part, []).append(sound_id)
            vectors.setdefault(part, []).append(vector)
    found = {}
    for part, ids in sound_ids.items():
        half = np.frombuffer(b"".join(vectors.pop(part)), np.float16).reshape(len(ids), -1)
        found[part] = PartRows(np.array(ids, np.int64), Vectors(half.shape[1], len(ids)).extended(half))
    return found


@dataclass(frozen=True)
class Alike:
    """Sounds that have all the parts asked for: ids int64 [n], cosines float32 [n, parts] and their weighted means
    float32 [n], best first."""

    sound_ids: np.ndarray
    cosines: np.ndarray
    means: np.ndarray


def nearest(
    rows: Mapping[str, PartRows],
    vectors: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    allowed: np.ndarray,
    top: int,
) -> Alike:
    """The sounds nearest by some parts.

    Parameters
    ----------
    vectors : for each of the parts float32 [dimension].
    weights : of the parts to compare by, above 0.
    allowed : bool [ids], which sounds may be found.
    """
    if not all(part in rows for part in weights):
        return Alike(np.zeros(0, np.int64), np.zeros((0, len(weights)), np.float32), np.zeros(0, np.float32))
    known = [rows[part].sound_ids for part in weights]
    ids = known[0]
    for others in known[1:]:
        ids = np.intersect1d(ids, others, assume_unique=True)
    ids = ids[ids < len(allowed)]
    ids = ids[allowed[ids]]
    cosines = np.stack(
        [
            rows[part].vectors.similarities(vectors[part], np.searchsorted(rows[part].sound_ids, ids))
            for part in weights
        ],
        axis=1,
    )
    shares = np.array(list(weights.values()), np.float32)
    means = cosines @ (shares / shares.sum())
    best = np.lexsort((ids, -means))[:top]
    return Alike(ids[best], cosines[best], means[best])
