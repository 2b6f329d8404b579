"""Presets are sounds like any other: listed, heard by several notes, found, moved, gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import presets
from engine.jobs import CancelToken, ignore_progress
from engine.library import listing
from engine.library.catalog import Counts, Sound
from engine.library.copies import fold_copies
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.scanner import ScanResult, scan
from engine.presets import Preset
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


def test_presets_are_found_as_presets_before_they_are_heard(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    write_font(folder / "Font.sf2", [preset(b"Growl Bass", 0, 38), preset(b"Bright Lead", 1, 81)], SAMPLES)
    listing.list_folders(library.catalog, [str(folder)], ignore_progress, CancelToken())
    asked = read_query("type:preset")
    assert [sound.name for sound in library.catalog.page(asked)] == ["Bright Lead", "Growl Bass"]
    assert len(library.catalog.matching(asked)) == 0


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


def write_pack(folder: Path, write_tone: Callable[..., Path]) -> None:
    """An instrument whose regions, defaults and controls lie in files of their own, one of them by way of another."""
    write_tone(folder / "Samples" / "deep.wav", hz=220, seconds=0.4)
    texts = {
        "Programs/Piano.sfz": '#include "../Data/all.sfz"\n',
        "Data/all.sfz": '#include "../Data/control.sfz"\n#include "../Data/regions.SFZ"\n',
        "Data/control.sfz": "<control> default_path=../Samples/ <global> pitch_keycenter=57\n",
        "Data/regions.SFZ": "<region> sample=deep.wav lokey=36 hikey=84\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def shown(library: Library) -> dict[str, str]:
    return {sound.name: sound.state for sound in library.catalog.sounds() if sound.state != "missing"}


def test_parts_of_instruments_are_no_sounds(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "sounds"
    write_pack(folder, tone)
    (folder / "Data" / "broken.sfz").write_text("<global> volume=3\n")
    rest = {"Piano": "ready", "deep": "ready", "broken": "failed", "all": "ready"}  # which plays by itself
    assert numbers(rescan(library, folder)) == (4, 3, 1, 0, 0, 0)
    assert shown(library) == rest
    for again in (folder, folder / "Data", folder):
        result = rescan(library, again)
        assert (result.embedded, result.failed, result.removed) == (0, 0, 0)
        assert shown(library) == rest
    result = scan(library, [folder], loader=load_toy, workers=1, retry_failed=True)
    assert (result.listed, result.embedded, result.failed) == (4, 0, 1)
    assert shown(library) == rest


def test_a_part_that_was_there_before_its_instrument(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    folder = tmp_path / "sounds"
    write_pack(folder, tone)
    for name in ("Programs/Piano.sfz", "Data/all.sfz"):
        (folder / name).rename(tmp_path / Path(name).name)
    assert numbers(rescan(library, folder))[:3] == (3, 1, 2)
    (tmp_path / "all.sfz").rename(folder / "Data" / "all.sfz")
    assert numbers(rescan(library, folder))[:3] == (2, 1, 0)
    assert shown(library) == {"deep": "ready", "all": "ready"}


def test_a_new_part_of_an_instrument_that_is_known(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "sounds"
    write_pack(folder, tone)
    rescan(library, folder)
    (folder / "Data" / "control.sfz").write_text("<control> default_path=../Samples/\n<global> volume=-3\n")
    assert numbers(rescan(library, folder / "Data"))[:3] == (1, 0, 0)
    assert shown(library) == {"Piano": "ready", "deep": "ready", "all": "ready"}


def test_two_that_include_each_other_are_no_parts(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "a.sfz").write_text('#include "b.sfz"')
    (folder / "b.sfz").write_text('#include "a.sfz"')
    assert numbers(rescan(library, folder))[:3] == (2, 0, 2)
    assert shown(library) == {"a": "failed", "b": "failed"}


def test_a_preset_that_lacks_a_sample_is_heard_and_says_so(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    folder = tmp_path / "sounds"
    path = write_sfz(folder, tone)
    path.write_text(path.read_text() + "<region> sample=../Samples/gone.wav lokey=85 hikey=90\n")
    result = rescan(library, folder)
    assert numbers(result)[:3] == (2, 2, 0)
    (lacking,) = result.incomplete
    assert (lacking.name, lacking.state) == ("Warm Keys", "ready")
    assert "1 of its 2 samples" in str(lacking.reason)
    assert "'../Samples/gone.wav'" in str(lacking.reason)
    assert rescan(library, folder).incomplete == ()

    tone(folder / "Samples" / "gone.wav", hz=330, seconds=0.4)
    result = scan(library, [folder], loader=load_toy, workers=1, retry_failed=True)
    assert (result.embedded, result.failed, result.incomplete) == (2, 0, ())
    assert library.catalog.sound(lacking.id).reason is None


def write_microphone(folder: Path, write_tone: Callable[..., Path], hz: float) -> Path:
    """Of an instrument recorded by several microphones one: its SFZ says the same as those of the others."""
    write_tone(folder / "C4.wav", hz=hz, seconds=0.4)
    path = folder / "Piano.sfz"
    path.write_text("<region> sample=C4.wav\n<region> sample=gone.wav\n")
    return path


def by_folder(library: Library) -> dict[str, Sound]:
    found = (sound for sound in library.catalog.sounds() if sound.is_preset and sound.state != "missing")
    return {Path(sound.path).parent.name: sound for sound in found}


def test_the_same_text_with_other_samples_is_another_instrument(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    folder = tmp_path / "sounds"
    write_microphone(folder / "Close", tone, 300)
    rescan(library, folder)
    close = by_folder(library)["Close"]
    library.catalog.marks.rate([close.id], 4)
    write_microphone(folder / "Room", tone, 1_500)
    assert rescan(library, folder).embedded == 2
    room = by_folder(library)["Room"]
    assert (close.pitch_hz, room.pitch_hz) == (pytest.approx(300, rel=0.02), pytest.approx(1_500, rel=0.02))
    assert (room.rating, library.catalog.sound(close.id).rating) == (0, 4)
    assert len(fold_copies([close, room], library.catalog, "toy")) == 2

    # Neither does the place of one that is gone pass to another.
    shutil.rmtree(folder / "Close")
    write_microphone(folder / "Stage", tone, 900)
    assert numbers(rescan(library, folder))[1:] == (2, 0, 2, 0, 2)
    assert by_folder(library)["Stage"].rating == 0


def test_the_same_instrument_elsewhere_is_the_same(library: Library, tmp_path: Path, tone: Callable[..., Path]) -> None:
    folder = tmp_path / "sounds"
    write_microphone(folder / "Close", tone, 300)
    rescan(library, folder)
    close = by_folder(library)["Close"]
    (folder / "Close").rename(folder / "Near")
    assert numbers(rescan(library, folder)) == (2, 0, 0, 0, 2, 0)
    assert by_folder(library)["Near"].id == close.id

    # What it lacks is said of a copy too, and tried again.
    shutil.copytree(folder / "Near", tmp_path / "elsewhere")
    assert rescan(library, tmp_path / "elsewhere").embedded == 0
    copy = by_folder(library)["elsewhere"]
    assert "1 of its 2 samples" in str(copy.reason)
    library.catalog.marks.collect(kit := library.catalog.marks.add_collection("Kit"), [copy.id])
    tone(tmp_path / "elsewhere" / "gone.wav", hz=330, seconds=0.4)
    result = scan(library, [tmp_path / "elsewhere"], loader=load_toy, workers=1, retry_failed=True)
    assert (result.embedded, library.catalog.sound(copy.id).reason) == (2, None)
    assert copy.id in library.catalog.marks.collected(kit)


@pytest.mark.parametrize("name", ["Close", "Near"])
def test_marks_that_earlier_versions_kept_by_the_text_alone(
    library: Library, tmp_path: Path, tone: Callable[..., Path], name: str
) -> None:
    folder = tmp_path / "sounds"
    write_microphone(folder / "Close", tone, 300)
    rescan(library, folder)
    close, marks = by_folder(library)["Close"], library.catalog.marks
    marks.rate([close.id], 4)
    marks.collect(kit := marks.add_collection("Kit"), [close.id])
    with library.catalog.database.write() as connection:
        for table in ("sounds", "marks", "collected"):
            connection.execute(f"UPDATE {table} SET content = substr(content, 1, 16)")
        connection.execute("UPDATE sounds SET mtime_ns = -1 WHERE preset = '' AND path LIKE '%.sfz'")
    (folder / "Close").rename(folder / name)
    assert rescan(library, folder).embedded == 1
    here = by_folder(library)[name]
    assert (here.rating, marks.collected(kit)) == (4, [here.id])
    marks.let_go(kit, [here.id])
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET mtime_ns = -1")
    rescan(library, folder)
    assert marks.collected(kit) == []


def test_a_broken_file_of_presets_is_read_again_only_when_it_changes_or_is_asked_for(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "broken.sf2").write_bytes(b"RIFF\x10\0\0\0sfbknothing")
    (folder / "broken.sfz").write_text("nothing that could sound\n")
    rescan(library, folder)
    read: list[str] = []

    def presets_of(path: Path, **options: Path) -> list[Preset]:
        read.append(path.name)
        return presets.presets_of(path, **options)

    monkeypatch.setattr(listing, "presets_of", presets_of)
    assert numbers(rescan(library, folder)) == (2, 0, 0, 2, 0, 0)
    assert read == []
    result = scan(library, [folder], loader=load_toy, workers=1, retry_failed=True)
    assert (result.listed, result.failed, read) == (2, 2, ["broken.sf2", "broken.sfz"])
    read.clear()
    write_font(folder / "broken.sf2", [preset(b"One", 0, 1), preset(b"Two", 1, 2)], SAMPLES)
    assert numbers(rescan(library, folder))[:3] == (3, 2, 0)
    assert read == ["broken.sf2"]
