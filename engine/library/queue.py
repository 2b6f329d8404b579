"""What of the catalog waits: sounds to be heard, and files whose headers are to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.library.database import Database, decode_path
from engine.library.results import WITH_PARTS, Failed, PartsUnheard

if TYPE_CHECKING:
    from typing import Any

_PENDING_PER_QUERY = 1_000
_HEADERS_PER_QUERY = 500


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
