"""Files that moved: found under a new name, known by what they hold.

A sound that went missing and one that is new are the same when they hold the same bytes. The old row then takes the new
place, with everything that was measured, heard and said of it, and nothing is heard again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from engine.library.content import digest_if_readable
from engine.library.database import Database, decode_path

_PLACE = ("root_id", "path", "name", "words", "instrument", "size", "mtime_ns", "inode", "found_inode", "seen")


def follow_moved(database: Database, scan: int, between: Callable[[], None] = lambda: None) -> int:
    """Give the rows of missing files the new places of files that this scan found; returns how many sounds moved.

    Only new files of a length that a missing one had are read. `between` is called between two files; it may raise.
    """
    with database.read() as connection:
        candidates = connection.execute(
            """
            SELECT DISTINCT path FROM sounds AS new WHERE seen = ? AND state = 'listed' AND content IS NULL
                AND EXISTS (
                    SELECT 1 FROM sounds AS old WHERE old.missing AND old.size = new.size AND old.content IS NOT NULL
                )
            """,
            (scan,),
        ).fetchall()
    moved = 0
    for (path,) in candidates:
        between()
        if (content := digest_if_readable(decode_path(path))) is None:
            continue
        with database.write() as connection:
            moved += _follow(connection, path, content)
    return moved


def _follow(connection: sqlite3.Connection, new_path: str | bytes, content: bytes) -> int:
    # One of several missing copies: the others stay as they were.
    old = connection.execute("SELECT path FROM sounds WHERE missing AND content = ? LIMIT 1", (content,)).fetchone()
    if old is None:
        return 0
    places = {
        preset: place
        for preset, *place in connection.execute(
            f"SELECT preset, {', '.join(_PLACE)} FROM sounds WHERE path = ?", (new_path,)
        )
    }
    followed = connection.execute("SELECT id, preset FROM sounds WHERE path = ? AND missing", old).fetchall()
    moved = [(sound_id, preset) for sound_id, preset in followed if preset in places]
    for sound_id, preset in moved:
        connection.execute("DELETE FROM sounds WHERE path = ? AND preset = ?", (new_path, preset))
        connection.execute(
            f"UPDATE sounds SET {', '.join(f'{column} = ?' for column in _PLACE)}, missing = 0 WHERE id = ?",
            (*places[preset], sound_id),
        )
    return len(moved)
