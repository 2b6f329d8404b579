"""Files in whose place others lie, of the same length and time: restored, or written by a program that keeps both.

Only the number of the file (its inode) tells. It changes also where nothing else does, as when a folder is copied with
its times, or a drive is mounted by a system that counts anew: so what the file holds decides, and where all of a root
has other numbers a few of its files stand for the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from engine.library.content import digest_if_readable
from engine.library.database import Database, decode_path

_STAND_FOR_A_ROOT = 32
_IN_DOUBT = "seen = ? AND state = 'ready' AND content IS NOT NULL AND inode <> found_inode"

_File = tuple[str | bytes, bytes]
"""Its path as the catalog has it, and the digest of what it held."""


def list_replaced(database: Database, scan: int, between: Callable[[], None] = lambda: None) -> int:
    """Take files that this scan found in the place of others for changed ones; returns how many.

    `between` is called before and after each; it may raise.
    """
    with database.read() as connection:
        roots = connection.execute(
            f"SELECT id, path FROM roots WHERE id IN (SELECT root_id FROM sounds WHERE {_IN_DOUBT})", (scan,)
        ).fetchall()
    replaced = 0
    for root_id, root_path in roots:
        root = decode_path(root_path)
        with database.read() as connection:
            in_doubt, among = _in_doubt(connection, scan, root_id)
        if len(in_doubt) > max(_STAND_FOR_A_ROOT, among / 2) and _all_are_as_they_were(in_doubt, root, between):
            with database.write() as connection:
                connection.execute(
                    f"UPDATE sounds SET inode = found_inode WHERE root_id = ? AND {_IN_DOUBT}", (root_id, scan)
                )
            continue
        for path, content in in_doubt:
            replaced += _compare(database, path, root, content, between)
    return replaced


def _in_doubt(connection: sqlite3.Connection, scan: int, root_id: int) -> tuple[list[_File], int]:
    """The files of a root that have other numbers, and how many were found in it."""
    query = f"SELECT DISTINCT path, content FROM sounds WHERE root_id = ? AND {_IN_DOUBT} ORDER BY path"
    found = connection.execute(
        "SELECT count(DISTINCT path) FROM sounds WHERE root_id = ? AND seen = ?", (root_id, scan)
    ).fetchone()
    return connection.execute(query, (root_id, scan)).fetchall(), int(found[0])


def _all_are_as_they_were(files: Sequence[_File], root: str, between: Callable[[], None]) -> bool:
    for path, content in files[:: len(files) // _STAND_FOR_A_ROOT]:
        between()
        if digest_if_readable(decode_path(path), root) != content:
            return False
    return True


def _compare(database: Database, path: str | bytes, root: str, content: bytes, between: Callable[[], None]) -> bool:
    """Enter whether a file holds what it held; whether it does not. One that cannot be read stays in doubt."""
    between()
    now = digest_if_readable(decode_path(path), root)
    between()
    if now is None:
        return False
    with database.write() as connection:
        if now == content:
            connection.execute("UPDATE sounds SET inode = found_inode WHERE path = ?", (path,))
        else:
            connection.execute(
                "UPDATE sounds SET inode = found_inode, state = 'listed', content = NULL WHERE path = ?", (path,)
            )
    return now != content
