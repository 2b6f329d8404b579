"""The first pass of a scan, by itself."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from engine.errors import AudioError
from engine.jobs import Cancelled, CancelToken, Progress, ignore_progress
from engine.library import listing, moves, spelling
from engine.library.catalog import Catalog
from engine.presets import Preset
from tests.unit.presets.fonts import FontPreset, Sample, Zone, tone, write_font

SAMPLES = [Sample(tone(110.0), root=45)]
ONE, TWO, THREE = (FontPreset(name, [Zone()], program=n) for n, name in enumerate((b"One", b"Two", b"Three")))


def test_a_root_that_is_removed_while_its_files_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FILES_PER_LISTING", 1)
    folders = [tmp_path / "Drums", tmp_path / "Keys"]
    for folder in folders:
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.wav").write_bytes(b"RIFF")
    catalog = Catalog.open(tmp_path / "library")

    def remove(step: Progress) -> None:
        if step.done == 1 and str(folders[0]) in {root.path for root in catalog.roots()}:
            catalog.remove_root(folders[0])

    listed = listing.list_folders(catalog, list(map(str, folders)), remove, CancelToken())
    assert [root.path for root in catalog.roots()] == [str(folders[1])]
    assert (catalog.counts().listed, listed.removed, listed.unreadable) == (3, 0, [])
    catalog.close()


@pytest.mark.parametrize("asks", ["as_known", "_is_empty", "presets_of", "digest_if_readable"])
def test_no_question_to_a_silent_drive_holds_up_who_cancels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "one.wav").write_bytes(b"RIFF")
    write_font(folder / "font.sf2", [ONE], SAMPLES)
    catalog = Catalog.open(tmp_path / "library")
    listing.list_folders(catalog, [str(folder)], ignore_progress, CancelToken())
    with catalog.database.write() as connection:  # so that what is new may be what moved, and presets are read
        connection.execute("UPDATE sounds SET content = x'00', missing = 1, mtime_ns = 1")
        connection.execute("UPDATE sounds SET path = path || '.old'")
    answer, token = threading.Event(), CancelToken()

    def hang(*_: object, **__: object) -> object:
        token.cancel()
        answer.wait(30.0)
        return None

    monkeypatch.setattr({"as_known": Catalog, "digest_if_readable": moves}.get(asks, listing), asks, hang)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        listing.list_folders(catalog, [str(folder)], ignore_progress, token)
    assert time.monotonic() - began < 10.0
    answer.set()
    for thread in threading.enumerate():
        if thread.name == "drive":
            thread.join(10.0)
    catalog.close()


def test_a_tree_without_sounds_is_left_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sounds"
    for number in range(20):
        (folder / f"{number:02}").mkdir(parents=True)
        (folder / f"{number:02}" / "readme.txt").touch()
    catalog = Catalog.open(tmp_path / "library")
    monkeypatch.setattr(listing, "_SECONDS_PER_COMMIT", -1.0)
    told: list[Progress] = []
    assert listing.list_folders(catalog, [str(folder)], told.append, CancelToken()).without_sounds == [str(folder)]
    assert len(told) >= 20

    token, entered, scandir = CancelToken(), [], os.scandir

    def enter(path: str) -> object:
        entered.append(path)
        if len(entered) == 3:
            token.cancel()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", enter)
    with pytest.raises(Cancelled):
        listing.list_folders(catalog, [str(folder)], ignore_progress, token)
    assert len(entered) == 3
    catalog.close()


def test_files_of_presets_that_are_known_are_left_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.sfz").write_text("<region> sample=*sine\n")
    catalog = Catalog.open(tmp_path / "library")
    assert len(listed_in(catalog, folder)) == 20

    transactions, write = [], catalog.database.write
    monkeypatch.setattr(catalog.database, "write", lambda: transactions.append(1) or write())
    assert len(listed_in(catalog, folder)) == 20
    assert len(transactions) < 10

    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        listing.list_folders(catalog, [str(folder)], ignore_progress, token)
    monkeypatch.setattr(listing, "_PRESET_FILES_PER_LOOK", 5)
    token = CancelToken()
    told: list[Progress] = []

    def stop(step: Progress) -> None:
        told.append(step)
        token.cancel()

    with pytest.raises(Cancelled):
        listing.list_folders(catalog, [str(folder)], stop, token)
    assert [step.done for step in told] == [5]
    catalog.close()


def listed_in(catalog: Catalog, folder: Path) -> set[str]:
    """List a folder; the names of the sounds that are there then."""
    listing.list_folders(catalog, [str(folder)], ignore_progress, CancelToken())
    return {sound.name for sound in catalog.sounds() if sound.state != "missing"}


def test_a_font_that_is_again_what_it_was(tmp_path: Path) -> None:
    """Restored with its time, from another version or after it was away."""
    folder = tmp_path / "Fonts"
    folder.mkdir()
    (folder / "readme.txt").touch()
    catalog = Catalog.open(tmp_path / "library")

    def put(time: int, *presets: FontPreset) -> set[str]:
        os.utime(write_font(folder / "a.sf2", list(presets), SAMPLES), (time, time))
        return listed_in(catalog, folder)

    for _ in range(2):
        assert put(1, ONE, TWO) == {"One", "Two"}
        assert put(2, ONE, THREE) == {"One", "Three"}
        assert listed_in(catalog, folder) == {"One", "Three"}
    (folder / "a.sf2").unlink()
    assert listed_in(catalog, folder) == set()
    assert put(1, ONE, TWO) == {"One", "Two"}
    catalog.close()


def test_a_font_that_can_be_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_font(tmp_path / "a.sf2", [ONE, TWO], SAMPLES)
    catalog = Catalog.open(tmp_path / "library")

    def refuse(path: Path, **_: Path) -> list[Preset]:
        raise AudioError(path, "It may not be read.") from PermissionError()

    with monkeypatch.context() as patch:
        patch.setattr(listing, "presets_of", refuse)
        assert listed_in(catalog, tmp_path) == {"a"}
        with catalog.database.write() as connection:  # as whoever hears it finds
            connection.execute("UPDATE sounds SET state = 'failed'")
        assert listed_in(catalog, tmp_path) == {"a"}
    assert listed_in(catalog, tmp_path) == {"One", "Two"}
    with monkeypatch.context() as patch:
        patch.setattr(listing, "presets_of", refuse)  # it is known, and not read again
        assert listed_in(catalog, tmp_path) == {"One", "Two"}
    catalog.close()


@pytest.fixture
def spellings(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with a sound in it, and the same one in other letters, as on Windows."""
    folder, other = tmp_path / "Fonts Ä", tmp_path / "fonts a\u0308"
    (folder / "Kit").mkdir(parents=True)
    (folder / "Kit" / "a.wav").write_bytes(b"RIFF")
    if not other.exists():
        other.symlink_to(folder)
    return folder, other


def test_a_folder_in_other_letters_is_the_same(tmp_path: Path, spellings: tuple[Path, Path]) -> None:
    folder, other = spellings
    catalog = Catalog.open(tmp_path / "library")
    for asked in (folder, other, other / "Kit"):
        assert listed_in(catalog, asked) == {"a"}
        assert [root.path for root in catalog.roots()] == [str(folder)]
        assert [sound.path for sound in catalog.sounds()] == [str(folder / "Kit" / "a.wav")]
    assert catalog.remove_root(other) == 1
    catalog.close()


def test_a_new_folder_is_spelled_as_on_the_disk(
    tmp_path: Path, spellings: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = spellings
    listdir = os.listdir
    monkeypatch.setattr(spelling.os, "listdir", lambda path: [name for name in listdir(path) if name != other.name])
    catalog = Catalog.open(tmp_path / "library")
    assert catalog.add_root(other).path == str(folder)
    catalog.close()


def test_folders_that_only_look_the_same_are_two(tmp_path: Path) -> None:
    folders = [tmp_path / "Kit", tmp_path / "kit"]
    folders[0].mkdir()
    if folders[1].exists():
        pytest.skip("they are the same here")
    folders[1].mkdir()
    catalog = Catalog.open(tmp_path / "library")
    assert [catalog.add_root(folder).path for folder in folders] == list(map(str, folders))
    catalog.close()


def test_a_defect_that_a_file_of_presets_meets_does_not_end_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_font(tmp_path / "a.sf2", [ONE, TWO], SAMPLES)
    (tmp_path / "b.wav").write_bytes(b"RIFF")

    def fail(_: Path, **__: Path) -> list[Preset]:
        raise ZeroDivisionError

    monkeypatch.setattr(listing, "presets_of", fail)
    catalog = Catalog.open(tmp_path / "library")
    assert listed_in(catalog, tmp_path) == {"a", "b"}
    catalog.close()
