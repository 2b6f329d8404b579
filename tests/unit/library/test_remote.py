"""One collection for several libraries, in Qdrant's embedded form: nothing stands in for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

import engine.library.remote as remote_module
from engine.errors import LibraryError
from engine.library.catalog import Catalog
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.remote import RemoteKeeper
from tests.unit.library.made_up import DIMENSION, add_sounds, vector

COLLECTION = "sounds"


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


@pytest.fixture
def shared(tmp_path: Path, client: QdrantClient) -> Iterator[Callable[[str], Library]]:
    """Makes libraries that share a collection."""
    libraries = []

    def make(name: str) -> Library:
        catalog = Catalog.open(tmp_path / name)
        keeper = RemoteKeeper(client, COLLECTION, catalog, address="qdrant://test/sounds")
        libraries.append(Library(tmp_path / name, catalog, None, keeper))
        return libraries[-1]

    yield make
    for library in libraries:
        library.catalog.close()


def know_contents(library: Library) -> None:
    """Sounds of the same name have the same content."""
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET content = CAST(name AS BLOB)")


def names(library: Library, number: int, top: int = 50, text: str = "") -> list[str]:
    return [sound.name for sound, _ in library.search(vector(number), top=top, query=read_query(text))]


def points(client: QdrantClient) -> int:
    return client.count(COLLECTION).count


def test_the_same_answers_as_a_local_index(tmp_path: Path, shared: Callable[[str], Library]) -> None:
    remote, local = shared("remote"), Library.open(tmp_path / "local", create=True)
    for library in (remote, local):
        add_sounds(library, range(100))
        library.refresh()
    for text in ("", "family:bass", "type:loop", "odd -9", "family:organ"):
        found = remote.search(np.stack([vector(3), vector(77)]), top=20, query=read_query(text))
        expected = local.search(np.stack([vector(3), vector(77)]), top=20, query=read_query(text))
        assert [sound.name for sound, _ in found] == [sound.name for sound, _ in expected]
        assert [value for _, value in found] == pytest.approx([value for _, value in expected], abs=1e-3)
    assert len(names(remote, 5, top=1_000)) == remote.searchable == 100
    local.close()


@pytest.mark.parametrize("rare", [False, True])
def test_filters_that_leave_many(shared: Callable[[str], Library], monkeypatch: pytest.MonkeyPatch, rare: bool) -> None:
    """Left to the server's graph, or named in several requests."""
    monkeypatch.setattr(remote_module, "_FEW", 15)
    if rare:
        monkeypatch.setattr(remote_module, "_MOST_FETCHED", 0)
    library = shared("one")
    add_sounds(library, range(60), vectors_each=2)
    library.refresh()
    assert len(names(library, 7, text="type:loop", top=30)) == 20
    assert set(names(library, 7, text="family:bass", top=6)) == {"0", "10", "20", "30", "40", "50"}
    assert names(library, 7, top=1) == ["7"]


def test_libraries_find_their_own_sounds_and_share_points(
    shared: Callable[[str], Library], client: QdrantClient
) -> None:
    one, other = shared("one"), shared("other")
    add_sounds(one, range(40))
    add_sounds(other, range(20, 60))
    for library in (one, other):
        know_contents(library)
        library.refresh()
    assert points(client) == 60
    assert set(names(one, 30, top=200)) == {str(number) for number in range(40)}
    assert set(names(other, 30, top=200)) == {str(number) for number in range(20, 60)}
    assert names(one, 30)[0] == names(other, 30)[0] == "30"


def test_a_content_owned_twice_is_one_point_and_two_sounds(
    shared: Callable[[str], Library], client: QdrantClient
) -> None:
    library = shared("one")
    add_sounds(library, range(20))
    know_contents(library)
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET content = x'00' WHERE name IN ('3', '4')")
    library.refresh()
    assert points(client) == 19
    found = library.search(vector(4), top=2)
    assert {sound.name for sound, _ in found} == {"3", "4"}
    assert found[0][1] == found[1][1]


def test_an_index_that_has_lost_points_gives_what_it_has(
    shared: Callable[[str], Library], client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_module, "_FEW", 5)
    library = shared("one")
    add_sounds(library, range(40))
    library.refresh()
    there, _ = client.scroll(COLLECTION, limit=30)
    client.delete(COLLECTION, models.PointIdsList(points=[point.id for point in there]))
    assert len(names(library, 30, top=20)) == points(client) == 10


def test_contents_unknown_are_nobody_elses(shared: Callable[[str], Library], client: QdrantClient) -> None:
    one, other = shared("one"), shared("other")
    for library in (one, other):
        add_sounds(library, range(30))
        with library.catalog.database.write() as connection:
            connection.execute("UPDATE sounds SET content = NULL")
        library.refresh()
    assert points(client) == 60


def test_only_what_is_new_is_sent(
    tmp_path: Path, shared: Callable[[str], Library], client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    upsert = client.upsert

    def counted(collection: str, points: list[models.PointStruct], **options: object) -> object:
        sent.append(len(points))
        return upsert(collection, points, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(client, "upsert", counted)
    library = shared("one")
    add_sounds(library, range(40))
    library.refresh()
    add_sounds(library, range(35, 60))  # five are heard anew
    library.refresh()
    assert sent == [40, 20]  # what the five hold was there already
    assert len(names(library, 3, top=200)) == len(set(names(library, 3, top=200))) == 60

    again = shared("one")  # the next start
    again.refresh()
    assert sent == [40, 20]
    assert names(again, 36)[0] == "36"
    client.delete_collection(COLLECTION)  # somebody lost it
    last = shared("one")
    last.refresh()
    assert sum(sent[2:]) == 60
    assert names(last, 36)[0] == "36"


def test_another_models_vectors_are_not_found(shared: Callable[[str], Library]) -> None:
    library = shared("one")
    add_sounds(library, range(30))
    library.refresh()
    add_sounds(library, range(10), fingerprint="new ear")
    library.refresh()
    assert set(names(library, 3)) == {str(number) for number in range(10)}


def test_a_collection_of_another_dimension(shared: Callable[[str], Library], client: QdrantClient) -> None:
    size = models.VectorParams(size=DIMENSION + 1, distance=models.Distance.COSINE)
    client.create_collection(COLLECTION, vectors_config=size)
    library = shared("one")
    add_sounds(library, range(3))
    with pytest.raises(
        LibraryError, match=f"holds vectors of {DIMENSION + 1} dimensions, this model makes {DIMENSION}"
    ):
        library.refresh()


def test_a_collection_of_something_else(shared: Callable[[str], Library], client: QdrantClient) -> None:
    size = models.VectorParams(size=DIMENSION, distance=models.Distance.DOT)
    client.create_collection(COLLECTION, vectors_config=size)
    library = shared("one")
    add_sounds(library, range(3))
    with pytest.raises(LibraryError, match="not one of Earshot's"):
        library.refresh()


def test_embedded_in_a_folder(tmp_path: Path) -> None:
    address = (tmp_path / "a folder").as_uri().replace("file://", "qdrant://")
    library = Library.open(tmp_path / "library", create=True, index=address)
    add_sounds(library, range(30))
    library.refresh()
    with pytest.raises(LibraryError, match="in use by another Earshot"):
        Library.open(tmp_path / "library", index=address)
    library.close()
    library = Library.open(tmp_path / "library", index=address)
    assert names(library, 7)[0] == "7"
    library.close()


@pytest.mark.parametrize(
    "address",
    [
        "qdrant://",
        "qdrant://host:6333",
        "qdrant://host:6333/",
        "http://host/a",
        "host",
        "qdrant://nas:abc/x",
        "qdrant://nas:70000/x",
        "qdrant://[nas/x",
    ],
)
def test_no_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(LibraryError, match="is no index"):
        Library.open(tmp_path, create=True, index=address)


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"qdrant://127.0.0.1:9/sounds does not answer"):
        Library.open(tmp_path, create=True, index="qdrant://127.0.0.1:9/sounds")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "qdrant_client"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(LibraryError, match=r"qdrant-client, which is not installed: pip install 'earshot\[shared\]'"):
        Library.open(tmp_path, create=True, index="qdrant://127.0.0.1:9/sounds")


def test_an_old_server() -> None:
    with pytest.raises(LibraryError, match="too old"):
        remote_module._require_version("qdrant://host/a", "1.16.3")
    remote_module._require_version("qdrant://host/a", "1.17.0")
    remote_module._require_version("qdrant://host/a", "2.0.0-dev")
