"""How fast folders become a library: listing, headers, hearing; each beside what it cannot be faster than."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from engine.audio.declared import declared
from engine.audio.decode import decode, resample
from engine.audio.measure import measure
from engine.encoder.ear import Ear
from engine.jobs import CancelToken, Progress, ignore_progress
from engine.library.headers import HeaderPass
from engine.library.library import Library
from engine.library.listing import list_folders
from engine.library.scanner import scan

pytestmark = pytest.mark.benchmark

RATE = 44_100


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def write_sounds(folder: Path, count: int, seconds: float, *, per_folder: int = 200) -> None:
    """Decaying noises and tones, each of its own."""
    time_axis = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(0)
    for number in range(count):
        inside = folder / f"Pack {number // per_folder:04}"
        inside.mkdir(parents=True, exist_ok=True)
        hz, decay = 60.0 * 2.0 ** random.uniform(0, 5), random.uniform(3, 20)
        wave = np.sin(2 * np.pi * hz * time_axis) + 0.3 * random.standard_normal(len(time_axis))
        soundfile.write(inside / f"Sound {number:06}.wav", 0.4 * wave * np.exp(-decay * time_axis), RATE)


def test_first_pass(tmp_path: Path) -> None:
    files = 20_000
    write_sounds(tmp_path / "sounds", files, 0.01)
    library = Library.open(tmp_path / "library", create=True)

    def walk_alone() -> int:
        return sum(
            os.stat(os.path.join(folder, name)).st_size
            for folder, _, names in os.walk(tmp_path / "sounds")
            for name in names
        )

    def list_all() -> None:
        list_folders(library.catalog, [str(tmp_path / "sounds")], ignore_progress, CancelToken())

    def read_headers() -> None:
        with HeaderPass(library.catalog.database, 1) as headers:
            headers.wait()

    walk_alone()
    floor = seconds_of(walk_alone)
    first, again = seconds_of(list_all), 0.0
    with library.catalog.database.read() as connection:
        (number,) = connection.execute("SELECT value FROM meta WHERE key = 'scan'").fetchone()
    assert number == 1
    headers = seconds_of(read_headers)
    again = seconds_of(list_all)
    print(
        f"\nlisting {files / first:,.0f} files/s, {first / floor:.1f} times os.walk with stat ({files / floor:,.0f}/s)"
    )
    print(f"listing again, nothing changed: {files / again:,.0f} files/s")
    print(f"headers, in a process beside the scan: {files / headers:,.0f} files/s")
    with library.catalog.database.read() as connection:
        (known,) = connection.execute("SELECT count(*) FROM sounds WHERE duration_seconds IS NOT NULL").fetchone()
    assert known == files
    library.close()


def test_second_pass(tmp_path: Path) -> None:
    files = 3_000
    write_sounds(tmp_path / "sounds", files, 1.0)
    paths = sorted((tmp_path / "sounds").rglob("*.wav"))[:600]
    ear = Ear.load(device="cpu", threads=1)
    monos: list[np.ndarray] = []

    def decode_and_measure() -> None:
        for path in paths:
            audio = decode(path)
            measure(audio, declared(path))
            monos.append(resample(audio.mono(), audio.rate, ear.rate))

    def embed() -> None:
        for start in range(0, len(paths), 16):
            ear.embed(monos[start : start + 16])

    cores = len(psutil.Process().cpu_affinity())
    decoding, model = (cores * len(paths) / seconds_of(work) for work in (decode_and_measure, embed))
    library = Library.open(tmp_path / "library", create=True)
    seen: list[tuple[float, int]] = []

    def watch(progress: Progress) -> None:
        if progress.stage == "scanning" and progress.done:
            seen.append((time.perf_counter(), progress.done))

    result = scan(library, [tmp_path / "sounds"], workers=cores, progress=watch)
    library.close()
    assert result.embedded == files
    (began, first), (ended, last) = seen[0], seen[-1]
    rate = (last - first) / (ended - began)
    together = 1.0 / (1.0 / decoding + 1.0 / model)
    print(f"\nscan of {files} one-second one-shots with {cores} workers: {rate:.0f}/s once they are at work")
    print(f"from the first moment to the last, processes and models loaded: {files / result.seconds:.0f}/s")
    print(f"on as many cores: decoding and measuring alone {decoding:.0f}/s, the model alone {model:.0f}/s")
    print(f"{rate / min(decoding, model):.2f} of the slower, {rate / together:.2f} of both one after the other")


@pytest.mark.slow
def test_memory_of_the_scanner(tmp_path: Path) -> None:
    """Listing and bookkeeping of many files: what is held must not grow with them."""
    process, peaks = psutil.Process(), []
    library = Library.open(tmp_path / "library", create=True)
    write_sounds(tmp_path / "one", 1, 0.01)
    (sound,) = (tmp_path / "one").rglob("*.wav")
    for files in (50_000, 200_000):
        folder = tmp_path / f"links {files}"
        for number in range(files):
            if number % 1_000 == 0:
                (folder / f"{number}").mkdir(parents=True)
            (folder / f"{number - number % 1_000}" / f"{number}.wav").symlink_to(sound)
        before = process.memory_info().rss
        list_folders(library.catalog, [str(folder)], ignore_progress, CancelToken())
        peaks.append((process.memory_info().rss - before) / 2**20)
        print(f"\n{files:,} files listed: {peaks[-1]:+.0f} MiB")
    library.close()
