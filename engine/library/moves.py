"""Files that moved: found under a new name, known by what they hold.

A sound that went missing and one that is new are the same when they hold the same bytes. The old row then takes the new
place, with everything that was measured, heard and said of it, and nothing is heard again; but what has a name now that
tells other facts, such as a tempo or a key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from engine.audio.declared import in_path
from engine.audio.suffixes import is_preset_file
from engine.library.content import digest_if_readable, digest_of_text
from engine.library.database import Database, decode_path

_PLACE = ("root_id", "path", "name", "words", "instrument", "size", "mtime_ns", "inode", "found_inode", "seen")


def follow_moved(database: Database, scan: int, between: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Give the rows of missing files the new places of files that this scan found; returns how many sounds moved, and
    how many of those are to be heard again: for what their new names tell, or since they waited for it already.

    Only new files of a length that a missing one had are read. `between` is called before and after each; it may raise.
    """
    with database.read() as connection:
        candidates = connection.execute(
            """
            SELECT DISTINCT new.path, roots.path FROM sounds AS new JOIN roots ON roots.id = new.root_id
            WHERE seen = ? AND state = 'listed' AND content IS NULL
                AND EXISTS (
                    SELECT 1 FROM sounds AS old WHERE old.missing AND old.size = new.size AND old.content IS NOT NULL
                )
            """,
            (scan,),
        ).fetchall()
    moved = to_be_heard = 0
    for path, root in candidates:
        between()
        content = digest_if_readable(decode_path(path), decode_path(root))
        between()
        if content is None:
            continue
        with database.write() as connection:
            followed, again = _follow(connection, path, content)
        moved += followed
        to_be_heard += again
    return moved, to_be_heard


def _follow(connection: sqlite3.Connection, new_path: str | bytes, content: bytes) -> tuple[int, int]:
    """How many sounds of a file moved, and how many of those are to be heard again."""
    # One of several missing copies: the others stay as they were.
    old = connection.execute(
        "SELECT path FROM sounds WHERE missing AND content IN (?, ?) ORDER BY length(content) DESC LIMIT 1",
        (content, digest_of_text(content)),  # by its text alone, as earlier versions knew it; it waits to be heard
    ).fetchone()
    if old is None:
        return 0, 0
    places = {
        preset: place
        for preset, *place in connection.execute(
            f"SELECT preset, {', '.join(_PLACE)} FROM sounds WHERE path = ?", (new_path,)
        )
    }
    before, now = decode_path(old[0]), decode_path(new_path)
    tells_otherwise = not is_preset_file(now) and in_path(before) != in_path(now)
    followed = connection.execute(
        # Below 0: it waits to be heard again (see `schema.py`), which its new place's time would hide.
        "SELECT id, preset, ? OR mtime_ns < 0 FROM sounds WHERE path = ? AND missing",
        (tells_otherwise, *old),
    ).fetchall()
    moved = [row for row in followed if row[1] in places]
    for sound_id, preset, again in moved:
        connection.execute("DELETE FROM sounds WHERE path = ? AND preset = ?", (new_path, preset))
        connection.execute(
            f"""
            UPDATE sounds SET {", ".join(f"{column} = ?" for column in _PLACE)}, missing = 0,
                state = CASE WHEN ? THEN 'listed' ELSE state END
            WHERE id = ?
            """,
            (*places[preset], again, sound_id),
        )
    return len(moved), sum(again for *_, again in moved)
