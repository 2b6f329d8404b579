"""What a query may ask besides words: columns in memory that say the same as the catalog."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.audio.facts import Facts
from engine.library.facets import Facets, MarkedSounds
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.query import Query, read_query
from engine.library.results import Heard, write_outcomes
from engine.library.walk import FoundFile

PLAIN = Facts(1.0, 44_100, 1, -1.0, -14.0, "one-shot", None, 0.0, None)
HEARD = {
    "sub": (PLAIN, ("bass", "lead")),
    "kick": (replace(PLAIN, duration_seconds=0.25), ("kick",)),
    "riff": (replace(PLAIN, kind="loop", duration_seconds=8.0, tempo_bpm=120.0, key="A minor"), ("guitar",)),
    "break": (replace(PLAIN, kind="loop", duration_seconds=4.0, tempo_bpm=174.0, key="A"), ("snare", "hat")),
    "drone": (replace(PLAIN, kind="long", duration_seconds=60.0, key="C# major"), ("pad",)),
    "odd": (replace(PLAIN, key="H"), ("theremin",)),
}


@pytest.fixture
def ids(library: Library) -> dict[str, int]:
    """Ids by name; those of /drums and of the other folder differ in their root."""
    database = library.catalog.database
    for folder in ("/drums", "/others"):
        root = library.catalog.add_root(folder)
        names = [name for name in HEARD if (name in ("kick", "break")) == (folder == "/drums")]
        files = [FoundFile(f"{folder}/{name}.wav", 1, 1) for name in names]
        list_files(database, begin_scan(database), root.id, root.path, files)
    numbers = {sound.name: sound.id for sound in library.catalog.sounds()}
    outcomes = [
        Heard(numbers[name], facts, families[0], 0.9, families, (bytes(8),), bytes(64), name.encode())
        for name, (facts, families) in HEARD.items()
    ]
    write_outcomes(database, "ear", outcomes)
    return numbers


def passing(library: Library, ids: dict[str, int], query: Query) -> set[str]:
    mask = Facets.read(library.catalog.database, np.array([ids[name] for name in HEARD])).passing(query)
    assert mask is not None
    return {name for name, passes in zip(HEARD, mask, strict=True) if passes}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("family:bass", {"sub"}),
        ("family:lead,hat", {"sub", "break"}),
        ("family:bass family:kick", set()),
        ("type:loop", {"riff", "break"}),
        ("type:loop,long", {"riff", "break", "drone"}),
        ("key:Am", {"riff"}),
        ("key:A", {"riff", "break"}),
        ("key:Dbmaj", {"drone"}),
        ("bpm:120", {"riff"}),
        ("bpm:121-", {"break"}),
        ("length:-1", {"sub", "kick", "odd"}),
        ("length:1-8", {"sub", "riff", "break", "odd"}),
        ("length:8-1", {"sub", "riff", "break", "odd"}),
        ("type:loop length:-5 family:hat", {"break"}),
        ("-family:bass,hat", {"kick", "riff", "drone", "odd"}),
        ("-type:loop -key:Dbmaj", {"sub", "kick", "odd"}),
        ("-bpm:100-130 type:loop", {"break"}),
    ],
)
def test_passing(library: Library, ids: dict[str, int], text: str, names: set[str]) -> None:
    assert passing(library, ids, read_query(text)) == names
    assert set(library.catalog.matching(read_query(text)).tolist()) == {ids[name] for name in names}


def test_roots_and_presets(library: Library, ids: dict[str, int]) -> None:
    drums, others = (root.id for root in library.catalog.roots())
    assert passing(library, ids, Query(roots=frozenset({drums}))) == {"kick", "break"}
    assert passing(library, ids, Query(roots=frozenset({drums, others}))) == set(HEARD)
    assert passing(library, ids, Query(roots=frozenset())) == set()
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET preset = '0:0 Drone' WHERE id = ?", (ids["drone"],))
    assert passing(library, ids, read_query("type:preset")) == {"drone"}
    assert passing(library, ids, read_query("type:long")) == set()


def test_nothing_asked_is_no_filter(library: Library, ids: dict[str, int]) -> None:
    facets = Facets.read(library.catalog.database, np.array(list(ids.values())))
    assert facets.passing(read_query("deep -dark tag:warm favourite:yes")) is None


def test_rows_follow_the_ids_asked_for(library: Library, ids: dict[str, int]) -> None:
    """Sounds with several vectors come several times, those that are gone have no facts."""
    database = library.catalog.database
    asked = np.array([ids["riff"], 99_999, ids["kick"], ids["riff"]])
    facets = Facets.read(database, asked[:2]).extended(Facets.read(database, asked[2:]))
    mask = facets.passing(read_query("type:loop"))
    assert mask is not None
    assert mask.tolist() == [True, False, False, True]


def test_marks_are_those_of_now(library: Library, ids: dict[str, int]) -> None:
    database, marked, marks = library.catalog.database, MarkedSounds(), library.catalog.marks
    assert marked.of(database).favourites.tolist() == marked.of(database).corrected.tolist() == []
    marks.set_favourite([ids["sub"]], True)
    marks.correct_family([ids["riff"]], "hat")
    assert marked.of(database).favourites.tolist() == [ids["sub"]]
    assert marked.of(database).corrected.tolist() == [ids["riff"]]
    marks.set_favourite([ids["sub"]], False)
    marks.correct_family([ids["riff"]], None)
    assert marked.of(database).favourites.tolist() == marked.of(database).corrected.tolist() == []
