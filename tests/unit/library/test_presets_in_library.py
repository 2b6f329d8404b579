"""Presets are sounds like any other: listed, heard by several notes, found, moved, gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.library.catalog import Counts
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.scanner import ScanResult, scan
from tests.unit.library.ears import load_toy
from tests.unit.presets.fonts import FontPreset, Sample, Zone, write_font
from tests.unit.presets.fonts import tone as frames

SAMPLES = [Sample(frames(110.0), root=45), Sample(frames(440.0), root=69)]


def preset(name: bytes, sample: int, program: int) -> FontPreset:
    return FontPreset(name, [Zone(sample)], program=program)


def rescan(library: Library, folder: Path) -> ScanResult:
    return scan(library, [folder], loader=load_toy, workers=1)


def numbers(result: ScanResult) -> tuple[int, int, int, int, int, int]:
    return (result.listed, result.embedded, result.failed, result.unchanged, result.moved, result.removed)


def write_sfz(folder: Path, write_tone: Callable[..., Path]) -> Path:
    """An instrument in a folder beside its samples', as most packs are laid out."""
    write_tone(folder / "Samples" / "deep.wav", hz=220, seconds=0.4)
    path = folder / "Presets" / "Warm Keys.sfz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<region> sample=../Samples/deep.wav lokey=36 hikey=84 pitch_keycenter=57\n")
    return path


def test_presets_are_sounds(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    font = write_font(
        folder / "Font.sf2",
        [preset(b"Growl Bass", 0, 38), preset(b"Bright Lead", 1, 81)],
        SAMPLES,
    )
    write_sfz(folder, tone)

    assert numbers(rescan(library, folder)) == (4, 4, 0, 0, 0, 0)
    sounds = {sound.name: sound for sound in library.catalog.sounds()}
    assert sounds.keys() == {"Growl Bass", "Bright Lead", "Warm Keys", "deep"}
    assert {name: sound.kind for name, sound in sounds.items()} == {
        "Growl Bass": "preset",
        "Bright Lead": "preset",
        "Warm Keys": "preset",
        "deep": "one-shot",
    }
    growl = sounds["Growl Bass"]
    assert (growl.path, growl.preset, growl.tempo_bpm) == (str(font), "0:38", None)
    assert growl.duration_seconds is not None
    assert library.catalog.matching(read_query("type:preset growl")).tolist() == [growl.id]
    assert library.catalog.matching(read_query("font bass")).tolist() == [growl.id]

    # Each is heard by several notes, and comes once.
    ids, vectors = library.catalog.embeddings("toy")
    assert np.count_nonzero(ids == growl.id) == 3
    found = [sound.id for sound, _ in library.search(vectors[ids == growl.id], top=10)]
    assert found[0] == growl.id
    assert sorted(found) == sorted(sound.id for sound in sounds.values())

    assert numbers(rescan(library, folder)) == (4, 0, 0, 4, 0, 0)


def test_a_font_that_moves_and_changes(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    presets = [preset(b"One", 0, 1), preset(b"Two", 1, 2)]
    font = write_font(folder / "a.sf2", presets, SAMPLES)
    rescan(library, folder)
    one, two = sorted(library.catalog.sounds(), key=lambda sound: sound.name)
    library.catalog.marks.set_favourite([two.id], True)

    (folder / "fonts").mkdir()
    font = font.rename(folder / "fonts" / "b.sf2")
    assert numbers(rescan(library, folder)) == (2, 0, 0, 0, 2, 0)
    assert library.catalog.sound(two.id).path == str(font)
    assert library.catalog.sound(two.id).favourite
    assert not library.catalog.sound(one.id).favourite

    write_font(font, [*presets[1:], preset(b"Three", 0, 3)], SAMPLES)
    os.utime(font, (1, 1))
    assert numbers(rescan(library, folder)) == (2, 2, 0, 0, 0, 1)
    assert library.catalog.counts() == Counts(ready=2, missing=1)
    assert library.catalog.sound(one.id).state == "missing"
    assert library.catalog.sound(two.id).favourite


def test_what_cannot_be_played_says_why(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "broken.sf2").write_bytes(b"RIFF\x10\0\0\0sfbknothing")
    (folder / "empty.sfz").write_text("// nothing here\n")
    (folder / "lost.sfz").write_text("<region> sample=gone.wav\n")
    (folder / "synth.nksf").write_bytes(b"a plug-in's preset without a preview is no sound")
    assert numbers(rescan(library, folder))[:3] == (3, 0, 3)
    reasons = {sound.name: sound.reason for sound in library.catalog.failed()}
    assert "gone.wav" in str(reasons["lost"])
    assert all(reason and reason.endswith(".") for reason in reasons.values())
    assert numbers(rescan(library, folder)) == (3, 0, 0, 3, 0, 0)
