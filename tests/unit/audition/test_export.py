"""Changed sounds as files: named by what was done, written once, never in place of something else."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio.decode import Audio, decode
from engine.audition.export import changed_name, export
from engine.audition.fit import Change
from engine.errors import ExportError


@pytest.mark.parametrize(
    ("name", "change", "tempo", "expected"),
    [
        ("Kick 01", Change(semitones=3), None, "Kick 01 +3st.wav"),
        ("Kick 01", Change(semitones=-1), None, "Kick 01 -1st.wav"),
        ("Loop 92", Change(speed=122 / 92), 92.0, "Loop 92 at 122 BPM.wav"),
        ("Loop", Change(2, 121.5 / 90), 90.0, "Loop +2st at 121.5 BPM.wav"),
        ("Strings/Slow: 1?", Change(semitones=1), None, "Strings-Slow- 1- +1st.wav"),
    ],
)
def test_the_name_tells_what_was_done(name: str, change: Change, tempo: float | None, expected: str) -> None:
    assert changed_name(name, change, tempo) == expected


def noise(seed: int, level: float = 0.5) -> Audio:
    return Audio(np.random.default_rng(seed).uniform(-level, level, (2, 500)).astype(np.float32), 44_100)


def test_the_same_sound_is_written_once_and_another_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "Music" / "Earshot"
    first = export(noise(1), folder, "Loop at 122 BPM.wav")
    info = soundfile.info(first)
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_24", 44_100, 2)
    np.testing.assert_allclose(soundfile.read(first)[0].T, noise(1).samples, atol=2e-7)
    before = first.stat().st_mtime_ns
    assert export(noise(1), folder, "Loop at 122 BPM.wav") == first
    assert first.stat().st_mtime_ns == before
    second = export(noise(2), folder, "Loop at 122 BPM.wav")
    assert second.name == "Loop at 122 BPM (2).wav"
    assert export(noise(2), folder, "Loop at 122 BPM.wav") == second
    np.testing.assert_allclose(soundfile.read(first)[0].T, noise(1).samples, atol=2e-7)
    assert sorted(path.name for path in folder.iterdir()) == [second.name, first.name]


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "Hit +1st.wav").write_text("not a sound")
    assert export(noise(1), tmp_path, "Hit +1st.wav").name == "Hit +1st (2).wav"
    assert (tmp_path / "Hit +1st.wav").read_text() == "not a sound"


def test_nothing_is_clipped(tmp_path: Path) -> None:
    loud = noise(1, 1.5)
    held = soundfile.read(export(loud, tmp_path, "loud.wav"))[0].T
    np.testing.assert_allclose(held, loud.samples / np.max(np.abs(loud.samples)), atol=2e-7)


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "Music").write_text("a file where the folder should be")
    with pytest.raises(ExportError, match=r"Music.*could not be written.*try again"):
        export(noise(1), tmp_path / "Music", "Hit.wav")


def test_a_disk_that_takes_no_more_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile, "write", full)
    with pytest.raises(ExportError, match=r"Hit\.wav could not be written: .*disk is full.*try again"):
        export(noise(1), tmp_path, "Hit.wav")


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are always Unicode")
def test_what_cannot_take_its_name_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ExportError, match="Access is denied"):
        export(noise(1), tmp_path, "Kick.wav")
    assert list(tmp_path.iterdir()) == []


def test_folders_whose_names_are_not_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Musik f\xfcr alle"))
    first = export(noise(1), folder, "Hit.wav")
    assert export(noise(1), folder, "Hit.wav") == first
    assert decode(first).samples.shape == (2, 500)


def test_two_exports_at_once_do_not_share_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=10)
    write = soundfile.write

    def writing(*arguments: Any, **options: Any) -> None:
        both.wait()
        write(*arguments, **options)
        both.wait()

    monkeypatch.setattr(soundfile, "write", writing)
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda seed: export(noise(seed), tmp_path, "Hit.wav"), (1, 2)))
    for seed, path in zip((1, 2), paths, strict=True):
        np.testing.assert_allclose(decode(path).samples, noise(seed).samples, atol=2e-7)
