"""What the producer says of sounds: favourite, rating, tags, the right family, collections.

Marks belong to what a file holds, not to where it lies: a copy has them too, and a file that was moved, renamed, or
removed with its folder has them again when it is found again. Rows of the catalog carry them for reading; the tables
`marks` and `collected` keep them by content.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from engine.errors import LibraryError
from engine.families import FAMILIES
from engine.library.content import digest_if_readable, digest_of_text
from engine.library.database import Database, decode_path
from engine.library.query import Query
from engine.paths import numbered
from engine.ratings import HIGHEST_RATING

MOST_AUDITIONED = 200
"""Of what was listened to the last ones are remembered."""


@dataclass(frozen=True)
class SoundCollection:
    """A named set of sounds; `sounds` counts those that are in the library now."""

    id: int
    name: str
    sounds: int


@dataclass(frozen=True)
class RemovedCollection:
    """A collection that was forgotten, for `Marks.restore_collection`."""

    name: str
    members: tuple[tuple[bytes, str], ...]
    """Content and preset of each sound."""


class Marks:
    """Reads and writes marks; usable from any thread.

    A mark is written at once, whatever drive its sound is on. That of a sound which was never heard stays with its row
    until the sound is heard, or `read_contents` has read its file. Putting such a sound into a collection reads it.
    What takes ids raises LibraryError where one of the sounds is no longer in the library, and marks none of them then.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def favourites(self) -> list[int]:
        """Ids of the producer's favourites, ascending."""
        return self._ids("SELECT id FROM sounds WHERE favourite ORDER BY id", ())

    def set_favourite(self, ids: Collection[int], on: bool) -> None:
        """Make sounds favourites, or no longer."""
        self._update(ids, "favourite", lambda _: int(on))

    def rate(self, ids: Collection[int], rating: int) -> None:
        """Give sounds 1 to 5, or 0 for no rating. Raises ValueError."""
        if not 0 <= rating <= HIGHEST_RATING:
            raise ValueError(f"a rating is 0 to {HIGHEST_RATING}, not {rating}")
        self._update(ids, "rating", lambda _: rating)

    def tag(self, ids: Collection[int], *, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
        """Add and remove tags; upper and lower case are the same, and so are all sorts of white space."""
        added, removed = ({_as_tag(tag) for tag in tags} - {""} for tags in (add, remove))
        self._update(ids, "tags", lambda tags: _joined({*str(tags).splitlines()} - removed | added))

    def tags(self) -> dict[str, int]:
        """Every tag, by name, and how many sounds have it."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT tags, count(*) FROM sounds WHERE tags <> '' GROUP BY tags").fetchall()
        counts: dict[str, int] = {}
        for tags, sounds in rows:
            for tag in tags.splitlines():
                counts[tag] = counts.get(tag, 0) + sounds
        return dict(sorted(counts.items()))

    def correct_family(self, ids: Collection[int], family: str | None) -> None:
        """Say which family sounds are of; None takes what was heard again. Raises ValueError: no such family."""
        if family is not None and family not in FAMILIES:
            raise ValueError(f"there is no family {family!r}")
        self._update(ids, "corrected", lambda _: family, then=_FAMILIES_CHANGED)

    def collections(self) -> list[SoundCollection]:
        """By name."""
        query = """
            SELECT collections.id, collections.name, count(sounds.id) FROM collections
            LEFT JOIN collected ON collected.collection_id = collections.id
            LEFT JOIN sounds ON sounds.content = collected.content AND sounds.preset = collected.preset
                AND NOT sounds.missing
            GROUP BY collections.id ORDER BY collections.name COLLATE NOCASE
        """
        with self._database.read() as connection:
            return [SoundCollection(*row) for row in connection.execute(query)]

    def require_collections(self, query: Query) -> None:
        """Raise LibraryError where a query names a collection that there is not."""
        known = {known.name.casefold(): known.name for known in self.collections()}
        for names in (*query.collection_names, *query.excluded_collections):
            whole = max(names, key=len)
            missing = [] if whole in known else sorted(names - known.keys() - ({whole} if len(names) > 1 else set()))
            if missing:
                there_are = f"There are: {', '.join(known.values())}." if known else "There is none yet."
                raise LibraryError(
                    f"There is no collection named {missing[0]}. {there_are} "
                    "A name with spaces goes into quotes: 'collection:\"my kicks\"'"
                )

    def add_collection(self, name: str) -> int:
        """Make an empty collection; its id. Raises LibraryError: there is one of that name, or the name is empty."""
        with self._database.write() as connection:
            return _added(connection, _free_name(connection, name))

    def rename_collection(self, collection_id: int, name: str) -> None:
        """Raises LibraryError: another one has that name, or it is empty."""
        with self._database.write() as connection:
            name = _free_name(connection, name, but=collection_id)
            connection.execute("UPDATE collections SET name = ? WHERE id = ?", (name, collection_id))

    def remove_collection(self, collection_id: int) -> RemovedCollection | None:
        """Forget a collection; its sounds stay. What it was, to be restored; None where there is none."""
        with self._database.write() as connection:
            found = connection.execute("SELECT name FROM collections WHERE id = ?", (collection_id,)).fetchone()
            members = connection.execute(
                "SELECT content, preset FROM collected WHERE collection_id = ?", (collection_id,)
            ).fetchall()
            connection.execute("DELETE FROM collections WHERE id = ?", (collection_id,))
        return RemovedCollection(found[0], tuple(members)) if found is not None else None

    def restore_collection(self, removed: RemovedCollection) -> int:
        """Bring back what `remove_collection` forgot, with a number behind its name where that is taken by now; its
        new id."""
        with self._database.write() as connection:
            name = next(name for name in numbered(removed.name) if not _is_taken(connection, name))
            collection_id = _added(connection, name)
            connection.executemany(
                "INSERT INTO collected VALUES (?, ?, ?)", [(collection_id, *member) for member in removed.members]
            )
        return collection_id

    def read_contents(self, ids: Collection[int], between: Callable[[], None] = lambda: None) -> list[int]:
        """Keep the marks of sounds that were never heard by what their files hold, too, joined with what was said of it
        before; a file that cannot be read is left for later.

        Each file is kept before the next one is read. `between` is called between two of them; it may raise.

        Returns the ids of those whose files were read.
        """
        read = []
        for sound_id, path, root in self._without_content(ids):
            between()
            if (content := digest_if_readable(path, root)) is None:
                continue
            with self._database.write() as connection:
                if _enter_content(connection, sound_id, content):
                    read.append(sound_id)
        return read

    def collect(self, collection_id: int, ids: Collection[int]) -> None:
        """Put sounds into a collection. Raises LibraryError where one was never read and cannot be read now; all others
        are in it then."""
        self._collect("INSERT OR IGNORE INTO collected VALUES (?, ?, ?)", collection_id, ids)

    def let_go(self, collection_id: int, ids: Collection[int]) -> None:
        """Take sounds out of a collection."""
        self._collect(
            "DELETE FROM collected WHERE collection_id = ? AND content = ? AND preset = ?", collection_id, ids
        )

    def collected(self, collection_id: int) -> list[int]:
        """Ids of a collection's sounds, ascending; of several copies all."""
        return self._ids(
            "SELECT sounds.id FROM collected JOIN sounds USING (content, preset) WHERE collection_id = ? ORDER BY 1",
            (collection_id,),
        )

    def note_auditioned(self, sound_id: int) -> None:
        """A sound was listened to; one that is no longer in the library is left out."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO auditioned (sound_id) SELECT id FROM sounds WHERE id = ?", (sound_id,)
            )
            connection.execute(
                "DELETE FROM auditioned WHERE number NOT IN "
                f"(SELECT number FROM auditioned ORDER BY number DESC LIMIT {MOST_AUDITIONED})"
            )

    def auditioned(self) -> list[int]:
        """Ids of what was listened to, the last one first; `MOST_AUDITIONED` at most."""
        return self._ids("SELECT sound_id FROM auditioned ORDER BY number DESC", ())

    def forget_auditioned(self) -> None:
        """As if nothing had been listened to."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM auditioned")

    def _collect(self, statement: str, collection_id: int, ids: Collection[int]) -> None:
        unread = self._without_content(ids)
        waiting = {sound_id for sound_id, _, _ in unread}
        with self._database.write() as connection:
            for sound_id in ids:
                if sound_id not in waiting:
                    preset, content = _identified(connection, sound_id)
                    connection.execute(statement, (collection_id, content, preset))
        # Read outside of a transaction, for which others would have to wait: a drive may take long.
        unreadable = []
        for sound_id, path, root in unread:
            if (read := digest_if_readable(path, root)) is None:
                unreadable.append(path)
                continue
            with self._database.write() as connection:
                _enter_content(connection, sound_id, read)
                preset, content = _identified(connection, sound_id)
                connection.execute(statement, (collection_id, content, preset))
        if unreadable:
            raise LibraryError(f"{unreadable[0]} cannot be read now. Connect its drive, or mend its permissions.")

    def _update(
        self, ids: Collection[int], column: str, change: Callable[[object], object], *, then: str | None = None
    ) -> None:
        with self._database.write() as connection:
            for sound_id in ids:
                preset, content = _identified(connection, sound_id)
                (before,) = connection.execute(f"SELECT {column} FROM sounds WHERE id = ?", (sound_id,)).fetchone()
                connection.execute(
                    f"UPDATE sounds SET {column} = ? WHERE id = ? OR content = ? AND preset = ?",
                    (change(before), sound_id, content, preset),
                )
                keep_marks(connection, sound_id)
            if then is not None:
                connection.execute(then)

    def _without_content(self, ids: Collection[int]) -> list[tuple[int, str, str]]:
        """Id, path and root of those of these sounds whose files were not read yet."""
        unread = []
        with self._database.read() as connection:
            for sound_id in ids:
                unread += connection.execute(
                    "SELECT sounds.id, sounds.path, roots.path FROM sounds JOIN roots ON roots.id = root_id "
                    "WHERE sounds.id = ? AND content IS NULL",
                    (sound_id,),
                ).fetchall()
        return [(sound_id, decode_path(path), decode_path(root)) for sound_id, path, root in unread]

    def _ids(self, query: str, values: Sequence[object]) -> list[int]:
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(query, values)]


_FAMILIES_CHANGED = "UPDATE meta SET value = value + 1 WHERE key = 'revision'"
"""Filters by family find other sounds from now on."""

_MARKS = "favourite, rating, tags, corrected"
_OF_ROW = f"SELECT {_MARKS} FROM sounds WHERE id = ?"


def keep_marks(connection: sqlite3.Connection, sound_id: int) -> None:
    """Write a row's marks to where they are kept by content; without content there is nowhere to keep them yet."""
    connection.execute(
        """
        INSERT INTO marks SELECT content, preset, favourite, rating, tags, corrected FROM sounds
        WHERE id = ? AND content IS NOT NULL
        ON CONFLICT (content, preset) DO UPDATE SET favourite = excluded.favourite, rating = excluded.rating,
            tags = excluded.tags, corrected = excluded.corrected
        """,
        (sound_id,),
    )


def recall_marks(connection: sqlite3.Connection, sound_id: int, before: bytes | None = None) -> None:
    """Join a row's marks with those kept for its content, which has just been read: nothing that was said is lost. What
    was said of this row alone is said of its copies from now on.

    before : the content that the row had until now; None where there was none.
    """
    _adopt(connection, sound_id, before)
    here = connection.execute(_OF_ROW, (sound_id,)).fetchone()
    if here is None:
        return
    kept = connection.execute(
        """
        SELECT marks.favourite, marks.rating, marks.tags, marks.corrected FROM marks
        JOIN sounds USING (content, preset) WHERE sounds.id = ?
        """,
        (sound_id,),
    ).fetchone()
    joined = here
    if kept is not None:
        tags = _joined({*here[2].splitlines(), *kept[2].splitlines()})
        joined = (here[0] or kept[0], here[1] or kept[1], tags, here[3] or kept[3])
    if joined != here:
        connection.execute(f"UPDATE sounds SET ({_MARKS}) = (?, ?, ?, ?) WHERE id = ?", (*joined, sound_id))
    if any(joined) and joined != kept:
        keep_marks(connection, sound_id)
        connection.execute(
            f"""
            UPDATE sounds SET ({_MARKS}) = (?, ?, ?, ?)
            WHERE id <> ? AND (content, preset) = (SELECT content, preset FROM sounds WHERE id = ?)
            """,
            (*joined, sound_id, sound_id),
        )


def _adopt(connection: sqlite3.Connection, sound_id: int, before: bytes | None) -> None:
    """Keep for an SFZ what was kept for its text alone by earlier versions, or for the same text with other samples,
    as before some of them were there. Once: what is taken back later stays so."""
    found = connection.execute("SELECT content, preset FROM sounds WHERE id = ?", (sound_id,)).fetchone()
    if found is None or found[0] is None or (text := digest_of_text(found[0])) is None:
        return
    if connection.execute("SELECT 1 FROM marks WHERE content = ? AND preset = ?", found).fetchone():
        return
    former = before if before is not None and before != found[0] and before.startswith(text) else text
    adopted = connection.execute(
        "INSERT OR IGNORE INTO collected SELECT collection_id, ?, preset FROM collected "
        "WHERE content = ? AND preset = ?",
        (found[0], former, found[1]),
    ).rowcount
    marked = connection.execute(
        "INSERT INTO marks SELECT ?, preset, favourite, rating, tags, corrected FROM marks "
        "WHERE content = ? AND preset = ?",
        (found[0], former, found[1]),
    ).rowcount
    if adopted and not marked:
        keep_marks(connection, sound_id)


def _identified(connection: sqlite3.Connection, sound_id: int) -> tuple[str, bytes | None]:
    """Preset and content of a sound. Raises LibraryError where there is no such sound."""
    row = connection.execute("SELECT preset, content FROM sounds WHERE id = ?", (sound_id,)).fetchone()
    if row is None:
        raise LibraryError("A sound among these is no longer in the library: the folder that it was in was removed.")
    return row[0], row[1]


def _enter_content(connection: sqlite3.Connection, sound_id: int, content: bytes) -> bool:
    """Enter what a sound's file holds, unless a scan was faster or the sound is gone; whether it was entered."""
    entered = connection.execute(
        "UPDATE sounds SET content = ? WHERE id = ? AND content IS NULL", (content, sound_id)
    ).rowcount
    if entered:
        recall_marks(connection, sound_id)
    return bool(entered)


def _free_name(connection: sqlite3.Connection, name: str, *, but: int | None = None) -> str:
    """A name as collections have it. Raises LibraryError where it is empty or that of another collection."""
    name = " ".join(name.split())
    if not name:
        raise LibraryError("A collection needs a name.")
    if _is_taken(connection, name, but=but):
        raise LibraryError(f"There is a collection named {name} already. Choose another name.")
    return name


def _is_taken(connection: sqlite3.Connection, name: str, *, but: int | None = None) -> bool:
    found = connection.execute("SELECT 1 FROM collections WHERE name = ? AND id IS NOT ?", (name, but)).fetchone()
    return found is not None


def _added(connection: sqlite3.Connection, name: str) -> int:
    added = connection.execute("INSERT INTO collections (name) VALUES (?)", (name,)).lastrowid
    assert added is not None
    return added


def _as_tag(text: str) -> str:
    return " ".join(text.casefold().split())


def _joined(tags: set[str]) -> str:
    return "\n".join(sorted(tags))
