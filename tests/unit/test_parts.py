"""Ranking by part, and the command that does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli import main
from engine.encoder.ear import Ear
from engine.families import words_for
from engine.library.content import content_digest
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.query import read_query
from engine.library.results import set_fingerprint, write_outcomes
from engine.library.walk import FoundFile
from engine.matching.parts import cannot_be_ranked, rank_by_part
from engine.matching.reference import hear
from tests.unit.library.test_catalog import FACTS, heard
from tests.unit.library.test_parts import coded
from tests.unit.tone_ear import DIMENSION, RATE, ToneEar, tone

TONES = ToneEar().vectors
BASS, KEYS, HAT = TONES[0], TONES[2], TONES[4]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("EARSHOT_HOME", str(home))
    monkeypatch.setattr(Ear, "load", lambda *_, **__: ToneEar())
    return home


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Ten seconds of a bass, and keys from the fifth on."""
    samples = tone(0, 10)
    samples[5 * RATE :] += tone(2, 5)
    path = tmp_path / "song.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


def fill(library: Library, *, kind: str = "loop", asked: bool = True) -> None:
    """Loops: a bass like the song's, one quite like it, keys alone, and both."""
    near = BASS + 0.5 * HAT
    loops = {
        "same bass": coded(bass=BASS),
        "near bass": coded(bass=near / np.linalg.norm(near)),
        "keys": coded(keys=KEYS),
        "both": coded(bass=HAT, keys=KEYS),
    }
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    list_files(
        database, begin_scan(database), root.id, root.path, [FoundFile(f"/sounds/{name}.wav", 1, 1) for name in loops]
    )
    facts = replace(FACTS, kind=kind)
    write_outcomes(
        database,
        "tones",
        [
            replace(heard(sound.id, np.eye(DIMENSION)[number], facts=facts), parts=loops[sound.name])
            for number, sound in enumerate(library.catalog.sounds())
        ],
    )
    set_fingerprint(database, "tones")
    if not asked:
        with database.write() as connection:
            connection.execute("UPDATE sounds SET parts_heard_by = NULL")
            connection.execute("DELETE FROM part_vectors")
    library.refresh()


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    library = Library.open(home, create=True)
    yield library
    library.close()


def names(matches: list) -> list[str]:
    return [match.sound.name for match in matches]


def test_ranked_by_each_part_and_by_several(library: Library) -> None:
    fill(library)
    wanted = {"bass": BASS, "keys": KEYS}
    by_bass = rank_by_part(wanted, {"bass": 1.0}, library)
    assert names(by_bass) == ["same bass", "near bass", "both"]
    assert [match.rank for match in by_bass] == [1, 2, 3]
    assert by_bass[0].similarity == pytest.approx(1.0, abs=1e-3)
    assert by_bass[0].chance is None
    (both,) = rank_by_part(wanted, {"bass": 1.0, "keys": 3.0}, library)
    assert both.sound.name == "both"
    assert both.similarity == pytest.approx(0.75, abs=1e-2)
    assert dict(both.by_part) == pytest.approx({"bass": 0.0, "keys": 1.0}, abs=1e-2)
    assert names(rank_by_part(wanted, {"bass": 1.0}, library, query=read_query("near"))) == ["near bass"]
    assert names(rank_by_part(wanted, {"bass": 1.0}, library, top=2)) == ["same bass", "near bass"]


@pytest.mark.parametrize("weights", [{}, {"drums": 1.0}, {"bass": 0.0}, {"bass": 1.0, "horns": 1.0}])
def test_what_cannot_be_asked(library: Library, weights: dict[str, float]) -> None:
    fill(library)
    with pytest.raises(ValueError, match="cannot rank"):
        rank_by_part({"bass": BASS}, weights, library)


def test_copies_fold(library: Library) -> None:
    fill(library)
    with library.catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET content = x'01' WHERE name LIKE '% bass'")
    first, second = rank_by_part({"bass": BASS}, {"bass": 1.0}, library)
    assert (first.sound.name, names_of_copies(first)) == ("same bass", ["near bass"])
    assert (second.sound.name, second.rank) == ("both", 2)


def names_of_copies(match) -> list[str]:
    return [sound.name for sound in match.copies]


def test_the_parts_of_a_reference_or_a_region_of_it(song: Path) -> None:
    *_, last = hear(song, ToneEar())
    assert list(last.parts) == ["bass", "keys"]
    assert float(last.parts["bass"] @ BASS) > 0.9
    assert float(last.parts["keys"] @ KEYS) > 0.9
    *_, region = hear(song, ToneEar(), end=4.5)
    assert list(region.parts) == ["bass"]
    *_, short = hear(song, ToneEar(), end=1.0)
    assert short.parts == {}


def test_words() -> None:
    assert words_for(["drums"]) == "drums"
    assert words_for(["drums", "bass"]) == "drums and bass"
    assert words_for(("drums", "bass", "keys")) == "drums, bass and keys"


def test_the_command_ranks(library: Library, song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(library)
    assert main(["match", str(song), "--part", "bass", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["reference", "model", "device", "parts", "heard", "matches"]
    assert document["parts"] == {"bass": 1.0}
    assert document["heard"] == ["bass", "keys"]
    assert [match["name"] for match in document["matches"]] == ["same bass", "near bass", "both"]
    assert document["matches"][0]["by_part"]["bass"] == pytest.approx(document["matches"][0]["similarity"])

    assert main(["match", str(song), "--part", "bass=1", "--part", "keys=3", "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [str(song), "  bass and keys  (heard: bass and keys)"]
    assert len(lines) == 3
    assert "both" in lines[2]
    assert main(["match", str(song), "--part", "bass", "--only", "near", "--json"]) == 0
    assert [match["name"] for match in json.loads(capsys.readouterr().out)["matches"]] == ["near bass"]


@pytest.mark.parametrize("region", [[], ["--start", "1", "--end", "9"], ["--end", "1"]])
def test_a_reference_is_no_match_of_itself(
    library: Library, song: Path, capsys: pytest.CaptureFixture[str], region: list[str]
) -> None:
    """Wherever its file lies, and whatever it is called there."""
    fill(library)
    with library.catalog.database.write() as connection:
        names = ("same bass", "near bass")
        connection.execute("UPDATE sounds SET content = ? WHERE name IN (?, ?)", (content_digest(song), *names))
    assert main(["match", str(song), "--json", *region]) == 0
    slots = json.loads(capsys.readouterr().out)["slots"]
    assert slots
    for slot in slots:
        assert {match["name"] for match in slot["matches"]} == {"keys", "both"}
        assert [match["rank"] for match in slot["matches"]] == [1, 2]
        assert not any(match["copies"] for match in slot["matches"])
    if region != ["--end", "1"]:  # so short that it has no parts
        assert main(["match", str(song), "--part", "bass", "--json", *region]) == 0
        assert [match["name"] for match in json.loads(capsys.readouterr().out)["matches"]] == ["both"]


def test_a_part_that_the_song_or_its_region_does_not_have(
    library: Library, song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(library)
    assert main(["match", str(song), "--part", "drums", "--part", "guitar"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{song}: No drums or guitar can be made out in it, only bass and keys." in printed.err
    assert main(["match", str(song), "--part", "keys", "--end", "4.5"]) == 1
    assert "No keys can be made out in it, only bass." in capsys.readouterr().err
    assert main(["match", str(song), "--part", "bass", "--end", "1"]) == 1
    assert "nor any other part" in capsys.readouterr().err


def test_silence_is_said_once(library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(library)
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(10 * RATE), RATE, subtype="FLOAT")
    for arguments in ([], ["--part", "bass"], ["--json"], ["--part", "bass=1e-50", "--json"]):
        assert main(["match", str(path), *arguments]) == 0
        printed = capsys.readouterr()
        assert printed.err.splitlines() == [f"earshot: {path}: Nothing but silence was heard."]
        if "--json" not in arguments:
            assert printed.out.splitlines() == [str(path)]
    document = json.loads(printed.out)
    assert (document["parts"], document["heard"], document["matches"]) == ({"bass": 1e-50}, [], [])


@pytest.mark.parametrize(
    ("filling", "words"),
    [
        ({"kind": "one-shot"}, "holds no loops"),
        ({"asked": False}, "scanned before parts were told apart. To change that: earshot scan /sounds"),
    ],
)
def test_a_library_without_parts(
    library: Library, song: Path, capsys: pytest.CaptureFixture[str], filling: dict, words: str
) -> None:
    fill(library, **filling)
    assert cannot_be_ranked(library.part_counts) is not None
    assert main(["match", str(song), "--part", "bass"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, words in printed.err) == ("", True)
    assert main(["match", str(song), "--json"]) == 0  # slots are ranked all the same


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--part", "horns"], "'horns' is no part; there are drums, bass, keys, guitar, other"),
        (["--part", "bass=loud"], "the weight of bass must be a number above 0"),
        (["--part", "bass=0"], "the weight of bass must be a number above 0"),
        (["--part", "bass=nan"], "the weight of bass must be a number above 0"),
        (["--part", "bass", "--any-family"], "goes without --part"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["match", "song.wav", *arguments])
    assert end.value.code == 2
    assert words in capsys.readouterr().err
