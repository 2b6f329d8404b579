"""The catalog: every sound of every root, what was measured in it, and the producer's own marks."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.audio.suffixes import is_preset_file
from engine.errors import LibraryError
from engine.library.conditions import LIVE, condition_of, order_of
from engine.library.database import FILE_NAME, Database, decode_path, encode_path
from engine.library.found import words_in_root
from engine.library.marks import Marks
from engine.library.query import Query
from engine.library.spelling import as_known
from engine.library.vectors import unit

_IDS_PER_QUERY = 5_000
_FEW = 5_000
"""So many sounds are found and sorted by name sooner than they are come upon where all are gone through by name."""
_SOUNDS_KEPT = 8_192
"""While a scan goes on the same list is read again and again; a sound that is as it was is then the same object, which
takes a tenth of the time to come by, and none to compare."""


@dataclass(frozen=True)
class Sound:
    """One thing in the library that can be auditioned.

    What was not measured (yet) is None. `path` is absolute; `preset` is None for a whole file; `state` is 'listed'
    (found, not heard yet), 'ready' (`reason` says which of its samples are not there, if any), 'failed' (`reason` says
    why) or 'missing' (gone from its folder; all is kept).
    `declared` names those of 'kind', 'pitch', 'tempo' and 'key' that the file tells itself, and 'family' where the
    producer gave it, rather than Earshot having measured them. `rating` is 1 to 5, 0 for none; `tags` are casefolded.
    `instrument` is the same for all the files of a folder that are the notes of one instrument. `root` is the path of
    the sound's root, absolute.
    """

    id: int
    path: str
    preset: str | None
    name: str
    root_id: int
    state: str
    reason: str | None
    family: str | None
    family_confidence: float | None
    kind: str | None
    duration_seconds: float | None
    loudness_lufs: float | None
    peak_db: float | None
    pitch_hz: float | None
    pitch_confidence: float | None
    tempo_bpm: float | None
    key: str | None
    declared: tuple[str, ...]
    rate: int | None
    channels: int | None
    size: int
    favourite: bool
    brightness_hz: float | None
    attack_seconds: float | None
    rating: int
    tags: tuple[str, ...]
    instrument: str | None
    root: str

    @property
    def is_preset(self) -> bool:
        """Whether it is played rather than decoded."""
        return is_preset_file(self.path)

    @property
    def lacks(self) -> str:
        """That it sounds without some of its samples, and which, in one sentence; empty where it has all."""
        return (self.reason or "") if self.state == "ready" else ""


@dataclass(frozen=True)
class Root:
    """A folder that the producer asked to scan; `sounds` counts all of its rows, `failed` those that failed.

    `online` tells whether the folder is there; None as long as nobody has asked its drive, which may take for ever to
    answer: the catalog never does.
    """

    id: int
    path: str
    sounds: int
    failed: int
    online: bool | None = None

    @property
    def away(self) -> bool:
        """Whether it is known not to be there."""
        return self.online is False


@dataclass(frozen=True)
class Counts:
    """Number of sounds in each state."""

    listed: int = 0
    ready: int = 0
    failed: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        return self.listed + self.ready + self.failed + self.missing


_FIELDS = tuple(field.name for field in fields(Sound))
_STATE = "CASE WHEN missing THEN 'missing' ELSE state END"
_SPECIAL = {
    "state": _STATE,
    "preset": "nullif(preset, '')",
    "root": "(SELECT roots.path FROM roots WHERE roots.id = root_id)",
    "family": "coalesce(corrected, family)",
    "family_confidence": "CASE WHEN corrected IS NULL THEN family_confidence ELSE 1.0 END",
    "declared": "declared || CASE WHEN corrected IS NULL THEN '' ELSE ' family' END",
}
_SELECT_SOUND = "SELECT " + ", ".join(_SPECIAL.get(name, name) for name in _FIELDS)


class Catalog:
    """Reads and marks; usable from any thread. What a scan writes is in `found.py` and `results.py`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.marks = Marks(database)

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False, why: str = "") -> Catalog:
        """The catalog in a library folder, made if there is none (unless `read_only`; `why` is said of refused writes).

        Raises
        ------
        LibraryError : it cannot be used (in use, newer, not permitted), or it was damaged and has been set aside.
        """
        return cls(Database(directory, read_only=read_only, why=why))

    @classmethod
    def existing(cls, directory: Path) -> Catalog:
        """The catalog in a library folder, for reading alone where the folder may not be written to.

        Raises
        ------
        LibraryError : there is none, or it cannot be used.
        """
        if not cls.exists(directory):
            raise LibraryError(f"There is no library in {directory} yet. Scan a folder of sounds: earshot scan FOLDER")
        if os.access(directory, os.W_OK):
            return cls.open(directory)
        why = f"The library in {directory} may not be written to: it is searched and played, and stays as it is. "
        return cls.open(directory, read_only=True, why=f"{why}Mend its permissions, or choose another folder.")

    @staticmethod
    def exists(directory: Path) -> bool:
        return (directory / FILE_NAME).is_file()

    def close(self) -> None:
        self.database.close()

    @property
    def revision(self) -> int:
        """Grows whenever the set of sounds that can be found by similarity changes."""
        return int(self._meta("revision"))

    @property
    def identity(self) -> str:
        """Tells this catalog from every other, so that a cache beside it cannot be taken for another's."""
        return str(self._meta("identity"))

    @property
    def fingerprint(self) -> str | None:
        """The model whose embeddings the last scan wrote; None before the first."""
        value = self._meta("fingerprint")
        return None if value is None else str(value)

    def counts(self, root_id: int | None = None) -> Counts:
        query = f"SELECT {_STATE}, count(*) FROM sounds"
        with self.database.read() as connection:
            if root_id is None:
                rows = connection.execute(f"{query} GROUP BY 1").fetchall()
            else:
                rows = connection.execute(f"{query} WHERE root_id = ? GROUP BY 1", (root_id,)).fetchall()
        return Counts(**dict(rows))

    def roots(self) -> list[Root]:
        with self.database.read() as connection:
            rows = connection.execute("SELECT id, path FROM roots ORDER BY path").fetchall()
        roots = []
        for root_id, stored in rows:
            counts = self.counts(root_id)
            roots.append(Root(root_id, decode_path(stored), counts.total, counts.failed))
        return roots

    def as_known(self, path: str | Path) -> str:
        """The absolute path of a folder as the roots spell it, where the system knows it by several spellings."""
        rows = self._rows("SELECT path FROM roots", ())
        return as_known(os.path.abspath(path), [decode_path(stored) for (stored,) in rows])

    def add_root(self, path: str | Path, *, is_spelled: bool = False) -> Root:
        """The root that covers a folder.

        That is the folder itself, or a root that contains it already. Roots inside a new one become part of it: no
        sound ever belongs to two.

        is_spelled : as `as_known` spells it, which asks its drive.
        """
        folder = os.path.abspath(path) if is_spelled else self.as_known(path)
        with self.database.write() as connection:
            others = [(number, decode_path(stored)) for number, stored in connection.execute("SELECT * FROM roots")]
            root_id = next((number for number, other in others if is_inside(folder, other)), None)
            if root_id is None:
                root_id = connection.execute("INSERT INTO roots (path) VALUES (?)", (encode_path(folder),)).lastrowid
                for number, other in others:
                    if is_inside(other, folder):
                        _rewrite_words(connection, number, folder)
                        connection.execute("UPDATE sounds SET root_id = ? WHERE root_id = ?", (root_id, number))
                        connection.execute("DELETE FROM roots WHERE id = ?", (number,))
        return next(root for root in self.roots() if root.id == root_id)

    def remove_root(self, path: str | Path) -> int:
        """Forget a root and everything known about its sounds; the files themselves are not touched.

        Returns the number of sounds forgotten. Raises LibraryError where the folder is not a root.
        """
        folder = self.as_known(path)
        with self.database.write() as connection:
            row = connection.execute("SELECT id FROM roots WHERE path = ?", (encode_path(folder),)).fetchone()
            if row is None:
                roots = ", ".join(root.path for root in self.roots()) or "none"
                raise LibraryError(f"{folder} is none of the library's folders. Its folders: {roots}")
            forgotten = connection.execute("DELETE FROM sounds WHERE root_id = ?", row).rowcount
            connection.execute("DELETE FROM roots WHERE id = ?", row)
        return forgotten

    def sound(self, sound_id: int) -> Sound:
        """Raises LibraryError where there is no such sound (its root was removed)."""
        found = self.sounds([sound_id])
        if not found:
            raise LibraryError("This sound is no longer in the library: the folder that it was in was removed.")
        return found[0]

    def sounds(self, ids: Iterable[int] | None = None) -> list[Sound]:
        """Sounds in the order of `ids`, unknown ones left out; or all of them, by path."""
        if ids is None:
            rows = self._rows(f"{_SELECT_SOUND} FROM sounds ORDER BY path, preset", ())
        else:
            rows = self._rows_by_id(_SELECT_SOUND, [int(number) for number in ids])
        return list(map(_sound, rows))

    def with_content(self, content: bytes) -> frozenset[int]:
        """Ids of all sounds whose file holds this, as `content.content_digest` tells it."""
        return frozenset(row[0] for row in self._rows("SELECT id FROM sounds WHERE content = ?", (content,)))

    def failed(self) -> list[Sound]:
        """The sounds that could not be used, by path; `reason` says why."""
        query = f"{_SELECT_SOUND} FROM sounds WHERE state = 'failed' AND NOT missing ORDER BY path, preset"
        return [_sound(row) for row in self._rows(query, ())]

    def overviews(self, ids: Iterable[int]) -> dict[int, np.ndarray | None]:
        """For each of these sounds uint8 [64], the peak of each 64th of it, relative to its loudest; None before it was
        heard. Unknown ones are left out."""
        rows = self._rows_by_id("SELECT id, overview", [int(number) for number in ids])
        return {number: None if peaks is None else np.frombuffer(peaks, np.uint8) for number, peaks in rows}

    def matching(self, query: Query, *, heard: bool = True) -> np.ndarray:
        """int64 [n], ascending: ids of the sounds that are what a query asks for.

        Parameters
        ----------
        heard : only those that can be found by similarity; else all but failed and missing ones.
        """
        condition, values = condition_of(query, heard)
        rows = self._rows(f"SELECT id FROM sounds WHERE {condition} ORDER BY id", values)
        return np.fromiter((row[0] for row in rows), np.int64, len(rows))

    def page(self, query: Query, *, after: Sound | None = None, size: int = 500) -> list[Sound]:
        """The next sounds by name, whether heard yet or not, that are what a query asks for.

        Parameters
        ----------
        after : the last sound of the page before; None begins with the first.
        """
        condition, values = condition_of(query, heard=False)
        # With words SQLite begins with what has them, and sorts what is left of that.
        if not query.asks_nothing and not query.words:
            some = self._rows(f"SELECT id FROM sounds WHERE {condition} LIMIT {_FEW + 1}", values)
            if len(some) <= _FEW:
                condition, values = f"id IN ({', '.join('?' * len(some))})", [number for (number,) in some]
        if after is not None:
            condition += " AND (name COLLATE NOCASE, id) > (?, ?)"
            values += [after.name, after.id]
        query_text = f"{_SELECT_SOUND} FROM sounds WHERE {condition} ORDER BY name COLLATE NOCASE, id LIMIT ?"
        return [_sound(row) for row in self._rows(query_text, [*values, size])]

    def ordered(self, query: Query, order: str, *, descending: bool = False, most: int | None = None) -> np.ndarray:
        """int64 [n]: ids of the first sounds, heard or not, that are what a query asks for, by a fact.

        Parameters
        ----------
        order : one of `conditions.ORDERS`; those of which it is not known come last.
        most : at most so many; without it a million take seconds.
        """
        condition, values = condition_of(query, heard=False)
        by = order_of(order, descending=descending)
        limit = -1 if most is None else most
        rows = self._rows(f"SELECT id FROM sounds WHERE {condition} ORDER BY {by} LIMIT ?", [*values, limit])
        return np.fromiter((row[0] for row in rows), np.int64, len(rows))

    def embeddings(self, fingerprint: str) -> tuple[np.ndarray, np.ndarray]:
        """Sound ids int64 [n] and unit vectors float32 [n, dimension] of all that can be found with this model.

        A sound with several vectors comes several times.
        """
        rows = self._rows(
            "SELECT sound_id, vector FROM embeddings JOIN sounds ON sounds.id = sound_id "
            f"WHERE fingerprint = ? AND {LIVE} ORDER BY label",
            (fingerprint,),
        )
        return np.array([row[0] for row in rows], np.int64), _unit_vectors([row[1] for row in rows])

    def vectors(self, sound_id: int, fingerprint: str) -> np.ndarray:
        """float32 [n, dimension]: what this model heard in a sound, unit rows; [0, 0] where it did not hear it."""
        rows = self._rows(
            "SELECT vector FROM embeddings WHERE sound_id = ? AND fingerprint = ? ORDER BY label",
            (sound_id, fingerprint),
        )
        return _unit_vectors([row[0] for row in rows])

    def looks(self, ids: Sequence[int], fingerprint: str) -> dict[int, tuple[bytes | None, np.ndarray, np.ndarray]]:
        """Content, overview uint8 [64] and first vector float32 [dimension] of the sounds that this model heard."""
        select = "SELECT id, content, overview, vector FROM sounds JOIN embeddings ON sound_id = id"
        looks = {}
        for offset in range(0, len(ids), _IDS_PER_QUERY):
            part = ids[offset : offset + _IDS_PER_QUERY]
            places = ", ".join("?" * len(part))
            rows = self._rows(
                f"{select} WHERE fingerprint = ? AND id IN ({places}) ORDER BY label DESC", (fingerprint, *part)
            )
            for sound_id, content, overview, vector in rows:
                looks[sound_id] = content, np.frombuffer(overview, np.uint8), _unit_vectors([vector])[0]
        return looks

    def _meta(self, key: str) -> Any:
        return self._rows("SELECT value FROM meta WHERE key = ?", (key,))[0][0]

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return connection.execute(query, values).fetchall()

    def _rows_by_id(self, select: str, ids: list[int]) -> list[tuple[Any, ...]]:
        found: dict[int, tuple[Any, ...]] = {}
        for offset in range(0, len(ids), _IDS_PER_QUERY):
            part = ids[offset : offset + _IDS_PER_QUERY]
            query = f"{select} FROM sounds WHERE id IN ({', '.join('?' * len(part))})"
            found.update((row[0], row) for row in self._rows(query, part))
        return [found[number] for number in ids if number in found]


def _unit_vectors(blobs: Sequence[bytes]) -> np.ndarray:
    """float32 [n, dimension], unit rows (zeros stay zeros), of float16 vectors as they are stored; [0, 0] of none."""
    if not blobs:
        return np.zeros((0, 0), np.float32)
    return unit(np.frombuffer(b"".join(blobs), np.float16).reshape(len(blobs), -1))


def _rewrite_words(connection: sqlite3.Connection, root_id: int, now_in: str) -> None:
    """Enter by which words the presets of a root are found that becomes part of another one: a scan reads no file of
    presets that is as it was, and so enters those of other files alone."""
    rows = connection.execute("SELECT id, path, name FROM sounds WHERE root_id = ?", (root_id,)).fetchall()
    sounds = ((number, decode_path(path), name) for number, path, name in rows)
    connection.executemany(
        "UPDATE sounds SET words = ? WHERE id = ?",
        [(words_in_root(path, now_in, name), number) for number, path, name in sounds if is_preset_file(path)],
    )


def is_inside(path: str, folder: str) -> bool:
    """Whether an absolute path is the folder itself or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def outermost(folders: Collection[str]) -> list[str]:
    """Absolute paths of folders, in order, without those inside another one."""
    return sorted(
        folder for folder in folders if not any(other != folder and is_inside(folder, other) for other in folders)
    )


@functools.lru_cache(maxsize=_SOUNDS_KEPT)
def _sound(row: tuple[Any, ...]) -> Sound:
    values = dict(zip(_FIELDS, row, strict=True))
    values["path"], values["root"] = decode_path(values["path"]), decode_path(values["root"])
    values["declared"] = tuple(values["declared"].split())
    values["favourite"] = bool(values["favourite"])
    values["tags"] = tuple(values["tags"].splitlines())
    return Sound(**values)
