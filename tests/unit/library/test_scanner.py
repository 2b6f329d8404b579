"""Scanning with real worker processes and toy ears."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.audio.decode import decode
from engine.encoder import checkpoint, weights
from engine.encoder.ear import Ear
from engine.errors import LibraryError, ModelError
from engine.families import FAMILIES
from engine.jobs import Cancelled, CancelToken, Progress
from engine.library import scanner, walk
from engine.library.catalog import Counts
from engine.library.library import Library
from engine.library.results import Failed, write_outcomes
from engine.library.scanner import scan
from tests.unit.library.ears import load_and_die, load_slow, load_toy

pytestmark = pytest.mark.usefixtures("no_worker_is_left_behind")


def test_a_scan_from_nothing_and_again(library: Library, sounds: Path, tone: Callable[..., Path]) -> None:
    reported: list[tuple[Progress, Counts]] = []
    result = scan(
        library,
        [sounds],
        workers=2,
        loader=load_slow,
        progress=lambda step: reported.append((step, library.catalog.counts())),
    )

    assert (result.listed, result.embedded, result.failed, result.unchanged, result.removed) == (12, 12, 0, 0, 0)
    assert library.catalog.counts() == Counts(ready=12)
    assert library.searchable == 12
    heard = [(step, counts) for step, counts in reported if step.stage == "scanning"]
    assert heard[0][1] == Counts(listed=12)  # all are there before one was opened
    assert [step.done for step, _ in heard] == sorted(step.done for step, _ in heard)
    assert (heard[-1][0].done, heard[-1][0].total, heard[-1][1]) == (12, 12, Counts(ready=12))

    sound = next(sound for sound in library.catalog.sounds() if sound.name == "Tone 04")
    assert sound.kind == "one-shot"
    assert (sound.channels, sound.rate, sound.duration_seconds) == (1, 16_000, pytest.approx(0.2))
    assert sound.pitch_hz == pytest.approx(352.5, rel=0.01)
    assert sound.family_confidence == pytest.approx(0.9)
    overview = library.catalog.overviews([sound.id])[sound.id]
    assert overview is not None
    assert (overview.shape, overview.max(), overview.argmax() < 8) == ((64,), 255, True)
    ids, vectors = library.catalog.embeddings("toy")
    assert library.search(vectors[ids.tolist().index(sound.id)], top=1)[0][0].id == sound.id

    # Changed, new, gone, and the rest as it was.
    low = sounds / "low"
    tone(low / "Tone 00.wav", 500.0, 0.3)
    tone(low / "New.wav")
    (low / "Tone 01.wav").unlink()
    before = {sound.path: sound for sound in library.catalog.sounds()}
    result = scan(library, [sounds], workers=2, loader=load_toy)
    assert (result.listed, result.embedded, result.unchanged, result.removed) == (12, 2, 10, 1)
    assert library.catalog.counts() == Counts(ready=12, missing=1)
    changed = library.catalog.sound(before[str(low / "Tone 00.wav")].id)
    assert changed.duration_seconds == pytest.approx(0.3)
    assert library.searchable == 12


def test_nothing_new_starts_no_worker(library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    monkeypatch.setattr(weights, "fingerprint", lambda path: "toy")
    result = scan(library, [sounds], loader=load_and_die)
    assert (result.listed, result.unchanged, library.searchable) == (12, 12, 12)
    (sounds / "low" / "Tone 00.wav").touch()
    with pytest.raises(ModelError):
        scan(library, [sounds], workers=1, loader=load_and_die)


def test_another_model_hears_everything_again(library: Library, sounds: Path, tmp_path: Path) -> None:
    scan(library, [sounds / "low"], workers=1, loader=load_toy)
    model = tmp_path / "model"
    model.write_text("newer toy")
    result = scan(library, [sounds / "low"], workers=1, loader=load_toy, model=model)
    assert (result.embedded, result.unchanged) == (4, 0)
    assert (library.fingerprint, library.searchable) == ("newer toy", 4)
    assert library.catalog.embeddings("toy")[0].size == 0


def test_with_the_ear_itself(library: Library, sounds: Path, tmp_path: Path) -> None:
    model = tmp_path / "ear.safetensors"
    checkpoint.save(model, checkpoint.untrained(0), name="untrained")
    result = scan(library, [sounds], workers=2, model=model)
    assert (result.embedded, result.failed) == (12, 0)

    ear = Ear.load(model, device="cpu")
    assert library.fingerprint == ear.fingerprint
    path = sounds / "low" / "Tone 02.wav"
    audio = decode(path, rate=ear.rate)
    heard = ear.embed([audio.mono()])
    (best, similarity), *_ = library.search(heard.vectors[0])
    assert best.path == str(path)
    assert similarity == pytest.approx(1.0, abs=5e-3)  # float16, and padding that differs from batch to batch
    assert best.family == FAMILIES[int(heard.families[0].argmax())]


def test_cancelling_keeps_what_is_finished(library: Library, sounds: Path) -> None:
    token = CancelToken()

    def stop(step: Progress) -> None:
        if step.stage == "scanning" and step.done >= 4:
            token.cancel()

    with pytest.raises(Cancelled):
        scan(library, [sounds], workers=1, loader=load_slow, progress=stop, cancel=token)
    counts = library.catalog.counts()
    assert 4 <= counts.ready < 12
    assert counts.total == 12
    assert library.searchable == counts.ready

    result = scan(library, [sounds], workers=1, loader=load_slow)
    assert result.embedded == 12 - counts.ready
    assert result.unchanged == counts.ready


def test_cancelled_before_it_began(library: Library, sounds: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        scan(library, [sounds], workers=1, loader=load_toy, cancel=token)


def test_what_cannot_be_scanned(library: Library, sounds: Path) -> None:
    with pytest.raises(LibraryError, match="no folder"):
        scan(library, [sounds / "gone"], loader=load_toy)
    with pytest.raises(LibraryError, match="not a folder"):
        scan(library, [sounds / "low" / "Tone 00.wav"], loader=load_toy)
    assert library.catalog.roots() == []


def test_what_was_not_walked_is_left_alone(library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    shutil.rmtree(sounds / "high")
    (sounds / "low" / "Tone 00.wav").unlink()
    genuine = os.scandir

    def refuse(path: str) -> Any:
        if path.endswith("middle"):
            raise PermissionError(13, "Permission denied", path)
        return genuine(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = scan(library, [sounds / "low", sounds / "middle", sounds / "low"], workers=1, loader=load_toy)
    assert result.unreadable == (str(sounds / "middle"),)
    assert (result.listed, result.removed) == (3, 1)
    assert library.catalog.counts() == Counts(ready=11, missing=1)
    assert [root.path for root in library.catalog.roots()] == [str(sounds)]


def test_what_a_failing_drive_does_not_tell_of_is_left_alone(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    (sounds / "low" / "Tone 00.wav").unlink()
    genuine = walk._is_hidden

    def fail(entry: os.DirEntry[str]) -> bool:
        if entry.name in ("middle", "Tone 01.wav"):
            raise OSError(errno.EIO, "Input/output error", entry.path)
        return genuine(entry)

    monkeypatch.setattr(walk, "_is_hidden", fail)
    result = scan(library, [sounds], workers=1, loader=load_toy)
    assert (result.removed, sorted(result.unreadable)) == (0, [str(sounds), str(sounds / "low")])
    monkeypatch.setattr(walk, "_is_hidden", genuine)
    assert scan(library, [sounds], workers=1, loader=load_toy).removed == 1


def test_a_drive_that_is_unplugged_while_its_folder_is_walked_loses_nothing(
    library: Library, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    genuine = walk._is_hidden

    def unplug(entry: os.DirEntry[str]) -> bool:
        if entry.name == "Tone 01.wav" and not (tmp_path / "away").exists():
            sounds.rename(tmp_path / "away")
            (sounds / "low").mkdir(parents=True)  # the mount point without its drive
        return genuine(entry)

    monkeypatch.setattr(walk, "_is_hidden", unplug)
    result = scan(library, [sounds / "low"], workers=1, loader=load_toy)
    assert (result.removed, result.unreadable) == (0, (str(sounds / "low"),))


def test_an_unplugged_drive_loses_nothing(library: Library, sounds: Path, tmp_path: Path) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    away = sounds.rename(tmp_path / "away")
    with pytest.raises(LibraryError, match="connect"):
        scan(library, [sounds], workers=1, loader=load_toy)
    sounds.mkdir()  # the mount point without its drive
    result = scan(library, [sounds], workers=1, loader=load_toy)
    assert (result.removed, result.unreadable) == (0, (str(sounds),))
    assert library.searchable == 12
    sounds.rmdir()
    away.rename(sounds)
    assert scan(library, [sounds], workers=1, loader=load_toy).unchanged == 12


def test_a_drive_that_dies_while_its_folders_are_walked_holds_up_no_other_root(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sounds / "low" / "inner").mkdir()
    for n in range(2):
        shutil.copy(next((sounds / "low").glob("*.wav")), sounds / "low" / "inner" / f"{n}.wav")
    result = scan(library, [sounds / "low", sounds / "high"], workers=1, loader=load_toy)
    known = result.listed
    (sounds / "low" / "another.wav").write_bytes(next((sounds / "high").glob("*.wav")).read_bytes())
    dead, answer, genuine = str(sounds / "low" / "inner"), threading.Event(), os.scandir

    def hanging(folder: str) -> Any:
        if str(folder) == dead:
            answer.wait(20)
        return genuine(folder)

    monkeypatch.setattr(os, "scandir", hanging)
    try:
        began = time.monotonic()
        roots = [sounds / "low", sounds / "high"]
        result = scan(library, roots, workers=1, loader=load_toy, answer_seconds=0.3)
        assert time.monotonic() - began < 15.0
        assert result.unanswered == (str(sounds / "low"),)
        assert (result.listed, result.embedded, result.failed, result.removed) == (4, 0, 0, 0)
        assert library.searchable == known, "what is known of it stays"
    finally:
        answer.set()
    result = scan(library, roots, workers=1, loader=load_toy)
    assert (result.unanswered, result.listed, result.embedded) == ((), known + 1, 1)


def test_a_drive_that_does_not_answer_holds_up_no_other_root(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, answer = str(sounds / "low"), threading.Event()
    genuine = {name: getattr(os.path, name) for name in ("isdir", "exists")}

    def hanging(name: str) -> Callable[[str], bool]:
        def ask(path: str) -> bool:
            if str(path) == dead:
                answer.wait(20)
            return bool(genuine[name](path))

        return ask

    for name in genuine:
        monkeypatch.setattr(os.path, name, hanging(name))
    try:
        roots = [sounds / "low", sounds / "high"]
        result = scan(library, roots, workers=1, loader=load_toy, answer_seconds=0.2)
        assert (result.embedded, result.unanswered) == (4, (dead,))
        began = time.monotonic()
        with pytest.raises(LibraryError, match="does not answer"):
            scan(library, [sounds / "low"], workers=1, loader=load_toy, answer_seconds=0.2)
        assert time.monotonic() - began < 5.0
    finally:
        answer.set()
    assert scan(library, roots, workers=1, loader=load_toy).embedded == 4


def test_a_drive_that_is_pulled_out_while_its_sounds_are_heard(library: Library, sounds: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"

    def pull_out(step: Progress) -> None:
        if step.stage == "scanning" and sounds.exists():
            sounds.rename(away)

    result = scan(library, [sounds], workers=1, loader=load_toy, progress=pull_out)
    assert (result.embedded, result.failed) == (0, 12)
    assert {sound.reason for sound in library.catalog.failed()} == {"There is no such file."}
    away.rename(sounds)
    result = scan(library, [sounds], workers=1, loader=load_toy)
    assert (result.embedded, result.failed) == (12, 0)
    assert library.catalog.counts() == Counts(ready=12)


def test_what_was_heard_is_not_lost_over_a_drive_that_is_away(library: Library, sounds: Path) -> None:
    scan(library, [sounds], workers=1, loader=load_toy)
    known = library.catalog.sounds()[0]
    write_outcomes(library.catalog.database, "another ear", [Failed(known.id, "There is no such file.", unread=True)])
    assert library.catalog.sound(known.id) == known
    assert len(library.catalog.vectors(known.id, "toy"))


def test_a_copy_where_folders_tell_something_else_is_heard(library: Library, sounds: Path) -> None:
    (roll,) = (path.rename(path.with_name("Roll.wav")) for path in sounds.glob("low/Tone 00.wav"))
    scan(library, [sounds], workers=1, loader=load_toy)
    for folder, heard in (("Copies", 0), ("One Shots", 1)):
        (sounds / folder).mkdir()
        shutil.copy(roll, sounds / folder / "Roll.wav")
        assert scan(library, [sounds], workers=1, loader=load_toy).embedded == heard
    told = {sound.path.split("/")[-2]: sound.declared for sound in library.catalog.sounds() if sound.name == "Roll"}
    assert told == {"low": (), "Copies": (), "One Shots": ("kind",)}


def test_one_scan_at_a_time(library: Library, sounds: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(_: Progress) -> None:
        inside.set()
        go_on.wait(120)

    thread = threading.Thread(
        target=scan, args=(library, [sounds]), kwargs={"workers": 1, "loader": load_toy, "progress": wait}
    )
    thread.start()
    assert inside.wait(120)
    other = Library.open(library.directory)
    with pytest.raises(LibraryError, match="being scanned by another Earshot"):
        scan(other, [sounds], workers=1, loader=load_toy)
    assert other.catalog.counts().total == 12  # reading is no problem
    other.close()
    go_on.set()
    thread.join()
    assert library.catalog.counts() == Counts(ready=12)


def test_a_root_removed_while_it_is_scanned(library: Library, sounds: Path) -> None:
    def remove(step: Progress) -> None:
        if step.stage == "scanning" and step.done and library.catalog.roots():
            library.catalog.remove_root(sounds)

    scan(library, [sounds], workers=1, loader=load_slow, progress=remove)
    assert library.catalog.counts() == Counts()


def test_an_empty_folder(library: Library, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = scan(library, [tmp_path / "nothing"], workers=1, loader=load_toy)
    assert (result.listed, result.embedded) == (0, 0)
    assert library.search(library.catalog.embeddings("toy")[1].sum(axis=0)) == []


@pytest.mark.parametrize(("most", "usual"), [(1, 1), (2, 2), (3, 2), (4, 2), (8, 4)])
def test_half_of_the_processors_scan(monkeypatch: pytest.MonkeyPatch, most: int, usual: int) -> None:
    monkeypatch.setattr(scanner, "most_workers", lambda: most)
    assert scanner.default_workers() == usual
