"""Which files a scan finds."""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from engine.library.walk import sound_files


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def found(root: Path) -> list[str]:
    return [os.path.relpath(file.path, root) for file in sound_files(root)]


def test_audio_by_its_ending_in_any_case(tmp_path: Path) -> None:
    for name in ["a.wav", "b.AIF", "c.Flac", "d.m4a", "e.txt", "f.wav.asd", "g", "h.mid", "i.opus"]:
        touch(tmp_path / name)
    assert found(tmp_path) == ["a.wav", "b.AIF", "c.Flac", "d.m4a", "i.opus"]


def test_size_and_time_come_with_the_path(tmp_path: Path) -> None:
    path = touch(tmp_path / "a.wav")
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    (file,) = sound_files(tmp_path)
    assert (file.path, file.size, file.mtime_ns) == (str(path), 1, path.stat().st_mtime_ns)


@pytest.mark.parametrize(
    ("inode", "time_ns", "told"),
    [
        ((1 << 64) - 1, 1 << 64, ((1 << 63) - 1, (1 << 62) - 1)),
        (1 << 63, -1, (None, 0)),
        (5, 1 << 62, (5, (1 << 62) - 1)),
    ],
)
def test_numbers_and_times_are_those_that_a_catalog_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inode: int, time_ns: int, told: tuple[int | None, int]
) -> None:
    entry = Mock(path=str(touch(tmp_path / "a.wav")), **{"is_dir.return_value": False})
    entry.name = "a.wav"
    entry.stat.return_value = SimpleNamespace(st_mode=stat.S_IFREG, st_size=1, st_mtime_ns=time_ns, st_ino=inode)
    monkeypatch.setattr(os, "scandir", lambda _: nullcontext([entry]))
    (file,) = sound_files(tmp_path)
    assert (file.inode, file.mtime_ns) == told


def test_hidden_and_system_folders_are_left_out(tmp_path: Path) -> None:
    for name in [".git/a.wav", ".a.wav", "._b.wav", "__MACOSX/c.wav", "$RECYCLE.BIN/d.wav", "Kit/@eaDir/e.wav"]:
        touch(tmp_path / name)
    touch(tmp_path / "Kit" / "f.wav")
    assert found(tmp_path) == [os.path.join("Kit", "f.wav")]


def test_links_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "z real" / "a.wav")
    elsewhere = touch(tmp_path.with_name(f"{tmp_path.name} elsewhere") / "b.wav")
    (tmp_path / "z real" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a link").symlink_to(tmp_path / "z real", target_is_directory=True)
    (tmp_path / "out").symlink_to(elsewhere.parent, target_is_directory=True)
    (tmp_path / "nowhere.wav").symlink_to(tmp_path / "gone.wav")
    assert found(tmp_path) == [os.path.join("z real", "a.wav"), os.path.join("out", "b.wav")]


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    assert found(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="file modes")
def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a" / "a.wav")
    touch(tmp_path / "b" / "b.wav")
    genuine = os.scandir

    def refuse(path: str) -> Any:  # the superuser may read everything, so modes do not do here
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return genuine(path)

    monkeypatch.setattr(os, "scandir", refuse)
    reported: list[str] = []
    files = list(sound_files(tmp_path, on_unreadable=lambda folder, _: reported.append(folder)))
    assert reported == [str(tmp_path / "a")]
    assert [Path(file.path).name for file in files] == ["b.wav"]


def test_a_root_that_vanished_is_reported(tmp_path: Path) -> None:
    reported: list[OSError] = []
    assert list(sound_files(tmp_path / "gone", on_unreadable=lambda _, error: reported.append(error))) == []
    assert isinstance(reported[0], FileNotFoundError)
