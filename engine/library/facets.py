"""What a query may ask of a sound besides its words, in small columns in memory: a filter costs a millisecond."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from engine.families import FAMILIES
from engine.library.database import Database
from engine.library.query import KINDS, Query, Range
from engine.notes import NOTE_NAMES

_SOUNDS_PER_QUERY = 20_000
_LARGEST_GAP = 16
_UNKNOWN = 255
_FAMILY_BITS = {family: 1 << number for number, family in enumerate(FAMILIES)}
_KEYS = tuple(f"{tonic}{mode}" for tonic in NOTE_NAMES for mode in ("", " major", " minor"))
_KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
_KEY_CODES = {key: code for code, key in enumerate(_KEYS)}


@dataclass(frozen=True)
class Facets:
    """One row for each vector of the library; 18 bytes.

    Attributes
    ----------
    families : uint32 [n], a bit for each likely family, in the order of `FAMILIES`.
    kinds, keys : uint8 [n], codes; 255 where not known.
    tempo_bpm, seconds : float32 [n], NaN where not known.
    roots : int32 [n], ids; see `with_roots`.
    """

    families: np.ndarray
    kinds: np.ndarray
    keys: np.ndarray
    tempo_bpm: np.ndarray
    seconds: np.ndarray
    roots: np.ndarray

    @classmethod
    def read(cls, database: Database, sound_ids: np.ndarray) -> Facets:
        """Those of some sounds, int64 [n], as the catalog has them now; all unknown where a sound is gone."""
        wanted, rows = np.unique(sound_ids, return_inverse=True)
        blank = _NOTHING._taken(np.zeros(len(wanted), np.intp))
        for window in _windows(wanted):
            _fill(blank, database, wanted, window)
        return blank._taken(rows)

    def extended(self, newer: Facets) -> Facets:
        return Facets(*(np.concatenate(pair) for pair in zip(self._columns, newer._columns, strict=True)))

    def with_roots(self, roots: np.ndarray) -> Facets:
        """With these roots, int32 [n]: a sound that moved is in another one with everything else as it was."""
        return replace(self, roots=roots)

    def passing(self, query: Query, by_hand: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray | None:
        """bool [n]: what has the facts that a query asks for; None where it asks for none.

        Parameters
        ----------
        by_hand : numbers of the rows whose family the producer gave, and uint32 [m], the bit of that family.
        """
        conditions = []
        if query.families is not None:
            asked = np.uint32(_bits(query.families))
            is_of_family = self.families & asked != 0
            if by_hand is not None:
                rows, families = by_hand
                is_of_family[rows] = families & asked != 0
            conditions.append(is_of_family)
        if query.kinds is not None:
            conditions.append(_one_of(self.kinds, [_KIND_CODES[kind] for kind in query.kinds if kind in _KIND_CODES]))
        if query.keys is not None:
            keys = [key for key in _KEYS if key in query.keys or key.split(" ")[0] in query.keys]
            conditions.append(_one_of(self.keys, [_KEY_CODES[key] for key in keys]))
        if query.tempo_bpm is not None:
            conditions.append(_within(self.tempo_bpm, query.tempo_bpm))
        if query.seconds is not None:
            conditions.append(_within(self.seconds, query.seconds))
        if query.roots is not None:
            conditions.append(np.logical_or.reduce([self.roots == root for root in query.roots], axis=0, initial=False))
        without = (self.passing(fact, by_hand) for fact in query.without)
        conditions += [~found for found in without if found is not None]
        if not conditions:
            return None
        passing = np.ones(len(self.kinds), np.bool_)
        for condition in conditions:
            passing &= condition
        return passing

    @property
    def _columns(self) -> tuple[np.ndarray, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def _taken(self, rows: np.ndarray) -> Facets:
        return Facets(*(column[rows] for column in self._columns))


def _coded(column: str, codes: dict[str, int]) -> str:
    """SQL for the code of a text."""
    cases = " ".join(f"WHEN '{text}' THEN {code}" for text, code in codes.items())
    return f"CASE {column} {cases} ELSE {_UNKNOWN} END"


_SELECT = (
    f"SELECT id, CASE preset WHEN '' THEN {_coded('kind', _KIND_CODES)} ELSE {_KIND_CODES['preset']} END, "
    f"{_coded('key', _KEY_CODES)}, tempo_bpm, duration_seconds, root_id FROM sounds WHERE id >= ? AND id <= ?"
)
_SELECT_OF_FAMILY = "SELECT sound_id FROM sound_families WHERE family = ? AND sound_id >= ? AND sound_id <= ?"
_ROW = np.dtype(
    [("id", "i8"), ("kinds", "u1"), ("keys", "u1"), ("tempo_bpm", "f4"), ("seconds", "f4"), ("roots", "i4")]
)
_NOTHING = Facets(
    np.zeros(1, np.uint32),
    np.full(1, _UNKNOWN, np.uint8),
    np.full(1, _UNKNOWN, np.uint8),
    np.full(1, np.nan, np.float32),
    np.full(1, np.nan, np.float32),
    np.zeros(1, np.int32),
)


@dataclass(frozen=True)
class Marked:
    """What the producer said of sounds, as far as queries ask for it.

    Attributes
    ----------
    favourites : int64 [n], ids, ascending.
    corrected, families : int64 [m], ids, ascending, and uint32 [m], the bit of the family that each was given by hand.
    """

    favourites: np.ndarray
    corrected: np.ndarray
    families: np.ndarray


class MarkedSounds:
    """Marks change without a scan: they are read again when anything in the catalog has changed."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._marked = Marked(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint32))

    def of(self, database: Database) -> Marked:
        """Those of a catalog, always the same one."""
        with database.read() as connection:
            if (version := database.version) != self._version:
                favourites = connection.execute("SELECT id FROM sounds WHERE favourite ORDER BY id").fetchall()
                corrected = connection.execute(
                    "SELECT id, corrected FROM sounds WHERE corrected IS NOT NULL ORDER BY id"
                ).fetchall()
                self._marked = Marked(
                    np.array(favourites, np.int64).ravel(),
                    np.array([sound_id for sound_id, _ in corrected], np.int64),
                    np.array([_FAMILY_BITS.get(family, 0) for _, family in corrected], np.uint32),
                )
                self._version = version
        return self._marked


def _windows(ids: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last of stretches of ascending ids, dense enough to be read as a whole."""
    stretches = np.split(ids, np.flatnonzero(np.diff(ids) > _LARGEST_GAP) + 1)
    for stretch in stretches:
        for start in range(0, len(stretch), _SOUNDS_PER_QUERY):
            part = stretch[start : start + _SOUNDS_PER_QUERY]
            yield int(part[0]), int(part[-1])


def _fill(facets: Facets, database: Database, wanted: np.ndarray, window: tuple[int, int]) -> None:
    """Enter what the catalog knows of those of the sounds `wanted` (ids, ascending) that lie in a window."""
    with database.read() as connection:
        sounds = np.fromiter(connection.execute(_SELECT, window), _ROW)
        families = [
            np.fromiter((row[0] for row in connection.execute(_SELECT_OF_FAMILY, (family, *window))), np.int64)
            for family in FAMILIES
        ]
    rows, known = _places(wanted, sounds["id"])
    for name in ("kinds", "keys", "tempo_bpm", "seconds", "roots"):
        getattr(facets, name)[rows] = sounds[name][known]
    for family, ids in zip(FAMILIES, families, strict=True):
        facets.families[_places(wanted, ids)[0]] |= np.uint32(_FAMILY_BITS[family])


def _places(wanted: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where among the ascending `wanted` those of the ids are that are there at all, and bool: which are."""
    places = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
    known = wanted[places] == ids
    return places[known], known


def _bits(families: Collection[str]) -> int:
    return sum(_FAMILY_BITS.get(family, 0) for family in families)


def _one_of(codes: np.ndarray, asked: Sequence[int]) -> np.ndarray:
    chosen = np.zeros(_UNKNOWN + 1, np.bool_)
    chosen[list(asked)] = True
    return chosen[codes]


def _within(values: np.ndarray, limits: Range) -> np.ndarray:
    least, most = np.float32(limits[0]), np.float32(limits[1])
    found: Any = (values >= least) & (values <= most)
    return found
