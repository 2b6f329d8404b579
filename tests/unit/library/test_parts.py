"""The parts of loops: heard by a scan, kept in the catalog, searched by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.jobs import CancelToken, ignore_progress
from engine.library import database as database_module
from engine.library.library import Library
from engine.library.listing import list_folders
from engine.library.messages import Done, Message
from engine.library.part_vectors import PartCounts
from engine.library.query import read_query
from engine.library.records import (
    Failed,
    Heard,
    PartsHeard,
    Pending,
    begin_scan,
    count_pending,
    list_files,
    mark_missing,
    pending,
    set_fingerprint,
    write_outcomes,
)
from engine.library.walk import FoundFile
from engine.library.worker import hear
from tests.unit.library.ears import DIMENSION, ToyEar
from tests.unit.library.test_catalog import FACTS, heard

RATE = 16_000
SEVEN = np.eye(8, dtype=np.float32)[7]


def write_loop(path: Path, *hertz: float, seconds: float = 6.0) -> Path:
    """Four strokes a second of some tones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(seconds * RATE)) / RATE
    strokes = np.exp(-12 * (time % 0.25))
    soundfile.write(path, 0.2 * strokes * sum(np.sin(2 * np.pi * hz * time) for hz in hertz), RATE)
    return path


def coded(**parts: np.ndarray) -> tuple[tuple[str, bytes], ...]:
    return tuple((part, vector.astype(np.float16).tobytes()) for part, vector in parts.items())


def test_a_worker_hears_the_parts_of_loops_alone(tmp_path: Path, tone: Callable[..., Path]) -> None:
    told: list[Message] = []
    task = [
        Pending(1, str(write_loop(tmp_path / "both.wav", 90, 1000))),
        Pending(2, str(tone(tmp_path / "shot.wav"))),
        Pending(3, str(write_loop(tmp_path / "low.wav", 90))),
        Pending(4, str(write_loop(tmp_path / "again.wav", 1000)), parts_only=True),
        Pending(5, str(tmp_path / "gone.wav"), parts_only=True),
    ]
    hear(task, ToyEar(), told.append)
    outcomes = {
        outcome.sound_id: outcome for message in told if isinstance(message, Done) for outcome in message.outcomes
    }
    both, shot, low, again = (outcomes[number] for number in (1, 2, 3, 4))
    assert isinstance(both, Heard)
    assert isinstance(shot, Heard)
    assert isinstance(low, Heard)
    assert isinstance(again, PartsHeard)
    assert [part for part, _ in both.parts] == ["bass", "keys"]
    assert shot.parts == ()
    assert [part for part, _ in low.parts] == ["bass"]
    assert [part for part, _ in again.parts] == ["keys"]
    assert all(len(vector) == 2 * DIMENSION for _, vector in both.parts)
    assert isinstance(outcomes[5], Failed)


def test_loops_scanned_before_are_asked_for_their_parts_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "MIGRATIONS", database_module.MIGRATIONS[:4])
        patch.setattr(database_module, "SCHEMA_VERSION", 4)
        Library.open(tmp_path, create=True).close()
    library = Library.open(tmp_path)
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    files = [FoundFile(f"/sounds/{name}.wav", 1, 1) for name in ("loop", "song", "shot")]
    number = begin_scan(database)
    list_files(database, number, root.id, root.path, files)
    ids = {sound.name: sound.id for sound in library.catalog.sounds()}
    kinds = {"loop": "loop", "song": "long", "shot": "one-shot"}
    write_outcomes(
        database, "ear", [heard(ids[name], SEVEN, facts=replace(FACTS, kind=kind)) for name, kind in kinds.items()]
    )
    set_fingerprint(database, "ear")
    with database.write() as connection:  # as the migration leaves them
        connection.execute("UPDATE sounds SET parts_heard_by = NULL")
    assert library.part_counts == PartCounts(heard=0, waiting=2)
    waiting = list(pending(database, number, "ear"))
    assert {item.sound_id for item in waiting} == {ids["loop"], ids["song"]}
    assert all(item.parts_only for item in waiting)
    assert count_pending(database, number, "ear") == 2
    assert not any(item.parts_only for item in pending(database, number, "another ear"))

    library.refresh()
    with database.read() as connection:
        before = connection.execute("SELECT label, sound_id FROM embeddings ORDER BY label").fetchall()
    write_outcomes(database, "ear", [PartsHeard(ids["loop"], coded(bass=SEVEN)), PartsHeard(ids["song"], ())])
    with database.read() as connection:
        assert connection.execute("SELECT label, sound_id FROM embeddings ORDER BY label").fetchall() == before
    assert count_pending(database, number, "ear") == 0
    assert library.part_counts == PartCounts(heard=2, waiting=0)
    assert list(library.parts(ids["loop"])) == ["bass"]
    assert library.parts(ids["song"]) == library.parts(ids["shot"]) == {}
    library.close()


def scan(library: Library, folder: Path) -> int:
    """What a scan does, in this process; returns how many sounds it heard."""
    ear, database = ToyEar(), library.catalog.database
    number = list_folders(library.catalog, [str(folder)], ignore_progress, CancelToken()).number
    told: list[Message] = []
    hear(list(pending(database, number, ear.fingerprint)), ear, told.append)
    outcomes = [outcome for message in told if isinstance(message, Done) for outcome in message.outcomes]
    write_outcomes(database, ear.fingerprint, outcomes)
    set_fingerprint(database, ear.fingerprint)
    library.refresh()
    return len(outcomes)


def test_a_scan_and_a_search(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "loops"
    write_loop(folder / "Low 70.wav", 70)
    write_loop(folder / "Low 110.wav", 110)
    write_loop(folder / "Both 70.wav", 70, 3000)
    write_loop(folder / "Both 110.wav", 110, 600)
    write_loop(folder / "High.wav", 3000)
    tone(folder / "Shot.wav", 70.0)
    assert scan(library, folder) == 6
    ids = {sound.name: sound.id for sound in library.catalog.sounds()}
    assert library.part_counts == PartCounts(heard=5, waiting=0)
    assert scan(library, folder) == 0

    def found(name: str, query: str = "", top: int = 50, **weights: float) -> list[str]:
        rows = library.search_by_part(library.parts(ids[name]), weights, top=top, query=read_query(query))
        assert [mean for _, mean, _ in rows] == sorted((mean for _, mean, _ in rows), reverse=True)
        return [sound.name for sound, _, _ in rows]

    assert set(found("Low 70", bass=1)[:2]) == {"Low 70", "Both 70"}
    assert set(found("Low 70", bass=1)) == {"Low 70", "Low 110", "Both 70", "Both 110"}
    assert set(found("Both 70", keys=1)[:2]) == {"Both 70", "High"}
    assert found("Both 70", keys=1, bass=1) == ["Both 70", "Both 110"]
    assert found("Low 70", "both", bass=1) == ["Both 70", "Both 110"]
    assert found("Low 70", "type:one-shot", bass=1) == []
    assert len(found("Low 70", top=1, bass=1)) == 1
    library.catalog.marks.set_favourite([ids["Both 110"]], True)
    assert found("Low 70", "favourite:yes", bass=1) == ["Both 110"]

    # What is gone is not found, what changed is found by what it is now, what is removed leaves nothing.
    (folder / "Both 70.wav").unlink()
    write_loop(folder / "Both 110.wav", 2000, seconds=7.0)
    scan(library, folder)
    assert set(found("Low 70", bass=1)) == {"Low 70", "Low 110"}
    library.catalog.remove_root(folder)
    library.refresh()
    with library.catalog.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM part_vectors").fetchone() == (0,)
    assert library.search_by_part({"bass": SEVEN}, {"bass": 1.0}) == []


def test_the_mean_is_weighted(library: Library) -> None:
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    number = begin_scan(database)
    list_files(database, number, root.id, root.path, [FoundFile(f"/sounds/{name}.wav", 1, 1) for name in "ab"])
    first, second = (sound.id for sound in library.catalog.sounds())
    axes = np.eye(8, dtype=np.float32)
    one = replace(heard(first, SEVEN, facts=replace(FACTS, kind="loop")), parts=coded(bass=axes[0], keys=axes[1]))
    other = replace(heard(second, SEVEN, facts=replace(FACTS, kind="loop")), parts=coded(bass=axes[1], keys=axes[0]))
    write_outcomes(database, "ear", [one, other])
    set_fingerprint(database, "ear")
    library.refresh()
    asked = {"bass": axes[0], "keys": axes[0]}
    rows = library.search_by_part(asked, {"bass": 3.0, "keys": 1.0})
    assert [(sound.id, cosines) for sound, _, cosines in rows] == [(first, (1.0, 0.0)), (second, (0.0, 1.0))]
    assert [mean for _, mean, _ in rows] == pytest.approx([0.75, 0.25])
    assert [sound.id for sound, _, _ in library.search_by_part(asked, {"bass": 1.0, "keys": 4.0})] == [second, first]
    mark_missing(database, begin_scan(database), root.id, lambda path: path.endswith("a.wav"))
    library.refresh()
    assert [sound.id for sound, _, _ in library.search_by_part(asked, {"bass": 1.0})] == [second]
