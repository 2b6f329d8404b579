"""The demo's files and its run, with only the song's own sounds in the library and an ear that has learned nothing."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.decode import decode
from engine.demo import collection, ensure_demo, files, run_demo
from engine.demo.run import DemoResult, report
from engine.demo.song import STRIPS
from engine.encoder import checkpoint
from engine.errors import EarshotError
from engine.jobs import Cancelled, CancelToken, Progress


def _song_sounds() -> list[str]:
    return [strip.sound for strip in STRIPS]


def _write_song_sounds(folder: Path) -> Iterator[str]:
    for strip in STRIPS:
        (folder / strip.sound).parent.mkdir(parents=True, exist_ok=True)
        found = collection.shelf(strip.instrument)
        sound = strip.player.render(found.midi, 0.9, found.seconds, collection.RATE)
        soundfile.write(folder / strip.sound, sound, collection.RATE)
        yield strip.sound


@pytest.fixture(autouse=True)
def small_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "sound_names", _song_sounds)
    monkeypatch.setattr(files, "write_collection", _write_song_sounds)


def test_the_demo_is_made_once_and_made_whole_again(tmp_path: Path) -> None:
    heard: list[Progress] = []
    made = ensure_demo(tmp_path / "new" / "demo", heard.append)
    assert heard[-1].done == heard[-1].total
    assert all(earlier.done < later.done for earlier, later in itertools.pairwise(heard))
    song = decode(made.song)
    assert song.duration_seconds == pytest.approx(40.0)
    assert song.samples.shape[0] == 2
    assert 0.3 < np.max(np.abs(song.samples)) < 0.95
    truth = json.loads(made.truth.read_text())
    assert len(truth["instruments"]) == len(STRIPS)
    for part in truth["instruments"]:
        assert (made.library / part["sound"]).is_file()
        assert all(0 <= start < end <= 40 for start, end in part["active_seconds"])

    heard.clear()
    before = made.song.stat().st_mtime_ns
    assert ensure_demo(tmp_path / "new" / "demo", heard.append) == made
    assert not heard
    assert made.song.stat().st_mtime_ns == before

    (made.library / STRIPS[0].sound).unlink()
    assert ensure_demo(tmp_path / "new" / "demo").complete
    assert [path.name for path in (tmp_path / "new" / "demo").iterdir()] == [made.song.parent.name]


def test_an_interrupted_rendering_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> Iterator[str]:
        yield from list(_write_song_sounds(folder))[:3]
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_collection", broken)
    with pytest.raises(KeyboardInterrupt):
        ensure_demo(tmp_path / "demo")
    assert list((tmp_path / "demo").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EarshotError, match="cannot be written"):
        ensure_demo(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt", reason="no limit of what a file may take")
def test_a_full_disk_is_an_error_in_words(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))  # the song is larger
    try:
        with pytest.raises(EarshotError, match=r"cannot be written.*disk is full.*--directory"):
            ensure_demo(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_else_lies_in_the_demo_stays_when_it_is_made_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(made: files.DemoFiles, _: object) -> None:
        for path in (made.song, made.truth, *(made.library / name for name in _song_sounds())):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"rendered")

    monkeypatch.setattr(files, "_render", render)
    made = ensure_demo(tmp_path)
    own = made.library / "My own kick.wav"
    own.write_bytes(b"recorded by hand")
    catalog = made.truth.parent / "Catalog" / "catalog.db"
    catalog.parent.mkdir()
    catalog.write_bytes(b"marks")
    before = made.song.stat().st_mtime_ns
    gone = made.library / STRIPS[0].sound
    gone.unlink()
    assert ensure_demo(tmp_path).complete
    assert gone.is_file()
    assert (own.read_bytes(), catalog.read_bytes()) == (b"recorded by hand", b"marks")
    assert made.song.stat().st_mtime_ns == before


def test_a_damaged_account_of_the_demo_is_named(tmp_path: Path) -> None:
    made = files.DemoFiles.within(tmp_path)
    made.truth.parent.mkdir()
    made.truth.write_bytes(b"")
    with pytest.raises(EarshotError, match=r"truth\.json is damaged\. Remove it"):
        files.read_truth(made)


def test_the_whole_way_from_sounds_to_a_count(tmp_path: Path) -> None:
    model = tmp_path / "untrained.safetensors"
    checkpoint.save(model, checkpoint.untrained(0), name="untrained")
    lines: list[str] = []
    result = run_demo(tmp_path / "demo", model=model, device="cpu", write=lines.append)
    assert isinstance(result, DemoResult)
    assert set(result.found) == {strip.instrument for strip in STRIPS}
    count = sum(slot is not None for slot in result.found.values())
    assert result.summary == f"demo: {count} of {len(STRIPS)} instruments have their true sound in the top 5"
    assert result.catalog.is_dir()
    for slot in result.hearing.slots:
        assert len(result.matches[slot.id]) == 5
    truth = {name: str(path) for name, path in files.read_truth(result.files).items()}
    assert lines == report(result, truth)
    marked = [line for line in lines if "<- the song's" in line]
    hits = sum(match.sound.path in truth.values() for ranked in result.matches.values() for match in ranked)
    assert len(marked) == hits


def test_the_run_can_be_cancelled(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        run_demo(tmp_path, cancel=cancel)
    assert list(tmp_path.iterdir()) == []

    def soon(state: Progress) -> None:
        if state.done > 4:
            later.cancel()

    later = CancelToken()
    with pytest.raises(Cancelled):
        run_demo(tmp_path, progress=soon, cancel=later)
    assert list(tmp_path.iterdir()) == []
