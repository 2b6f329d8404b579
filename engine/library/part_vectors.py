"""The parts of loops and longer sounds, kept in memory for exact search.

Every row is compared with, which is right up to some 100,000s of them (50,000 take 11 ms, and reading 250,000 for the
first time 1.3 s, by a thread behind the window); a graph could not weigh parts against each other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.families import PARTS
from engine.library.conditions import LIVE
from engine.library.database import Database
from engine.library.results import WITH_PARTS
from engine.library.vectors import Vectors, unit

_SOUNDS_PER_QUERY = 20_000
_ROWS_PER_QUERY = 20_000


@dataclass(frozen=True)
class PartCounts:
    """Number of loops and longer sounds: those in which parts were told, and those that the next scan asks for them."""

    heard: int
    waiting: int


def _count(database: Database, fingerprint: str) -> PartCounts:
    query = f"SELECT parts_heard_by IS ?, count(*) FROM sounds WHERE {LIVE} AND kind IN {WITH_PARTS} GROUP BY 1"
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
    """The sounds in which a part is heard: ids int64 [n], ascending, and for each the number of its vector, int64
    [n]."""

    sound_ids: np.ndarray
    numbers: np.ndarray
    vectors: Vectors

    def extended(self, sound_ids: Sequence[int], vectors: Sequence[bytes]) -> PartRows:
        """These and more sounds, in any order; what was read of the older rows stays right."""
        ids = np.concatenate([self.sound_ids, np.array(sound_ids, np.int64)])
        order = np.argsort(ids, kind="stable")
        numbers = np.concatenate([self.numbers, np.arange(len(self.vectors), len(ids))])
        half = np.frombuffer(b"".join(vectors), np.float16).reshape(len(vectors), -1)
        known = self.vectors if len(self.vectors) else Vectors(half.shape[1], len(half))
        return PartRows(ids[order], numbers[order], known.extended(half))

    def similarities(self, vector: np.ndarray, sound_ids: np.ndarray) -> np.ndarray:
        """Cosines float32 [n] of a vector, float32 [dimension], with some of the sounds, int64 [n]."""
        return self.vectors.similarities(vector, self.numbers[np.searchsorted(self.sound_ids, sound_ids)])


_NO_ROWS = PartRows(np.zeros(0, np.int64), np.zeros(0, np.int64), Vectors(0))


@dataclass(frozen=True)
class _Stamp:
    """A moment of the catalog: how many part vectors were ever written or removed, and the number of the last one."""

    revision: int
    last: int


class PartVectors:
    """What the catalog holds of one model; usable from any thread. Where vectors only came, as in a scan, just those
    are read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: tuple[str, _Stamp] | None = None
        self._rows: dict[str, PartRows] = {}
        self._counting = threading.Lock()
        self._counts: tuple[tuple[str, int], PartCounts] | None = None

    def counts(self, database: Database, fingerprint: str) -> PartCounts:
        """Those of the sounds that can be found by similarity with this model. Counted anew only after something was
        written: of a million sounds that takes half a second."""
        with self._counting:
            version = database.version
            if self._counts is None or self._counts[0] != (fingerprint, version):
                self._counts = (fingerprint, version), _count(database, fingerprint)
            return self._counts[1]

    def of(self, database: Database, fingerprint: str) -> Mapping[str, PartRows]:
        """The rows of each part that is heard in any sound."""
        with self._lock:
            now = _stamp(database)
            if self._version is not None and self._version[0] == fingerprint:
                rows = _with_newer(self._rows, database, fingerprint, self._version[1], now)
            else:
                rows = None
            self._rows = rows if rows is not None else _read(database, fingerprint, now)
            self._version = fingerprint, now
            return self._rows


def _stamp(database: Database) -> _Stamp:
    query = "SELECT value, (SELECT max(rowid) FROM part_vectors) FROM meta WHERE key = 'parts_revision'"
    with database.read() as connection:
        revision, last = connection.execute(query).fetchone()
    return _Stamp(revision, last or 0)


def _with_newer(
    rows: dict[str, PartRows], database: Database, fingerprint: str, before: _Stamp, now: _Stamp
) -> dict[str, PartRows] | None:
    """The rows and those that came since; None where any was removed."""
    if before == now:
        return rows
    # The revision counts each that comes and each that goes, and one that comes has the next number after the last.
    if now.last - before.last != now.revision - before.revision:
        return None
    query = "SELECT sound_id, part, vector, fingerprint FROM part_vectors WHERE rowid > ? AND rowid <= ?"
    found = _Found()
    for start in range(before.last, now.last, _ROWS_PER_QUERY):
        with database.read() as connection:
            newer = connection.execute(query, (start, min(start + _ROWS_PER_QUERY, now.last))).fetchall()
        found.take(row[:3] for row in newer if row[3] == fingerprint)
    return found.added_to(rows)


def _read(database: Database, fingerprint: str, now: _Stamp) -> dict[str, PartRows]:
    # In pieces, between which others can read the catalog.
    found = _Found()
    with database.read() as connection:
        (last,) = connection.execute("SELECT max(sound_id) FROM part_vectors").fetchone()
    query = (
        "SELECT sound_id, part, vector FROM part_vectors "
        "WHERE sound_id > ? AND sound_id <= ? AND fingerprint = ? AND +rowid <= ? ORDER BY sound_id"
    )
    for start in range(0, last or 0, _SOUNDS_PER_QUERY):
        with database.read() as connection:
            rows = connection.execute(query, (start, start + _SOUNDS_PER_QUERY, fingerprint, now.last)).fetchall()
        found.take(rows)
    return found.added_to({})


class _Found:
    """Sorts what is read by parts."""

    def __init__(self) -> None:
        self._sound_ids: dict[str, list[int]] = {}
        self._vectors: dict[str, list[bytes]] = {}

    def take(self, rows: Iterable[tuple[int, str, bytes]]) -> None:
        for sound_id, part, vector in rows:
            self._sound_ids.setdefault(part, []).append(sound_id)
            self._vectors.setdefault(part, []).append(vector)

    def added_to(self, rows: Mapping[str, PartRows]) -> dict[str, PartRows]:
        """Rows with all that was taken, which is let go of."""
        larger = dict(rows)
        for part, ids in self._sound_ids.items():
            larger[part] = larger.get(part, _NO_ROWS).extended(ids, self._vectors.pop(part))
        return larger


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
    weights : of the parts to compare by, finite and above 0.
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
    cosines = np.stack([rows[part].similarities(vectors[part], ids) for part in weights], axis=1)
    # In double precision and from the greatest down, so that no weight whatsoever becomes none, or infinite.
    shares = np.array(list(weights.values()), np.float64)
    shares /= shares.max()
    means = (cosines @ (shares / shares.sum())).astype(np.float32)
    best = np.lexsort((ids, -means))[:top]
    return Alike(ids[best], cosines[best], means[best])
