"""Decoding: every format to the same sound, and every kind of broken file to a sentence."""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import sources
from engine.audio.decode import AUDIO_SUFFIXES, Audio, decode, first_above, probe, resample, stream
from engine.errors import AudioError

RATE = 44_100


def sine(seconds: float = 1.0, rate: int = RATE, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write_with_ffmpeg(path: Path, samples: np.ndarray, codec: str, rate: int = RATE, title: str = "") -> None:
    """`samples` float32 [1 or 2, n]."""
    layout = ("mono", "stereo")[samples.shape[0] - 1]
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        coded = container.add_stream(codec, rate=rate, layout=layout)
        coded.bit_rate = 192_000
        for start in range(0, samples.shape[1], 1024):
            block = np.ascontiguousarray(samples[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.rate, frame.pts = rate, start
            container.mux(coded.encode(frame))
        container.mux(coded.encode(None))


def assert_same_sound(decoded: np.ndarray, expected: np.ndarray, least_correlation: float) -> None:
    """Codecs may shift a sound by some milliseconds; its best alignment within 100 ms is what counts."""
    length = min(len(decoded), len(expected))
    spectrum = np.conj(np.fft.rfft(decoded[:length], 2 * length)) * np.fft.rfft(expected[:length], 2 * length)
    correlation = np.fft.irfft(spectrum)
    near = np.r_[correlation[:4_410], correlation[-4_410:]].max()
    assert near / (np.linalg.norm(decoded[:length]) * np.linalg.norm(expected[:length])) > least_correlation


@pytest.mark.parametrize(
    ("suffix", "options", "tolerance"),
    [
        ("wav", {"subtype": "PCM_U8"}, 8e-3),
        ("wav", {"subtype": "PCM_16"}, 4e-5),
        ("wav", {"subtype": "PCM_24"}, 2e-7),
        ("wav", {"subtype": "PCM_32"}, 2e-7),
        ("wav", {"subtype": "FLOAT"}, 0),
        ("wav", {"subtype": "DOUBLE"}, 0),
        ("wav", {"format": "WAVEX", "subtype": "PCM_24"}, 2e-7),
        ("w64", {"subtype": "PCM_24"}, 2e-7),
        ("rf64", {"subtype": "PCM_24"}, 2e-7),
        ("caf", {"subtype": "PCM_24"}, 2e-7),
        ("aiff", {"subtype": "PCM_S8"}, 8e-3),
        ("aiff", {"subtype": "PCM_24"}, 2e-7),
        ("flac", {"subtype": "PCM_24"}, 2e-7),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_lossless_formats_give_the_samples(
    tmp_path: Path, suffix: str, options: dict[str, str], tolerance: float, channels: int
) -> None:
    samples = np.stack([sine(0.1, hz=200.0 * (number + 1)) for number in range(channels)])
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, samples.T, RATE, **options)

    audio = decode(path)

    assert audio.rate == RATE
    assert audio.samples.dtype == np.float32
    np.testing.assert_allclose(audio.samples, samples, atol=tolerance)
    assert probe(path).channels == channels
    assert probe(path).duration_seconds == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["ogg", "opus", "mp3", "mp2", "m4a", "wma", "wv", "tta", "mka"])
def test_compressed_formats_give_the_sound(tmp_path: Path, kind: str) -> None:
    rate = 48_000 if kind == "opus" else RATE
    chirp = np.sin(2 * np.pi * np.cumsum(np.linspace(100, 4_000, rate)) / rate).astype(np.float32) * 0.5
    samples = np.stack([chirp, 0.5 * chirp])
    path = tmp_path / f"sound.{kind}"
    match kind:
        case "m4a":
            write_with_ffmpeg(path, samples, "aac")
        case "wma":
            write_with_ffmpeg(path, samples, "wmav2")
        case "wv":
            write_with_ffmpeg(path, samples, "wavpack")
        case "tta" | "mp2":
            write_with_ffmpeg(path, samples, kind)
        case "mka":
            write_with_ffmpeg(path, samples, "flac")
        case "opus":
            soundfile.write(path, samples.T, rate, format="OGG", subtype="OPUS")
        case _:
            soundfile.write(path, samples.T, rate)

    audio = decode(path)

    assert path.suffix in AUDIO_SUFFIXES
    assert (audio.channels, audio.rate) == (2, rate)
    assert audio.duration_seconds == pytest.approx(1.0, abs=0.06)
    assert_same_sound(audio.samples[0], chirp, 0.95 if kind == "wma" else 0.99)  # wma drops its first block
    assert np.linalg.norm(audio.samples[1]) == pytest.approx(0.5 * np.linalg.norm(audio.samples[0]), rel=0.05)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sine(), RATE, format="OGG")
    assert probe(path).duration_seconds == decode(path).duration_seconds == pytest.approx(1.0)


def test_ogg_inside_wav(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "sound.ogg", sine(), RATE)
    ogg = (tmp_path / "sound.ogg").read_bytes()
    # As FL Studio writes it: format tag 0x674F and ten bytes of its own, which libsndfile calls malformed.
    header = struct.pack("<HHIIHHH", 0x674F, 1, RATE, 11_000, 1, 16, 8) + bytes(8)
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(ogg)) + ogg
    path = tmp_path / "sound.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    np.testing.assert_array_equal(decode(path).samples, decode(tmp_path / "sound.ogg").samples)


def test_errors_of_the_reader_are_its_own(tmp_path: Path) -> None:
    write_with_ffmpeg(tmp_path / "sound.m4a", np.stack([sine()] * 2), "aac")
    blocks = stream(tmp_path / "sound.m4a", rate=RATE, block_seconds=0.1)
    next(blocks)
    with pytest.raises(ValueError, match="mine"):
        blocks.throw(ValueError("mine"))


def broken_files(folder: Path) -> dict[str, str]:
    """Files without anything to hear, and a word of the reason expected for each."""
    whole = folder / "whole.wav"
    soundfile.write(whole, sine(2.0), RATE)
    flac = folder / "whole.flac"
    soundfile.write(flac, sine(), RATE)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.mp3").write_text("la la la\n" * 500)
    (folder / "noise.wav").write_bytes(np.random.default_rng(0).bytes(20_000))
    (folder / "noise.m4a").write_bytes(np.random.default_rng(1).bytes(20_000))
    (folder / "half a header.wav").write_bytes(whole.read_bytes()[:30])
    (folder / "header alone.wav").write_bytes(whole.read_bytes()[:44])
    (folder / "header alone.flac").write_bytes(flac.read_bytes()[:90])
    (folder / "playlist.m4a").write_text(f"#EXTM3U\n#EXTINF:2,\n{whole}\n#EXT-X-ENDLIST\n")
    (folder / "picture.mp3").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    soundfile.write(folder / "no samples.wav", sine()[:0], RATE)
    soundfile.write(folder / "not numbers.wav", np.full(100, np.nan, np.float32), RATE, subtype="FLOAT")
    soundfile.write(folder / "rate of 10.wav", sine()[:100], 10)
    soundfile.write(folder / "100 channels.wav", np.zeros((100, 100)), RATE)
    (folder / "slices.rx2").write_bytes(b"CAT \0\0\0\x10REX2HEAD" + bytes(40))
    (folder / "piano.sf2").write_bytes(b"RIFF\x04\0\0\0sfbk")
    (folder / "folder.wav").mkdir()
    whole.unlink()
    flac.unlink()
    return {
        "empty.wav": "empty",
        "text.mp3": "Not audio",
        "noise.wav": "Not audio",
        "noise.m4a": "Not audio",
        "half a header.wav": "Not audio",
        "header alone.wav": "not a single sample",
        "header alone.flac": "audio|decoded|there",
        "playlist.m4a": "Not audio",
        "picture.mp3": "audio|no sound",
        "no samples.wav": "not a single sample",
        "not numbers.wav": "number",
        "rate of 10.wav": "at 10 Hz",
        "100 channels.wav": "100 channels",
        "slices.rx2": "REX.*Export it",
        "piano.sf2": "presets.*folder is scanned",
        "folder.wav": "folder",
        "missing.wav": "no such file",
    }


def test_broken_files_have_a_reason_in_words(tmp_path: Path) -> None:
    for name, word in broken_files(tmp_path).items():
        for read in (decode, lambda path: next(stream(path, rate=RATE, block_seconds=1.0))):
            with pytest.raises(AudioError, match=f"(?i){word}") as caught:
                read(tmp_path / name)
            assert caught.value.path == tmp_path / name
            assert str(tmp_path) not in caught.value.reason


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "aiff"])
def test_a_file_cut_short_gives_what_is_there(tmp_path: Path, suffix: str) -> None:
    whole, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    soundfile.write(whole, noise, RATE)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])

    audio = decode(cut)

    assert 0.8 < audio.duration_seconds < 1.1
    length = int(0.8 * RATE)
    np.testing.assert_array_equal(audio.samples[:, :length], decode(whole).samples[:, :length])


def wav_with_lengths(path: Path, samples: np.ndarray, subtype: str, riff: int | None, data: int) -> None:
    """A wav file whose header tells these lengths, in bytes; None leaves the right one."""
    soundfile.write(path, samples.T, RATE, subtype=subtype)
    content = bytearray(path.read_bytes())
    if riff is not None:
        content[4:8] = struct.pack("<I", riff)
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", data)
    path.write_bytes(content)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize(("riff", "data"), [(0, 0), (36, 0), (0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (None, 0xFFFFFFFF)])
def test_a_wav_that_its_recorder_never_finished_is_read_to_its_end(
    tmp_path: Path, subtype: str, riff: int | None, data: int
) -> None:
    samples = np.stack([sine(0.5), sine(0.5, hz=330.0)])
    path = tmp_path / "recorded.wav"
    wav_with_lengths(path, samples, subtype, riff, data)
    before = path.read_bytes()

    audio, info = decode(path), probe(path)

    np.testing.assert_allclose(audio.samples, samples, atol=4e-5)
    assert (info.rate, info.channels, info.duration_seconds) == (RATE, 2, pytest.approx(audio.duration_seconds))
    part = decode(path, start=0.2, end=0.3)
    np.testing.assert_array_equal(part.samples, audio.samples[:, RATE // 5 : RATE // 5 + RATE // 10])
    assert sum(map(len, stream(path, rate=RATE, block_seconds=0.1))) == RATE // 2
    assert path.read_bytes() == before


def unfinished(path: Path, samples: np.ndarray) -> None:
    """Write an RF64 or AU file, by the ending of its name, whose header tells no length."""
    soundfile.write(path, samples.T, RATE, subtype="PCM_24", format=path.suffix[1:].upper())
    content = bytearray(path.read_bytes())
    lengths = slice(20, 44) if path.suffix == ".rf64" else slice(8, 12)
    content[lengths] = bytes(lengths.stop - lengths.start)
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["recorded.rf64", "recorded.au"])
def test_other_files_that_were_never_finished_are_read_to_their_end(tmp_path: Path, name: str) -> None:
    samples = np.stack([sine(0.5), sine(0.5, hz=330.0)])
    path = tmp_path / name
    unfinished(path, samples)
    audio, info = decode(path), probe(path)
    np.testing.assert_allclose(audio.samples, samples, atol=1e-6)
    assert (info.rate, info.channels, info.duration_seconds) == (RATE, 2, pytest.approx(0.5))
    part = decode(path, start=0.2, end=0.3)
    np.testing.assert_array_equal(part.samples, audio.samples[:, RATE // 5 : RATE // 5 + RATE // 10])


@pytest.mark.parametrize("name", ["empty.rf64", "empty.au"])
def test_other_files_without_samples_hold_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    unfinished(path, np.zeros((1, 0)))
    with pytest.raises(AudioError, match="not a single sample"):
        decode(path)
    if path.suffix == ".rf64":  # finished, with a chunk after its samples
        content = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 2_000) + b"INFO" + bytes(1_996))
        content[20:28] = struct.pack("<Q", len(content) - 8)
        path.write_bytes(content)
        with pytest.raises(AudioError, match="not a single sample"):
            decode(path)


def test_what_follows_no_samples_in_a_finished_wav_is_not_sound(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, sine()[:0], RATE)
    content = path.read_bytes() + b"LIST" + struct.pack("<I", 2_000) + b"INFO" + bytes(1_996)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    with pytest.raises(AudioError, match="not a single sample"):
        decode(path)


def id3_tag(told: int, held: bytes, flags: int = 0) -> bytes:
    """An ID3v2 tag that tells another length than it has."""
    return b"ID3\x04\0" + bytes([flags, *(told >> shift & 127 for shift in (21, 14, 7, 0))]) + held


@pytest.mark.parametrize(
    ("told", "held"),
    [
        (1_000_000, 1_000),
        (200 << 20, 1_000),
        (3_000, 1_000),
        (20_000, 20),
        (100, 5_000),
        (20 << 20, (20 << 20) - 5_000),
        (1_000, 1_000),
        (20 << 20, 20 << 20),
    ],
)
def test_an_mp3_is_decoded_whatever_length_its_tag_tells(tmp_path: Path, told: int, held: int) -> None:
    path = tmp_path / "sound.mp3"
    soundfile.write(path, np.stack([sine(2.0), sine(2.0, hz=660.0)], axis=1), RATE)
    plain, plain_part, sound = decode(path), decode(path, start=1.0, end=1.5), path.read_bytes()
    frame = b"TIT2" + struct.pack(">I", 5) + bytes(2) + b"\0Name"
    picture = np.random.default_rng(0).bytes(held)
    path.write_bytes(id3_tag(told, (frame + picture)[:held]) + sound)
    np.testing.assert_array_equal(decode(path).samples, plain.samples)
    assert probe(path).duration_seconds == pytest.approx(plain.duration_seconds)
    np.testing.assert_array_equal(decode(path, start=1.0, end=1.5).samples, plain_part.samples)


def test_a_tag_without_sound_behind_it_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    path.write_bytes(id3_tag(1_000_000, b"\xff\xfb\x90\xc4" * 3_000))
    with pytest.raises(AudioError):
        decode(path)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_fills_the_last_block_is_not_sound(tmp_path: Path, subtype: str, channels: int) -> None:
    channels = 1 if subtype == "GSM610" else channels
    path = tmp_path / "coded.wav"
    samples = np.stack([sine(hz=441.0)[:10_000]] * channels)
    soundfile.write(path, samples.T, RATE, subtype=subtype)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    content = bytearray(path.read_bytes())
    at = content.index(b"fact") + 8
    told = {"right": 10_000, "half": 5_000, "too many": 20_000}
    for name, frames in told.items():
        content[at : at + 4] = struct.pack("<I", frames)
        path.write_bytes(content)
        expected = 10_000 if name == "right" else len(whole)
        np.testing.assert_array_equal(decode(path).samples, whole[:expected].T)
        assert probe(path).duration_seconds == pytest.approx(expected / RATE)
    content[at : at + 4] = struct.pack("<I", 10_000)
    path.write_bytes(content)
    assert sum(map(len, stream(path, rate=RATE, block_seconds=0.1))) == 10_000
    if subtype != "GSM610":  # in which libsndfile finds no part but the first
        assert decode(path, start=9_000 / RATE, end=1.0).samples.shape == (channels, 1_000)
        with pytest.raises(AudioError, match="Nothing is there after"):
            decode(path, start=10_050 / RATE)


def test_damage_in_the_middle_keeps_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "sound.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32), RATE)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(content)
    assert decode(path).duration_seconds > 0.7


def test_a_broadcast_that_changes_its_channels_and_its_rate_keeps_those_it_began_with(tmp_path: Path) -> None:
    parts = [(2, RATE), (1, RATE), (2, 48_000)]
    for number, (channels, rate) in enumerate(parts):
        write_with_ffmpeg(tmp_path / f"{number}.aac", np.stack([sine(1.0, rate)] * channels), "aac", rate)
    path = tmp_path / "recorded.aac"
    path.write_bytes(b"".join((tmp_path / f"{number}.aac").read_bytes() for number in range(len(parts))))
    audio = decode(path)
    assert (audio.channels, audio.rate) == (2, RATE)
    assert audio.duration_seconds == pytest.approx(3.0, abs=0.2)
    for start in (0.3, 1.3, 2.4):  # in each part the same note, on both sides
        heard = audio.samples[:, int(start * RATE) :][:, : RATE // 2]
        np.testing.assert_allclose(heard[0], heard[1], atol=0.05)
        spectrum = np.abs(np.fft.rfft(heard[0] * np.hanning(heard.shape[1])))
        assert spectrum.argmax() * 2 == pytest.approx(440.0, abs=3)


def test_tags_that_are_not_utf8_keep_no_file_shut(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    write_with_ffmpeg(path, np.stack([sine()] * 2), "aac", title="Kaesespaetzle")
    old = path.read_bytes()
    path.write_bytes(old.replace(b"Kaesespaetzle", "Käsespätzle 1".encode("latin-1")))
    assert path.read_bytes() != old
    assert decode(path).duration_seconds == pytest.approx(1.0, abs=0.1)


def test_a_file_that_vanishes_while_it_is_opened_is_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "song.m4a"
    write_with_ffmpeg(path, np.stack([sine()] * 2), "aac")
    monkeypatch.setattr(sources, "_ogg_inside_wav", Path.unlink)
    with pytest.raises(AudioError, match="There is no such file"):
        decode(path)


def test_a_drive_that_is_pulled_out_ends_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "song.m4a"
    write_with_ffmpeg(path, np.stack([sine()] * 2), "aac")

    def blocks(source: object, first: int, last: int | None) -> Iterator[np.ndarray]:
        yield np.zeros((2, first + 10), np.float32)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sources._FfmpegSource, "blocks", blocks)
    assert decode(path).samples.shape == (2, 10)


def test_a_part_shorter_than_a_sample_is_one_sample(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sine(), RATE)
    assert decode(path, start=0.5, end=0.5 + 1e-6).samples.shape == (1, 1)


def test_values_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    samples = sine(0.1)
    samples[[5, 6, 7, 8]] = [np.nan, np.inf, -np.inf, 3e38]
    path = tmp_path / "sound.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    decoded = decode(path).samples[0]
    np.testing.assert_array_equal(decoded[5:9], 0.0)
    np.testing.assert_array_equal(decoded[9:], samples[9:])


def test_one_sample_is_a_sound(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, np.ones(1, np.float32), RATE, subtype="FLOAT")
    assert decode(path).samples.shape == (1, 1)
    assert decode(path, rate=8_000).samples.shape == (1, 1)
    assert sum(len(block) for block in stream(path, rate=96_000, block_seconds=1.0)) >= 1


def test_high_rates_are_resampled(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sine(0.5, rate=192_000), 192_000)
    audio = decode(path, rate=32_000)
    assert audio.samples.shape == (1, 16_000)
    np.testing.assert_allclose(audio.samples[0, 1_000:-1_000], sine(0.5, rate=32_000)[1_000:-1_000], atol=1e-3)


@pytest.mark.parametrize("name", ["Träume — 夢 🎧.wav", "a" * 251 + ".wav", " two  spaces .wav", "new\nline.wav"])
def test_any_name(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / "sound.wav", sine(0.1), RATE)
    os.rename(tmp_path / "sound.wav", tmp_path / name)
    assert decode(tmp_path / name).duration_seconds == pytest.approx(0.1)


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are always Unicode")
@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_names_that_are_not_utf8(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sound.{suffix}"
    if suffix == "wav":
        soundfile.write(path, sine(0.1), RATE)
    else:
        write_with_ffmpeg(path, np.stack([sine(0.1)] * 2), "aac")
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe." + suffix.encode()))
    path.rename(strange)
    assert decode(strange).duration_seconds == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "m4a"])
def test_parts_are_where_they_are_in_the_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sound.{suffix}"
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 3 * RATE)).astype(np.float32)
    if suffix == "m4a":
        write_with_ffmpeg(path, noise, "aac")
    else:
        soundfile.write(path, noise.T, RATE)
    whole = decode(path)
    part = decode(path, start=1.0, end=1.5)
    assert part.samples.shape == (2, RATE // 2)
    np.testing.assert_allclose(part.samples, whole.samples[:, RATE : RATE + RATE // 2], atol=2e-3)
    with pytest.raises(AudioError, match="Nothing is there after 9 s"):
        decode(path, start=9.0)
    with pytest.raises(AudioError, match="no such part"):
        decode(path, start=2.0, end=1.0)


@pytest.mark.parametrize("level", [0.0, 0.5, 0.9], ids=["best", "middle", "smallest"])
def test_mp3_of_varying_bit_rate_is_whole_in_every_part(tmp_path: Path, level: float) -> None:
    """Its frames borrow bits of those before: what is read from a place of its own lacks them."""
    path = tmp_path / "beat.mp3"
    rng = np.random.default_rng(0)
    hit = rng.normal(0, 0.3, RATE // 3) * np.exp(-np.arange(RATE // 3) / 800)
    beat = np.tile(np.pad(hit, (0, RATE // 7)), 40).astype(np.float32)
    soundfile.write(path, beat, RATE, bitrate_mode="VARIABLE", compression_level=level)
    at_once, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(decode(path).samples[0], at_once)
    for start in rng.uniform(0, 15, 20):
        first = round(start * RATE)
        part = decode(path, start=start, end=start + 0.5).samples[0]
        np.testing.assert_allclose(part, at_once[first : first + len(part)], atol=1e-6)


def test_an_m4a_loop_is_as_long_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "loop.m4a"
    write_with_ffmpeg(path, np.stack([sine(1.237)] * 2), "aac")
    assert decode(path).duration_seconds == pytest.approx(probe(path).duration_seconds, abs=1e-3)
    parts = [decode(path, start=start, end=start + 0.5).samples for start in (0.0, 0.5)]
    parts.append(decode(path, start=1.0).samples)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), decode(path).samples)


def test_where_sound_begins(tmp_path: Path) -> None:
    path = tmp_path / "late.flac"
    soundfile.write(path, np.concatenate([np.zeros(7 * RATE), sine(1.0) + 0.5]), RATE)
    assert first_above(path, 0.1, after=3.0) == pytest.approx(7.0, abs=1 / RATE)
    assert first_above(path, 5.0, after=3.0) is None


@settings(max_examples=25)
@given(
    frames=st.integers(1, 200_000),
    rate=st.sampled_from([8_000, 22_050, 44_100, 48_000, 96_000]),
    new_rate=st.sampled_from([16_000, 32_000, 44_100]),
    block_seconds=st.floats(0.01, 3.0),
)
def test_a_stream_is_the_whole_in_blocks(
    tmp_path_factory: pytest.TempPathFactory, frames: int, rate: int, new_rate: int, block_seconds: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "stream.wav"
    noise = np.random.default_rng(frames).normal(0, 0.1, frames).astype(np.float32)
    soundfile.write(path, noise, rate, subtype="FLOAT")

    blocks = list(stream(path, rate=new_rate, block_seconds=block_seconds))

    length = max(1, round(block_seconds * new_rate))
    assert all(len(block) == length for block in blocks[:-1])
    assert all(0 < len(block) <= length for block in blocks)
    joined = np.concatenate(blocks)
    whole = resample(noise, rate, new_rate)
    assert abs(len(joined) - len(whole)) <= 1
    shared = min(len(joined), len(whole))
    np.testing.assert_allclose(joined[:shared], whole[:shared], atol=1e-5)


def test_a_long_stream_takes_little_memory(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_U8") as file:
        for _ in range(60):
            file.write(np.zeros(8_000 * 60, np.float32))
    blocks = stream(path, rate=32_000, block_seconds=5.0)
    next(blocks)
    before = psutil.Process().memory_info().rss
    count = 1 + sum(1 for _ in blocks)
    assert count == 3_600 / 5
    assert psutil.Process().memory_info().rss - before < 50 << 20  # the hour would be 460 MB


def test_mono_is_the_mean_unless_the_channels_cancel() -> None:
    tone = sine(0.2)
    np.testing.assert_allclose(Audio(np.stack([tone, 0.5 * tone]), RATE).mono(), 0.75 * tone, atol=1e-6)
    np.testing.assert_array_equal(Audio(np.stack([tone, -tone]), RATE).mono(), tone)
    np.testing.assert_array_equal(Audio(np.stack([tone * 0, *[tone * 0] * 6, tone]), RATE).mono(), tone)


def test_files_are_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sine(), RATE)
    path.chmod(0o444)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    decode(path)
    probe(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_path_that_is_too_long_for_windows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says of such a file that it is not there."""
    gone = tmp_path / ("long " * 45) / ("name " * 20)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(AudioError, match="too long for Windows"):
        sources.check_readable(gone)
    with pytest.raises(AudioError, match=r"There is no such file\.$"):
        sources.check_readable(Path("gone.wav"))


@pytest.mark.parametrize("inverted", ["first", "second"])
@pytest.mark.parametrize("kind", ["wav", "flac", "m4a"])
def test_a_passage_of_opposite_channels_is_heard(tmp_path: Path, inverted: str, kind: str) -> None:
    left = sine(3.0)
    sign = np.where((np.arange(left.size) < left.size // 2) == (inverted == "first"), -1.0, 1.0).astype(np.float32)
    path = tmp_path / f"sound.{kind}"
    samples = np.stack([left, sign * left])
    if kind == "m4a":
        write_with_ffmpeg(path, samples, "aac")
    else:
        soundfile.write(path, samples.T, RATE)
    mono = decode(path).mono()
    heard = np.sqrt(np.square(mono[: RATE * 29 // 10].reshape(-1, RATE // 10)).mean(axis=1))
    # The mean is given up within a quarter of a second after it fell silent.
    assert np.count_nonzero(heard < 0.9 * heard.max()) <= 3
    assert np.abs(np.diff(mono)).max() < 1.5 * np.abs(np.diff(left)).max(), "no clicks between them"
    streamed = np.concatenate(list(stream(path, rate=RATE, block_seconds=0.7)))
    np.testing.assert_array_equal(streamed, mono)
