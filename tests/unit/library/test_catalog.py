"""The catalog: what goes in comes out, and a file that cannot be used says why."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.facts import Facts
from engine.errors import LibraryError
from engine.library import database as database_module
from engine.library import queue, results
from engine.library.catalog import Catalog, Counts
from engine.library.database import FILE_NAME, SCHEMA_VERSION, Database
from engine.library.found import begin_scan, list_files, mark_missing
from engine.library.query import Query, read_query
from engine.library.queue import count_pending, pending
from engine.library.results import Failed, Heard, write_outcomes
from engine.library.walk import FoundFile

FACTS = Facts(1.5, 44_100, 2, -1.0, -14.0, "one-shot", 220.0, 0.9, None)


def heard(
    sound_id: int,
    *vectors: np.ndarray,
    family: str = "bass",
    also: Sequence[str] = (),
    facts: Facts = FACTS,
    content: bytes = b"",
) -> Heard:
    coded = tuple((vector / np.linalg.norm(vector)).astype(np.float16).tobytes() for vector in vectors)
    content = content or sound_id.to_bytes(16, "big")
    return Heard(sound_id, facts, family, 0.8, (family, *also), coded, bytes(range(64)), content)


def filled(directory: Path, *names: str) -> Catalog:
    """A catalog with listed sounds under /sounds."""
    catalog = Catalog.open(directory)
    root = catalog.add_root("/sounds")
    files = [FoundFile(f"/sounds/{name}", 10, 20) for name in names]
    list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, files)
    return catalog


def test_closing_waits_for_a_thread_that_reads(tmp_path: Path) -> None:
    database = Database(tmp_path)
    reads, goes_on, found = threading.Event(), threading.Event(), []

    def read() -> None:
        with database.read() as connection:
            reads.set()
            goes_on.wait(30)
            found.append(connection.execute("SELECT 1").fetchone()[0])

    reader, closer = threading.Thread(target=read), threading.Thread(target=database.close)
    reader.start()
    assert reads.wait(30)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive(), "it would crash the reader"
    goes_on.set()
    for thread in (reader, closer):
        thread.join(30)
    assert found == [1]
    with pytest.raises(LibraryError), database.read() as connection:
        connection.execute("SELECT 1")


def test_a_connection_in_use_for_too_long_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CLOSING_SECONDS", 0.05)
    database = Database(tmp_path)
    with database.read() as connection:
        closer = threading.Thread(target=database.close)
        closer.start()
        closer.join(30)
        assert connection.execute("SELECT 1").fetchone()[0] == 1
    database.close()


def test_listed_then_heard(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "Bass/Deep.wav", "Bass/Bad.wav")
    good, bad = sorted(catalog.sounds(), key=lambda sound: sound.name, reverse=True)
    assert (good.state, good.name, good.path, good.kind, good.preset) == (
        "listed",
        "Deep",
        "/sounds/Bass/Deep.wav",
        None,
        None,
    )
    assert catalog.counts() == Counts(listed=2)

    vector = np.arange(1, 9, dtype=np.float32)
    write_outcomes(catalog.database, "ear", [heard(good.id, vector), Failed(bad.id, "The file is empty.")])

    good = catalog.sound(good.id)
    assert (good.state, good.family, good.pitch_hz, good.tempo_bpm, good.channels) == ("ready", "bass", 220.0, None, 2)
    assert [(sound.id, sound.reason) for sound in catalog.failed()] == [(bad.id, "The file is empty.")]
    assert catalog.counts() == Counts(ready=1, failed=1)
    ids, vectors = catalog.embeddings("ear")
    assert ids.tolist() == [good.id]
    np.testing.assert_allclose(vectors[0], vector / np.linalg.norm(vector), atol=1e-3)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-6)
    assert catalog.embeddings("another ear")[0].size == 0
    overviews = catalog.overviews([bad.id, good.id, 9_999])
    assert set(overviews) == {bad.id, good.id}
    assert overviews[good.id].tolist() == list(range(64))  # type: ignore[union-attr]
    assert overviews[bad.id] is None
    catalog.close()


def test_what_is_pending(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav", "c.wav")
    database, root = catalog.database, catalog.roots()[0]
    a, b, c = (sound.id for sound in catalog.sounds())
    write_outcomes(database, "ear", [heard(a, np.ones(4)), Failed(b, "no"), heard(c, np.ones(4))])

    def again(*files: tuple[str, int, int]) -> list[int]:
        scan = begin_scan(database)
        list_files(database, scan, root.id, "/sounds", [FoundFile(f"/sounds/{name}", *rest) for name, *rest in files])
        mark_missing(database, scan, root.id, lambda _: True)
        waiting = [item.sound_id for item in pending(database, scan, "ear")]
        assert len(waiting) == count_pending(database, scan, "ear")
        return waiting

    assert again(("a.wav", 10, 20), ("b.wav", 10, 20), ("c.wav", 10, 20)) == []
    assert again(("a.wav", 10, 19), ("b.wav", 11, 20), ("c.wav", 10, 20)) == [
        b,
        a,
    ]  # the newest first; the clock may go backwards
    assert again(("c.wav", 10, 20)) == []
    assert catalog.counts() == Counts(ready=1, missing=2)
    assert catalog.sound(a).family == "bass"  # all that is known is kept
    scan = begin_scan(database)
    files = [FoundFile(f"/sounds/{name}", 10, 20) for name in ("b.wav", "c.wav")]
    list_files(database, scan, root.id, "/sounds", files)
    assert [item.sound_id for item in pending(database, scan, "new ear")] == [c, b]


def test_what_is_looked_at_comes_before_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_PENDING_PER_QUERY", 4)
    names = [f"{number:02}.wav" for number in range(12)]
    catalog = filled(tmp_path, *names)
    ids = {sound.name: sound.id for sound in catalog.sounds()}
    numbers = {sound_id: int(name) for name, sound_id in ids.items()}
    scan = begin_scan(catalog.database)
    files = [FoundFile(f"/sounds/{name}", 10, 100 + number) for number, name in enumerate(names)]
    list_files(catalog.database, scan, catalog.roots()[0].id, "/sounds", files)
    looked_at: list[int] = []
    came: list[int] = []
    for item in pending(catalog.database, scan, "ear", first=lambda: tuple(looked_at)):
        came.append(numbers[item.sound_id])
        if came == [11, 10]:
            looked_at[:] = (ids[name] for name in ("03", "02", "11", "09"))  # 11 came already, 9 is next
        if len(came) == 7:
            looked_at[:] = (ids[name] for name in ("02", "00"))
    assert came == [11, 10, 3, 2, 9, 8, 7, 0, 6, 5, 4, 1]
    assert sorted(came) == list(range(12)), "each once"


def test_failed_sounds_wait_for_a_change_or_a_word(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    database, root = catalog.database, catalog.roots()[0]
    (sound,) = catalog.sounds()
    write_outcomes(database, "ear", [Failed(sound.id, "no")])
    scan = begin_scan(database)
    list_files(database, scan, root.id, "/sounds", [FoundFile("/sounds/a.wav", 10, 20)])
    assert count_pending(database, scan, "ear") == 0
    assert count_pending(database, scan, "ear", retry_failed=True) == 1


def test_a_missing_sound_comes_back_as_it_was(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    database, root = catalog.database, catalog.roots()[0]
    (sound,) = catalog.sounds()
    write_outcomes(database, "ear", [heard(sound.id, np.ones(4))])
    catalog.marks.set_favourite([sound.id], True)

    assert mark_missing(database, begin_scan(database), root.id, lambda _: True) == 1
    assert catalog.sound(sound.id).state == "missing"
    assert catalog.embeddings("ear")[0].size == 0

    list_files(database, begin_scan(database), root.id, "/sounds", [FoundFile("/sounds/a.wav", 10, 20)])
    assert catalog.sound(sound.id).state == "ready"
    assert catalog.sound(sound.id).favourite
    assert catalog.embeddings("ear")[0].tolist() == [sound.id]


def test_a_sound_that_fails_later_is_found_no_more(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    (sound,) = catalog.sounds()
    write_outcomes(catalog.database, "ear", [heard(sound.id, np.ones(4))])
    write_outcomes(catalog.database, "ear", [Failed(sound.id, "no")])
    assert catalog.embeddings("ear")[0].size == 0


def test_the_revision_follows_what_can_be_found(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav", "b.wav")
    a, b = (sound.id for sound in catalog.sounds())
    seen = [catalog.revision]

    def has_changed() -> bool:
        seen.append(catalog.revision)
        return seen[-1] > seen[-2]

    catalog.marks.set_favourite([a], True)
    write_outcomes(catalog.database, "ear", [Failed(b, "no")])
    assert not has_changed()
    write_outcomes(catalog.database, "ear", [heard(a, np.ones(4))])
    assert has_changed()
    mark_missing(catalog.database, begin_scan(catalog.database), catalog.roots()[0].id, lambda _: True)
    assert has_changed()
    catalog.remove_root("/sounds")
    assert has_changed()


def test_outcomes_of_removed_sounds_are_dropped(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    (sound,) = catalog.sounds()
    catalog.remove_root("/sounds")
    write_outcomes(catalog.database, "ear", [heard(sound.id, np.ones(4)), Failed(99, "no")])
    assert catalog.counts() == Counts()
    with pytest.raises(LibraryError, match="no longer"):
        catalog.sound(sound.id)


def test_roots_never_overlap(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "kits/a.wav")
    outer = catalog.roots()[0]
    assert catalog.add_root("/sounds/kits").id == outer.id
    assert catalog.add_root("/sounds kits").id != outer.id
    everything = catalog.add_root("/")
    assert [root.path for root in catalog.roots()] == ["/"]
    assert (everything.sounds, everything.online, everything.away) == (1, None, False)
    assert catalog.sounds()[0].root_id == everything.id


def test_presets_of_a_folder_that_became_part_of_another_are_found_by_its_name(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    inner = catalog.add_root("/sounds/fonts")
    files = [FoundFile("/sounds/fonts/a.sf2", 10, 20, preset=f"0:{number}", name=f"Lead {number}") for number in (1, 2)]
    list_files(catalog.database, begin_scan(catalog.database), inner.id, inner.path, files)
    assert catalog.matching(read_query("fonts"), heard=False).tolist() == []
    catalog.add_root("/sounds")
    assert len(catalog.matching(read_query("fonts"), heard=False)) == 2
    assert len(catalog.matching(read_query("fonts lead 2"), heard=False)) == 1
    catalog.close()


def test_removing_what_is_no_root(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "kits/a.wav")
    with pytest.raises(LibraryError, match=r"none of the library.s folders"):
        catalog.remove_root("/sounds/kits")
    assert catalog.remove_root("/sounds") == 1
    assert catalog.roots() == []


def test_told_facts_are_kept(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "loop.wav")
    (sound,) = catalog.sounds()
    assert (sound.key, sound.declared) == (None, ())
    facts = Facts(4.0, 44_100, 2, -1.0, -14.0, "loop", None, 0.0, 92.0, "A minor", (0.5, 3.5), ("tempo", "key"))
    write_outcomes(catalog.database, "ear", [heard(sound.id, np.ones(4), facts=facts)])
    found = catalog.sound(sound.id)
    assert (found.tempo_bpm, found.key, found.declared) == (92.0, "A minor", ("tempo", "key"))
    with catalog.database.read() as connection:
        assert connection.execute("SELECT loop_start, loop_end FROM sounds").fetchone() == (0.5, 3.5)


def test_filters(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "Drums/KICK 01.wav", "Drums/Kick Dirty.wav", "Bass/Größe 808.wav", "Bass/off.wav")
    kick, dirty, size, off = (
        next(s.id for s in catalog.sounds() if word in s.name) for word in ("KICK", "Dirty", "808", "off")
    )
    loop = Facts(4.0, 44_100, 2, -1.0, -14.0, "loop", None, 0.0, 120.0)
    write_outcomes(
        catalog.database,
        "ear",
        [
            heard(kick, np.ones(4), family="kick"),
            heard(dirty, np.ones(4), family="kick", also=["tom"], facts=loop),
            heard(size, np.ones(4)),
        ],
    )

    def ids(text: str) -> list[int]:
        return catalog.matching(read_query(text)).tolist()

    assert ids("") == sorted([kick, dirty, size])  # `off` is not ready
    assert ids("family:kick") == sorted([kick, dirty])
    assert ids("family:tom") == [dirty]
    assert ids("family:kick,tom") == sorted([kick, dirty])
    assert ids("family:kick family:bass") == []
    assert ids("type:loop,long") == [dirty]
    assert ids("kick") == sorted([kick, dirty])
    assert ids("kick -dirty") == ids("kick -dir -nothing") == [kick]
    assert ids("kick -dirty -01") == []
    assert ids("drums 01") == [kick]
    assert ids("dru ki") == sorted([kick, dirty])
    assert ids("ick") == []  # words are found from their beginning
    assert ids('"kick dirty"') == [dirty]
    assert ids('"dirty kick"') == []
    assert ids("GRÖSSE") == ids("größe") == [size]
    assert ids("%") == ids("★") == ids("\udcff") == []
    assert ids("-★") == ids("-") == ids("")
    assert ids("sounds") == []  # the root's own folders are in none of the names
    assert ids('"; DROP TABLE sounds') == ids("NEAR(kick") == []
    assert ids("bpm:119-121") == ids("bpm:120") == ids("length:3-") == [dirty]
    assert ids("bpm:-100") == []
    assert ids("off") == []
    assert catalog.matching(read_query("off"), heard=False).tolist() == [off]
    assert catalog.matching(Query(roots=frozenset({catalog.roots()[0].id}))).size == 3
    assert catalog.matching(Query(roots=frozenset({99}))).size == 0


def test_symbols_are_found_as_they_are_written(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    root = catalog.add_root("/★ sounds")
    misnamed = os.fsdecode(b"\xff\xe2\x98\x85.wav")
    names = ["★ Best/kick.wav", "kick --- 50%.wav", "_snare + clap.wav", misnamed, "hat.wav"]
    files = [FoundFile(f"{root.path}/{name}", 1, 1) for name in names]
    list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, files)
    ids = {Path(sound.path).name: sound.id for sound in catalog.sounds()}
    catalog.marks.tag([ids["hat.wav"]], add=["♥ it"])
    in_names = {number: name for name, number in ids.items()}

    def found(text: str) -> set[str]:
        return {in_names[number] for number in catalog.matching(read_query(text), heard=False).tolist()}

    assert found("★") == {"kick.wav", misnamed}
    assert found("★ kick") == found('"★ Best"') == {"kick.wav"}
    assert found("---") == found("%") == found("kick -★") == {"kick --- 50%.wav"}
    assert found("♥") == {"hat.wav"}
    assert found("snare & clap") == found('"+"') == found("_") == {"_snare + clap.wav"}
    assert found("☆") == found("-----") == found("snare ★") == set()
    assert found("\udcff") == {misnamed}  # as its name is shown, with a question mark
    assert len(found("-☆")) == len(found("-")) == len(found(". / -")) == 5


@settings(max_examples=50)
@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(lambda name: name not in {".", ".."}))
def test_any_name_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    try:
        path = os.fsdecode(os.fsencode(f"/sounds/{name}"))
    except UnicodeEncodeError:
        return  # half of a surrogate pair that no file system could have given
    directory = tmp_path_factory.mktemp("library")
    catalog = Catalog.open(directory)
    root = catalog.add_root("/sounds")
    for _ in range(2):
        list_files(catalog.database, begin_scan(catalog.database), root.id, root.path, [FoundFile(path, 1, 1)])
    assert [sound.path for sound in catalog.sounds()] == [path]
    catalog.sounds()[0].name.encode()
    catalog.close()


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = os.fsdecode(b"/sounds/\xff\xfe kick.wav")
    catalog = filled(tmp_path, os.path.basename(path))
    (sound,) = catalog.sounds()
    assert sound.path == path
    write_outcomes(catalog.database, "ear", [heard(sound.id, np.ones(4))])
    assert catalog.matching(read_query("kick")).tolist() == [sound.id]


def test_a_vector_of_nothing_stays_one(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    (sound,) = catalog.sounds()
    silent = replace(heard(sound.id, np.ones(4)), vectors=(bytes(8),))
    write_outcomes(catalog.database, "ear", [silent])
    np.testing.assert_array_equal(catalog.vectors(sound.id, "ear"), np.zeros((1, 4)))
    catalog.close()


def test_many_ids_keep_their_order(tmp_path: Path) -> None:
    catalog = filled(tmp_path, *(f"{number}.wav" for number in range(12_000)))
    ids = [sound.id for sound in catalog.sounds()]
    np.random.default_rng(0).shuffle(ids)
    assert [sound.id for sound in catalog.sounds([*ids, 10**9])] == ids


def test_a_newer_catalog_is_refused(tmp_path: Path) -> None:
    filled(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(LibraryError, match=r"newer Earshot.*Update Earshot"):
        Catalog.open(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_an_older_catalog_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "MIGRATIONS", database_module.MIGRATIONS[:1])
        patch.setattr(database_module, "SCHEMA_VERSION", 1)
        Catalog.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("INSERT INTO roots (path) VALUES ('/sounds')")
    connection.execute(
        "INSERT INTO sounds (root_id, path, name, words, size, mtime_ns, seen, state, family, favourite)"
        " VALUES (1, '/sounds/kick.wav', 'kick', 'kick.wav', 10, 20, 1, 'ready', 'kick', 1)"
    )
    connection.commit()
    connection.close()
    with pytest.raises(LibraryError, match="older Earshot"):
        Catalog.open(tmp_path, read_only=True)
    for _ in range(2):
        catalog = Catalog.open(tmp_path)
        assert (
            [catalog.sounds()[0].id]
            == catalog.marks.favourites()
            == catalog.matching(read_query("family:kick")).tolist()
        )
        catalog.close()
    catalog = filled(tmp_path, "kick.wav")  # the same file, found again: what it tells itself is not known yet
    assert [(sound.state, sound.favourite) for sound in catalog.sounds()] == [("listed", True)]


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()
    with pytest.raises(LibraryError, match="not a catalog of Earshot"):
        Catalog.open(tmp_path)


@pytest.mark.parametrize("damage", ["text", "truncated", "holes"])
def test_a_damaged_catalog_is_set_aside(tmp_path: Path, damage: str) -> None:
    filled(tmp_path, *(f"{number}.wav" for number in range(500))).close()
    path = tmp_path / FILE_NAME
    content = path.read_bytes()
    match damage:
        case "text":
            content = b"This was a catalog once.\n" * 100
        case "truncated":
            content = content[: len(content) // 2]
        case "holes":
            content = content[:8_192] + bytes(len(content) - 16_384) + content[-8_192:]
    path.write_bytes(content)

    with pytest.raises(LibraryError, match=r"damaged.*scan your folders again"):
        Catalog.open(tmp_path)

    (kept,) = tmp_path.glob("catalog-damaged-*.sqlite")
    assert kept.read_bytes() == content
    assert not path.exists()
    Catalog.open(tmp_path).close()


@pytest.mark.parametrize("damaged_at", [0, -4_096], ids=["first page", "last page"])
def test_a_damaged_catalog_that_is_only_read_is_left_where_it_is(tmp_path: Path, damaged_at: int) -> None:
    filled(tmp_path, *(f"{number}.wav" for number in range(500))).close()
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    place = damaged_at % len(content)
    content[place : place + 4_096] = b"x" * 4_096
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="is damaged"):
        Catalog.open(tmp_path, read_only=True)
    assert path.read_bytes() == content
    assert list(tmp_path.glob("catalog-damaged-*")) == []


def test_an_empty_file_is_a_new_catalog(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    assert Catalog.open(tmp_path).counts() == Counts()


def test_a_locked_catalog_says_so(tmp_path: Path) -> None:
    filled(tmp_path, "a.wav").close()
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    catalog = Catalog(Database(tmp_path, busy_seconds=0.1))
    assert catalog.counts() == Counts(listed=1)  # reading goes on
    with pytest.raises(LibraryError, match="in use by another Earshot"):
        catalog.marks.set_favourite([1], True)
    other.execute("ROLLBACK")
    catalog.marks.set_favourite([1], True)
    other.close()
    catalog.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")

    def fail() -> None:
        with catalog.database.write() as connection:
            connection.execute("DELETE FROM sounds")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert catalog.counts() == Counts(listed=1)


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    catalog = filled(tmp_path, "a.wav")
    with catalog.database.read():
        pages = catalog.database._writer.execute("PRAGMA page_count").fetchone()[0]
        catalog.database._writer.execute(f"PRAGMA max_page_count = {pages}")
    root = catalog.roots()[0]
    files = [FoundFile(f"/sounds/{number}.wav", 1, 1) for number in range(5_000)]
    with pytest.raises(LibraryError, match=r"full.*Make room"):
        list_files(catalog.database, 1, root.id, root.path, files)
    assert catalog.counts() == Counts(listed=1)
    catalog.marks.set_favourite([1], True)


def test_reading_alone(tmp_path: Path) -> None:
    filled(tmp_path, "a.wav").close()
    catalog = Catalog.open(tmp_path, read_only=True)
    assert catalog.counts() == Counts(listed=1)
    with pytest.raises(LibraryError, match="reading only"):
        catalog.marks.set_favourite([1], True)
    catalog.close()
    with pytest.raises(LibraryError, match="cannot be opened"):
        Catalog.open(tmp_path / "nothing", read_only=True)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match=r"cannot be made.*--library"):
        Catalog.open(tmp_path / "file" / "library")


def test_threads_may_share_it(tmp_path: Path) -> None:
    catalog = filled(tmp_path, *(f"{number}.wav" for number in range(50)))
    ids = [sound.id for sound in catalog.sounds()]
    errors: list[BaseException] = []

    def work(offset: int) -> None:
        try:
            for number in ids[offset::4]:
                write_outcomes(catalog.database, "ear", [heard(number, np.ones(4))])
                catalog.counts()
                catalog.embeddings("ear")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert catalog.counts() == Counts(ready=50)


def test_two_processes_may_create_it_at_once(tmp_path: Path) -> None:
    opened: list[Database] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            opened.append(
                Database(tmp_path, busy_seconds=90.0)
            )  # connections of its own, as another process would have
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for database in opened:
        database.close()


def test_a_damaged_catalog_that_another_program_has_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows moves no file that is open."""
    Catalog.open(tmp_path).close()
    (tmp_path / FILE_NAME).write_bytes(b"SQLite format 3\0" + bytes(4_096))

    def refuse(source: str, target: str) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(database_module.os, "replace", refuse)
    with pytest.raises(LibraryError, match=r"could not be set aside \(The process cannot.*Close what else uses it"):
        Catalog.open(tmp_path)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (PureWindowsPath(r"C:\Users\Zoë M\catalog.sqlite"), "file:///C:/Users/Zo%C3%AB%20M/catalog.sqlite"),
        (PureWindowsPath(r"\\nas\music\catalog.sqlite"), "file:////nas/music/catalog.sqlite"),
        (PurePosixPath("/home/me/catalog.sqlite"), "file:///home/me/catalog.sqlite"),
    ],
    ids=["drive", "share", "posix"],
)
def test_the_address_of_a_catalog(path: PurePath, address: str) -> None:
    """SQLite refuses addresses with a host."""
    assert database_module._address(path) == address


def test_sqlite_takes_the_address_of_a_share(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    address = database_module._address(PureWindowsPath("//nas/share")).replace("nas/share/", path.as_posix()[1:])
    connection = sqlite3.connect(f"{address}?mode=rwc", uri=True)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert path.is_file()


def test_all_that_is_measured_is_entered() -> None:
    """And so is given to copies, which are asked for the same columns."""
    facts = Facts(1.0, 44_100, 1, -1.0, -14.0, "one-shot", None, 0.0, None)
    heard = Heard(1, facts, "kick", 0.9, ("kick",), (b"",), b"", b"")
    assert set(results.measured(heard)) == set(results.MEASURED)
