"""Files that were moved or renamed are the same sounds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.library.library import Library
from engine.library.query import read_query
from engine.library.scanner import ScanResult, scan
from tests.unit.library.ears import load_toy


@pytest.fixture
def sounds(tmp_path: Path, tone: Callable[..., Path]) -> Path:
    folder = tmp_path / "sounds"
    for number in range(6):
        tone(folder / "kit" / f"{number}.wav", hz=200 * 1.4**number, seconds=0.2)
    return folder


def rescan(library: Library, folder: Path) -> ScanResult:
    return scan(library, [folder], loader=load_toy, workers=1)


def test_a_renamed_folder_is_not_heard_again(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    before = {sound.name: sound for sound in library.catalog.sounds()}
    library.catalog.marks.set_favourite([before["3"].id], True)

    (sounds / "kit").rename(sounds / "old kit")
    (sounds / "old kit" / "3.wav").rename(sounds / "Best Kick.wav")
    result = rescan(library, sounds)

    assert (result.listed, result.moved, result.embedded, result.unchanged, result.removed) == (6, 6, 0, 0, 0)
    after = {sound.id: sound for sound in library.catalog.sounds()}
    assert after.keys() == {sound.id for sound in before.values()}
    best = after[before["3"].id]
    assert (best.name, best.path, best.favourite, best.state) == (
        "Best Kick",
        str(sounds / "Best Kick.wav"),
        True,
        "ready",
    )
    assert library.searchable == 6
    assert [sound.name for sound, _ in library.search(_vector(library, best.id), top=1)] == ["Best Kick"]
    assert library.catalog.matching(read_query("best")).tolist() == [best.id]
    assert library.catalog.matching(read_query("kit 3")).tolist() == []
    assert rescan(library, sounds).unchanged == 6


def test_a_name_that_tells_other_facts_is_believed(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    (third,) = (sound for sound in library.catalog.sounds() if sound.name == "3")
    library.catalog.marks.set_favourite([third.id], True)
    (sounds / "kit" / "3.wav").rename(sounds / "kit" / "3 Am.wav")
    result = rescan(library, sounds)
    assert (result.moved, result.embedded, result.unchanged, result.removed) == (1, 1, 5, 0)
    after = library.catalog.sound(third.id)
    assert (after.name, after.key, after.favourite, after.state) == ("3 Am", "A minor", True, "ready")
    assert (third.key, rescan(library, sounds).unchanged) == (None, 6)


def test_another_file_of_the_same_length_is_another_sound(
    library: Library, sounds: Path, tone: Callable[..., Path]
) -> None:
    rescan(library, sounds)
    (sounds / "kit" / "0.wav").unlink()
    tone(sounds / "new.wav", hz=3_000, seconds=0.2)
    result = rescan(library, sounds)
    assert (result.moved, result.embedded, result.removed) == (0, 1, 1)
    assert library.catalog.counts().missing == 1


def test_a_root_that_lies_elsewhere_now_is_not_heard_again(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    (kick,) = (sound for sound in library.catalog.sounds() if sound.name == "3")
    library.catalog.marks.rate([kick.id], 5)
    elsewhere = sounds.rename(sounds.with_name("elsewhere"))

    result = rescan(library, elsewhere)
    assert (result.listed, result.embedded, result.failed) == (6, 0, 0)
    (here,) = (sound for sound in library.catalog.sounds() if sound.path == str(elsewhere / "kit" / "3.wav"))
    assert replace(here, id=0, path="", root="", root_id=0) == replace(
        library.catalog.sound(kick.id), id=0, path="", root="", root_id=0
    )
    assert (here.rating, here.state) == (5, "ready")
    np.testing.assert_array_equal(_vector(library, here.id), _vector(library, kick.id))
    assert library.catalog.matching(read_query(f"family:{here.family}")).tolist().count(here.id) == 1
    assert rescan(library, elsewhere).unchanged == 6

    # Where it comes back it has everything still, and the other is a copy.
    shutil.copytree(elsewhere, sounds)
    assert rescan(library, sounds).embedded == 0
    assert library.searchable == 12


def test_a_folder_that_was_renamed_and_is_scanned_alone_is_not_heard_again(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    (sounds / "kit").rename(sounds / "old kit")
    assert rescan(library, sounds / "old kit").embedded == 0


def test_another_sound_of_the_same_name_and_length_is_heard(
    library: Library, sounds: Path, tone: Callable[..., Path]
) -> None:
    rescan(library, sounds)
    tone(sounds / "other kit" / "0.wav", hz=3_000, seconds=0.2)
    assert rescan(library, sounds).embedded == 1
    (other,) = (sound for sound in library.catalog.sounds() if sound.path.endswith("other kit/0.wav"))
    assert other.pitch_hz == pytest.approx(3_000, rel=0.02)


def test_a_copy_is_a_sound_of_its_own(library: Library, sounds: Path) -> None:
    rescan(library, sounds)
    shutil.copy(sounds / "kit" / "0.wav", sounds / "copy.wav")
    result = rescan(library, sounds)
    assert (result.moved, result.embedded, result.removed) == (0, 1, 0)


def test_moved_to_another_root(library: Library, sounds: Path, tmp_path: Path) -> None:
    rescan(library, sounds)
    number = next(sound.id for sound in library.catalog.sounds() if sound.name == "0")
    other = tmp_path / "drive"
    other.mkdir()
    (sounds / "kit" / "0.wav").rename(other / "0.wav")
    result = scan(library, [sounds, other], loader=load_toy, workers=1)
    assert (result.moved, result.embedded) == (1, 0)
    sound = library.catalog.sound(number)
    assert sound.path == str(other / "0.wav")
    assert {root.path: root.sounds for root in library.catalog.roots()} == {str(sounds): 5, str(other): 1}


def _vector(library: Library, sound_id: int) -> np.ndarray:
    ids, vectors = library.catalog.embeddings("toy")
    return vectors[ids.tolist().index(sound_id)]


def test_what_is_to_be_heard_again_stands_for_no_copy_of_it(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    tone(tmp_path / "sounds" / "loop_1.wav", seconds=0.2)
    rescan(library, tmp_path / "sounds")
    with library.catalog.database.write() as connection:  # as a migration leaves what earlier versions heard
        connection.execute("UPDATE sounds SET kind = 'one-shot', mtime_ns = -1")
    shutil.copytree(tmp_path / "sounds", tmp_path / "copy")
    assert rescan(library, tmp_path / "copy").embedded == 1
    assert {sound.kind for sound in library.catalog.sounds()} == {"one-shot", "loop"}
    assert rescan(library, tmp_path / "sounds").embedded == 0  # as its copy was heard meanwhile
    assert {sound.kind for sound in library.catalog.sounds()} == {"loop"}


def test_what_waits_to_be_heard_again_is_heard_where_it_moved(
    library: Library, tmp_path: Path, tone: Callable[..., Path]
) -> None:
    tone(tmp_path / "sounds" / "loop_1.wav", seconds=0.2)
    rescan(library, tmp_path / "sounds")
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET kind = 'one-shot', mtime_ns = -1")
    (tmp_path / "sounds" / "loop_1.wav").rename(tmp_path / "sounds" / "loop_2.wav")
    result = rescan(library, tmp_path / "sounds")
    assert (result.moved, result.embedded, result.unchanged) == (1, 1, 0)
    assert [sound.kind for sound in library.catalog.sounds()] == ["loop"]


def test_what_moved_and_is_heard_by_another_model_counts_once(library: Library, sounds: Path, tmp_path: Path) -> None:
    rescan(library, sounds)
    (sounds / "kit").rename(sounds / "old kit")
    model = tmp_path / "model"
    model.write_text("newer toy")
    result = scan(library, [sounds], loader=load_toy, workers=1, model=model)
    assert (result.moved, result.embedded, result.unchanged) == (6, 6, 0)
