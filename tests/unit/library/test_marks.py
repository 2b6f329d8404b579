"""What the producer says of a sound stays with what it holds, wherever its file goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.errors import LibraryError
from engine.library import content as content_module
from engine.library import marks as marks_module
from engine.library.catalog import Catalog
from engine.library.found import begin_scan, list_files, mark_missing
from engine.library.marks import SoundCollection
from engine.library.query import Query, read_query
from engine.library.queue import pending
from engine.library.results import write_outcomes
from engine.library.walk import FoundFile
from tests.unit.library.test_catalog import filled, heard

ONE, OTHER = b"1" * 16, b"2" * 16


def hear(catalog: Catalog, name: str, content: bytes) -> int:
    sound_id = next(sound.id for sound in catalog.sounds() if sound.name == name)
    write_outcomes(catalog.database, "ear", [heard(sound_id, np.ones(4), content=content)])
    return sound_id


def find(catalog: Catalog, *files: tuple[str, int]) -> None:
    scan, root = begin_scan(catalog.database), catalog.add_root("/sounds")
    found = [FoundFile(f"/sounds/{name}", 10, mtime) for name, mtime in files]
    list_files(catalog.database, scan, root.id, root.path, found)
    mark_missing(catalog.database, scan, root.id, lambda _: True)


def marked(catalog: Catalog, sound_id: int) -> None:
    catalog.marks.set_favourite([sound_id], True)
    catalog.marks.rate([sound_id], 4)
    catalog.marks.tag([sound_id], add=["  Warm  Tape ", "dusty"])
    catalog.marks.correct_family([sound_id], "lead")


def says_all(catalog: Catalog, sound_id: int) -> bool:
    sound = catalog.sound(sound_id)
    return (sound.favourite, sound.rating, sound.tags, sound.family, sound.family_confidence, sound.declared) == (
        True,
        4,
        ("dusty", "warm tape"),
        "lead",
        1.0,
        ("family",),
    )


def test_marks_are_read_back_and_taken_back(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav")
    a, b = hear(catalog, "a", ONE), hear(catalog, "b", OTHER)
    marked(catalog, a)
    assert says_all(catalog, a)
    assert (catalog.sound(b).favourite, catalog.sound(b).tags, catalog.sound(b).rating) == (False, (), 0)
    assert catalog.marks.favourites() == [a]
    catalog.marks.tag([a, b], add=["warm tape"], remove=["DUSTY"])
    assert catalog.marks.tags() == {"warm tape": 2}
    catalog.marks.set_favourite([a], False)
    catalog.marks.rate([a], 0)
    catalog.marks.tag([a, b], remove=["warm tape"])
    catalog.marks.correct_family([a], None)
    assert (catalog.sound(a).family, catalog.sound(a).family_confidence) == ("bass", 0.8)
    assert not any((catalog.sound(a).favourite, catalog.sound(a).rating, catalog.sound(a).tags, catalog.marks.tags()))


def test_nonsense_is_refused(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    a = hear(catalog, "a", ONE)
    with pytest.raises(ValueError, match="rating"):
        catalog.marks.rate([a], 6)
    with pytest.raises(ValueError, match="tuba"):
        catalog.marks.correct_family([a], "tuba")
    with pytest.raises(LibraryError, match="no longer"):
        catalog.marks.set_favourite([99], True)


def test_queries_know_marks(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav")
    a, b = hear(catalog, "a", ONE), hear(catalog, "b", OTHER)
    marked(catalog, a)

    def ids(text: str) -> list[int]:
        return catalog.matching(read_query(text)).tolist()

    assert ids("favourite:yes") == ids("tag:dusty") == ids('tag:"warm tape",dusty') == ids("family:lead") == [a]
    assert ids("rating:4") == ids("rating:3-") == ids("rating:-4") == ids("rating:4-5") == [a]
    assert ids("rating:5") == ids("rating:-3") == []  # what has no rating is neither good nor bad
    assert ids("auditioned:yes") == []
    catalog.marks.note_auditioned(b)
    assert ids("auditioned:yes") == [b]
    assert ids("-favourite:yes") == ids("favourite:no") == ids("-rating:4") == ids("-family:lead") == [b]
    assert ids("-auditioned:yes") == ids("-family:bass") == [a]
    assert ids("tag:dust") == []
    assert ids("dust") == ids("tape") == [a]  # a tag is a word like any other
    assert ids("-tape") == ids("family:bass") == [b]  # the producer's word stands, not the ear's
    catalog.marks.tag([a], remove=["dusty"])
    assert ids("dust") == []


def test_nobody_waits_while_a_slow_drive_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = filled(tmp_path, "a.wav")
    (a,) = catalog.sounds()
    night_drive = catalog.marks.add_collection("Night drive")

    def read_slowly(path: str, root: str) -> bytes:
        with ThreadPoolExecutor(1) as another:
            another.submit(catalog.marks.note_auditioned, a.id).result(timeout=30)
        return ONE

    monkeypatch.setattr(content_module, "content_digest", read_slowly)
    catalog.marks.rate([a.id], 4)
    assert (catalog.sound(a.id).rating, catalog.marks.auditioned()) == (4, []), "no drive was asked"
    assert catalog.marks.read_contents([a.id]) == [a.id]
    assert catalog.marks.auditioned() == [a.id]
    find(catalog, ("a.wav", 21), ("b.wav", 20))
    b = next(sound for sound in catalog.sounds() if sound.name == "b")
    catalog.marks.forget_auditioned()
    catalog.marks.collect(night_drive, [b.id])
    assert catalog.marks.auditioned() == [a.id]
    assert catalog.marks.collected(night_drive) == [b.id]


def test_a_copy_has_the_same_marks(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "copy.wav", "late copy.wav")
    a, copy = hear(catalog, "a", ONE), hear(catalog, "copy", ONE)
    marked(catalog, a)
    assert says_all(catalog, copy)
    assert says_all(catalog, hear(catalog, "late copy", ONE))
    catalog.marks.set_favourite([copy], False)
    assert not catalog.sound(a).favourite


def test_a_root_that_is_removed_and_added_again(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    marked(catalog, hear(catalog, "a", ONE))
    catalog.remove_root("/sounds")
    find(catalog, ("renamed meanwhile.wav", 99))
    assert says_all(catalog, hear(catalog, "renamed meanwhile", ONE))


def test_a_file_that_is_changed_keeps_its_marks(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    a = hear(catalog, "a", ONE)
    marked(catalog, a)
    find(catalog, ("a.wav", 21))
    assert [item.sound_id for item in pending(catalog.database, 2, "ear")] == [a]
    assert says_all(catalog, hear(catalog, "a", OTHER))
    catalog.remove_root("/sounds")
    find(catalog, ("new.wav", 21), ("old.wav", 20))
    assert says_all(catalog, hear(catalog, "new", OTHER))
    assert says_all(catalog, hear(catalog, "old", ONE))


def test_marked_before_it_was_heard(tmp_path: Path) -> None:
    file = tmp_path / "sounds" / "a.wav"
    file.parent.mkdir()
    file.write_bytes(b"some sound")
    catalog = Catalog.open(tmp_path)
    root = catalog.add_root(file.parent)
    list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, [FoundFile(str(file), 10, 1)])
    (sound,) = catalog.sounds()
    marked(catalog, sound.id)
    assert catalog.marks.read_contents([sound.id, 99]) == [sound.id]
    assert catalog.marks.read_contents([sound.id]) == [], "once is enough"
    catalog.remove_root(file.parent)
    catalog.add_root("/sounds")
    find(catalog, ("elsewhere.wav", 1))
    from engine.library.content import content_digest

    assert says_all(catalog, hear(catalog, "elsewhere", content_digest(file)))


def test_what_is_said_before_it_is_heard_joins_what_its_copies_have(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "copy.wav")
    a, copy = hear(catalog, "a", ONE), next(sound.id for sound in catalog.sounds() if sound.name == "copy")
    catalog.marks.tag([a], add=["dusty"])
    catalog.marks.rate([copy], 4)
    catalog.marks.tag([copy], add=["warm"])
    hear(catalog, "copy", ONE)
    for sound_id in (a, copy):
        sound = catalog.sound(sound_id)
        assert (sound.rating, sound.tags) == (4, ("dusty", "warm"))


def test_of_many_sounds_those_that_can_be_read_are_marked_and_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other: what is done stays, whatever becomes of the rest."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.wav").write_bytes(name.encode())
    catalog = Catalog.open(tmp_path)
    root = catalog.add_root(folder)
    files = [FoundFile(str(folder / f"{name}.wav"), 1, 1) for name in "abc"]
    list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, files)
    ids = [sound.id for sound in catalog.sounds()]
    (folder / "b.wav").unlink()
    kit = catalog.marks.add_collection("Kit")

    with pytest.raises(LibraryError, match=r"b\.wav cannot be read"):
        catalog.marks.collect(kit, ids)
    assert catalog.marks.collected(kit) == [ids[0], ids[2]]
    read: list[str] = []
    digest = marks_module.digest_if_readable

    def note(path: str, root: str) -> bytes | None:
        read.append(Path(path).name)
        return digest(path, root)

    monkeypatch.setattr(marks_module, "digest_if_readable", note)
    catalog.marks.set_favourite(ids, True)
    assert (catalog.marks.favourites(), read) == (ids, [])
    assert (catalog.marks.read_contents(ids), read) == ([], ["b.wav"])


def test_collections(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav", "gone.wav")
    marks = catalog.marks
    a, b = hear(catalog, "a", ONE), hear(catalog, "b", OTHER)
    drums, empty = marks.add_collection("  Late   night "), marks.add_collection("empty")
    marks.collect(drums, [a, b])
    marks.collect(drums, [a])
    assert marks.collections() == [SoundCollection(empty, "empty", 0), SoundCollection(drums, "Late night", 2)]
    assert marks.collected(drums) == [a, b]
    marks.let_go(drums, [b])
    assert marks.collected(drums) == [a]
    with pytest.raises(LibraryError, match="already"):
        marks.add_collection("Late night")
    with pytest.raises(LibraryError, match="needs a name"):
        marks.add_collection("  ")
    gone = next(sound.id for sound in catalog.sounds() if sound.name == "gone")
    with pytest.raises(LibraryError, match=r"gone\.wav cannot be read"):
        marks.collect(drums, [gone])
    find(catalog, ("b.wav", 20))
    assert marks.collections()[1].sounds == 0  # it is kept for the day when the file is found again
    find(catalog, ("moved.wav", 20))
    moved = hear(catalog, "moved", ONE)
    assert moved in marks.collected(drums)
    marks.remove_collection(drums)
    assert [collection.name for collection in marks.collections()] == ["empty"]
    assert catalog.sound(moved).state == "ready"


def test_a_collection_is_renamed_forgotten_and_brought_back(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav")
    marks = catalog.marks
    a, b = hear(catalog, "a", ONE), hear(catalog, "b", OTHER)
    kit, other = marks.add_collection("Kit"), marks.add_collection("Other")
    marks.collect(kit, [a, b])
    marks.rename_collection(kit, "  Kit  of May ")
    with pytest.raises(LibraryError, match="already"):
        marks.rename_collection(kit, "Other")
    with pytest.raises(LibraryError, match="needs a name"):
        marks.rename_collection(kit, " ")
    marks.rename_collection(kit, "Kit of May")  # its own name is not another's
    removed = marks.remove_collection(kit)
    assert removed is not None
    assert marks.remove_collection(kit) is None
    assert marks.collections() == [SoundCollection(other, "Other", 0)]
    back = marks.restore_collection(removed)
    assert marks.collections() == [SoundCollection(back, "Kit of May", 2), SoundCollection(other, "Other", 0)]
    assert marks.collected(back) == [a, b]
    again = [marks.restore_collection(removed) for _ in range(2)]  # its name is taken by then
    names = {known.id: known.name for known in marks.collections()}
    assert [names[number] for number in again] == ["Kit of May (2)", "Kit of May (3)"]
    assert marks.collected(again[1]) == [a, b]


def test_a_collection_narrows_what_is_found(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav", "c.wav")
    a, b = hear(catalog, "a", ONE), hear(catalog, "b", OTHER)
    kit, other = catalog.marks.add_collection("Kit"), catalog.marks.add_collection("Other")
    catalog.marks.collect(kit, [a])
    catalog.marks.collect(other, [b])
    assert catalog.matching(Query(collections=frozenset({kit}))).tolist() == [a]
    assert catalog.matching(Query(collections=frozenset({kit, other}))).tolist() == [a, b]
    assert catalog.matching(Query(collections=frozenset({kit}), words=("b",))).tolist() == []
    assert [sound.id for sound in catalog.page(Query(collections=frozenset({other})))] == [b]


def test_queries_name_collections_and_what_else_was_marked(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav", "c.wav", "d.wav")
    a, b, c = hear(catalog, "a", ONE), hear(catalog, "b", OTHER), hear(catalog, "c", b"3" * 16)
    marks = catalog.marks
    marks.collect(marks.add_collection("My Kicks"), [a, b])
    marks.collect(marks.add_collection("GROSSE Straße"), [b])
    marks.collect(marks.add_collection("Drums, dusty"), [c])
    marks.tag([a, c], add=["warm"])
    marks.correct_family([c], "lead")
    marks.note_auditioned(b)

    def found(text: str) -> list[int]:
        query = read_query(text)
        marks.require_collections(query)
        ids = catalog.matching(query).tolist()
        assert sorted(sound.id for sound in catalog.page(query) if sound.state == "ready") == ids
        return ids

    assert found('collection:"my kicks"') == found('collection:" MY  kicks"') == [a, b]
    assert found('collection:"grosse strasse"') == [b]
    assert found('collection:"my kicks" collection:"grosse strasse"') == [b]
    assert found('collection:"drums, dusty"') == [c]
    assert found('collection:"my kicks,grosse strasse"') == [a, b]
    assert found('-collection:"my kicks"') == [c]
    assert found('-collection:"grosse strasse" -tag:warm') == []
    assert found("-tag:warm") == [b]
    assert found("corrected:yes") == [c]
    assert found('collection:"my kicks" auditioned:yes') == [b]


def test_a_collection_that_there_is_not(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    unknown = read_query("collection:kicks")
    assert catalog.matching(unknown).tolist() == []
    with pytest.raises(LibraryError, match=r"no collection named kicks\. There is none yet"):
        catalog.marks.require_collections(unknown)
    catalog.marks.add_collection("Kicks")
    catalog.marks.require_collections(unknown)
    with pytest.raises(LibraryError, match=r"named snares\. There are: Kicks\. A name with spaces"):
        catalog.marks.require_collections(read_query("collection:kicks,snares"))
    with pytest.raises(LibraryError, match="named used"):
        catalog.marks.require_collections(read_query("-collection:used"))


def test_what_was_listened_to_is_remembered_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks_module, "MOST_AUDITIONED", 3)
    catalog = filled(tmp_path, *(f"{name}.wav" for name in "abcd"))
    a, b, c, d = (sound.id for sound in catalog.sounds())
    for sound_id in (a, b, a, c, 99):
        catalog.marks.note_auditioned(sound_id)
    assert catalog.marks.auditioned() == [c, a, b]
    catalog.marks.note_auditioned(d)
    assert catalog.marks.auditioned() == [d, c, a]
    catalog.marks.forget_auditioned()
    assert catalog.marks.auditioned() == []
    catalog.marks.note_auditioned(a)
    catalog.remove_root("/sounds")
    assert catalog.marks.auditioned() == []
