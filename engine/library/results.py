"""What was heard of sounds, and how it comes into the catalog."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.library.database import Database
from engine.library.marks import recall_marks

if TYPE_CHECKING:
    from engine.audio.facts import Facts

OVERVIEW_BINS = 64
"""Points of the small waveform that is kept of each sound."""
WITH_PARTS = ("loop", "long")
"""Kinds of sounds in which several parts may sound."""

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


def set_fingerprint(database: Database, fingerprint: str) -> None:
    """Make a model the one whose embeddings are searched."""
    with database.write() as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'fingerprint'", (fingerprint,))


def write_outcomes(database: Database, fingerprint: str, outcomes: Sequence[Outcome]) -> None:
    """Enter what was heard, in one transaction. Sounds that were removed in the meantime are left out."""
    with database.write() as connection:
        for outcome in outcomes:
            match outcome:
                case Heard():
                    _write_heard(connection, fingerprint, outcome)
                case PartsHeard():
                    _forget_parts(connection, outcome.sound_id)
                    _write_parts(connection, fingerprint, outcome)
                case PartsUnheard():
                    pass  # what is known stays
                case Failed(unread=True):
                    _write_unread(connection, outcome)
                case Failed():
                    _write_failed(connection, outcome)


def _write_heard(connection: sqlite3.Connection, fingerprint: str, heard: Heard) -> None:
    _forget_heard(connection, heard.sound_id)
    before = connection.execute("SELECT content FROM sounds WHERE id = ?", (heard.sound_id,)).fetchone()
    if before is None:
        return
    connection.execute(_WRITE_MEASURED, {"sound_id": heard.sound_id, **measured(heard)})
    recall_marks(connection, heard.sound_id, before[0])
    connection.executemany(
        "INSERT INTO embeddings (sound_id, fingerprint, vector) VALUES (?, ?, ?)",
        [(heard.sound_id, fingerprint, vector) for vector in heard.vectors],
    )
    connection.executemany(
        "INSERT INTO sound_families (family, sound_id) VALUES (?, ?)",
        [(family, heard.sound_id) for family in heard.likely_families],
    )
    _write_parts(connection, fingerprint, heard)


def _write_unread(connection: sqlite3.Connection, failed: Failed) -> None:
    # What another model heard is still true. Of the others a time that no file has is kept (`schema.py`).
    connection.execute(
        "UPDATE sounds SET state = 'failed', reason = ?, mtime_ns = -1 WHERE id = ? AND state <> 'ready'",
        (failed.reason, failed.sound_id),
    )


def _write_failed(connection: sqlite3.Connection, failed: Failed) -> None:
    _forget_heard(connection, failed.sound_id)
    connection.execute("UPDATE sounds SET state = 'failed', reason = ? WHERE id = ?", (failed.reason, failed.sound_id))


def _forget_heard(connection: sqlite3.Connection, sound_id: int) -> None:
    """What another model thought of a sound, or this one of its former content, is of no more use."""
    _forget_parts(connection, sound_id)
    connection.execute("DELETE FROM embeddings WHERE sound_id = ?", (sound_id,))
    connection.execute("DELETE FROM sound_families WHERE sound_id = ?", (sound_id,))


def _forget_parts(connection: sqlite3.Connection, sound_id: int) -> None:
    connection.execute("DELETE FROM part_vectors WHERE sound_id = ?", (sound_id,))


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
