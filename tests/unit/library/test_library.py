"""The facade: search, its filters, and an index that always answers for the catalog as it is."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine.library.index as index_module
import engine.library.keeper as keeper_module
import engine.library.library as library_module
from engine.errors import LibraryError
from engine.jobs import Cancelled, CancelToken, Progress
from engine.library.found import begin_scan, list_files, mark_missing
from engine.library.graph import GRAPH_FILE_NAME, STAMP_FILE_NAME, Graph
from engine.library.index import ExactIndex, GraphIndex, VectorIndex
from engine.library.library import Library
from engine.library.live import Live
from engine.library.query import Query, read_query
from engine.library.walk import FoundFile
from engine.matching.match import similar
from tests.unit.library.made_up import DIMENSION, add_sounds, vector


@pytest.fixture(params=["exact", "graph"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both sides of the size at which the index changes its kind."""
    if request.param == "graph":
        monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    return str(request.param)


def refresh(library: Library) -> None:
    """All of it, also what is done behind."""
    library.refresh()
    library.settle()


def index_of(library: Library) -> VectorIndex:
    assert library._state is not None
    return library._state.index


def labels_in_graph(library: Library) -> int:
    graph = library._keeper._graph  # type: ignore[union-attr]
    assert graph is not None
    return len(graph.labels)


def names(library: Library, number: int, *, text: str = "", **filters: Any) -> list[str]:
    asked = {"query": read_query(text)} | filters
    return [sound.name for sound, _ in library.search(vector(number), **asked)]


def test_no_library_yet(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no library in .* yet.*earshot scan FOLDER"):
        Library.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_similar_to_a_sound_are_itself_and_its_neighbours(library: Library) -> None:
    add_sounds(library, range(60), vectors_each=2)
    library.refresh()
    sound = library.catalog.sounds()[7]
    heard = library.vectors(sound.id)
    assert heard.shape == (2, DIMENSION)
    assert np.linalg.norm(heard, axis=1) == pytest.approx(1.0, abs=1e-3)
    found = similar(sound, library, top=5)
    assert [match.rank for match in found] == [1, 2, 3, 4, 5]
    assert found[0].sound.id == sound.id
    assert found[0].similarity == pytest.approx(1.0, abs=2e-3)
    assert [match.sound.id for match in found] == [known.id for known, _ in library.search(heard, top=5)]
    with pytest.raises(LibraryError, match="no longer in the library"):
        library.vectors(12345)


def test_an_empty_library_finds_nothing(library: Library) -> None:
    assert library.search(vector(0)) == []
    assert (library.searchable, library.fingerprint) == (0, None)


def test_search(library: Library, kind: str) -> None:
    add_sounds(library, range(200))
    assert library.search(vector(7)) == []  # not before it is asked to look
    refresh(library)
    assert isinstance(index_of(library), GraphIndex if kind == "graph" else ExactIndex)
    assert (library.searchable, library.fingerprint) == (200, "ear")
    result = library.search(vector(7), top=10)
    assert len(result) == 10
    assert result[0][0].name == "7"
    similarities = [similarity for _, similarity in result]
    assert similarities == sorted(similarities, reverse=True)
    for sound, similarity in result:
        assert similarity == pytest.approx(float(vector(7) @ vector(int(sound.name))), abs=2e-3)
    assert library.search(5.0 * vector(7), top=3) == [(s, pytest.approx(v, abs=1e-5)) for s, v in result[:3]]
    assert len(library.search(vector(7), top=1_000)) == 200
    assert library.search(vector(7), top=0) == []


def test_filters_give_all_there_are(library: Library, kind: str) -> None:
    add_sounds(library, range(200))
    refresh(library)
    basses = {str(number) for number in range(0, 200, 10)}
    assert set(names(library, 7, families=["bass"], top=50)) == basses
    assert set(names(library, 7, text="type:loop", families=["bass"])) == {str(number) for number in range(0, 200, 30)}
    assert set(names(library, 7, text="199")) == {"199"}
    assert set(names(library, 7, text="odd", families=["bass"])) == set()
    assert set(names(library, 7, text="-odd", families=["bass"])) == basses
    assert names(library, 7, families=["organ"]) == []


def test_a_sound_with_several_vectors_comes_once(library: Library, kind: str) -> None:
    add_sounds(library, range(100), vectors_each=3)
    refresh(library)
    assert library.searchable == 100
    found = names(library, 4 + 200_000, top=60)
    assert found[0] == "4"
    assert len(found) == len(set(found)) == 60


def test_near_to_any_of_several_vectors(library: Library, kind: str) -> None:
    add_sounds(library, range(100), vectors_each=2)
    refresh(library)
    queries = [vector(3), vector(77)]
    together = library.search(np.stack(queries), top=20)
    assert {sound.name for sound, _ in together[:2]} == {"3", "77"}
    alone: dict[str, float] = {}
    for query in queries:
        for sound, similarity in library.search(query, top=100):
            alone[sound.name] = max(similarity, alone.get(sound.name, -1.0))
    best = sorted(alone.values(), reverse=True)[:20]
    assert [similarity for _, similarity in together] == pytest.approx(best, abs=1e-5)
    assert [similarity for _, similarity in together] == [pytest.approx(alone[s.name], abs=1e-5) for s, _ in together]


def test_refresh_follows_the_catalog(library: Library, kind: str) -> None:
    add_sounds(library, range(100))
    refresh(library)
    first = index_of(library)
    refresh(library)
    assert index_of(library) is first

    add_sounds(library, range(95, 150))  # five are heard anew
    refresh(library)
    assert library.searchable == 150
    assert names(library, 120)[0] == "120"
    assert names(library, 97, top=2).count("97") == 1

    database, root = library.catalog.database, library.catalog.roots()[0]
    scan = begin_scan(database)
    kept = [FoundFile(f"/sounds/{'odd' if n % 2 else 'even'}/{n}.wav", 1, 1) for n in range(150) if n != 120]
    list_files(database, scan, root.id, root.path, kept)
    mark_missing(database, scan, root.id, lambda _: True)
    refresh(library)
    assert "120" not in names(library, 120, top=150)
    assert library.searchable == 149

    library.catalog.remove_root("/sounds")
    assert library.search(vector(3)) == []  # also before the refresh
    refresh(library)
    assert library.searchable == 0


def test_another_model_is_another_library(tmp_path: Path, library: Library, kind: str) -> None:
    add_sounds(library, range(100))
    other = Library.open(library.directory, fingerprint="new ear")
    assert (other.searchable, other.search(vector(3))) == (0, [])
    add_sounds(library, range(100, 150), fingerprint="new ear")
    refresh(other)
    refresh(library)
    assert other.searchable == library.searchable == 50
    other.close()
    old = Library.open(library.directory, fingerprint="ear")
    assert (old.searchable, names(old, 3)[0]) == (100, "3")
    old.close()


def test_the_graph_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(200))
    refresh(library)
    library.close()
    assert (tmp_path / GRAPH_FILE_NAME).exists()

    with monkeypatch.context() as patch:
        patch.setattr(Graph, "add", lambda *_, **__: pytest.fail("it need not be built again"))
        library = Library.open(tmp_path)
        library.settle()
        assert isinstance(index_of(library), GraphIndex)
        assert names(library, 55)[0] == "55"
        add_sounds(library, range(200, 210))
        refresh(library)
        assert names(library, 205)[0] == "205"
        library.close()
        library = Library.open(tmp_path)
        assert names(library, 205)[0] == "205"
        library.close()


def test_many_dead_vectors_are_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(200))
    refresh(library)
    add_sounds(library, range(10))
    refresh(library)
    assert (labels_in_graph(library), len(index_of(library))) == (200, 210)  # ten more are compared with exactly
    add_sounds(library, range(10, 40))
    refresh(library)
    assert labels_in_graph(library) == len(index_of(library)) == 200
    assert len(names(library, 3, top=200)) == 200
    library.close()


@pytest.mark.parametrize("name", [GRAPH_FILE_NAME, STAMP_FILE_NAME])
def test_a_damaged_index_mends_itself(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(100))
    refresh(library)
    library.close()
    (tmp_path / name).write_bytes(b"\0" * 1_000)
    with caplog.at_level(logging.WARNING):
        library = Library.open(tmp_path)
        library.settle()
    assert "built again" in caplog.text
    assert names(library, 55)[0] == "55"
    library.close()


def test_an_index_that_cannot_be_saved_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(100))
    (tmp_path / GRAPH_FILE_NAME).mkdir()
    with caplog.at_level(logging.WARNING):
        refresh(library)
    assert names(library, 55)[0] == "55"
    assert "could not be saved" in caplog.text
    library.close()


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="every name is valid Unicode there")
def test_a_graph_in_a_folder_whose_name_is_not_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    directory = tmp_path / os.fsdecode(b"\xff library")
    library = Library.open(directory, create=True)
    add_sounds(library, range(100))
    refresh(library)
    library.close()
    assert (directory / GRAPH_FILE_NAME).exists()
    library = Library.open(directory)
    library.settle()
    assert names(library, 55)[0] == "55"
    library.close()


def test_what_fails_while_closing_keeps_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library.open(tmp_path, create=True, window=True)
    add_sounds(library, range(10))
    refresh(library)

    def fail(_: Live) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(library._keeper, "save", fail)
    with pytest.raises(ZeroDivisionError):
        library.close()
    assert library.catalog.database._connections == []
    again = Library.open(tmp_path, window=True)
    assert not again.beside_another_window
    again.close()


def test_the_graph_of_a_lost_catalog_is_not_taken_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(100))
    refresh(library)
    library.close()
    for path in tmp_path.glob("catalog.sqlite*"):
        path.unlink()
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(500, 650))
    refresh(library)
    assert names(library, 600)[0] == "600"
    library.close()


def test_what_the_producer_says_is_filtered_by(library: Library, kind: str) -> None:
    add_sounds(library, range(60))
    library.refresh()
    marks = library.catalog.marks
    numbers = {sound.name: sound.id for sound in library.catalog.sounds()}

    def found(text: str) -> set[str]:
        return {sound.name for sound, _ in library.search(vector(7), top=99, query=read_query(text))}

    basses = {"0", "10", "20", "30", "40", "50"}
    assert found("family:bass") == basses
    marks.correct_family([numbers["7"]], "bass")
    marks.correct_family([numbers["10"]], "kick")
    assert found("family:bass") == basses - {"10"} | {"7"}
    marks.correct_family([numbers["7"]], "pad")
    assert found("family:pad") == {"7"}
    assert "7" not in found("family:kick")
    marks.correct_family([numbers["7"]], None)
    assert "7" in found("family:kick")
    assert found("favourite:yes") == found("tag:warm") == set()
    marks.set_favourite([numbers["5"], numbers["6"]], True)
    marks.tag([numbers["6"]], add=["warm"])
    marks.rate([numbers["5"]], 4)
    marks.note_auditioned(numbers["6"])
    assert found("favourite:yes") == {"5", "6"}
    assert (found("rating:3-"), found("auditioned:yes favourite:yes")) == ({"5"}, {"6"})
    assert found("favourite:yes tag:warm") == found("warm") == {"6"}


def test_a_query_asks_for_facts(library: Library, kind: str) -> None:
    add_sounds(library, range(100))
    refresh(library)
    loops = {str(number) for number in range(0, 100, 3)}
    assert set(names(library, 7, text="type:loop")) == loops
    assert set(names(library, 7, text="type:loop", families=["bass"])) == {"0", "30", "60", "90"}
    assert set(names(library, 7, text="type:loop even", top=5)) <= {str(number) for number in range(0, 100, 6)}
    assert names(library, 7, text="bpm:120") == []
    root = library.catalog.roots()[0].id
    assert len(names(library, 7, query=Query(roots=frozenset({root})), top=200)) == 100
    assert names(library, 7, query=Query(roots=frozenset({root + 1}))) == []


def test_favourites_need_no_refresh(library: Library, kind: str) -> None:
    add_sounds(library, range(100))
    refresh(library)
    assert names(library, 7, text="favourite:yes") == []
    chosen = [sound.id for sound in library.catalog.sounds() if sound.name in ("5", "77")]
    library.catalog.marks.set_favourite(chosen, True)
    assert set(names(library, 7, text="favourite:yes")) == {"5", "77"}
    library.catalog.marks.set_favourite(chosen[:1], False)
    assert len(names(library, 7, text="favourite:yes")) == 1


def test_sounds_of_a_folder_that_became_part_of_another(library: Library) -> None:
    add_sounds(library, range(30))
    library.refresh()
    above = library.catalog.add_root("/")
    library.refresh()
    assert len(names(library, 7, query=Query(roots=frozenset({above.id})))) == 30


def test_missing_sounds_come_back_with_their_drive(library: Library, kind: str) -> None:
    add_sounds(library, range(100))
    refresh(library)
    database, root = library.catalog.database, library.catalog.roots()[0]
    mark_missing(database, begin_scan(database), root.id, lambda _: True)
    refresh(library)
    assert (library.searchable, names(library, 7)) == (0, [])
    paths = [sound.path for sound in library.catalog.sounds()]
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile(path, 1, 1) for path in paths])
    refresh(library)
    assert (library.searchable, names(library, 7, top=1)) == (100, ["7"])


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a library that has no graph yet."""
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(200))
    library.close()
    monkeypatch.setattr(index_module, "EXACT_BELOW", 20)
    return tmp_path


def test_a_large_library_opens_before_it_is_read(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, read = threading.Event(), library_module.read_live

    def read_behind_a_gate(*arguments: Any) -> Live:
        assert gate.wait(60)
        return read(*arguments)

    monkeypatch.setattr(library_module, "read_live", read_behind_a_gate)
    library = Library.open(large)
    assert (library.searchable, library.catalog.counts().ready) == (200, 200)
    library.refresh()  # does not wait either
    found: list[str] = []
    search = threading.Thread(target=lambda: found.extend(names(library, 7, top=1)))
    search.start()
    assert not found
    gate.set()
    search.join(60)
    assert found == ["7"]
    library.close()


def test_searches_and_refreshes_go_on_while_the_graph_is_built(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate, add = threading.Event(), threading.Event(), Graph.add

    def add_behind_a_gate(*arguments: Any, **options: Any) -> None:
        begun.set()
        assert gate.wait(60)
        add(*arguments, **options)

    monkeypatch.setattr(Graph, "add", add_behind_a_gate)
    library = Library.open(large)
    assert names(library, 7, top=1) == ["7"]
    assert begun.wait(60), "it is built of what there is now"
    add_sounds(library, range(200, 210))
    library.refresh()
    assert names(library, 205, top=1) == ["205"]
    assert len(names(library, 7, text="type:loop", top=100)) == 70
    gate.set()
    library.settle()
    assert (labels_in_graph(library), len(index_of(library))) == (200, 210)
    assert len(names(library, 7, text="type:loop", top=100)) == 70
    library.close()


def test_a_build_that_is_stopped_goes_on_next_time(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, opened, add = threading.Event(), threading.Event(), Graph.add
    monkeypatch.setattr(keeper_module, "_ROWS_PER_TURN", 4)  # less than all in one turn, however many threads there are

    def add_and_wait_for_the_end(*arguments: Any, **options: Any) -> None:
        add(*arguments, **options)
        begun.set()
        assert opened.wait(60)
        assert library._behind.stop._event.wait(60)

    with monkeypatch.context() as patch:
        patch.setattr(Graph, "add", add_and_wait_for_the_end)
        library = Library.open(large)
        opened.set()
        assert begun.wait(60)
        library.close()
    added: list[int] = []
    monkeypatch.setattr(
        Graph,
        "add",
        lambda graph, labels, *rest, **options: (added.extend(labels), add(graph, labels, *rest, **options)),
    )
    library = Library.open(large)
    library.settle()
    assert 0 < len(added) < 200
    assert labels_in_graph(library) == 200
    library.close()


def test_waiting_can_be_given_up(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, add = threading.Event(), Graph.add
    monkeypatch.setattr(Graph, "add", lambda *arguments, **options: (gate.wait(60), add(*arguments, **options)))
    library = Library.open(large)
    seen: list[Progress] = []
    cancel = CancelToken()

    def note(progress: Progress) -> None:
        seen.append(progress)
        cancel.cancel()

    with pytest.raises(Cancelled):
        library.settle(note, cancel)
    assert (seen[0].stage, seen[0].done, seen[0].total) == ("indexing", 0, 200)
    gate.set()
    library.close()


def test_what_cannot_be_read_is_said_by_the_search(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Live:
        raise LibraryError("The disk is gone. Connect it.")

    with monkeypatch.context() as patch:
        patch.setattr(library_module, "read_live", fail)
        library = Library.open(large)
        with pytest.raises(LibraryError, match="The disk is gone"):
            library.search(vector(3))
    library.refresh()  # connected again
    assert names(library, 3, top=1) == ["3"]
    library.close()


def test_collections_and_tags_are_searched_in_and_left_out(tmp_path: Path, kind: str) -> None:
    library = Library.open(tmp_path, create=True)
    add_sounds(library, range(60))
    refresh(library)
    marks = library.catalog.marks
    ids = {sound.name: sound.id for sound in library.catalog.sounds()}
    marks.collect(marks.add_collection("My Kicks"), [ids["3"], ids["4"], ids["5"]])
    marks.tag([ids["4"], ids["6"]], add=["harsh"])
    marks.correct_family([ids["9"]], "lead")
    refresh(library)
    assert names(library, 4, text='collection:"my kicks"')[0] == "4"
    assert sorted(names(library, 4, text='collection:"my kicks"')) == ["3", "4", "5"]
    assert sorted(names(library, 4, text='collection:"my kicks" -tag:harsh')) == ["3", "5"]
    assert names(library, 9, text="corrected:yes") == ["9"]
    rest = names(library, 4, top=60, text='-collection:"my kicks" -tag:harsh')
    assert sorted(rest, key=int) == [str(number) for number in range(60) if number not in (3, 4, 5, 6)]
    assert names(library, 4, text="collection:none") == []
    library.close()
