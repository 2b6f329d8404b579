"""What files say of themselves, in chunks that are written here byte by byte, in tags, and in their names."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.declared import NOTHING, Credits, Declared, credits_of, declared, in_name, read_key

RATE = 44_100


def with_chunk(path: Path, name: bytes, content: bytes, order: str = "<") -> Path:
    """Write a second of sound with one more chunk at its end."""
    soundfile.write(path, np.zeros(RATE), RATE, subtype="PCM_16")
    data = path.read_bytes() + name + struct.pack(f"{order}I", len(content)) + content + b"\0" * (len(content) % 2)
    path.write_bytes(data[:4] + struct.pack(f"{order}I", len(data) - 8) + data[8:])
    return path


def acid(flags: int, root: int, beats: int, tempo: float) -> bytes:
    return struct.pack("<IHHfIHHf", flags, root, 0x8000, 0.0, beats, 4, 4, tempo)


def test_acid_loops_and_one_shots(tmp_path: Path) -> None:
    loop = with_chunk(tmp_path / "a.wav", b"acid", acid(2, 57, 8, 124.0))
    assert declared(loop) == Declared(tempo_bpm=124.0, root_note=57, kind="loop", beats=8.0)
    hit = with_chunk(tmp_path / "b.wav", b"acid", acid(1, 60, 0, 0.0))
    assert declared(hit) == Declared(kind="one-shot")


def test_sampler_chunks(tmp_path: Path) -> None:
    loops = struct.pack("<9I", 0, 0, 0, 43, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 11_025, 22_049, 0, 0)
    assert declared(with_chunk(tmp_path / "a.wav", b"smpl", loops)) == Declared(root_note=43, loop_seconds=(0.25, 0.5))
    assert declared(with_chunk(tmp_path / "b.wav", b"inst", bytes([48, 0, 0, 0, 127, 0, 127]))).root_note == 48
    unknown = struct.pack("<9I", 0, 0, 0, 60, 0, 0, 0, 0, 0)
    assert declared(with_chunk(tmp_path / "c.wav", b"smpl", unknown)) == NOTHING


def test_apple_loops(tmp_path: Path) -> None:
    basc = struct.pack(">II5H", 1, 2, 57, 1, 4, 4, 1) + bytes(66)
    found = declared(with_chunk(tmp_path / "a.aiff", b"basc", basc, ">"))
    assert found == Declared(tempo_bpm=120.0, key="A minor", kind="loop", beats=2.0)
    info = b"tempo\x00125\x00key signature\x00F#m\x00"
    caf = b"caff" + struct.pack(">HH", 1, 0) + b"info" + struct.pack(">qI", len(info) + 4, 2) + info
    (tmp_path / "a.caf").write_bytes(caf)
    assert declared(tmp_path / "a.caf") == Declared(tempo_bpm=125.0, key="F# minor")


def with_tags(path: Path, **tags: str) -> Path:
    """Write a moment of silence as FLAC, with tags."""
    import av

    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream("flac", rate=RATE)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4_096), np.int16), format="s16", layout="mono")
        frame.rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def test_tags(tmp_path: Path) -> None:
    path = with_tags(tmp_path / "tagged.flac", BPM="98", INITIALKEY="Ebm")
    assert declared(path) == Declared(tempo_bpm=98.0, key="D# minor")


def test_credits(tmp_path: Path) -> None:
    whole = with_tags(tmp_path / "a.flac", TITLE="Vibe\n  Ace\x07", ARTIST="Kevin MacLeod")
    assert credits_of(whole) == Credits("Vibe Ace", "Kevin MacLeod")
    assert credits_of(with_tags(tmp_path / "b.flac", ARTIST=" ")) == Credits()
    (tmp_path / "c.mp3").write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f")
    for nothing in (tmp_path / "c.mp3", tmp_path / "missing.mp3", tmp_path):
        assert credits_of(nothing) == Credits()


def test_a_chunk_is_believed_before_the_name(tmp_path: Path) -> None:
    path = with_chunk(tmp_path / "Groove 90bpm Cmin.wav", b"acid", acid(0, 0, 4, 120.0))
    assert (declared(path).tempo_bpm, declared(path).key) == (120.0, "C minor")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dusty_Rhodes_92bpm_F#min.wav", Declared(tempo_bpm=92.0, key="F# minor")),
        ("bass loop 128 BPM Am.wav", Declared(tempo_bpm=128.0, key="A minor", kind="loop")),
        ("loop_perc1.flac", Declared(kind="loop")),
        ("DrumLoop07.wav", Declared(kind="loop")),
        ("SHAKER LOOPS 2.wav", Declared(kind="loop")),
        ("Looped vinyl loopback.wav", NOTHING),
        ("Stab One-Shot from loop.wav", Declared(kind="one-shot")),
        ("oneshots_04.wav", Declared(kind="one-shot")),
        ("BPM_174.5_reese.wav", Declared(tempo_bpm=174.5)),
        ("Cello C#3.wav", Declared(root_note=49)),
        ("Pad_Bb_maj.aif", Declared(key="A# major")),
        ("EP_A-1_vel64.wav", Declared(root_note=9)),
        ("Kick A.wav", NOTHING),
        ("A mellow day.wav", NOTHING),
        ("take 3 of 120.wav", Declared(supposed_tempi=(120.0,))),
        ("999bpm.wav", NOTHING),
        # As the makers of sample packs write them: the tempo is a number among others, the key what stands beside it.
        ("SO_TL_122_keys_loop_hopeful_Cmin.wav", Declared(key="C minor", kind="loop", supposed_tempi=(122.0,))),
        ("Cymatics - Lofi Melody Loop 3 - 80 BPM A Min.wav", Declared(tempo_bpm=80.0, key="A minor", kind="loop")),
        ("Cymatics - Orchid 808 4 (C#).wav", Declared(key="C#")),
        ("CTH_120_A_Synth_Loop_01.wav", Declared(key="A", kind="loop", supposed_tempi=(120.0,))),
        ("DH2_BassLoop_A_122_01.wav", Declared(key="A", kind="loop", supposed_tempi=(122.0,))),
        ("DH2_120_Drum_Loop_A.wav", Declared(kind="loop", supposed_tempi=(120.0,))),
        ("Drum Loop 120 A.wav", Declared(kind="loop", supposed_tempi=(120.0,))),
        ("TSP_S2S_174_reese_bass_F_minor.wav", Declared(key="F minor", supposed_tempi=(174.0,))),
        ("ArpLoop[120] Gm Retro 1.wav", Declared(key="G minor", kind="loop", supposed_tempi=(120.0,))),
        ("DrumsLoop[95] Analog Dust 1.wav", Declared(kind="loop", supposed_tempi=(95.0,))),
        ("Vox_Loop_Am128.wav", Declared(key="A minor", kind="loop", supposed_tempi=(128.0,))),
        ("120-Loop.wav", Declared(kind="loop", supposed_tempi=(120.0,))),
        ("DbMin pluck 110.wav", Declared(key="C# minor", supposed_tempi=(110.0,))),
        ("LEAD_C#MIN_140,5BPM.wav", Declared(tempo_bpm=140.5, key="C# minor")),
        ("trap-melody-140bpm-cmin.wav", Declared(tempo_bpm=140.0, key="C minor")),
        ("Piano B flat minor 80bpm.wav", Declared(tempo_bpm=80.0, key="A# minor")),
        ("Fsharp_minor_pad_100_bpm.wav", Declared(tempo_bpm=100.0, key="F# minor")),
        ("Emin_to_Gmaj7_128bpm(Wet).wav", Declared(tempo_bpm=128.0, key="G major")),
        ("Em9_Rhodes_Loop_85.wav", Declared(key="E minor", kind="loop", supposed_tempi=(85.0,))),
        ("Strum_98.5BPM_D.wav", Declared(tempo_bpm=98.5, key="D")),
        ("Tempo 85 Lofi.wav", Declared(tempo_bpm=85.0)),
        ("BassOneShot_Eb.wav", Declared(key="D#", kind="one-shot")),
        ("1-Shot Synth Stab D#.wav", Declared(key="D#", kind="one-shot")),
        ("Violin_As3_05_forte.wav", Declared(root_note=58)),
        ("Snare A2.wav", NOTHING),
        ("Hihat Closed C1.wav", NOTHING),
        ("Who I Am.wav", NOTHING),
        ("Am I Wrong.wav", NOTHING),
        ("LoopCloud ebm fm 24bit 96k 100Hz v64 MS20 099.wav", NOTHING),
        ("Vitamin C Type A Plan B.wav", NOTHING),
    ],
)
def test_names(name: str, expected: Declared) -> None:
    assert in_name(name) == expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Pack/One Shots/Bass/Growl.wav", "one-shot"),
        ("Pack Loops/OneShots/Growl.wav", "one-shot"),
        ("Pack/One Shots/Growl Loop.wav", "loop"),
        ("One Shots/Drum Loops/Growl.wav", None),
        ("Pack/Loops & One Shots/Growl.wav", None),
        ("Some Loops/Kicks/Growl.wav", None),
    ],
)
def test_folders_tell_one_shots(path: str, kind: str | None) -> None:
    assert declared(f"/music/{path}").kind == kind


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am", "A minor"),
        ("a minor", "A minor"),
        ("C#maj", "C# major"),
        ("Cb", "B"),
        ("f sharp minor", "F# minor"),
        ("F_sharp_minor", "F# minor"),
        ("8A", "A minor"),
        ("8B", "C major"),
        ("01a", "G# minor"),
        ("12b", "E major"),
        ("13A", None),
        ("o", None),
        ("", None),
        ("all keys", None),
    ],
)
def test_keys(text: str, key: str | None) -> None:
    assert read_key(text) == key


@given(content=st.binary(max_size=400), kind=st.sampled_from([b"RIFF....WAVE", b"FORM....AIFC", b"caff\0\1\0\0", b""]))
def test_nonsense_says_nothing_and_breaks_nothing(
    content: bytes, kind: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "nonsense.wav"
    path.write_bytes(kind + content)
    found = declared(path)
    assert found.tempo_bpm is None or 20 <= found.tempo_bpm <= 400
    assert found.root_note is None or 0 <= found.root_note <= 127


def test_a_missing_file_says_only_its_name(tmp_path: Path) -> None:
    assert declared(tmp_path / "gone 100bpm.wav") == Declared(tempo_bpm=100.0)
