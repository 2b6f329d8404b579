"""From a folder of real recordings to ranked sounds for a song, through the command line alone."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tinysoundfont

from engine.audio.decode import decode
from engine.cli import main
from engine.errors import LibraryError
from engine.families import FAMILIES
from engine.library.catalog import Catalog
from engine.matching.match import OTHER_FAMILY

RECORDINGS = Path("/usr/share/sonic-pi/samples")
SOUNDFONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
RATE = 44_100


@dataclass(frozen=True)
class Result:
    stdout: str
    stderr: str


def earshot(arguments: Sequence[str | Path], home: Path, *, code: int = 0) -> Result:
    """Run a command in this process, which has the model's libraries loaded already; it must end with `code`."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setenv("EARSHOT_HOME", str(home))
        ended_with = main([str(argument) for argument in arguments])
    assert ended_with == code, err.getvalue()
    return Result(out.getvalue(), err.getvalue())


def earshot_process(arguments: Sequence[str | Path], home: Path) -> Result:
    """Run a command as a user would: whatever any library prints is in the result."""
    result = subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        env={**os.environ, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert result.returncode == 0, result.stderr
    return Result(result.stdout, result.stderr)


def documents(result: Result) -> list[dict]:
    """Every line of stdout is one JSON document, and there is nothing else."""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of real recordings."""
    home = tmp_path_factory.mktemp("library")
    result = earshot(["scan", RECORDINGS], home)
    assert "0 failed" in result.stdout
    return home


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s of a SoundFont's bass and piano; drums come in half-way."""
    synth = tinysoundfont.Synth(samplerate=RATE)
    font = synth.sfload(str(SOUNDFONT))
    synth.program_select(0, font, 0, 33)
    synth.program_select(1, font, 0, 0)
    synth.program_select(9, font, 128, 0, True)
    beats = []
    for beat in range(24):
        synth.noteon(0, 36 + 5 * (beat // 4 % 2), 100)
        if beat % 2 == 0:
            for note in (60, 64, 67):
                synth.noteon(1, note, 90)
        if beat >= 12:
            synth.noteon(9, 36 if beat % 2 == 0 else 38, 110)
        beats.append(np.frombuffer(synth.generate(RATE // 2), np.float32).reshape(-1, 2).copy())
        synth.noteoff(0, 36 + 5 * (beat // 4 % 2))
    path = tmp_path_factory.mktemp("songs") / "bänd.ogg"
    audio = np.concatenate(beats)
    soundfile.write(path, audio / np.abs(audio).max() * 0.8, RATE)
    return path


def check_document(document: dict, path: Path, *, seconds: float, rate: int, top: int) -> None:
    """The whole contract of `earshot match --json`."""
    assert list(document) == ["reference", "model", "device", "slots"]
    assert document["reference"] == {
        "path": str(path),
        "duration_seconds": pytest.approx(seconds, abs=0.05),
        "sample_rate": rate,
    }
    assert isinstance(document["model"], str)
    assert document["device"] in ("cpu", "cuda", "mps")
    slots = document["slots"]
    assert [slot["confidence"] for slot in slots] == sorted((slot["confidence"] for slot in slots), reverse=True)
    assert len({slot["id"] for slot in slots}) == len(slots)
    for slot in slots:
        assert list(slot) == ["id", "family", "confidence", "activity", "exposed_seconds", "matches"]
        assert slot["family"] in FAMILIES
        assert 0 <= slot["confidence"] <= 1
        for start, end in [*slot["activity"], slot["exposed_seconds"]]:
            assert 0 <= start < end <= seconds + 0.2
        matches = slot["matches"]
        assert len(matches) <= top
        assert [match["rank"] for match in matches] == list(range(1, len(matches) + 1))
        similarities = [match["similarity"] for match in matches]
        # Only a sound of another family may be more similar than the one before it, and only by so much.
        assert all(after <= before + OTHER_FAMILY + 1e-4 for before, after in itertools.pairwise(similarities))
        for match in matches:
            assert list(match) == ["path", "preset", "name", "family", "similarity", "chance", "rank", "copies"]
            assert Path(match["path"]).is_absolute()
            assert Path(match["path"]).is_file()
            assert match["preset"] is None


def test_song_to_ranked_sounds(home: Path, song: Path) -> None:
    result = earshot_process(["match", song, "--json", "--top", "7"], home)
    (document,) = documents(result)
    assert result.stderr == ""  # no progress bar where there is no terminal, and no warning of any library
    check_document(document, song, seconds=12, rate=RATE, top=7)
    assert document["slots"]


def test_likely_families_go_first_and_nothing_is_hidden(home: Path, song: Path) -> None:
    (preferred,) = documents(earshot(["match", song, "--json", "--top", "999"], home))
    (whole,) = documents(earshot(["match", song, "--json", "--top", "999", "--any-family"], home))
    check_document(whole, song, seconds=12, rate=RATE, top=999)
    sounds = len(earshot(["library", "list"], home).stdout.splitlines())
    assert len(preferred["slots"]) == len(whole["slots"]) > 0
    for slot, all_of_it in zip(preferred["slots"], whole["slots"], strict=True):
        assert len(all_of_it["matches"]) == len(slot["matches"]) == sounds

        def places(matches: list[dict], family: str = slot["family"]) -> list[int]:
            return [match["rank"] for match in matches if match["family"] == family]

        assert sum(places(slot["matches"])) <= sum(places(all_of_it["matches"]))
        similarity = [match["similarity"] for match in all_of_it["matches"]]
        assert similarity == sorted(similarity, reverse=True)


def test_the_same_song_gives_the_same_answer(home: Path, song: Path) -> None:
    first, second = (earshot(["match", song, "--json"], home).stdout for _ in range(2))
    assert first == second


def test_region(home: Path, song: Path) -> None:
    (document,) = documents(earshot(["match", song, "--json", "--start", "3", "--end", "8.5"], home))
    check_document(document, song, seconds=12, rate=RATE, top=10)
    for slot in document["slots"]:
        for start, end in [*slot["activity"], slot["exposed_seconds"]]:
            assert 2.9 <= start < end <= 8.6
    assert "begins at 90 s" in earshot(["match", song, "--start", "90"], home, code=1).stderr


def test_a_sound_of_the_library_is_found_by_a_copy_and_not_by_itself(home: Path, tmp_path: Path) -> None:
    """The single head and the library speak of the same space, whatever the format."""
    recording = RECORDINGS / "bd_haus.flac"
    samples, rate = soundfile.read(recording)
    copy = tmp_path / "a kick.wav"
    soundfile.write(copy, samples, rate, subtype="PCM_24")
    (by_copy, by_itself) = documents(earshot(["match", copy, recording, "--json", "--any-family"], home))
    (slot,) = by_copy["slots"]
    best = slot["matches"][0]
    assert best["path"] == str(recording)
    assert best["similarity"] > 0.98
    (slot,) = by_itself["slots"]
    assert len(slot["matches"]) == 10
    assert str(recording) not in {match["path"] for match in slot["matches"]}


def test_several_songs_and_one_that_is_none(home: Path, song: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_text("nothing")
    result = earshot(["match", song, broken, song, "--json", "--end", "5"], home, code=1)
    assert [document["reference"]["path"] for document in documents(result)] == [str(song)] * 2
    assert "broken.mp3" in result.stderr


def test_for_people_to_read(home: Path, song: Path) -> None:
    result = earshot(["match", song, "--any-family"], home)
    assert result.stdout.startswith(f"{song}\n")
    assert str(RECORDINGS) in result.stdout


def test_silence_and_very_short_songs(home: Path, tmp_path: Path) -> None:
    silent, short = tmp_path / "silent.wav", tmp_path / "short.wav"
    soundfile.write(silent, np.zeros((10 * RATE, 2)), RATE)
    soundfile.write(short, 0.5 * np.sin(np.arange(RATE // 5) / 20), RATE)
    result = earshot(["match", silent, short, "--json", "--any-family"], home)
    of_silence, of_short = documents(result)
    check_document(of_silence, silent, seconds=10, rate=RATE, top=10)
    assert of_silence["slots"] == []
    assert "silent.wav: Nothing but silence" in result.stderr
    check_document(of_short, short, seconds=0.2, rate=RATE, top=10)
    assert len(of_short["slots"]) == 1
    assert len(of_short["slots"][0]["matches"]) == 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="resource measures memory on POSIX systems alone")
def test_three_hours_take_no_more_memory_than_a_minute(home: Path, tmp_path: Path) -> None:
    def peak_bytes(seconds: int) -> int:
        rate = 8000
        path = tmp_path / f"{seconds}.flac"
        with soundfile.SoundFile(path, "w", rate, 1) as file:
            tone = 0.3 * np.sin(np.arange(20 * rate) / 10)
            file.write(tone)
            for _ in range(seconds // 20 - 2):  # a long pause: decoded, but not worth hearing
                file.write(np.zeros(20 * rate))
            file.write(tone)
        code = (
            "import resource, sys; from engine.cli import main; assert main(sys.argv[1:]) == 0;"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code, "match", str(path), "--json"],
            env={**os.environ, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=800,
            check=True,
        )
        (document,) = documents(result)
        check_document(document, path, seconds=seconds, rate=rate, top=10)
        assert document["slots"][0]["activity"][-1][1] > seconds - 5
        return int(result.stderr.split()[-1])

    # The samples alone would take 345 MB at 8 kHz, 1.4 GB at the rate of the ear.
    assert peak_bytes(3 * 3600) < peak_bytes(60) + 60e6


def test_embed(home: Path) -> None:
    files = [RECORDINGS / "bd_haus.flac", RECORDINGS / "bd_tek.flac", RECORDINGS / "bd_haus.flac"]
    kick, other, again = documents(earshot(["embed", *files, "--json"], home))
    for document, path in zip((kick, other, again), files, strict=True):
        assert list(document) == ["path", "vector", "family", "duration_seconds"]
        assert document["path"] == str(path)
        assert np.linalg.norm(document["vector"]) == pytest.approx(1, abs=1e-3)
        assert document["family"] in FAMILIES
        assert document["duration_seconds"] == pytest.approx(soundfile.info(path).duration, abs=0.01)
    assert kick == again
    assert kick["vector"] != other["vector"]
    result = earshot(["embed", files[0], "nowhere.wav", "--json"], home, code=1)
    assert len(documents(result)) == 1
    assert "nowhere.wav: There is no such file" in result.stderr


def test_silence_is_no_sound_of_any_family(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    result = earshot(["embed", path], home, code=1)
    assert result.stdout == ""
    assert f"{path}: Silent: there is nothing to hear." in result.stderr


def test_of_a_file_cut_short_the_length_of_what_is_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0.0, 0.1, 4 * RATE), RATE)
    os.truncate(path, path.stat().st_size // 2)
    (document,) = documents(earshot(["embed", path, "--json"], tmp_path))
    assert document["duration_seconds"] == pytest.approx(decode(path).duration_seconds, abs=0.01)


def test_library_list_failed_remove(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    tone = 0.5 * np.sin(np.arange(RATE) / 20)
    soundfile.write(folder / "good.wav", tone, RATE)
    (folder / "bad.wav").write_text("This is no sound.")
    own = tmp_path / "home"
    assert "earshot library failed" in earshot(["scan", folder], own).stderr
    assert earshot(["library", "list"], own).stdout == f"{folder / 'good.wav'}\n"
    path, reason = earshot(["library", "failed"], own).stdout.rstrip("\n").split("\t")
    assert path == str(folder / "bad.wav")
    assert reason
    before = sorted((file.name, file.read_bytes()) for file in folder.iterdir())
    earshot(["library", "remove", folder], own)
    assert earshot(["library", "list"], own).stdout == ""
    assert sorted((file.name, file.read_bytes()) for file in folder.iterdir()) == before

    assert len(earshot(["library", "list"], home).stdout.splitlines()) == len(list(RECORDINGS.rglob("*.flac")))


def test_library_search(home: Path, tmp_path: Path) -> None:
    found = earshot(["library", "search", "bass", "-drop", "length:-5"], home).stdout.splitlines()
    assert found
    assert all("bass" in Path(path).name and "drop" not in Path(path).name for path in found)
    (amen,) = earshot(["library", "search", "loop amen full"], home).stdout.splitlines()
    assert Path(amen) == RECORDINGS / "loop_amen_full.flac"
    assert earshot(["library", "search", "type:loop", "type:one-shot"], home, code=1).stdout == ""
    assert "no library" in earshot(["library", "search", "bass"], tmp_path, code=1).stderr


def test_a_collection_is_searched_and_matched_by_its_name(home: Path, song: Path) -> None:
    catalog = Catalog.open(home)
    marks = catalog.marks
    chosen = [sound for sound in catalog.sounds() if sound.state == "ready"][:3]
    collection = marks.add_collection("My Kicks")
    marks.collect(collection, [sound.id for sound in chosen])
    try:
        found = earshot(["library", "search", 'collection:"my kicks"'], home).stdout.splitlines()
        assert sorted(found) == sorted(sound.path for sound in chosen)
        (document,) = documents(earshot(["match", "--json", "--only", 'collection:"my kicks"', song], home))
        matched = {match["path"] for slot in document["slots"] for match in slot["matches"]}
        assert matched
        assert matched <= set(found)
        for command in (["library", "search", "collection:snares"], ["match", "--only", "collection:snares", song]):
            assert "There are: My Kicks" in earshot(command, home, code=1).stderr
    finally:
        marks.remove_collection(collection)
        catalog.close()


def test_matches_narrowed_by_a_query(home: Path, song: Path) -> None:
    (document,) = documents(earshot(["match", "--json", "--only", "type:loop -amen", song], home))
    names = [match["name"] for slot in document["slots"] for match in slot["matches"]]
    assert names
    assert not any("amen" in name for name in names)
    loops = {Path(path).stem for path in earshot(["library", "search", "type:loop"], home).stdout.splitlines()}
    assert set(names) <= loops


def test_copies_come_as_one(song: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in ("bass_hit_c", "drum_heavy_kick"):
        samples, rate = soundfile.read(RECORDINGS / f"{name}.flac")
        soundfile.write(folder / f"{name}.wav", samples, rate)
        soundfile.write(folder / f"{name} quiet.flac", 0.3 * samples, rate)
        soundfile.write(folder / f"{name}.mp3", samples, rate)
    earshot(["scan", folder], tmp_path / "home")
    (document,) = documents(earshot(["match", "--json", "--any-family", song], tmp_path / "home"))
    for slot in document["slots"]:
        files = [{match["path"], *match["copies"]} for match in slot["matches"]]
        assert sorted(map(len, files)) == [3, 3]
        assert len(set.union(*files)) == 6


def test_doctor(home: Path, tmp_path: Path) -> None:
    report = earshot(["doctor"], home).stdout
    for word in ("earshot", "torch", "audio output", "fingerprint", "device", str(home), str(RECORDINGS), "searchable"):
        assert word in report
    assert "earshot scan FOLDER" in earshot(["doctor"], tmp_path / "none").stdout


def test_a_model_that_does_not_fit(home: Path, song: Path, tmp_path: Path) -> None:
    model = tmp_path / "ear.safetensors"
    model.write_bytes(b"weights of something else")
    for arguments in (["match", song], ["scan", RECORDINGS], ["embed", song]):
        result = earshot([*arguments, "--model", model], home, code=1)
        assert result.stdout == ""
        assert str(model) in result.stderr
    assert str(model) in earshot(["doctor", "--model", model], home, code=1).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "scan", str(RECORDINGS), "--workers", "1", "--library", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    ready = 0
    deadline = time.monotonic() + 600
    while not ready and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
        if Catalog.exists(tmp_path):
            with contextlib.suppress(LibraryError):  # it is being made just now
                catalog = Catalog.open(tmp_path, read_only=True)
                ready = catalog.counts().ready
                catalog.close()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    assert out == ""
    assert "Traceback" not in err
    assert "stopped" in err
    result = earshot(["scan", RECORDINGS, "--library", tmp_path], tmp_path)
    unchanged = int(result.stdout.split(" unchanged")[0].split()[-1])
    assert unchanged >= ready > 0
