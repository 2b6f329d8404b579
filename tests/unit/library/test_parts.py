"""The parts of loops: heard by a scan, kept in the catalog, searched by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.encoder.heard import HeardWindows
from engine.families import PARTS
from engine.jobs import CancelToken, ignore_progress
from engine.library import database as database_module
from engine.library import part_vectors, scanner
from engine.library.catalog import Counts
from engine.library.found import begin_scan, list_files, mark_missing
from engine.library.library import Library
from engine.library.listing import list_folders
from engine.library.messages import Done, Message
from engine.library.part_vectors import PartCounts, PartRows, PartVectors
from engine.library.query import read_query
from engine.library.queue import Pending, count_pending, pending
from engine.library.results import Heard, PartsHeard, PartsUnheard, set_fingerprint, write_outcomes
from engine.library.walk import FoundFile
from engine.library.worker import hear
from tests.unit.library.ears import DIMENSION, ToyEar, load_fragile, load_toy
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
    assert outcomes[5] == PartsUnheard(5, "There is no such file.")


def test_parts_that_are_no_numbers_cost_no_sound(tmp_path: Path) -> None:
    class Confused(ToyEar):
        def hear(self, windows: np.ndarray) -> HeardWindows:
            heard = super().hear(windows)
            assert heard.parts is not None
            heard.parts[:, 0] = heard.parts[:, 1] = np.nan
            return heard

    told: list[Message] = []
    path = str(write_loop(tmp_path / "both.wav", 90, 1000))
    hear([Pending(1, path), Pending(2, path, parts_only=True)], Confused(), told.append)
    assert isinstance(told[-1], Done)
    whole, parts = told[-1].outcomes
    assert isinstance(whole, Heard)
    assert whole.vectors
    assert [part for part, _ in whole.parts] == ["keys"]
    assert parts == PartsHeard(2, whole.parts)


def test_parts_that_were_not_heard_cost_nothing_that_is_known(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "loops"
    for name in ("defect", "hang", "crash", "fine"):
        write_loop(folder / f"{name}.wav", 70)
    assert scanner.scan(library, [folder], workers=1, loader=load_toy).embedded == 4
    ids = {sound.name: sound.id for sound in library.catalog.sounds()}

    def forget(*names: str) -> None:
        with library.catalog.database.write() as connection:
            for name in names:
                connection.execute("UPDATE sounds SET parts_heard_by = NULL WHERE id = ?", (ids[name],))

    forget(*ids)
    result = scanner.scan(library, [folder], workers=1, loader=load_fragile, decoding_seconds=1.0)
    assert (result.embedded, result.failed, result.unchanged) == (2, 0, 2)
    assert library.catalog.counts() == Counts(ready=4)
    assert library.searchable == 4
    family = library.catalog.sound(ids["defect"]).family
    assert library.catalog.matching(read_query(f"family:{family}")).size == 4
    assert list(library.parts(ids["hang"])) == ["bass"], "as heard the last time"
    assert list(library.parts(ids["crash"])) == [], "it would crash at every scan"
    assert library.part_counts == PartCounts(heard=2, waiting=2)
    result = scanner.scan(library, [folder], workers=1, loader=load_toy)
    assert (result.embedded, result.unchanged) == (2, 2)
    assert library.part_counts == PartCounts(heard=4, waiting=0)


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
    for weight, other in ((1e-50, 1e-50), (1e39, 1e39), (1e308, 1e308), (5e-324, 5e-324), (1e308, 1e-300)):
        rows = library.search_by_part(asked, {"bass": weight, "keys": other})
        assert [mean for _, mean, _ in rows] == ([0.5, 0.5] if weight == other else [1.0, 0.0])
    mark_missing(database, begin_scan(database), root.id, lambda path: path.endswith("a.wav"))
    library.refresh()
    assert [sound.id for sound, _, _ in library.search_by_part(asked, {"bass": 1.0})] == [second]


def test_while_a_scan_adds_parts_only_those_are_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    files = [FoundFile(f"/sounds/{number:02}.wav", 1, 1) for number in range(40)]
    list_files(database, begin_scan(database), root.id, root.path, files)
    ids = [sound.id for sound in library.catalog.sounds()]
    chance = np.random.default_rng(0)
    all_again = 0
    read_all = part_vectors._read

    def read(*given: Any) -> dict[str, PartRows]:
        nonlocal all_again
        all_again += 1
        return read_all(*given)

    def write(sound_id: int, fingerprint: str = "ear") -> None:
        told = {part: chance.normal(size=8) for part in PARTS if chance.random() < 0.5}
        write_outcomes(database, fingerprint, [PartsHeard(sound_id, coded(**told))])

    def remove(sound_id: int) -> None:
        with database.write() as connection:
            connection.execute("DELETE FROM part_vectors WHERE sound_id = ?", (sound_id,))

    def check() -> None:
        now, anew = kept.of(database, "ear"), PartVectors().of(database, "ear")
        held = {part: rows for part, rows in now.items() if len(rows.sound_ids)}
        assert held.keys() == anew.keys()
        for part, rows in held.items():
            assert rows.sound_ids.tolist() == anew[part].sound_ids.tolist()
            vector = chance.normal(size=8).astype(np.float32)
            expected = anew[part].similarities(vector, rows.sound_ids)
            assert rows.similarities(vector, rows.sound_ids).tolist() == expected.tolist()

    kept = PartVectors()
    check()
    monkeypatch.setattr(part_vectors, "_read", read)
    monkeypatch.setattr(part_vectors, "_ROWS_PER_QUERY", 3)
    for sound_id in chance.permutation(ids[:20]).tolist():
        write(sound_id)
        write(sound_id + 20, "another ear")
        kept.of(database, "ear")
    assert all_again == 0
    monkeypatch.setattr(part_vectors, "_read", read_all)
    check()
    for _ in range(60):  # whatever comes and goes in between; numbers of rows are given again
        for _ in range(chance.integers(1, 4)):
            (write if chance.random() < 0.6 else remove)(int(chance.choice(ids)))
        check()


def test_loops_are_counted_once_for_each_change(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile("/sounds/loop.wav", 1, 1)])
    (sound,) = library.catalog.sounds()
    write_outcomes(database, "ear", [heard(sound.id, SEVEN, facts=replace(FACTS, kind="loop"))])
    set_fingerprint(database, "ear")
    with database.write() as connection:
        connection.execute("UPDATE sounds SET parts_heard_by = NULL")
    library.refresh()
    statements: list[str] = []
    with database.read() as connection:
        connection.set_trace_callback(statements.append)
    for _ in range(3):
        assert library.part_counts == PartCounts(heard=0, waiting=1)
    assert sum("count(*)" in statement for statement in statements) == 1
    write_outcomes(database, "ear", [PartsHeard(sound.id, ())])
    assert library.part_counts == PartCounts(heard=1, waiting=0)
