"""Catalogs that earlier versions wrote open in this one, with everything that was in them.

`tests/fixtures/catalogs` holds one of each version of the schema, written by the code of its time: three sounds in
/music/One Shots, of which the kick is a favourite; from version 4 on with a rating, a tag, a family that was corrected
and a collection, from version 5 on with a history. A change of the schema adds the version before it.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.library.catalog import Catalog
from engine.library.database import FILE_NAME
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.schema import SCHEMA_VERSION

FIXTURES = Path(__file__).parents[2] / "fixtures" / "catalogs"
NAMES = ["bass C2", "kick", "lead A4"]


@pytest.fixture(params=range(1, SCHEMA_VERSION))
def version(request: pytest.FixtureRequest, tmp_path: Path) -> int:
    number = int(request.param)
    (tmp_path / FILE_NAME).write_bytes(gzip.decompress((FIXTURES / f"version-{number}.sqlite.gz").read_bytes()))
    return number


def test_everything_is_still_there(version: int, tmp_path: Path) -> None:
    for _ in range(2):  # brought up to date, and then as it is
        catalog = Catalog.open(tmp_path)
        sounds = {sound.name: sound for sound in catalog.sounds()}
        assert sorted(sounds) == NAMES
        assert [sounds[name].favourite for name in NAMES] == [False, True, False]
        assert catalog.matching(read_query("kick")).tolist() == [sounds["kick"].id]
        assert catalog.counts().ready == 3
        if version >= 4:
            marks = catalog.marks
            assert sounds["kick"].rating == 4
            assert catalog.matching(read_query("tag:warm")).tolist() == [sounds["bass C2"].id]
            assert catalog.matching(read_query("family:keys")).tolist() == [sounds["lead A4"].id]
            (collection,) = marks.collections()
            assert collection.name == "Night drive"
            assert sorted(marks.collected(collection.id)) == sorted([sounds["kick"].id, sounds["bass C2"].id])
        if version >= 5:
            assert catalog.marks.auditioned() == [sounds["lead A4"].id]
            assert catalog.matching(read_query("auditioned:yes")).tolist() == [sounds["lead A4"].id]
        catalog.close()


def test_it_can_be_searched_by_what_was_heard(version: int, tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    assert library.searchable == 3
    (kick,) = (sound for sound in library.catalog.sounds() if sound.name == "kick")
    assert library.search(library.vectors(kick.id), top=1)[0][0].name == "kick"
    library.close()
