"""SFZ instruments with samples that are written here: opcodes by what they sound like, and texts that mean harm."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AudioError
from engine.presets import Note, audition, hear, notes_to_hear, play, presets_of, without_samples
from tests.unit.presets.fonts import RATE, strongest_hz

OUT = 44_100


def at(midi: int) -> float:
    return 440.0 * 2.0 ** ((midi - 69) / 12)


def write_wave(path: Path, hz: float, seconds: float = 1.0, *, channels: int = 1, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, np.repeat(0.5 * np.sin(2 * np.pi * hz * t)[:, None], channels, axis=1), rate)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sines named by their frequency, and middle C."""
    for hz in (200, 300, 400, 600):
        write_wave(tmp_path / f"{hz}.wav", hz)
    write_wave(tmp_path / "c4.wav", at(60))
    return tmp_path


def sfz(folder: Path, text: str | bytes, name: str = "a.sfz") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def heard(path: Path, midi: int = 60, velocity: float = 0.8, gate: float = 0.5, **options: Path) -> np.ndarray:
    return play(path, "", Note(midi, velocity, gate), rate=OUT, **options).samples


def hz_of(path: Path, midi: int = 60, velocity: float = 0.8) -> float:
    return strongest_hz(heard(path, midi, velocity), OUT)


@pytest.mark.parametrize("midi", [36, 48, 60, 67, 84])
def test_pitch_follows_the_keys(folder: Path, midi: int) -> None:
    assert hz_of(sfz(folder, "<region> sample=c4.wav"), midi) == pytest.approx(at(midi), rel=0.01)


@pytest.mark.parametrize(
    ("opcodes", "expected"),
    [
        ("pitch_keycenter=72", at(48)),
        ("pitch_keycenter=c5", at(48)),
        ("transpose=7", at(67)),
        ("tune=-100", at(59)),
        ("pitch_keytrack=0 pitch_keycenter=40", at(60)),
        ("key=60 transpose=-12", at(48)),
        ("pitch_keycenter=sample", at(60)),
        ("pitch_keycenter=nonsense transpose=x", at(60)),
    ],
)
def test_tuning(folder: Path, opcodes: str, expected: float) -> None:
    assert hz_of(sfz(folder, f"<region> sample=c4.wav {opcodes}")) == pytest.approx(expected, rel=0.01)


def test_keys_and_velocities_choose_the_region(folder: Path) -> None:
    text = """
    // a comment with <region> sample=missing.wav
    <global> pitch_keytrack=0 ampeg_release=0.01
    <group> hikey=b3
    <region> sample=200.wav hivel=63 <region> sample=300.wav lovel=64
    <group> lokey=60 hikey=64  /* and one
                                 over two lines */
    <region> sample=400.wav
    <region> key=e4 sample=600.wav volume=30
    """
    path = sfz(folder, text)
    assert hz_of(path, 59, 0.3) == pytest.approx(200, rel=0.01)
    assert hz_of(path, 59, 0.9) == pytest.approx(300, rel=0.01)
    assert hz_of(path, 62) == pytest.approx(400, rel=0.01)
    both = heard(path, 64)
    assert strongest_hz(both, OUT) == pytest.approx(600, rel=0.01)
    spectrum = np.abs(np.fft.rfft(both[0, : OUT // 4]))
    assert spectrum[100] > 20 * np.median(spectrum)  # 400 Hz, beneath the other
    with pytest.raises(AudioError, match="Nothing sounds at key 70"):
        heard(path, 70)


def test_of_round_robins_and_chances_one_sounds_and_always_the_same(folder: Path) -> None:
    robin = [f"<region> sample={hz}.wav seq_position={n}\n" for n, hz in ((1, 300), (2, 200), (3, 400))]
    path = sfz(folder, "<global> pitch_keytrack=0 seq_length=3\n" + "".join(robin))
    assert hz_of(path) == pytest.approx(300, rel=0.01)
    assert np.abs(heard(path)).max() < 0.6
    chance = "<region> sample=200.wav lorand=0.5 <region> sample=400.wav hirand=0.5"
    path = sfz(folder, "<global> pitch_keytrack=0\n" + chance, "b.sfz")
    assert hz_of(path) == pytest.approx(400, rel=0.01)
    assert np.array_equal(heard(path), heard(path))


def test_regions_that_a_pressed_key_does_not_set_off_are_silent(folder: Path) -> None:
    path = sfz(
        folder,
        """
        <control> set_cc20=100
        <global> pitch_keytrack=0
        <region> sample=300.wav
        <region> sample=600.wav trigger=release volume=20
        <region> sample=600.wav locc64=64 hicc64=127 volume=20
        <region> sample=600.wav hicc20=50 volume=20
        <region> sample=600.wav lokey=-1 hikey=-1 volume=20
        <region> sample=600.wav on_locc30=64 volume=20
        <region> sample=600.wav end=-1 volume=20
        """,
    )
    assert hz_of(path) == pytest.approx(300, rel=0.01)
    assert np.abs(heard(path)).max() < 0.6


def test_of_articulations_the_first_sounds(folder: Path) -> None:
    switched = """<global> pitch_keytrack=0 sw_lokey=0 sw_hikey=3 {}
    <region> sw_last=0 sample=200.wav
    <region> sw_last=1 sample=400.wav"""
    assert hz_of(sfz(folder, switched.format("sw_default=1"))) == pytest.approx(400, rel=0.01)
    assert hz_of(sfz(folder, switched.format(""), "b.sfz")) == pytest.approx(200, rel=0.01)


def test_level_pan_and_velocity(folder: Path) -> None:
    peak = np.abs(heard(sfz(folder, "<region> sample=c4.wav amp_veltrack=0"))).max()
    assert peak == pytest.approx(0.5, rel=0.02)
    louder = heard(sfz(folder, "<region> sample=c4.wav amp_veltrack=0 volume=6", "b.sfz"))
    assert np.abs(louder).max() == pytest.approx(2 * peak, rel=0.02)
    left = heard(sfz(folder, "<region> sample=c4.wav pan=-100", "c.sfz"))
    assert np.abs(left[0]).max() > 0.1
    assert np.abs(left[1]).max() == 0.0
    tracked = sfz(folder, "<region> sample=c4.wav", "d.sfz")
    soft, hard = (np.abs(heard(tracked, 60, velocity)).max() for velocity in (64 / 127, 1.0))
    assert soft / hard == pytest.approx((64 / 127) ** 2, rel=0.02)


def test_envelope(folder: Path) -> None:
    opcodes = "amp_veltrack=0 ampeg_attack=0.2 ampeg_decay=0.1 ampeg_sustain=50 ampeg_release=0.3"
    path = sfz(folder, f"<region> sample=c4.wav {opcodes}")
    samples = np.abs(heard(path, gate=0.5)).max(axis=0)

    def level(seconds: float) -> float:
        return float(samples[round(seconds * OUT) - 200 : round(seconds * OUT) + 200].max())

    assert level(0.1) == pytest.approx(0.25, rel=0.05)
    assert level(0.2) == pytest.approx(0.5, rel=0.05)
    assert level(0.45) == pytest.approx(0.25, rel=0.05)
    assert 0.001 < level(0.65) < 0.1
    assert len(samples) / OUT == pytest.approx(0.8, abs=0.05)


def test_offset_and_end(tmp_path: Path) -> None:
    halves = np.concatenate([np.sin(2 * np.pi * hz * np.arange(RATE // 2) / RATE) for hz in (300, 500)])
    soundfile.write(tmp_path / "halves.wav", 0.5 * halves, RATE)
    tail = sfz(tmp_path, f"<region> sample=halves.wav offset={RATE // 2}")
    assert hz_of(tail) == pytest.approx(500, rel=0.01)
    head = sfz(tmp_path, f"<region> sample=halves.wav end={RATE // 2 - 1}", "b.sfz")
    samples = heard(head, gate=2.0)
    assert samples.shape[1] / OUT == pytest.approx(0.5, abs=0.01)
    assert strongest_hz(samples, OUT) == pytest.approx(300, rel=0.01)
    with pytest.raises(AudioError, match=r"halves\.wav"):
        heard(sfz(tmp_path, "<region> sample=halves.wav offset=99999999", "c.sfz"))


def test_a_sample_of_one_frame_is_heard_at_every_key(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "click.wav", np.full(1, 0.5), RATE)
    path = sfz(tmp_path, "<region> sample=click.wav pitch_keycenter=24")
    for midi in (24, 36, 60, 96):
        assert np.abs(heard(path, midi)).max() > 0.1
    write_wave(tmp_path / "tone.wav", 440)
    short = sfz(tmp_path, "<region> sample=tone.wav offset=10 end=10 pitch_keycenter=24", "b.sfz")
    assert audition(short, "").samples.size


def test_loops(tmp_path: Path) -> None:
    """A sample of a low part that is looped and a high part behind it."""
    parts = np.concatenate([np.sin(2 * np.pi * hz * np.arange(RATE // 2) / RATE) for hz in (320, 640)])
    soundfile.write(tmp_path / "s.wav", 0.5 * parts, RATE)
    loop = f"sample=s.wav loop_start={RATE // 4} loop_end={RATE // 2 - 1} ampeg_release=2"
    held = heard(sfz(tmp_path, f"<region> {loop} loop_mode=loop_continuous"), gate=2.0)
    assert held.shape[1] / OUT > 2.0
    assert strongest_hz(held[:, -OUT // 2 :], OUT) == pytest.approx(320, rel=0.01)
    left = heard(sfz(tmp_path, f"<region> {loop} loop_mode=loop_sustain", "b.sfz"), gate=2.0)
    assert strongest_hz(left[:, OUT : 2 * OUT], OUT) == pytest.approx(320, rel=0.01)
    assert strongest_hz(left[:, round(2.3 * OUT) :], OUT) == pytest.approx(640, rel=0.02)
    once = heard(sfz(tmp_path, f"<region> {loop} loop_mode=no_loop", "c.sfz"), gate=2.0)
    assert once.shape[1] / OUT == pytest.approx(1.0, abs=0.01)
    struck = heard(sfz(tmp_path, f"<region> {loop} loop_mode=one_shot", "d.sfz"), gate=0.1)
    assert struck.shape[1] / OUT == pytest.approx(1.0, abs=0.01)


def test_the_sample_tells_its_loop_and_its_note(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "s.wav", at(48), 0.5)
    content = struct.pack("<9I", 0, 0, 0, 48, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 1_000, 15_000, 0, 0)
    data = path.read_bytes() + b"smpl" + struct.pack("<I", len(content)) + content
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    instrument = sfz(tmp_path, "<region> sample=s.wav pitch_keycenter=sample")
    samples = heard(instrument, 60, gate=2.0)
    assert samples.shape[1] / OUT > 1.9
    assert strongest_hz(samples, OUT) == pytest.approx(at(60), rel=0.01)


@pytest.mark.parametrize("kind", ["*sine", "*triangle", "*square", "*saw"])
def test_generated_waves(tmp_path: Path, kind: str) -> None:
    assert hz_of(sfz(tmp_path, f"<region> sample={kind}"), 69) == pytest.approx(440, rel=0.01)


def test_unknown_waves_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"\*com.*not known"):
        heard(sfz(tmp_path, "<region> sample=*com"))


def test_samples_of_other_rates_and_channels(tmp_path: Path) -> None:
    write_wave(tmp_path / "s.flac", at(60), rate=96_000, channels=2)
    assert hz_of(sfz(tmp_path, "<region> sample=s.flac"), 64) == pytest.approx(at(64), rel=0.01)


def test_paths_as_windows_writes_them(tmp_path: Path) -> None:
    write_wave(tmp_path / "Samples" / "Long Name" / "C 4.WAV", at(60))
    text = "<control>\r\ndefault_path=samples\\\r\n<region>\r\nsample=Long name\\c 4.wav lokey=0\r\n"
    assert hz_of(sfz(tmp_path, text)) == pytest.approx(at(60), rel=0.01)


def test_includes_and_definitions(folder: Path) -> None:
    sfz(folder, "<region> sample=$FILE$EXT key=$KEY\n", "in.txt")
    first = '#define $EXT .wav\n#define $KEY 60\n#define $FILE 300\n#include "in.txt"\n'
    second = '#define $FILE 400\n#define $KEY 62\n#include "in.txt"\n'
    path = sfz(folder, first + second)
    assert hz_of(path, 60) == pytest.approx(300, rel=0.01)
    assert hz_of(path, 62) == pytest.approx(400, rel=0.01)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.wav",
        "..\\secret.wav",
        "x/../../secret.wav",
        "/etc/passwd",
        "C:\\secret.wav",
        "\\\\host\\s.wav",
        "link.wav",
    ],
)
def test_nothing_outside_the_root_is_opened(tmp_path: Path, name: str) -> None:
    write_wave(tmp_path / "secret.wav", 440)
    inner = tmp_path / "inner"
    (inner / "x").mkdir(parents=True)
    os.symlink(tmp_path / "secret.wav", inner / "link.wav")
    with pytest.raises(AudioError, match=r"outside its folder|not a path inside"):
        heard(sfz(inner, f"<region> sample={name}"))
    with pytest.raises(AudioError, match=r"outside its folder|not a path inside"):
        presets_of(sfz(inner, f'#include "{name}"', "b.sfz"))


def test_a_wider_root_lets_samples_lie_beside_the_instruments(tmp_path: Path) -> None:
    write_wave(tmp_path / "Samples" / "a.wav", at(60))
    (tmp_path / "Programs").mkdir()
    path = sfz(tmp_path / "Programs", "<region> sample=../Samples/a.wav")
    assert strongest_hz(heard(path, root=tmp_path), OUT) == pytest.approx(at(60), rel=0.01)
    with pytest.raises(AudioError, match="outside its folder"):
        heard(path)


def test_includes_in_a_circle_and_without_end(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="includes itself"):
        presets_of(sfz(tmp_path, '#include "a.sfz"'))
    sfz(tmp_path, '#include "c.sfz"', "b.sfz")
    with pytest.raises(AudioError, match="includes itself"):
        presets_of(sfz(tmp_path, '#include "b.sfz"', "c.sfz"))
    for n in range(30):
        sfz(tmp_path, f'#include "n{n + 1}.sfz"\n' * 2, f"n{n}.sfz")
    sfz(tmp_path, "<region> sample=*sine", "n30.sfz")
    with pytest.raises(AudioError, match="more files than"):
        presets_of(tmp_path / "n0.sfz")


def test_definitions_that_double_each_other_stay_small(tmp_path: Path) -> None:
    lines = ["#define $A0 0123456789"] + [f"#define $A{n + 1} $A{n}$A{n}" for n in range(60)]
    lines += [f"<region> sample={'$A60' * 100}"] * 400
    tracemalloc.start()
    with pytest.raises(AudioError):
        presets_of(sfz(tmp_path, "\n".join(lines)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20


def test_a_variable_of_a_hundred_thousand_letters_takes_no_time(tmp_path: Path) -> None:
    began = time.perf_counter()
    assert presets_of(sfz(tmp_path, f"#define $a 1\n<region> sample=*sine key=60 text=${'b' * 300_000}"))
    with pytest.raises(AudioError, match="longer than"):
        presets_of(sfz(tmp_path, f"#define ${'b' * 300_000} 1\n<region> sample=*sine"))
    assert time.perf_counter() - began < 2.0


def test_regions_that_inherit_without_end_are_refused(tmp_path: Path) -> None:
    inherited = " ".join(f"locc{n}=0" for n in range(50_000))
    with pytest.raises(AudioError, match="more regions than"):
        presets_of(sfz(tmp_path, f"<group> {inherited}\n" + "<region> sample=*sine\n" * 20_000))


def test_missing_and_damaged_samples_are_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav.*missing") as failure:
        heard(sfz(tmp_path, "<region> sample=gone.wav"))
    assert failure.value.path == tmp_path / "a.sfz"
    (tmp_path / "noise.wav").write_bytes(b"not audio at all")
    with pytest.raises(AudioError, match=r"noise\.wav.*Not audio") as failure:
        heard(sfz(tmp_path, "<region> sample=noise.wav", "b.sfz"))
    assert failure.value.path == tmp_path / "b.sfz"


def test_what_lacks_some_samples_sounds_by_the_others(folder: Path) -> None:
    layers = "<region> sample=200.wav hivel=63 <region> sample=gone.wav lovel=64 <region> sample=300.wav lovel=64"
    path = sfz(folder, f"<global> pitch_keytrack=0 <group> {layers}\n")
    assert hz_of(path, velocity=0.9) == pytest.approx(300, rel=0.01)
    assert hz_of(path, velocity=0.3) == pytest.approx(200, rel=0.01)
    missing_layer = "<region> sample=200.wav hivel=63 <region> sample=gone.wav lovel=64"
    path = sfz(folder, f"<global> pitch_keytrack=0 <group> {missing_layer}\n", "b.sfz")
    assert hz_of(path, velocity=0.9) == pytest.approx(200, rel=0.01)
    said = "It sounds without 1 of its 2 samples, which its folder does not hold: 'gone.wav'."
    assert without_samples(path, "") == said
    assert without_samples(sfz(folder, "<region> sample=200.wav", "c.sfz"), "") == ""


def test_what_lacks_the_samples_of_some_keys_is_heard_by_the_others(folder: Path) -> None:
    keys = "<region> sample=c4.wav lokey=20 hikey=50 <region> sample=gone.wav lokey=51 hikey=100"
    path = sfz(folder, f"<global> pitch_keycenter=60\n{keys}")
    assert len(hear(path, "", rate=16_000)) == 3
    assert np.abs(audition(path, "").samples).max() == pytest.approx(0.5, abs=0.01)
    with pytest.raises(AudioError, match=r"gone\.wav.*missing"):
        heard(path, 70)
    with pytest.raises(AudioError, match=r"gone\.wav.*missing"):
        hear(sfz(folder, "<region> sample=gone.wav <region> sample=lost.wav", "b.sfz"), "", rate=16_000)


def test_of_a_kit_the_sounds_whose_samples_are_there_are_heard(folder: Path) -> None:
    names = ("200", "gone", "lost", "600", "c4")
    kit = "".join(f"<region> sample={name}.wav key={36 + n}\n" for n, name in enumerate(("kick", *names)))
    write_wave(folder / "kick.wav", 100)
    path = sfz(folder, kit.replace("200", "snare").replace("600", "hat").replace("c4", "ride"))
    for name in ("snare", "hat", "ride"):
        write_wave(folder / f"{name}.wav", 200)
    keys = [preset.key for preset in presets_of(path)]
    assert keys == ["36", "37", "38", "39", "40", "41"]
    assert len(hear(path, "37", rate=16_000)) == 1
    assert without_samples(path, "37") == ""
    with pytest.raises(AudioError, match=r"gone\.wav.*missing"):
        hear(path, "38", rate=16_000)


def test_a_drive_that_fails_is_said_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sfz(folder, "<region> sample=c4.wav")

    def failing(path: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", failing)
    for ask in (presets_of, heard):
        with pytest.raises(AudioError, match="cannot be read: Input/output error"):
            ask(path)


@pytest.mark.parametrize("text", ["", "   ", "no region at all", "<group> sample=a.wav", "<region> key=60", "<region>"])
def test_what_cannot_sound_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(AudioError):
        presets_of(sfz(tmp_path, text))


def test_one_preset_or_the_sounds_of_a_kit(folder: Path) -> None:
    (bass,) = presets_of(sfz(folder, "<region> sample=c4.wav", "Sub Bass.sfz"))
    assert (bass.key, bass.name, bass.drum) == ("", "Sub Bass", False)
    assert max(note.midi for note in notes_to_hear(bass)) <= 52
    assert len(hear(folder / "Sub Bass.sfz", "", rate=16_000)) == 3
    clicked = audition(folder / "Sub Bass.sfz", "")
    assert 0.5 < clicked.duration_seconds <= 3.0
    assert np.abs(clicked.samples).max() == pytest.approx(0.5, abs=0.01)
    kit = ""
    for name, key in (("kick", 36), ("snare", 38), ("hat", 42), ("ride bell", 53)):
        write_wave(folder / f"{name}.wav", 200, 0.1)
        kit += f"<region> sample={name}.wav key={key}\n"
    found = presets_of(sfz(folder, kit, "Kit.sfz"))
    assert [(preset.key, preset.name) for preset in found] == [
        ("36", "Kit C2 kick"),
        ("38", "Kit D2 snare"),
        ("42", "Kit F#2 hat"),
        ("53", "Kit F3 ride bell"),
    ]
    assert len(hear(folder / "Kit.sfz", "38", rate=16_000)) == 1


def test_latin_names(tmp_path: Path) -> None:
    write_wave(tmp_path / "Flügel.wav", at(60))
    assert hz_of(sfz(tmp_path, "<region> sample=Flügel.wav".encode("cp1252"))) == pytest.approx(at(60), rel=0.01)
    assert hz_of(sfz(tmp_path, "\ufeff<region> sample=Flügel.wav", "b.sfz")) == pytest.approx(at(60), rel=0.01)


WORDS = [
    *["<region>", "<group>", "<global>", "<control>", "sample=*saw", "sample=x.wav", "sample=a.sfz", "key=60"],
    *["lokey=-1", "hikey=99999999999999999", "tune=1e9", "transpose=-9999", "volume=9e9", "pan=-", "#include"],
    *['#include "a.sfz"', "#define $a $a", "$a", "/*", "*/", "//", "\n", "=", "sw_last=c4", "end=-5"],
    *["ampeg_release=999", "ampeg_attack=nan", "amplitude=0", "octave_offset=-99", "note_offset=1e400"],
    *["offset=-1", "loop_mode=loop_sustain", "loop_start=99999999", "pitch_keytrack=99999999"],
]


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(WORDS),
            max_size=25,
        ).map(lambda words: " ".join(["<region> sample=x.wav", *words]).encode()),
    )
)
def test_any_text_is_an_instrument_or_an_audio_error(text: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(AudioError):
        path = sfz(Path(folder), text)
        write_wave(Path(folder) / "x.wav", 440, 0.05)
        for preset in presets_of(path)[:2]:
            for audio in hear(path, preset.key, rate=8_000):
                assert np.isfinite(audio.samples).all()
