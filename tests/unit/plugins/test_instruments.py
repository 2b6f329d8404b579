"""Plug-in instruments: played by a process that they may take with them, kept as notes, heard like any preset."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import soundfile

from engine.errors import AudioError, LibraryError
from engine.jobs import Cancelled, CancelToken, Progress
from engine.library.library import Library
from engine.library.scanner import scan
from engine.library.walk import sound_files
from engine.plugins import Added, add_instrument, instruments_dir, playing
from engine.plugins.host import load_vst3
from engine.presets import Note, audition, notes_to_hear, play, presets_of
from tests.unit.library.ears import load_toy
from tests.unit.plugins.stand_ins import hanging, load_toy_plugin

PATIENCE_SECONDS = 60.0


def plugin(folder: Path, *programs: str, name: str = "Toy") -> Path:
    path = folder / f"{name}.vst3"
    path.write_text("\n".join(programs))
    return path


def add(path: Path, library: Path, **options: object) -> Added:
    return add_instrument(path, library, loader=load_toy_plugin, seconds=PATIENCE_SECONDS, **options)  # type: ignore[arg-type]


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time flies while the toy hangs, and else stands still: a machine that is busy costs no patience."""
    marker, passed, looked = hanging(tmp_path / "Toy.vst3"), 0.0, time.monotonic()

    def monotonic() -> float:
        nonlocal passed, looked
        told = marker.read_text() if marker.exists() else ""
        since, looked = looked, time.monotonic()
        if told.endswith("\n") and psutil.pid_exists(int(told)):
            passed += 20 * (looked - since)
        return passed

    monkeypatch.setattr(playing, "time", SimpleNamespace(monotonic=monotonic))


def names(added: Added) -> list[str]:
    return sorted(path.name for path in added.folder.glob("*.sfz"))


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples[0, : rate // 2], 8 * rate))
    return float(spectrum.argmax()) / 8


def test_programs_are_presets_like_any_other(tmp_path: Path) -> None:
    steps: list[Progress] = []
    added = add(plugin(tmp_path, "Warm Bass", "Lead"), tmp_path / "library", progress=steps.append)
    assert (added.sounds, added.failed) == (2, ())
    assert names(added) == ["Lead.sfz", "Warm Bass.sfz"]
    assert [(step.done, step.total) for step in steps] == [(1, 2), (2, 2)]
    (preset,) = presets_of(added.folder / "Lead.sfz")
    assert (preset.drum, preset.keys, preset.centre) == (False, tuple(range(128)), 60)
    (bass,) = presets_of(added.folder / "Warm Bass.sfz")
    assert notes_to_hear(bass)[0].midi == 40
    for midi in (36, 57, 63, 90):
        heard = play(added.folder / "Lead.sfz", "", Note(midi), rate=44_100)
        assert pitch(heard.samples, heard.rate) == pytest.approx(440 * 2 ** ((midi - 69) / 12), rel=0.01)
    whole = play(added.folder / "Lead.sfz", "", Note(60, 0.5, 0.1), rate=44_100)
    assert whole.duration_seconds > 2.0, "a note keeps its own end"
    assert np.abs(whole.samples).max() == pytest.approx(0.99, abs=0.02), "as loud as it may be, not clipped"
    assert audition(added.folder / "Lead.sfz", "").duration_seconds > 2.0
    samples, rate = soundfile.read(added.folder / ".notes" / "Lead" / "60.wav")
    assert (samples.shape[1], rate) == (2, 44_100)
    assert len(samples) < 2.9 * rate, "silence at the end is not kept"


def test_they_are_sounds_of_the_library(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    library = Library.open(directory, create=True)
    path = plugin(tmp_path, "Warm Bass", "is silent")
    add(path, directory)

    def scan_them() -> None:
        scan(library, [instruments_dir(directory)], workers=1, loader=load_toy)

    scan_them()
    sounds = {sound.name: sound for sound in library.catalog.sounds()}
    assert sorted(sounds) == ["Warm Bass", "is silent"], "not the notes themselves"
    bass, silent = sounds["Warm Bass"], sounds["is silent"]
    assert (bass.state, bass.kind, bass.is_preset) == ("ready", "preset", True)
    assert len(library.vectors(bass.id)) == 3
    assert silent.state == "failed"
    assert silent.reason is not None
    assert "played nothing" in silent.reason

    library.catalog.marks.set_favourite([bass.id], True)
    path.write_text("Warm Bass\nLead")
    add(path, directory)
    scan_them()
    again = {sound.name: sound for sound in library.catalog.sounds() if sound.state == "ready"}
    assert sorted(again) == ["Lead", "Warm Bass"]
    assert (again["Warm Bass"].id, again["Warm Bass"].favourite) == (bass.id, True)
    library.close()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("crashes", r"The plug-in crashed \(SIGKILL\)"),
        ("leaves", r"The plug-in crashed \(exit code 3\)"),
        ("hangs", "did not answer for 60 s, and was stopped"),
        ("refuses", r"refuses it \(no such preset\)"),
        ("is silent", "played nothing.*licence"),
        ("is infinite", "no sound"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_a_program_does_costs_that_program(tmp_path: Path, clock: None, program: str, reason: str) -> None:
    added = add(plugin(tmp_path, "First", program, "Last"), tmp_path / "library")
    assert added.sounds == 2
    ((name, why),) = added.failed
    assert name == program
    with pytest.raises(AudioError, match=reason) as told:
        presets_of(added.folder / f"{program}.sfz")
    assert why in str(told.value)
    assert names(added) == sorted(["First.sfz", "Last.sfz", f"{program}.sfz"])
    assert not psutil.Process().children(recursive=True) or all(
        "spawn_main" not in " ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)
    ), "nobody is left behind"


def test_a_plugin_that_goes_on_crashing_is_given_up(tmp_path: Path) -> None:
    added = add(plugin(tmp_path, "leaves", "leaves", "First", "leaves", "Second", "Third"), tmp_path / "library")
    assert added.sounds == 1
    assert [name for name, _ in added.failed] == ["leaves", "leaves (2)", "leaves (3)", "Second", "Third"]
    assert "failed 3 times" in added.failed[-1][1]


@pytest.mark.parametrize(("how", "reason"), [("leaves", "crashed"), ("hangs", "did not answer")])
def test_one_that_cannot_even_be_loaded_is_a_failed_row(tmp_path: Path, clock: None, how: str, reason: str) -> None:
    added = add(plugin(tmp_path, f"{how} at once"), tmp_path / "library")
    assert added.sounds == 0
    with pytest.raises(AudioError, match=f"{reason}.*Update the plug-in"):
        presets_of(added.folder / "Toy.sfz")


def test_names_that_no_file_may_have(tmp_path: Path) -> None:
    added = add(plugin(tmp_path, "Res=5 <hot> $1/2", "LEAD", "Lead", "", "..."), tmp_path / "library")
    assert added.sounds == 5
    found = [path.stem for path in sorted(added.folder.glob("*.sfz"))]
    assert found == sorted(["Res-5 -hot- $1-2", "LEAD", "Lead (2)", "Program", "Toy"])
    for name in found:
        assert audition(added.folder / f"{name}.sfz", "").samples.any()


def test_presets_beside_it_or_in_a_folder(tmp_path: Path) -> None:
    path = plugin(tmp_path, "Own")
    (tmp_path / "Beside.vstpreset").touch()
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder" / "inner" / "Deep.vstpreset").touch()
    assert names(add(path, tmp_path / "one")) == ["Beside.sfz", "Own.sfz"]
    assert names(add(path, tmp_path / "two", presets=tmp_path / "folder")) == ["Deep.sfz", "Own.sfz"]
    for folder in ("empty", "gone"):
        with pytest.raises(AudioError, match=r"no presets in it.*end in \.vstpreset"):
            add(path, tmp_path / "three", presets=tmp_path / folder)


def test_what_is_no_instrument(tmp_path: Path) -> None:
    text = plugin(tmp_path, "no plug-in", name="Text")
    wrong = tmp_path / "song.wav"
    wrong.touch()
    with pytest.raises(AudioError, match=r"Text\.vst3: It cannot be loaded.*Choose the \.vst3 that your DAW uses"):
        add_instrument(text, tmp_path / "library")
    with pytest.raises(AudioError, match=r"song\.wav: It is no VST3 plug-in.*ends in \.vst3"):
        add_instrument(wrong, tmp_path / "library")
    with pytest.raises(AudioError, match=r"gone\.vst3: There is no such file"):
        add_instrument(tmp_path / "gone.vst3", tmp_path / "library")
    with pytest.raises(AudioError, match=r"Effect\.vst3: It is an effect"):
        add(plugin(tmp_path, "is an effect at once", name="Effect"), tmp_path / "library")
    assert not (tmp_path / "library").exists(), "nothing is kept of it"


def test_notes_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "library").touch()
    with pytest.raises(LibraryError, match=r"notes of Toy\.vst3 cannot be kept.*Make room"):
        add(plugin(tmp_path, "First"), tmp_path / "library")


def test_a_note_that_cannot_be_written(tmp_path: Path) -> None:
    in_the_way = instruments_dir(tmp_path / "library") / "Toy" / ".notes" / "First" / "60.wav"
    in_the_way.mkdir(parents=True)
    with pytest.raises(LibraryError, match=r"notes of Toy\.vst3 cannot be kept.*Make room"):
        add(plugin(tmp_path, "First"), tmp_path / "library")


def test_stopping_keeps_what_was_played(tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        add(plugin(tmp_path, "First", "hangs"), tmp_path / "library", cancel=cancel, progress=lambda _: cancel.cancel())
    assert (instruments_dir(tmp_path / "library") / "Toy" / "First.sfz").is_file()


def test_a_scan_of_a_folder_leaves_plugins_alone(tmp_path: Path) -> None:
    inside = tmp_path / "Synth.vst3" / "Contents" / "Resources"
    inside.mkdir(parents=True)
    (inside / "click.wav").touch()
    (tmp_path / "Flat.VST3").touch()
    (tmp_path / "kick.wav").touch()
    assert [Path(file.path).name for file in sound_files(tmp_path)] == ["kick.wav"]


@pytest.mark.skipif("EARSHOT_TEST_VST3" not in os.environ, reason="EARSHOT_TEST_VST3 names no instrument")
def test_a_real_instrument(tmp_path: Path) -> None:
    added = add_instrument(Path(os.environ["EARSHOT_TEST_VST3"]), tmp_path / "library")
    assert added.sounds > 0
    sound = next(path for path in sorted(added.folder.glob("*.sfz")) if path.stem not in dict(added.failed))
    assert audition(sound, "").duration_seconds > 0.1
    with pytest.raises(AudioError):
        load_vst3(tmp_path / "nothing.vst3", [])
