"""What a scan found, entered into the catalog before anything of it is heard: files, and which of them are gone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence

from engine.library.database import Database, decode_path, encode_path
from engine.library.walk import FoundFile
from engine.library.words import words_of

FRAGMENT = "Only a part of other instruments, which include it."
"""The reason of an SFZ that is in the catalog as a missing sound, so that it is neither shown nor read again."""


def begin_scan(database: Database) -> int:
    """The number of a new scan: rows that it does not touch carry a lower one."""
    with database.write() as connection:
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'scan'")
        return int(connection.execute("SELECT value FROM meta WHERE key = 'scan'").fetchone()[0])


def list_files(database: Database, scan: int, root_id: int, root_path: str, files: Sequence[FoundFile]) -> bool:
    """Enter found files: new and changed ones in state 'listed', the others as they were; whether the root was there
    still, for nothing is entered where it was removed in the meantime. All of them lie in the root."""
    rows = []
    for file in files:
        name = file.name or os.path.basename(os.path.splitext(file.path)[0])
        rows.append(
            (
                root_id,
                encode_path(file.path),
                file.preset,
                _as_text(name),
                words_in_root(file.path, root_path, file.name or ""),
                None if file.instrument is None else _as_text(file.instrument),
                file.size,
                file.mtime_ns,
                file.inode,
                file.inode,
                scan,
                "preset" if file.preset else None,  # filters find it before it is heard
            )
        )
    with database.write() as connection:
        if connection.execute("SELECT 1 FROM roots WHERE id = ?", (root_id,)).fetchone() is None:
            return False
        connection.executemany(
            """
            INSERT INTO sounds
                (root_id, path, preset, name, words, instrument, size, mtime_ns, inode, found_inode, seen, kind)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (path, preset) DO UPDATE SET
                state = CASE WHEN size = excluded.size AND mtime_ns = excluded.mtime_ns THEN state ELSE 'listed' END,
                content = CASE WHEN size = excluded.size AND mtime_ns = excluded.mtime_ns THEN content END,
                inode = CASE WHEN size = excluded.size AND mtime_ns = excluded.mtime_ns AND state = 'ready'
                    THEN coalesce(inode, excluded.inode) ELSE excluded.inode END,
                found_inode = excluded.found_inode,
                root_id = excluded.root_id, name = excluded.name, words = excluded.words,
                instrument = excluded.instrument,
                size = excluded.size, mtime_ns = excluded.mtime_ns, seen = excluded.seen, missing = 0,
                kind = coalesce(excluded.kind, kind)
            """,
            rows,
        )
    return True


def words_in_root(path: str, root: str, preset_name: str) -> str:
    """The words by which a sound is found: of its path inside its root, and of its preset's name, '' for none."""
    return words_of(_as_text(f"{os.path.splitext(path)[0][len(root) :]} {preset_name}"))


def see_again(
    database: Database, scan: int, files: Sequence[FoundFile], *, retry_failed: bool = False
) -> list[int | None]:
    """Enter which files of presets are there as they were, with all of them; returns of each how many sounds that are:
    0 of what is only a part of other instruments.

    None where it has to be read: for a new file, a changed one, one that is again what it was before another version,
    and one that failed and is to be tried again.
    """
    if not files:
        return []
    with database.write() as connection:
        return [_see_again(connection, scan, file, retry_failed) for file in files]


def _see_again(connection: sqlite3.Connection, scan: int, file: FoundFile, retry_failed: bool) -> int | None:
    values = {
        "scan": scan,
        "inode": file.inode,
        "path": encode_path(file.path),
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "retry_failed": retry_failed,
        "fragment": FRAGMENT,
    }
    is_as_it_was = """
        path = :path AND size = :size AND mtime_ns = :mtime_ns AND NOT EXISTS (
            SELECT 1 FROM sounds AS last
            WHERE last.path = sounds.path AND last.seen >= sounds.seen AND (
                last.size <> :size OR last.mtime_ns <> :mtime_ns OR last.state = 'failed' AND :retry_failed
            )
        )
    """
    is_fragment = "missing AND state = 'failed' AND reason = :fragment"
    hidden = connection.execute(
        f"UPDATE sounds SET seen = :scan WHERE {is_as_it_was} AND {is_fragment}", values
    ).rowcount
    if hidden:
        return 0
    known = connection.execute(
        f"""
        UPDATE sounds SET seen = :scan, missing = 0, inode = coalesce(inode, :inode), found_inode = :inode
        WHERE {is_as_it_was}
        """,
        values,
    ).rowcount
    return known or None


def hide_fragments(database: Database, paths: Sequence[str]) -> int:
    """Enter that files of presets are only parts of other instruments; returns how many sounds that were."""
    with database.write() as connection:
        return sum(
            connection.execute(
                "UPDATE sounds SET state = 'failed', missing = 1, reason = ? WHERE path = ? AND NOT missing",
                (FRAGMENT, encode_path(path)),
            ).rowcount
            for path in paths
        )


def instruments_of(database: Database, root_id: int, *, failed: bool = False) -> list[str]:
    """Paths of the SFZ files of a root, by name; or of those alone that failed."""
    state = "AND state = 'failed'" if failed else ""
    query = (
        f"SELECT DISTINCT path FROM sounds WHERE root_id = ? AND NOT missing AND path LIKE '%.sfz' {state} ORDER BY 1"
    )
    with database.read() as connection:
        return [decode_path(path) for (path,) in connection.execute(query, (root_id,))]


def mark_missing(database: Database, scan: int, root_id: int, was_walked: Callable[[str], bool]) -> int:
    """Mark what the scan did not find although it `was_walked`; returns how many were there before."""
    with database.write() as connection:
        rows = connection.execute(
            "SELECT id, path FROM sounds WHERE root_id = ? AND seen < ? AND NOT missing", (root_id, scan)
        ).fetchall()
        gone = [(sound_id,) for sound_id, path in rows if was_walked(decode_path(path))]
        connection.executemany("UPDATE sounds SET missing = 1 WHERE id = ?", gone)
    return len(gone)


def see_no_more(database: Database, scan: int, root_id: int, is_of_it: Callable[[str], bool]) -> None:
    """Take it back that the scan found some of the sounds of a root: it does not go on to hear them."""
    with database.write() as connection:
        rows = connection.execute("SELECT id, path FROM sounds WHERE root_id = ? AND seen = ?", (root_id, scan))
        found = [(sound_id,) for sound_id, path in rows.fetchall() if is_of_it(decode_path(path))]
        connection.executemany("UPDATE sounds SET seen = seen - 1 WHERE id = ?", found)


def _as_text(name: str) -> str:
    """A name that can be stored and shown, also where the file system's bytes are not valid UTF-8."""
    return name.encode(errors="replace").decode()
