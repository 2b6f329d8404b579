"""Copies of a sound come as one."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine.library import copies
from engine.library.copies import Look, Originals, fold_copies, lead_by_what_is_there
from engine.library.library import Library
from engine.library.scanner import scan
from engine.matching.match import similar
from tests.unit.library.ears import load_toy

RATE = 44_100


def look(**changes: object) -> Look:
    overview = np.exp(-np.arange(64) / 20.0).astype(np.float32)
    vector = np.eye(4, dtype=np.float32)[0]
    values = {"content": (b"1", None), "seconds": 1.0, "pitch_hz": 110.0, "overview": overview, "vector": vector}
    return Look(**{**values, **changes})  # type: ignore[arg-type]


def same(one: Look, other: Look) -> bool:
    originals = Originals(1, one.vector.size)
    originals.add(one)
    return originals.first_of(other) is not None


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (look(), True),
        (look(content=(b"2", None)), True),
        (look(content=(b"2", None), seconds=1.05), True),
        (look(content=(b"2", None), seconds=1.2), False),
        (look(content=(b"2", None), pitch_hz=111.0), True),
        (look(content=(b"2", None), pitch_hz=None), True),
        (look(content=(b"2", None), pitch_hz=123.5), False),
        (look(content=(b"2", None), vector=np.array([0.9, 0.436, 0, 0], np.float32)), False),
        (look(content=(b"2", None), overview=np.ones(64, np.float32)), False),
        (look(content=(b"1", "0:1"), seconds=3.0), False),
    ],
)
def test_same(other: Look, expected: bool) -> None:
    assert same(look(), other) is same(other, look()) is expected


def test_the_first_of_several_counts() -> None:
    originals = Originals(3, 4)
    for changes in ({"seconds": 5.0}, {"content": (b"2", None)}, {"content": (b"3", None), "seconds": 5.0}):
        originals.add(look(**changes))
    assert originals.first_of(look(content=(b"3", None))) == 1, "before the one with the same content"
    assert originals.first_of(look(content=(b"3", None), seconds=9.0)) == 2
    assert originals.first_of(look(content=(b"4", None), seconds=9.0)) is None


def test_what_is_not_known_is_not_the_same() -> None:
    unknown = look(content=(None, None), seconds=5.0)
    assert not same(unknown, look(content=(None, None), seconds=1.0))


def test_files(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    time = np.arange(RATE // 2) / RATE
    kick = np.sin(2 * np.pi * 60 * time) * np.exp(-8 * time)
    bass = np.sin(2 * np.pi * 60 * time) * np.minimum(1.0, 4 * time)
    soundfile.write(folder / "kick.wav", 0.8 * kick, RATE)
    soundfile.write(folder / "kick quiet.wav", 0.2 * kick, RATE)
    soundfile.write(folder / "kick.ogg", 0.8 * kick, RATE)
    soundfile.write(folder / "swell.wav", 0.8 * bass, RATE)
    shutil.copy(folder / "swell.wav", folder / "swell again.wav")
    library = Library.open(tmp_path / "library", create=True)
    scan(library, [folder], loader=load_toy, workers=1)
    sounds = sorted(library.catalog.sounds(), key=lambda sound: sound.path)
    groups = fold_copies(sounds, library.catalog, "toy")
    assert [{Path(sound.path).name for sound in group} for group in groups] == [
        {"kick quiet.wav", "kick.ogg", "kick.wav"},
        {"swell again.wav", "swell.wav"},
    ]
    assert groups[0][0] is sounds[0]
    assert fold_copies(sounds, library.catalog, "toy", most=1) == groups[:1]
    assert [len(group) for group in fold_copies(sounds, library.catalog, "another ear")] == [1] * 5
    assert fold_copies([], library.catalog, "toy") == []
    library.close()


def test_notes_of_one_instrument_come_as_one(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "sounds"
    for name, hz in (("C3", 131), ("F3", 175), ("A3", 220), ("C4", 262)):
        tone(folder / "Rhodes" / f"Rhodes {name}.wav", hz=hz, seconds=0.1 + hz / 1_000)
    tone(folder / "Rhodes" / "Noise.wav", hz=4_000)
    tone(folder / "Other" / "Rhodes C3.wav", hz=2_000)
    scan(library, [folder], loader=load_toy, workers=1)
    sounds = sorted(library.catalog.sounds(), key=lambda sound: sound.path)
    assert [len(group) for group in fold_copies(sounds, library.catalog, "toy")] == [1, 1, 4]
    assert {sound.instrument for sound in sounds} == {None, str(folder / "Rhodes" / "Rhodes")}


@pytest.mark.parametrize(
    "order",
    [
        ("A C3", "A F3", "A A3", "B A3", "B C3", "B F3"),
        ("A C3", "B C3", "A F3", "B F3", "A A3", "B A3"),
        ("B F3", "B C3", "B A3", "A C3", "A F3", "A A3"),
        ("A C3", "B F3", "A F3", "B C3", "A A3", "B A3"),
    ],
)
def test_an_instrument_owned_twice_is_one_match(
    library: Library, tmp_path: Path, tone: Callable[..., Path], order: tuple[str, ...]
) -> None:
    folder = tmp_path / "sounds"
    for name, hz in (("C3", 131), ("F3", 175), ("A3", 220)):
        note = tone(folder / "A" / f"Rhodes {name}.wav", hz=hz, seconds=0.1 + hz / 1_000)
        (folder / "B").mkdir(exist_ok=True)
        shutil.copy(note, folder / "B" / f"Keys {name}.wav")
    tone(folder / "Other" / "Noise.wav", hz=4_000)
    scan(library, [folder], loader=load_toy, workers=1)
    by_name = {f"{Path(sound.path).parent.name} {sound.name[-2:]}": sound for sound in library.catalog.sounds()}
    other = by_name["Other se"]
    sounds = [by_name[name] for name in order]
    assert fold_copies([*sounds, other], library.catalog, "toy") == [sounds, [other]]
    assert fold_copies([sounds[0], other, *sounds[1:]], library.catalog, "toy", most=1) == [sounds]


@pytest.mark.parametrize("instrument", [None, "Rhodes"])
def test_of_thousands_of_sounds_few_are_compared_with_all_others(
    monkeypatch: pytest.MonkeyPatch, instrument: str | None
) -> None:
    """Else a scan of sounds much alike would be minutes ahead of its matches."""
    vectors = np.eye(1_000, dtype=np.float32)
    looks = {number: look(content=(b"1", str(number)), vector=vector) for number, vector in enumerate(vectors)}
    monkeypatch.setattr(copies, "_looks", lambda *_: looks)
    added = []
    add = Originals.add
    monkeypatch.setattr(Originals, "add", lambda self, look: added.append(look) or add(self, look))
    sounds = [SimpleNamespace(id=number, instrument=instrument) for number in looks]
    groups = fold_copies(sounds, None, "toy", most=10)  # type: ignore[arg-type]
    assert len(groups) == (1 if instrument else 10)
    assert len(added) < 100


def test_a_copy_that_is_there_leads_where_a_folder_was_renamed(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    before, now = tmp_path / "Samples", tmp_path / "Zoo"
    for name, hz in (("Low", 110), ("Mid", 700), ("High", 4_000)):
        tone(before / f"{name}.wav", hz=hz)
    scan(library, [before], loader=load_toy, workers=1)
    before.rename(now)
    scan(library, [now], loader=load_toy, workers=1)
    sound = next(sound for sound in library.catalog.sounds() if sound.name == "Mid")
    matches = similar(sound, library)
    assert len(matches) == 3
    assert all(Path(match.sound.path).parent == now for match in matches)
    assert all([Path(copy.path).parent for copy in match.copies] == [before] for match in matches)


def test_a_sleeping_drive_does_not_hold_up_the_ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(os.path, "isdir", lambda path: path != "/asleep" or answer.wait(20))
    asleep, here = (SimpleNamespace(root=root) for root in ("/asleep", "/here"))
    began = time.monotonic()
    try:
        for _ in range(20):  # as for the slots of a song
            assert lead_by_what_is_there([[asleep, here], [asleep]]) == [[here, asleep], [asleep]]  # type: ignore[list-item]
        assert time.monotonic() - began < 2.0
    finally:
        answer.set()
    until = time.monotonic() + 20.0
    while lead_by_what_is_there([[asleep, here]]) != [[asleep, here]]:  # type: ignore[list-item]
        assert time.monotonic() < until, "it leads again once it is awake"
        time.sleep(0.01)
