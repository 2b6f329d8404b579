"""What a scan writes into the catalog: the files that it found, and what was heard in them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.library.database import Database, decode_path, encode_path
from engine.library.marks import recall_marks
from engine.library.walk import FoundFile
from engine.library.words import words_of

if TYPE_CHECKING:
    from typing import Any

    from engine.audio.facts import Facts

OVERVIEW_BINS = 64
"""Points of the small waveform that is kept of each sound."""
WITH_PARTS = ("loop", "long")
"""Kinds of sounds in which several parts may sound."""

FRAGMENT = "Only a part of other instruments, which include it."
"""The reason of an SFZ that is in the catalog as a missing sound, so that it is neither shown nor read again."""

_PENDING_PER_QUERY = 1_000
_HEADERS_PER_QUERY = 500

MEASURED = (
    "state",
    "reason",
    "content",
    "family",
    "family_confidence",
    "kind",
    "duration_seconds",
    "loudness_lufs",
    "peak_db",
    "pitch_hz",
    "pitch_confidence",
    "tempo_bpm",
    "key",
    "loop_start",
    "loop_end",
    "declared",
    "rate",
    "channels",
    "brightness_hz",
    "attack_seconds",
    "overview",
)
"""Columns of what is true of a sound once it was heard, and of every copy of it."""

_WRITE_MEASURED = f"UPDATE sounds SET {', '.join(f'{column} = :{column}' for column in MEASURED)} WHERE id = :sound_id"

Parts = tuple[tuple[str, bytes], ...]
"""Names of parts and float16 unit vectors."""


@dataclass(frozen=True)
class Heard:
    """A sound that was decoded, measured and embedded.

    `family` is the likeliest of `likely_families`; `vectors` are the bytes of float16 unit vectors, `overview` of
    uint8 [64]; `content` is `content_digest` of the file; `parts` are the parts that sound in a loop or a longer sound,
    each with the bytes of its vector; `note` is one sentence of what is not as it should be, '' where all is.
    """

    sound_id: int
    facts: Facts
    family: str
    family_confidence: float
    likely_families: tuple[str, ...]
    vectors: tuple[bytes, ...]
    overview: bytes
    content: bytes
    parts: Parts = ()
    note: str = ""


@dataclass(frozen=True)
class PartsHeard:
    """A sound of which everything was known but the parts that sound in it."""

    sound_id: int
    parts: Parts


@dataclass(frozen=True)
class Failed:
    """A sound that cannot be used, and one sentence why. `unread` : nothing is wrong with what its file holds, the file
    could not be had this time, as after a drive was unplugged; the next scan that finds it tries again."""

    sound_id: int
    reason: str
    unread: bool = False


@dataclass(frozen=True)
class PartsUnheard:
    """A sound of which all but the parts is known and stays so: the file could not be had this time, one sentence why.
    The next scan asks for them again."""

    sound_id: int
    reason: str


Outcome = Heard | PartsHeard | PartsUnheard | Failed


@dataclass(frozen=True)
class Pending:
    """A sound that waits to be heard; `preset` is '' for a whole file, `root` the path of the sound's root. With
    `parts_only` all is known of it but its parts."""

    sound_id: int
    path: str
    preset: str = ""
    root: str | None = None
    parts_only: bool = False

    def given_up(self, reason: str, *, unread: bool = False) -> Failed | PartsUnheard:
        """It could not be heard. What is known of a sound already is not lost over its parts: its drive may be away."""
        return PartsUnheard(self.sound_id, reason) if self.parts_only else Failed(self.sound_id, reason, unread)


@dataclass(frozen=True)
class Header:
    """What the header of a sound's file says."""

    sound_id: int
    duration_seconds: float
    rate: int
    channels: int


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


def set_fingerprint(database: Database, fingerprint: str) -> None:
    """Make a model the one whose embeddings are searched."""
    with database.write() as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'fingerprint'", (fingerprint,))


# Failed files wait for a change, or for a scan that is told to try them again.
_IS_EMBEDDED = "EXISTS (SELECT 1 FROM embeddings WHERE sound_id = sounds.id AND fingerprint = :fingerprint)"
_IS_PENDING = f"""
    seen = :scan AND NOT missing AND (
        state = 'listed'
        -- Such as a preset without some of its samples; what could not be read this time would come twice.
        OR (state = 'failed' OR reason IS NOT NULL) AND mtime_ns >= 0 AND :retry_failed
        OR state = 'ready' AND kind IN {WITH_PARTS} AND parts_heard_by IS NOT :fingerprint
        OR state = 'ready' AND NOT {_IS_EMBEDDED}
    )
"""


def count_pending(database: Database, scan: int, fingerprint: str, *, retry_failed: bool = False) -> int:
    """How many of the sounds that a scan found have to be heard (again) by this model."""
    values = {"scan": scan, "fingerprint": fingerprint, "retry_failed": retry_failed}
    with database.read() as connection:
        return int(connection.execute(f"SELECT count(*) FROM sounds WHERE {_IS_PENDING}", values).fetchone()[0])


def pending(
    database: Database,
    scan: int,
    fingerprint: str,
    *,
    retry_failed: bool = False,
    first: Callable[[], Sequence[int]] = tuple,
) -> Iterator[Pending]:
    """Those sounds, each once, the newest files first: a producer looks for what was added last.

    Read in parts, so that a million of them take no memory.

    Parameters
    ----------
    first : gives the ids of sounds that are wanted before all others at the moment; asked before each sound.
    """
    values = {"scan": scan, "fingerprint": fingerprint, "retry_failed": retry_failed, "time": 1 << 62, "id": 1 << 62}
    still_to_come = f"""
        SELECT sounds.id, sounds.path, preset, roots.path,
            state = 'ready' AND kind IN {WITH_PARTS} AND {_IS_EMBEDDED}, mtime_ns
        FROM sounds JOIN roots ON roots.id = root_id
        WHERE (mtime_ns, sounds.id) < (:time, :id) AND {_IS_PENDING}
    """
    in_order = f"{still_to_come} ORDER BY mtime_ns DESC, sounds.id DESC LIMIT {_PENDING_PER_QUERY}"
    came_early: set[int] = set()
    wanted: Sequence[int] = ()

    def found(query: str) -> list[tuple[Any, ...]]:
        with database.read() as connection:
            return connection.execute(query, values).fetchall()

    while rows := found(in_order):
        for row in rows:
            if (now := first()) != wanted:
                wanted = now
                values["id"], *_, values["time"] = row
                ids = ", ".join(str(int(number)) for number in wanted)
                early = [row for row in found(f"{still_to_come} AND sounds.id IN ({ids})") if row[0] not in came_early]
                early.sort(key=lambda row: wanted.index(row[0]))
                came_early.update(row[0] for row in early)
                yield from map(_pending, early)
            if row[0] not in came_early:
                yield _pending(row)
        values["id"], *_, values["time"] = rows[-1]


def _pending(row: tuple[Any, ...]) -> Pending:
    sound_id, path, preset, root, parts_only, _ = row
    return Pending(sound_id, decode_path(path), preset, decode_path(root), bool(parts_only))


def unread(database: Database, scan: int) -> Iterator[list[tuple[int, str]]]:
    """Ids and paths of the files that a scan found and of whose headers nothing is known, in batches, newest first."""
    query = f"""
        SELECT id, path, mtime_ns FROM sounds
        WHERE (mtime_ns, id) < (?, ?) AND seen = ? AND state = 'listed' AND rate IS NULL AND preset = ''
        ORDER BY mtime_ns DESC, id DESC LIMIT {_HEADERS_PER_QUERY}
    """
    last = 1 << 62, 1 << 62
    while True:
        with database.read() as connection:
            rows = connection.execute(query, (*last, scan)).fetchall()
        if not rows:
            return
        yield [(sound_id, decode_path(path)) for sound_id, path, _ in rows]
        last = rows[-1][2], rows[-1][0]


def write_headers(database: Database, headers: Sequence[Header]) -> None:
    """Enter what headers say of sounds that were not heard in the meantime."""
    with database.write() as connection:
        connection.executemany(
            "UPDATE sounds SET duration_seconds = ?, rate = ?, channels = ? WHERE id = ? AND state = 'listed'",
            [(header.duration_seconds, header.rate, header.channels, header.sound_id) for header in headers],
        )


def write_outcomes(database: Database, fingerprint: str, outcomes: Sequence[Outcome]) -> None:
    """Enter what was heard, in one transaction. Sounds that were removed in the meantime are left out."""
    with database.write() as connection:
        for outcome in outcomes:
            if isinstance(outcome, PartsUnheard):
                continue
            if isinstance(outcome, Failed) and outcome.unread:
                # What another model heard is still true. Of the others a time that no file has is kept (`schema.py`).
                connection.execute(
                    "UPDATE sounds SET state = 'failed', reason = ?, mtime_ns = -1 WHERE id = ? AND state <> 'ready'",
                    (outcome.reason, outcome.sound_id),
                )
                continue
            connection.execute("DELETE FROM part_vectors WHERE sound_id = ?", (outcome.sound_id,))
            if isinstance(outcome, PartsHeard):
                _write_parts(connection, fingerprint, outcome)
                continue
            # What another model thought of this sound, or this one of its former content, is of no more use.
            connection.execute("DELETE FROM embeddings WHERE sound_id = ?", (outcome.sound_id,))
            connection.execute("DELETE FROM sound_families WHERE sound_id = ?", (outcome.sound_id,))
            if isinstance(outcome, Failed):
                connection.execute(
                    "UPDATE sounds SET state = 'failed', reason = ? WHERE id = ?", (outcome.reason, outcome.sound_id)
                )
                continue
            before = connection.execute("SELECT content FROM sounds WHERE id = ?", (outcome.sound_id,)).fetchone()
            updated = connection.execute(_WRITE_MEASURED, {"sound_id": outcome.sound_id, **measured(outcome)}).rowcount
            if updated:
                recall_marks(connection, outcome.sound_id, before[0])
                connection.executemany(
                    "INSERT INTO embeddings (sound_id, fingerprint, vector) VALUES (?, ?, ?)",
                    [(outcome.sound_id, fingerprint, vector) for vector in outcome.vectors],
                )
                connection.executemany(
                    "INSERT INTO sound_families (family, sound_id) VALUES (?, ?)",
                    [(family, outcome.sound_id) for family in outcome.likely_families],
                )
                _write_parts(connection, fingerprint, outcome)


def measured(heard: Heard) -> dict[str, object]:
    """What was heard of a sound, by the columns of `MEASURED`."""
    facts = heard.facts
    loop_start, loop_end = facts.loop_seconds or (None, None)
    return {
        "state": "ready",
        "reason": heard.note or None,
        "content": heard.content,
        "family": heard.family,
        "family_confidence": heard.family_confidence,
        "kind": facts.kind,
        "duration_seconds": facts.duration_seconds,
        "loudness_lufs": facts.loudness_lufs,
        "peak_db": facts.peak_db,
        "pitch_hz": facts.pitch_hz,
        "pitch_confidence": facts.pitch_confidence,
        "tempo_bpm": facts.tempo_bpm,
        "key": facts.key,
        "loop_start": loop_start,
        "loop_end": loop_end,
        "declared": " ".join(facts.declared),
        "rate": facts.rate,
        "channels": facts.channels,
        "brightness_hz": facts.brightness_hz,
        "attack_seconds": facts.attack_seconds,
        "overview": heard.overview,
    }


def _write_parts(connection: sqlite3.Connection, fingerprint: str, outcome: Heard | PartsHeard) -> None:
    known = connection.execute(
        "UPDATE sounds SET parts_heard_by = ? WHERE id = ?", (fingerprint, outcome.sound_id)
    ).rowcount
    if known:
        connection.executemany(
            "INSERT INTO part_vectors (sound_id, part, fingerprint, vector) VALUES (?, ?, ?, ?)",
            [(outcome.sound_id, part, fingerprint, vector) for part, vector in outcome.parts],
        )


def _as_text(name: str) -> str:
    """A name that can be stored and shown, also where the file system's bytes are not valid UTF-8."""
    return name.encode(errors="replace").decode()
