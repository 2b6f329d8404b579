"""Copies for another program: complete, beside what is there, originals untouched."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from pathlib import Path

import pytest

from engine.errors import LibraryError
from engine.jobs import Cancelled, CancelToken, Progress
from engine.library.export import CopyResult, copy_sounds


@pytest.fixture
def originals(tmp_path: Path) -> list[str]:
    paths = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "Kick & Snare ü.wav"
        path.parent.mkdir()
        path.write_bytes(folder.encode() * 1000)
        paths.append(str(path))
    return paths


def test_sounds_of_one_name_stand_side_by_side(originals: list[str], tmp_path: Path) -> None:
    target = tmp_path / "out" / "deep"
    seen: list[Progress] = []
    result = copy_sounds([*originals, originals[0]], target, progress=seen.append)
    assert (result.copied, result.present, result.missing) == (2, 0, ())
    assert {path.name: path.read_bytes()[:1] for path in target.iterdir()} == {
        "Kick & Snare ü.wav": b"a",
        "Kick & Snare ü (2).wav": b"b",
    }
    assert [(step.done, step.total) for step in seen] == [(0, 2), (1, 2), (2, 2)]
    again = copy_sounds(originals, target)
    assert (again.copied, again.present) == (0, 2)
    assert len(list(target.iterdir())) == 2


def test_what_is_there_is_never_overwritten(originals: list[str], tmp_path: Path) -> None:
    mine = tmp_path / "out" / "Kick & Snare ü.wav"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    before = [(os.stat(path).st_mtime_ns, Path(path).read_bytes()) for path in originals]
    copy_sounds(originals, mine.parent)
    assert mine.read_bytes() == b"mine"
    assert len(list(mine.parent.iterdir())) == 3
    assert [(os.stat(path).st_mtime_ns, Path(path).read_bytes()) for path in originals] == before


def test_a_sound_that_is_away_is_told_and_the_others_are_copied(originals: list[str], tmp_path: Path) -> None:
    Path(originals[0]).unlink()
    result = copy_sounds(originals, tmp_path / "out")
    assert (result.copied, result.missing) == (1, (originals[0],))


def test_a_folder_that_cannot_be_written_is_named(originals: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(LibraryError, match="cannot be written"):
        copy_sounds(originals, file / "inside")


def test_stopped_between_two_files_nothing_is_half(originals: list[str], tmp_path: Path) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 1:
            token.cancel()

    with pytest.raises(Cancelled):
        copy_sounds([*originals, str(tmp_path / "a")], tmp_path / "out", progress=stop, cancel=token)
    assert [path.stat().st_size for path in (tmp_path / "out").iterdir()] == [1000, 1000]


def test_a_sound_whose_drive_goes_while_it_is_compared_is_told(
    originals: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_sounds(originals, tmp_path / "out")

    def unplug(source: Path, target: Path, *, shallow: bool) -> bool:
        Path(source).unlink(missing_ok=True)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(filecmp, "cmp", unplug)
    result = copy_sounds(originals, tmp_path / "out")
    assert (result.copied, result.present, result.missing) == (0, 0, tuple(originals))


def test_a_file_in_the_way_that_cannot_be_read_is_told(
    originals: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_sounds(originals, tmp_path / "out")

    def refuse(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(filecmp, "cmp", refuse)
    with pytest.raises(LibraryError, match="cannot be written to"):
        copy_sounds(originals, tmp_path / "out")


def test_a_name_as_long_as_a_system_takes_is_copied(tmp_path: Path) -> None:
    original = tmp_path / "from" / f"{'n' * 251}.wav"
    original.parent.mkdir()
    original.write_bytes(b"sound")
    assert copy_sounds([str(original)], tmp_path / "Kit") == CopyResult(1, 0, ())
    assert [path.name for path in (tmp_path / "Kit").iterdir()] == [original.name]


def test_a_name_that_the_folder_does_not_take_costs_one_file(originals: list[str], tmp_path: Path) -> None:
    long = []
    for folder in ("a", "b"):
        path = tmp_path / folder / f"{'n' * 251}.wav"
        path.write_bytes(folder.encode())
        long.append(str(path))
    result = copy_sounds([*long, *originals], tmp_path / "out")  # the second needs a number, for which there is no room
    assert result == CopyResult(3, 0, (), ((long[1], "File name too long"),))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="takes a file that can be opened, but not read")
def test_a_file_that_cannot_be_read_in_the_middle_costs_one_file(originals: list[str], tmp_path: Path) -> None:
    result = copy_sounds(["/proc/self/mem", *originals], tmp_path / "out")
    assert (result.copied, result.missing, [path for path, _ in result.refused]) == (2, (), ["/proc/self/mem"])
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_what_appears_meanwhile_is_not_overwritten(
    originals: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    name = Path(originals[0]).name
    monkeypatch.setattr(shutil, "copystat", lambda *_, **__: (folder / name).write_bytes(b"another's"))
    assert copy_sounds(originals[:1], folder).copied == 1
    assert (folder / name).read_bytes() == b"another's"
    assert len(list(folder.iterdir())) == 2


def test_times_that_a_drive_does_not_take_are_left_out(
    originals: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(shutil, "copystat", refuse)
    assert copy_sounds(originals, tmp_path / "out").copied == 2


def test_a_full_drive_ends_it_and_is_named(
    originals: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(shutil, "copyfile", fill)
    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(LibraryError, match="No space left on device"):
        copy_sounds(originals, tmp_path / "out")
