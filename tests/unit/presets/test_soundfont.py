"""SoundFonts that are written here: what is listed, what sounds, and what damaged or lying files lead to."""

from __future__ import annotations

import contextlib
import struct
import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AudioError
from engine.presets import Note, audition, hear, notes_to_hear, play, preset_of, presets_of, soundfont_chunks
from tests.unit.presets.fonts import RATE, FontPreset, Sample, Zone, font_bytes, strongest_hz, tone, write_font

OUT = 44_100


def at(midi: int) -> float:
    return 440.0 * 2.0 ** ((midi - 69) / 12)


@pytest.fixture
def two_tones(tmp_path: Path) -> Path:
    """A looped middle C over most keys, and an E5 above them that is only heard when struck hard."""
    c = Sample(tone(at(60), 0.5), loop=(round(RATE / at(60)) * 10, round(122.31 * 60)), root=60)
    e = Sample(tone(at(76), 0.3), name=b"E5", root=76)
    keys = FontPreset(b"Keys", [Zone(0, (24, 72), loops=True), Zone(1, (73, 96), (100, 127))], bank=0, program=4)
    return write_font(tmp_path / "two.sf2", [keys], [c, e])


def test_presets_are_listed_with_their_keys(two_tones: Path) -> None:
    (found,) = presets_of(two_tones)
    assert (found.key, found.name, found.drum) == ("0:4", "Keys", False)
    assert (found.keys[0], found.keys[-1]) == (24, 96)
    assert preset_of(two_tones, "0:4") == found


@pytest.mark.parametrize("midi", [36, 48, 60, 72, 76, 88])
def test_notes_have_the_pitch_of_their_key(two_tones: Path, midi: int) -> None:
    audio = play(two_tones, "0:4", Note(midi, 0.9), rate=OUT)
    assert audio.samples.shape[0] == 2
    assert audio.samples.dtype == np.float32
    assert strongest_hz(audio.samples, OUT) == pytest.approx(at(midi), rel=0.01)


def test_a_note_is_the_same_every_time(two_tones: Path) -> None:
    first, second = (play(two_tones, "0:4", Note(60), rate=OUT).samples for _ in range(2))
    assert np.array_equal(first, second)


def test_loops_last_as_long_as_the_key_and_samples_without_end_by_themselves(two_tones: Path) -> None:
    looped = play(two_tones, "0:4", Note(60, 0.9, 2.0), rate=OUT)
    assert 2.0 < looped.duration_seconds < 2.5
    assert np.abs(looped.samples[:, round(1.5 * OUT) : round(1.9 * OUT)]).max() > 0.05
    struck = play(two_tones, "0:4", Note(76, 0.9, 0.1), rate=OUT)
    assert struck.duration_seconds < 1.0
    ended = play(two_tones, "0:4", Note(76, 0.9, 2.0), rate=OUT)
    assert ended.duration_seconds == pytest.approx(0.3, abs=0.02)


def test_a_release_without_end_is_cut(tmp_path: Path) -> None:
    endless = Zone(0, loops=True, generators=[(38, 8_000)])  # timecents: a hundred seconds
    path = write_font(tmp_path / "a.sf2", [FontPreset(b"Endless", [endless])], [Sample(tone(440), loop=(0, 16_000))])
    assert play(path, "0:0", Note(60), rate=OUT, longest_seconds=3.0).duration_seconds == pytest.approx(3.0, abs=0.01)
    clicked = audition(path, "0:0")
    assert clicked.duration_seconds == pytest.approx(3.0, abs=0.01)
    assert np.abs(clicked.samples[:, -1]).max() < 1e-3
    assert np.abs(clicked.samples).max() == pytest.approx(0.5, abs=0.01)


def test_velocity_chooses_the_layer_and_a_missing_one_is_not_silence(tmp_path: Path) -> None:
    soft, hard = Zone(0, velocities=(0, 79)), Zone(1, velocities=(80, 119))
    samples = [Sample(tone(400)), Sample(tone(800))]
    path = write_font(tmp_path / "a.sf2", [FontPreset(b"Layers", [soft, hard])], samples)
    assert strongest_hz(play(path, "0:0", Note(60, 0.5), rate=OUT).samples, OUT) == pytest.approx(400, rel=0.01)
    assert strongest_hz(play(path, "0:0", Note(60, 0.8), rate=OUT).samples, OUT) == pytest.approx(800, rel=0.01)
    assert strongest_hz(play(path, "0:0", Note(60, 1.0), rate=OUT).samples, OUT) == pytest.approx(800, rel=0.01)


def test_only_the_samples_of_the_note_are_needed(tmp_path: Path) -> None:
    """A damaged sample costs the keys that play it, not the others."""
    data = bytearray(
        font_bytes(
            [FontPreset(b"Half", [Zone(0, (0, 59)), Zone(1, (60, 127))])], [Sample(tone(300)), Sample(tone(600))]
        )
    )
    second = data.rfind(b"tone")
    data[second + 24 : second + 28] = struct.pack("<I", 1 << 30)
    (tmp_path / "a.sf2").write_bytes(data)
    play(tmp_path / "a.sf2", "0:0", Note(40), rate=OUT)
    with pytest.raises(AudioError, match="claims more than the file holds"):
        play(tmp_path / "a.sf2", "0:0", Note(80), rate=OUT)


def test_compressed_samples(tmp_path: Path) -> None:
    path = write_font(tmp_path / "a.sf3", [FontPreset(b"Ogg", [Zone(0)])], [Sample(tone(at(60)))], compressed=True)
    audio = play(path, "0:0", Note(67, 0.9), rate=OUT)
    assert strongest_hz(audio.samples, OUT) == pytest.approx(at(67), rel=0.01)


def test_kits_are_heard_sound_by_sound(tmp_path: Path) -> None:
    names = [b"Kick 1", b"Snare(L)", b"Snare(R)", b"Low Tom"]
    samples = [Sample(tone(100 * (n + 1)), name=name) for n, name in enumerate(names)]
    zones = [Zone(0, (36, 36)), Zone(1, (38, 38)), Zone(2, (38, 38)), Zone(3, (41, 45), root=43)]
    kit = FontPreset(b"Standard", zones, bank=128)
    twin = FontPreset(b"Room", [*zones[:3], Zone(3, (41, 45), root=43, generators=[(48, 60)])], bank=128, program=8)
    path = write_font(tmp_path / "kit.sf2", [kit, twin], samples)
    found = presets_of(path)
    assert [(preset.key, preset.name) for preset in found] == [
        ("128:0:36", "Standard C2 Kick 1"),
        ("128:0:38", "Standard D2 Snare"),
        ("128:0:43", "Standard G2 Low Tom"),
        ("128:8:43", "Room G2 Low Tom"),  # what is the same in both kits is told once
    ]
    assert all(preset.drum for preset in found)
    assert notes_to_hear(found[2]) == (Note(43, 0.9),)
    assert len(hear(path, "128:0:36", rate=OUT)) == 1
    with pytest.raises(AudioError, match="no preset '128:0:50'"):
        preset_of(path, "128:0:50")


def test_a_kit_outside_the_bank_of_kits_is_known_by_its_samples(tmp_path: Path) -> None:
    things = [b"kick", b"snare", b"clap", b"hat closed", b"hat open", b"ride"]
    zones = [Zone(n, (36 + n, 36 + n), root=36 + n) for n in range(6)]
    kit = [Sample(tone(200), name=name) for name in things]
    piano = [Sample(tone(200), name=b"Piano C%d" % n) for n in range(6)]
    assert len(presets_of(write_font(tmp_path / "a.sf2", [FontPreset(b"808", zones)], kit))) == 6
    (found,) = presets_of(write_font(tmp_path / "b.sf2", [FontPreset(b"Piano", zones)], piano))
    assert not found.drum


def test_two_presets_at_one_place_are_told_apart(tmp_path: Path) -> None:
    presets = [FontPreset(b"One", [Zone(0)]), FontPreset(b"Other", [Zone(1)])]
    path = write_font(tmp_path / "a.sf2", presets, [Sample(tone(300)), Sample(tone(500))])
    assert [(preset.key, preset.name) for preset in presets_of(path)] == [("0:0", "One"), ("0:0~2", "Other")]
    assert strongest_hz(play(path, "0:0~2", Note(60), rate=OUT).samples, OUT) == pytest.approx(500, rel=0.01)


def test_notes_to_hear_lie_where_the_preset_plays(tmp_path: Path) -> None:
    presets = [
        FontPreset(b"Fat Bass", [Zone(0)], program=0),
        FontPreset(b"Piccolo", [Zone(1, (72, 108))], program=1),
        FontPreset(b"One Key", [Zone(0, (60, 60))], program=2),
        FontPreset(b"Gap", [Zone(0, (0, 58)), Zone(0, (75, 127))], program=3),
        FontPreset(b"Bassoon", [Zone(0)], program=4),
    ]
    path = write_font(tmp_path / "a.sf2", presets, [Sample(tone(440), root=69), Sample(tone(440), root=96)])
    bass, piccolo, single, gap, bassoon = ([note.midi for note in notes_to_hear(p)] for p in presets_of(path))
    assert len(bass) == len(piccolo) == len(gap) == 3
    assert max(bass) <= 52
    assert min(piccolo) >= 72
    assert single == [60]
    assert all(midi <= 58 or midi >= 75 for midi in gap)
    assert min(bassoon) > 48
    assert len(hear(path, "0:0", rate=16_000)) == 3


def test_names_of_odd_bytes_are_printable(tmp_path: Path) -> None:
    names = [b"Fl\xfcgel\0rubbish", "Flügel".encode(), b"a\tb\nc\x07", b"\0", b"\xff\xfe\x80\x81" * 5]
    presets = [FontPreset(name, [Zone(0)], program=n) for n, name in enumerate(names)]
    found = presets_of(write_font(tmp_path / "a.sf2", presets, [Sample(tone(440))]))
    assert [preset.name for preset in found[:4]] == ["Flügel", "Flügel", "a b c", "Preset 0:3"]
    assert all(preset.name and preset.name.isprintable() for preset in found)


def good_bytes() -> bytes:
    kit = FontPreset(b"Kit", [Zone(0, (36, 36)), Zone(1, (38, 38))], bank=128)
    return font_bytes(
        [FontPreset(b"Keys", [Zone(0), Zone(1)]), kit], [Sample(tone(440, 0.02)), Sample(tone(880, 0.02))]
    )


def broken(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(AudioError) as failure:
        presets_of(path)
    return failure.value.reason


def test_what_is_no_soundfont_is_said_in_words(tmp_path: Path) -> None:
    path, data = tmp_path / "a.sf2", good_bytes()
    assert "empty" in broken(path, b"")
    assert "Not a SoundFont" in broken(path, b"RIFF\0\0\0\0WAVE" + bytes(100))
    assert "Cut short" in broken(path, data[: len(data) // 2])
    assert "Cut short" in broken(path, data[:-40])
    assert "Cut short" in broken(path, data[:12])
    with pytest.raises(AudioError, match="no such file"):
        presets_of(tmp_path / "absent.sf2")
    with pytest.raises(AudioError, match="folder"):
        presets_of(tmp_path)
    assert "no preset" in broken(path, font_bytes([], []))


@pytest.mark.parametrize(
    ("name", "offset", "value"),
    [
        (b"phdr", 38 + 24, 60_000),  # more zones than there are
        (b"pgen", 2, 500),  # an instrument that does not exist
        (b"igen", 10, 77),  # a sample that does not exist
        (b"ibag", 4, 9_000),  # generators beyond the end
    ],
)
def test_lists_that_contradict_each_other_are_refused(tmp_path: Path, name: bytes, offset: int, value: int) -> None:
    data = bytearray(good_bytes())
    place = data.index(name) + 8 + offset
    data[place : place + 2] = struct.pack("<H", value)
    assert "contradict" in broken(tmp_path / "a.sf2", bytes(data))


def test_huge_claims_are_refused_without_being_believed(tmp_path: Path) -> None:
    data = bytearray(good_bytes())
    place = data.index(b"smpl") + 4
    data[place : place + 4] = struct.pack("<I", 0xFFFFFFF0)
    assert "larger than the whole" in broken(tmp_path / "a.sf2", bytes(data))
    zones = [Zone(0)] * 21_000
    path = write_font(tmp_path / "b.sf2", [FontPreset(b"Many", zones)], [Sample(tone(440, 0.01))])
    with pytest.raises(AudioError, match="cannot be meant"):
        presets_of(path)


def test_a_download_that_was_broken_off_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = 0

    def counted(file: BinaryIO, position: int) -> tuple[bytes, int]:
        nonlocal headers
        headers += 1
        return read_header(file, position)

    read_header = soundfont_chunks._chunk_header
    monkeypatch.setattr(soundfont_chunks, "_chunk_header", counted)
    zeros = 1 << 20  # which a browser reserves before it fills them
    assert "Cut short" in broken(tmp_path / "a.sf2", good_bytes()[:12] + bytes(zeros))
    samples = b"LIST" + struct.pack("<I", zeros + 4) + b"sdta" + bytes(zeros)
    assert "Cut short" in broken(tmp_path / "b.sf2", good_bytes()[:12] + samples)
    assert headers < 5_000


@settings(max_examples=300)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(good_bytes()) - 1), st.integers(0, 255)), max_size=12),
    length=st.integers(0, len(good_bytes())),
    whole=st.booleans(),
)
def test_damage_is_an_audio_error_or_still_plays(changes: list[tuple[int, int]], length: int, whole: bool) -> None:
    data = bytearray(good_bytes())
    headers = data.index(b"pdta")
    for place, value in changes:
        # Most of the file is samples; damage is more telling in the headers.
        data[headers + place % (len(data) - headers)] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.sf2"
        path.write_bytes(data if whole else data[:length])
        with contextlib.suppress(AudioError):
            for preset in presets_of(path)[:3]:
                for audio in hear(path, preset.key, rate=8_000):
                    assert np.isfinite(audio.samples).all()
