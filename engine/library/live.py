"""What can be found by similarity: the catalog's vectors of one model, which of them are alive, and their facets.

Read in short pieces, between which others can read the catalog, and afterwards only what is new. Everything here but
the vectors themselves takes some forty bytes a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.library.catalog import Catalog
from engine.library.conditions import LIVE
from engine.library.database import Database
from engine.library.facets import Facets, Marked

_VECTORS_PER_QUERY = 10_000
_IDS_PER_QUERY = 50_000
_GONE_SHARE_TO_READ_ALL = 0.1


@dataclass(frozen=True)
class EmbeddingRows:
    """Rows of the catalog, of one model: labels int64 [n], ascending, sound ids int64 [n] and vectors float16
    [n, dimension]."""

    fingerprint: str
    labels: np.ndarray
    sound_ids: np.ndarray
    half: np.ndarray


@dataclass(frozen=True)
class Live:
    """One row for each vector, as of one revision of the catalog.

    Attributes
    ----------
    roots : the ids of the roots there are.
    labels : int64 [n], ascending.
    sound_ids : int64 [n].
    alive : bool [n], False where a sound is missing, has to be heard anew, or was and has another row.
    gone : how many of these rows the catalog holds no more.
    """

    fingerprint: str
    revision: int
    roots: tuple[int, ...]
    labels: np.ndarray
    sound_ids: np.ndarray
    facets: Facets
    alive: np.ndarray
    gone: int

    @cached_property
    def searchable(self) -> int:
        """The number of sounds that are alive."""
        return int(np.count_nonzero(mask_of(self.sound_ids[self.alive], self._ids)))

    @property
    def much_is_gone(self) -> bool:
        """Whether so much is gone that reading everything anew is worth its while."""
        return self.gone > _GONE_SHARE_TO_READ_ALL * len(self.labels)

    def is_of(self, catalog: Catalog, fingerprint: str) -> bool:
        """Whether nothing has come or gone since."""
        now = (fingerprint, catalog.revision, _roots(catalog.database))
        return (self.fingerprint, self.revision, self.roots) == now

    def with_sounds(self, sound_ids: np.ndarray) -> np.ndarray:
        """bool [n]: the rows of some sounds, int64 [m]."""
        return mask_of(sound_ids[sound_ids < self._ids], self._ids)[self.sound_ids]

    def families_by_hand(self, marked: Marked) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the rows whose family the producer gave, and uint32 [m], the bit of that family."""
        if not len(marked.corrected):
            return np.zeros(0, np.int64), np.zeros(0, np.uint32)
        rows = np.flatnonzero(self.with_sounds(marked.corrected))
        return rows, marked.families[np.searchsorted(marked.corrected, self.sound_ids[rows])]

    @cached_property
    def _ids(self) -> int:
        return int(self.sound_ids.max(initial=0)) + 1


def read_live(
    catalog: Catalog,
    fingerprint: str,
    before: Live | None,
    take: Callable[[EmbeddingRows], None],
    go_on: Callable[[], None],
) -> Live:
    """What is alive now.

    Parameters
    ----------
    before : an earlier answer for the same fingerprint, whose rows stay as they are; None reads everything.
    take : gets the vectors of the rows that are new, in their order.
    go_on : called between the pieces; may raise.
    """
    database, revision, roots = catalog.database, catalog.revision, _roots(catalog.database)
    nothing = np.zeros(0, np.int64)
    labels, sound_ids = ([before.labels], [before.sound_ids]) if before else ([nothing], [nothing])
    newer = []
    for embeddings in _embeddings(database, fingerprint, last_label(before)):
        go_on()
        take(embeddings)
        labels.append(embeddings.labels)
        sound_ids.append(embeddings.sound_ids)
        newer.append(embeddings.sound_ids)
    all_labels, all_sounds = np.concatenate(labels), np.concatenate(sound_ids)
    facets = before.facets if before is not None else Facets.read(database, nothing)
    if newer:
        facets = facets.extended(Facets.read(database, np.concatenate(newer)))
    there = _still_there(database, fingerprint, all_labels, all_sounds)
    highest = int(all_sounds.max(initial=0)) + 1
    ready, root_of = np.zeros(highest, np.bool_), np.zeros(highest, np.int32)
    for root in roots:
        condition = f"FROM sounds WHERE root_id = {root} AND missing = 0 AND state = 'ready'"
        for ids in _in_pieces(database, f"SELECT id {condition} AND id > ? AND id <= ?", highest):
            ids = ids[ids < highest]
            ready[ids], root_of[ids] = True, root
    facets = facets.with_roots(root_of[all_sounds])
    gone = len(there) - int(np.count_nonzero(there))
    return Live(fingerprint, revision, roots, all_labels, all_sounds, facets, there & ready[all_sounds], gone)


def count_new(database: Database, fingerprint: str, before: Live | None, enough: int) -> int:
    """How many vectors there are that `before` does not know; counting ends at `enough`."""
    query = "SELECT count(*) FROM (SELECT 1 FROM embeddings WHERE label > ? AND fingerprint = ? LIMIT ?)"
    with database.read() as connection:
        return int(connection.execute(query, (last_label(before), fingerprint, enough)).fetchone()[0])


def count_searchable(database: Database, fingerprint: str) -> int:
    """`Live.searchable` without reading more than an index of the catalog."""
    query = (
        f"SELECT count(*) FROM sounds WHERE {LIVE} AND EXISTS "
        "(SELECT 1 FROM embeddings WHERE sound_id = sounds.id AND fingerprint = ?)"
    )
    with database.read() as connection:
        return int(connection.execute(query, (fingerprint,)).fetchone()[0])


def last_label(live: Live | None) -> int:
    return int(live.labels[-1]) if live is not None and len(live.labels) else 0


def mask_of(numbers: np.ndarray, size: int) -> np.ndarray:
    """bool [size], True at these numbers."""
    mask = np.zeros(size, np.bool_)
    mask[numbers] = True
    return mask


def _embeddings(database: Database, fingerprint: str, after: int) -> Iterator[EmbeddingRows]:
    query = (
        "SELECT label, sound_id, vector FROM embeddings "
        "WHERE label > ? AND label <= ? AND fingerprint = ? ORDER BY label"
    )
    last = _highest(database, "SELECT max(label) FROM embeddings")
    for start in range(after, last, _VECTORS_PER_QUERY):
        with database.read() as connection:
            rows = connection.execute(query, (start, start + _VECTORS_PER_QUERY, fingerprint)).fetchall()
        if rows:
            labels, sound_ids, blobs = zip(*rows, strict=True)
            half = np.frombuffer(b"".join(blobs), np.float16).reshape(len(rows), -1)
            yield EmbeddingRows(fingerprint, np.array(labels, np.int64), np.array(sound_ids, np.int64), half)


def _still_there(database: Database, fingerprint: str, labels: np.ndarray, sound_ids: np.ndarray) -> np.ndarray:
    """bool [n]: which labels the catalog still holds."""
    if not len(labels):
        return np.zeros(0, np.bool_)
    there = np.zeros(int(labels[-1]) + 1, np.bool_)
    query = "SELECT label FROM embeddings WHERE sound_id > ? AND sound_id <= ? AND fingerprint = ?"
    for found in _in_pieces(database, query, int(sound_ids.max()) + 1, fingerprint):
        there[found[found < len(there)]] = True
    return there[labels]


def _in_pieces(database: Database, query: str, highest: int, *values: str) -> Iterator[np.ndarray]:
    """What a query for one number gives, for one range of ids after the other: int64 [n]."""
    for start in range(0, highest, _IDS_PER_QUERY):
        with database.read() as connection:
            rows = connection.execute(query, (start, start + _IDS_PER_QUERY, *values))
            numbers = np.fromiter((row[0] for row in rows), np.int64)
        yield numbers


def _roots(database: Database) -> tuple[int, ...]:
    with database.read() as connection:
        return tuple(row[0] for row in connection.execute("SELECT id FROM roots ORDER BY id"))


def _highest(database: Database, query: str) -> int:
    with database.read() as connection:
        return int(connection.execute(query).fetchone()[0] or 0)
