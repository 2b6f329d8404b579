"""Names and folders that no program likes, scanned by the real scanner."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.jobs import Progress
from engine.library.catalog import Catalog
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.scanner import scan
from tests.unit.library.ears import load_slow, load_toy

RATE = 16_000


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 5) / RATE), RATE)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not allow such names")
def test_odd_names_are_names(tmp_path: Path, sound: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    names = [
        b"bytes \xff\xfe kick.wav",
        b"new\nline kick.wav",
        "قيثارة kick.wav".encode(),
        "\u202etxt.kick.wav".encode(),
        b"tab\tquote\"'; DROP TABLE sounds; kick.wav",
        b" kick .wav",
        b"kick.WAV",
        "ki\u0308ck \U0001f941 kick.wav".encode(),
        b"-kick %s {0} kick.wav",
        (b"k" * 240) + b" kick.wav",
    ]
    for name in names:
        shutil.copy(sound, os.path.join(os.fsencode(folder), name))
    library = Library.open(tmp_path / "library", create=True)
    result = scan(library, [folder], workers=2, loader=load_toy)
    assert (result.listed, result.embedded, result.failed) == (len(names), len(names), 0)
    found = {os.fsencode(os.path.basename(sound.path)) for sound in library.catalog.sounds()}
    assert found == set(names)
    assert len(library.catalog.matching(read_query("kick"))) == len(names)
    assert scan(library, [folder], workers=1, loader=load_toy).unchanged == len(names)
    for sound_ in library.catalog.sounds():
        sound_.name.encode()
    library.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the length of a path has other limits elsewhere")
def test_a_path_too_long_to_open_hurts_nobody(tmp_path: Path, sound: Path) -> None:
    """Folders that were made from inside: their whole path is longer than the system lets anyone name."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    shutil.copy(sound, folder / "near.wav")
    here = os.open(folder, os.O_RDONLY)
    depth = 0
    while len(str(folder)) + 201 * depth < 4_300:
        os.mkdir("d" * 200, dir_fd=here)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here, depth = deeper, depth + 1
    with open(os.open("far.wav", os.O_CREAT | os.O_WRONLY, dir_fd=here), "wb") as file:
        file.write(sound.read_bytes())
    os.close(here)
    library = Library.open(tmp_path / "library", create=True)
    result = scan(library, [folder], workers=1, loader=load_toy)
    assert result.listed == result.embedded == 1
    assert len(result.unreadable) == 1
    library.close()


def test_loops_of_links(tmp_path: Path, sound: Path) -> None:
    folder = tmp_path / "sounds"
    (folder / "inner").mkdir(parents=True)
    shutil.copy(sound, folder / "inner" / "one.wav")
    (folder / "inner" / "up").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nowhere.wav").symlink_to(folder / "gone.wav")
    library = Library.open(tmp_path / "library", create=True)
    assert scan(library, [folder], workers=1, loader=load_toy).listed == 1
    library.close()


def test_files_deleted_while_they_are_scanned(tmp_path: Path, sound: Path) -> None:
    folder, files = tmp_path / "sounds", 400
    for number in range(files):
        (folder / f"{number // 20}").mkdir(parents=True, exist_ok=True)
        shutil.copy(sound, folder / f"{number // 20}" / f"{number}.wav")
    library = Library.open(tmp_path / "library", create=True)
    deleted = threading.Event()

    def delete_most(progress: Progress) -> None:
        if progress.stage == "scanning" and progress.done > 5 and not deleted.is_set():
            deleted.set()
            for number in range(18):
                shutil.rmtree(folder / f"{number}")

    result = scan(library, [folder], workers=2, loader=load_slow, progress=delete_most)
    assert deleted.is_set()
    assert result.embedded + result.failed == result.listed == files
    assert result.failed > 0
    assert all("no such file" in (sound.reason or "").casefold() for sound in library.catalog.failed())
    again = scan(library, [folder], workers=1, loader=load_toy)
    counts = library.catalog.counts()
    assert (again.listed, counts.missing, counts.ready, counts.failed) == (40, files - 40, 40, 0)
    library.close()


def test_a_second_program_reads_and_marks_while_the_first_scans(tmp_path: Path, sound: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(120):  # seconds of work: there is time for three looks
        shutil.copy(sound, folder / f"{number}.wav")
    library = Library.open(tmp_path / "library", create=True)
    seen: list[int] = []

    def look(progress: Progress) -> None:
        if progress.stage == "scanning" and len(seen) < 3:
            other = Catalog.open(tmp_path / "library")  # as another program would
            seen.append(other.counts().total)
            other.marks.set_favourite([other.sounds()[len(seen)].id], True)
            other.close()

    assert scan(library, [folder], workers=2, loader=load_slow, progress=look).embedded == 120
    assert seen == [120, 120, 120]
    assert len(library.catalog.marks.favourites()) >= 1
    library.close()
