"""Catalogs that earlier versions wrote open in this one, with everything that was in them.

`tests/fixtures/catalogs` holds one of each version of the schema, written by the code of its time: three sounds in
/music/One Shots, of which the kick is a favourite; from version 4 on with a rating, a tag, a family that was corrected
and a collection, from version 5 on with a history. A change of the schema adds the version before it.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audio.facts import Facts
from engine.library import database as database_module
from engine.library.catalog import Catalog
from engine.library.database import FILE_NAME
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.results import Heard, write_outcomes
from engine.library.schema import SCHEMA_VERSION
from engine.library.walk import FoundFile

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


def test_kinds_that_names_tell_are_heard_anew_by_the_next_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {
        "loop_perc1": "one-shot",
        "Kick One-Shot": "loop",
        "Tremolo F#3": "loop",
        "kick": "one-shot",
        "Break 9": "loop",
        "DrumLoop": "loop",
        "loop told": "one-shot",
        "Loop for an hour": "long",
    }
    told = {"loop told": ("tempo", "kind", "key")}
    anew = {"loop_perc1", "Kick One-Shot", "Tremolo F#3"}
    _assert_heard_anew_once(tmp_path, monkeypatch, 7, kinds, told, anew)


def test_keys_and_tempi_that_names_tell_are_heard_anew_by_the_next_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {
        "CTH_120_A_Synth": "loop",
        "Break 90": "loop",
        "Loop 120 told": "loop",
        "Kick 120": "one-shot",
        "Pad 120bpm": "one-shot",
        "Stab F#": "one-shot",
        "lead c#min": "loop",
        "Am told": "loop",
        "kick": "one-shot",
        "DrumLoop": "loop",
        "1-Shots/Roll": "loop",
        "One Shots/Tremolo": "loop",
        "One Shots/Snare": "one-shot",
    }
    told = {"Loop 120 told": ("tempo",), "Am told": ("key",)}
    anew = {"CTH_120_A_Synth", "Break 90", "Pad 120bpm", "Stab F#", "lead c#min", "Roll", "Tremolo"}
    _assert_heard_anew_once(tmp_path, monkeypatch, 8, kinds, told, anew)


def _assert_heard_anew_once(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    kinds: dict[str, str],
    told: dict[str, tuple[str, ...]],
    anew: set[str],
) -> None:
    """Of sounds heard by the code of a version, the first scan of this one takes `anew` for changed.

    kinds : what they were heard as; by their paths in the root, without ending.
    told : the facts that the files of some told themselves; as `anew` by their names.
    """
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "MIGRATIONS", database_module.MIGRATIONS[:version])
        patch.setattr(database_module, "SCHEMA_VERSION", version)
        catalog = Catalog.open(directory)
        root = catalog.add_root("/sounds")
        files = [FoundFile(f"/sounds/{name}.wav", 1, 1) for name in kinds]
        list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, files)
        facts = Facts(1.0, 44_100, 1, -1.0, -14.0, "", None, 0.0, None)
        write_outcomes(
            catalog.database,
            "ear",
            [
                Heard(
                    sound.id,
                    replace(facts, kind=kinds[sound.path[8:-4]], declared=told.get(sound.name, ())),
                    "kick",
                    0.9,
                    ("kick",),
                    (),
                    bytes(64),
                    bytes([number] * 16),
                )
                for number, sound in enumerate(catalog.sounds())
            ],
        )
        catalog.close()
    for expected in (anew, set()):  # once, whatever they turn out to be
        catalog = Catalog.open(directory)
        assert catalog.counts().ready == len(kinds)
        list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, files)
        assert {sound.name for sound in catalog.sounds() if sound.state == "listed"} == expected
        with catalog.database.write() as connection:
            connection.execute("UPDATE sounds SET state = 'ready'")
        catalog.close()
