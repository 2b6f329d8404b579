"""Files of which another copy was heard already: a pack in two folders, or a root that lies elsewhere now.

What was heard of a file is true of every file with the same bytes and the same name; other names may tell other facts,
and so may the folders that they are in.
Neither takes the place of the other, as with files that moved (`moves.py`): the other one's drive may come back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from engine.audio.declared import in_path
from engine.audio.suffixes import is_preset_file
from engine.library.content import digest_if_readable
from engine.library.database import Database, decode_path
from engine.library.marks import recall_marks
from engine.library.results import MEASURED

# By root and state, which are in an index: a scan of one changed folder does not read a million rows.
_MAY_HAVE_TWINS = """
    SELECT new.id, new.path, roots.path FROM roots CROSS JOIN sounds AS new ON root_id = roots.id
    WHERE missing = 0 AND state = 'listed' AND seen = ? AND EXISTS (
        SELECT 1 FROM sounds AS old WHERE old.name = new.name COLLATE NOCASE AND old.preset = new.preset
            AND old.size = new.size AND old.state = 'ready' AND old.content IS NOT NULL
    ) ORDER BY new.path
"""


def hear_as_twins(database: Database, scan: int, between: Callable[[], None] = lambda: None) -> int:
    """Give new sounds that this scan found what was heard of their twins; returns how many have one.

    Only files with the length and the name of one that was heard are read. `between` is called before and
    after each; it may raise.
    """
    with database.read() as connection:
        candidates = connection.execute(_MAY_HAVE_TWINS, (scan,)).fetchall()
    have_one = 0
    for sound_id, path, root in candidates:
        between()
        content = digest_if_readable(decode_path(path), decode_path(root))
        between()
        if content is None:
            continue
        with database.write() as connection:
            have_one += _copy(connection, sound_id, content)
    return have_one


def _copy(connection: sqlite3.Connection, sound_id: int, content: bytes) -> bool:
    twins = connection.execute(
        """
        SELECT old.id, old.path, new.path FROM sounds AS new
        JOIN sounds AS old ON old.content = ? AND old.preset = new.preset
        WHERE new.id = ? AND new.state = 'listed' AND old.state = 'ready' AND old.name = new.name
            AND old.mtime_ns >= 0 -- else it is to be heard again itself: see `schema.py`
        """,
        (content, sound_id),
    ).fetchall()
    twin = next((twin for twin, there, here in twins if _tell_the_same(decode_path(there), decode_path(here))), None)
    if twin is None:
        return False
    values = {"twin": twin, "id": sound_id}
    columns = ", ".join((*MEASURED, "parts_heard_by"))
    for table in ("embeddings", "sound_families", "part_vectors"):  # of a former content
        connection.execute(f"DELETE FROM {table} WHERE sound_id = :id", values)
    heard = f"SELECT {columns} FROM sounds WHERE id = :twin"
    connection.execute(f"UPDATE sounds SET ({columns}) = ({heard}) WHERE id = :id", values)
    for table, copied in (
        ("embeddings", "fingerprint, vector"),
        ("sound_families", "family"),
        ("part_vectors", "part, fingerprint, vector"),
    ):
        connection.execute(
            f"INSERT INTO {table} (sound_id, {copied}) SELECT :id, {copied} FROM {table} WHERE sound_id = :twin", values
        )
    recall_marks(connection, sound_id)
    return True


def _tell_the_same(one: str, other: str) -> bool:
    return is_preset_file(one) or in_path(one) == in_path(other)
