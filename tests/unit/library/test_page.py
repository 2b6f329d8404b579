"""Sounds by name, page by page, whether many are what was asked for or few."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from engine.library import catalog as catalog_module
from engine.library.catalog import Sound
from engine.library.conditions import ORDERS, condition_of
from engine.library.library import Library
from engine.library.query import read_query
from tests.unit.library.made_up import add_sounds

COUNT = 3_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library.open(tmp_path_factory.mktemp("filled"), create=True)
    add_sounds(library, range(COUNT))
    marks, ids = library.catalog.marks, [sound.id for sound in library.catalog.sounds()]
    marks.set_favourite(ids[1::701], True)
    marks.rate(ids[2::907], 4)
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET kind = 'preset' WHERE id % 500 = 3")
        connection.execute("UPDATE sounds SET tempo_bpm = 60 + id % 120")
        connection.execute("UPDATE sounds SET duration_seconds = 0.2 WHERE id % 400 = 9")
        connection.execute("UPDATE sounds SET name = 'Same name' WHERE id % 5 = 0")
    yield library
    library.close()


def steps(library: Library, query: str) -> int:
    """How many thousands of steps SQLite's machine took for the first page."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    with library.catalog.database.read() as connection:
        connection.set_progress_handler(count, 1_000)
    library.catalog.page(read_query(query))
    with library.catalog.database.read() as connection:
        connection.set_progress_handler(None, 0)
    return taken


@pytest.mark.parametrize("query", ["favourite:yes", "favourite:yes type:loop,one-shot", "favourite:yes length:0-"])
def test_few_favourites_are_found_without_going_through_all(filled: Library, query: str) -> None:
    assert steps(filled, query) <= 1
    assert len(filled.catalog.page(read_query(query))) == 5


@pytest.mark.parametrize("query", ["type:preset", "bpm:60-61", "length:-0.25", "type:long"])
def test_what_few_sounds_are_is_told_without_going_to_the_sounds(filled: Library, query: str) -> None:
    condition, values = condition_of(read_query(query), heard=False)
    statement = f"EXPLAIN QUERY PLAN SELECT id FROM sounds WHERE {condition} ORDER BY name COLLATE NOCASE, id"
    with filled.catalog.database.read() as connection:
        plan = [row[3] for row in connection.execute(statement, values)]
    assert plan[0] == "SCAN sounds USING COVERING INDEX sounds_by_name"


@pytest.mark.parametrize("few", [0, 3, 100, 5_000])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "favourite:yes",
        "rating:3-",
        "type:preset",
        "length:-0.5",
        "bpm:60-61",
        "type:loop",
        "-1",
        "even",
        "type:long",
    ],
)
def test_pages_are_in_order_and_complete(
    filled: Library, query: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_module, "_FEW", few)
    catalog, asked = filled.catalog, read_query(query)
    last: Sound | None = None
    found: list[Sound] = []
    while page := catalog.page(asked, after=last, size=170):
        found += page
        last = page[-1]
    expected = sorted(
        catalog.sounds(catalog.matching(asked, heard=False)), key=lambda sound: (sound.name.casefold(), sound.id)
    )
    assert [sound.id for sound in found] == [sound.id for sound in expected]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", sorted(ORDERS))
def test_all_of_them_by_a_fact_unknown_ones_last(filled: Library, order: str, descending: bool) -> None:
    catalog = filled.catalog
    ids = catalog.ordered(read_query("type:loop,preset"), order, descending=descending)
    sounds = catalog.sounds(ids)
    assert len(sounds) == len(catalog.matching(read_query("type:loop,preset"), heard=False))
    fact = {
        "name": lambda sound: sound.name.casefold(),
        "family": lambda sound: sound.family,
        "type": lambda sound: "preset" if sound.preset is not None else sound.kind,
        "pitch": lambda sound: sound.pitch_hz,
        "bpm": lambda sound: sound.tempo_bpm,
        "length": lambda sound: sound.duration_seconds,
        "folder": lambda sound: sound.path.casefold(),
        "favourite": lambda sound: sound.favourite,
        "rating": lambda sound: sound.rating or None,
        "tags": lambda sound: "\n".join(sound.tags) or None,
    }[order]
    known = [sound for sound in sounds if fact(sound) is not None]
    assert sounds[: len(known)] == known
    assert [fact(sound) for sound in known] == sorted((fact(sound) for sound in known), reverse=descending)
    by_name = [(sound.name.casefold(), sound.id) for sound in known]
    for (former, later), names in zip(itertools.pairwise(known), itertools.pairwise(by_name), strict=True):
        assert fact(former) != fact(later) or sorted(names, reverse=order == "name" and descending) == list(names)
    few = catalog.ordered(read_query("type:loop,preset"), order, descending=descending, most=7)
    assert few.tolist() == ids[:7].tolist()
