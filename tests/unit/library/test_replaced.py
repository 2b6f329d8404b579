"""Files that others of the same length and time replaced are heard anew; those that only have other numbers are not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.library import content, replaced
from engine.library.library import Library
from engine.library.scanner import ScanResult, scan
from tests.unit.library.ears import load_toy


@pytest.fixture
def sounds(tmp_path: Path, tone: Callable[..., Path]) -> Path:
    folder = tmp_path / "sounds"
    for number in range(6):
        tone(folder / f"{number}.wav", hz=200 * 1.4**number, seconds=0.2)
    return folder


def rescan(library: Library, folder: Path) -> ScanResult:
    return scan(library, [folder], loader=load_toy, workers=1)


def put_in_place_of(path: Path, other: Path) -> None:
    """Another file with the length and time of the old one, as a program writes that keeps the times."""
    before = path.stat()
    new = path.with_suffix(".new")
    shutil.copy(other, new)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert after.st_ino != before.st_ino


def test_another_file_of_the_same_length_and_time(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    (before,) = (sound for sound in library.catalog.sounds() if sound.name == "0")
    put_in_place_of(sounds / "0.wav", sounds / "5.wav")
    result = rescan(library, sounds)
    assert (result.embedded, result.unchanged) == (1, 5)
    after = library.catalog.sound(before.id)
    assert before.pitch_hz == pytest.approx(200, rel=0.02)
    assert after.pitch_hz == pytest.approx(200 * 1.4**5, rel=0.02)
    assert rescan(library, sounds).unchanged == 6


def test_the_same_file_copied_back(library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rescan(library, sounds)
    put_in_place_of(sounds / "0.wav", sounds / "0.wav")
    assert rescan(library, sounds).unchanged == 6
    # It is read no second time.
    monkeypatch.setattr(content, "content_digest", lambda path, _: pytest.fail(f"{path} was read again"))
    assert rescan(library, sounds).unchanged == 6


def test_a_drive_that_counts_anew_is_not_read_as_a_whole(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaced, "_STAND_FOR_A_ROOT", 2)
    rescan(library, sounds)
    for path in sounds.iterdir():
        put_in_place_of(path, path)
    read: list[str] = []
    digest = content.content_digest
    monkeypatch.setattr(content, "content_digest", lambda path, root: read.append(path) or digest(path, root))
    assert rescan(library, sounds).unchanged == 6
    assert len(read) == 2
    assert rescan(library, sounds).unchanged == 6
    assert len(read) == 2


def test_a_drive_that_counts_anew_and_holds_something_else(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaced, "_STAND_FOR_A_ROOT", 2)
    rescan(library, sounds)
    first, *others = sorted(sounds.iterdir())
    put_in_place_of(first, others[-1])
    for path in others:
        put_in_place_of(path, path)
    assert rescan(library, sounds).embedded == 1


def test_one_that_cannot_be_read_stays_in_doubt(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescan(library, sounds)
    put_in_place_of(sounds / "0.wav", sounds / "5.wav")
    with monkeypatch.context() as away:

        def fail(path: str, _: str) -> bytes:
            raise OSError(5, "Input/output error")

        away.setattr(content, "content_digest", fail)
        assert rescan(library, sounds).unchanged == 6
    assert rescan(library, sounds).embedded == 1


def test_without_numbers_only_length_and_time_count(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescan(library, sounds)
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET inode = NULL, found_inode = NULL")
    assert rescan(library, sounds).unchanged == 6
    put_in_place_of(sounds / "0.wav", sounds / "5.wav")
    assert rescan(library, sounds).embedded == 1
