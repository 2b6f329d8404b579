"""Preparation: the device's rate and channels, seamless joints, the start first."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.decode import Audio, AudioInfo
from engine.audition import prepare
from engine.audition.prepare import PreparedClip, load_for_audition, to_channels
from engine.errors import AudioError


def tone(hertz: float, seconds: float, rate: int, channels: int = 1) -> Audio:
    samples = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Audio(samples=np.tile(samples.astype(np.float32), (channels, 1)), rate=rate)


@settings(deadline=None, max_examples=25)
@given(
    rate=st.sampled_from([8000, 22050, 44100, 44101, 48000, 96000, 192000]),
    out_rate=st.sampled_from([44100, 48000, 96000]),
    seconds=st.floats(0.001, 3.3),
    channels=st.sampled_from([1, 2]),
)
def test_resampling_second_by_second_gives_the_tone_without_joints_or_edges(
    rate: int, out_rate: int, seconds: float, channels: int
) -> None:
    audio = tone(440.0, max(seconds, 1 / rate), rate)
    clip = PreparedClip(audio, out_rate, channels, gain_db=-6.0)
    clip.prepare(clip.frames.shape[0] // 2)
    clip.prepare_all()
    assert clip.complete
    assert clip.frames.shape[1] == channels
    assert abs(audio.duration_seconds * out_rate - clip.frames.shape[0]) <= 1
    expected = tone(440.0, clip.frames.shape[0] / out_rate, out_rate).samples[0] * 10 ** (-6 / 20)
    np.testing.assert_allclose(clip.frames[:, 0], expected, atol=0.03)
    inside = slice(out_rate // 200, -out_rate // 200)  # at its ends it can only be guessed how it would go on
    np.testing.assert_allclose(clip.frames[inside, 0], expected[inside], atol=2e-3)


@pytest.mark.parametrize("rate", [44100, 96000])
def test_a_loop_without_a_seam_has_none_at_the_rate_of_the_device(rate: int) -> None:
    wave = 0.5 * np.cos(2 * np.pi * 100 * np.arange(rate) / rate)  # it begins and ends at its highest
    clip = PreparedClip(Audio(wave.astype(np.float32)[None], rate), 48000, 1)
    clip.prepare_all()
    expected = 0.5 * np.cos(2 * np.pi * 100 * np.arange(48000) / 48000)
    np.testing.assert_allclose(clip.frames[:, 0], expected, atol=1e-3)


def test_the_second_asked_for_comes_first() -> None:
    clip = PreparedClip(tone(440.0, 5.0, 44100), 48000, 2)
    position = 3 * 48000 + 500
    clip.prepare(position)
    assert clip.ready_until(position) == 4 * 48000
    assert clip.ready_until(0) == 0
    assert not clip.complete
    clip.abandon()
    clip.prepare_all()
    assert clip.ready_until(0) == 0
    clip.resume_preparing()
    clip.prepare_all()
    assert clip.complete
    assert clip.ready_until(4 * 48000) == clip.frames.shape[0]


def test_what_follows_a_jump_is_prepared_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A jump to the end of a second would soon fall silent, else, while all before it is prepared."""
    prepared: list[int] = []

    def fold(samples: np.ndarray, channels: int) -> np.ndarray:
        prepared.append(int(samples[0, samples.shape[1] // 2]))
        if len(prepared) == 3:
            clip.prepare(6 * 8000 - 10)
        return to_channels(samples, channels)

    monkeypatch.setattr(prepare, "to_channels", fold)
    numbers = np.repeat(np.arange(9, dtype=np.float32), 8000)[None]  # each second holds its own number
    clip = PreparedClip(Audio(numbers, 8000), 8000, 2)
    clip.prepare(8000)
    clip.prepare_all()
    assert prepared == [1, 2, 3, 5, 6, 7, 8, 0, 4]
    assert clip.complete


def test_what_is_struck_again_and_again_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time a thread is begun for it, and the one before may not have noticed that it was abandoned."""
    prepared: list[int] = []

    def fold(samples: np.ndarray, channels: int) -> np.ndarray:
        prepared.append(samples.shape[1])
        time.sleep(0.01)
        return to_channels(samples, channels)

    monkeypatch.setattr(prepare, "to_channels", fold)
    clip = PreparedClip(tone(440.0, 9.0, 8000), 8000, 2)
    threads = [threading.Thread(target=clip.prepare_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert clip.complete
    assert len(prepared) == 9


def test_mono_is_spread_and_stereo_is_mixed() -> None:
    mono = np.ones((1, 4), dtype=np.float32)
    assert to_channels(mono, 2).shape == (2, 4)
    stereo = np.array([[1.0, 1.0], [0.0, 0.5]], np.float32)
    assert to_channels(stereo, 2) is stereo
    np.testing.assert_allclose(to_channels(stereo, 1), [[0.5, 0.75]])
    np.testing.assert_allclose(to_channels(stereo, 4), [[1, 1], [0, 0.5], [0, 0], [0, 0]], err_msg="in front alone")


HALF = 0.5**0.5
"""3 dB less."""


@pytest.mark.parametrize(
    ("layout", "left", "right"),
    [
        ("3.0", [1, 0, HALF], [0, 1, HALF]),
        ("quad", [1, 0, HALF, 0], [0, 1, 0, HALF]),
        ("5.0", [1, 0, HALF, HALF, 0], [0, 1, HALF, 0, HALF]),
        ("5.1", [1, 0, HALF, 0, HALF, 0], [0, 1, HALF, 0, 0, HALF]),
        ("6.1", [1, 0, HALF, 0, HALF, HALF, 0], [0, 1, HALF, 0, HALF, 0, HALF]),
        ("7.1", [1, 0, HALF, 0, HALF, 0, HALF, 0], [0, 1, HALF, 0, 0, HALF, 0, HALF]),
    ],
)
def test_many_channels_are_folded_as_loudspeakers_stand(layout: str, left: list[float], right: list[float]) -> None:
    """By ITU-R BS.775, in the order of WAV and FLAC: what is in front sounds as it does in stereo."""
    one_by_one = np.eye(len(left), dtype=np.float32)
    np.testing.assert_allclose(to_channels(one_by_one, 2), [left, right], atol=1e-6)
    np.testing.assert_allclose(to_channels(one_by_one, 1), np.mean([[left], [right]], axis=0), atol=1e-6)
    assert to_channels(one_by_one, 2).dtype == np.float32


@pytest.mark.parametrize("count", [9, 12, 16])
def test_channels_of_no_known_layout_are_mixed_to_both_sides(count: int) -> None:
    samples = np.arange(count, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    np.testing.assert_allclose(to_channels(samples, 2), np.full((2, 3), (count - 1) / 2))


def test_of_many_channels_no_more_is_folded_than_the_second_that_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding all of a long one would take longer than a click may."""
    folded: list[int] = []

    def fold(samples: np.ndarray, channels: int) -> np.ndarray:
        folded.append(samples.shape[1])
        return to_channels(samples, channels)

    monkeypatch.setattr(prepare, "to_channels", fold)
    clip = PreparedClip(tone(440.0, 60.0, 8000, channels=8), 8000, 2)
    clip.prepare()
    assert clip.ready_until(0) == 8000
    assert sum(folded) < 2 * 8000


def test_a_stretch_has_soft_ends_and_a_whole_file_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    samples = np.full(48000, 0.5, dtype=np.float32)
    soundfile.write(path, samples, 48000, subtype="FLOAT")
    np.testing.assert_array_equal(load_for_audition(path).samples[0], samples)
    stretch = load_for_audition(path, start=0.25, end=0.5)
    assert stretch.duration_seconds == pytest.approx(0.25, abs=0.001)
    assert stretch.samples[0, 0] == 0.0
    assert stretch.samples[0, -1] == 0.0
    assert stretch.samples[0, 6000] == 0.5


def test_a_stretch_behind_the_end_of_a_preset_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sine.sfz"
    path.write_text("<region> sample=*sine")
    assert load_for_audition(path, end=0.5).duration_seconds == pytest.approx(0.5)
    with pytest.raises(AudioError, match="Nothing is there after 100 s"):
        load_for_audition(path, start=100.0)
    for start, end in ((0.25, 0.25), (0.5, 0.25), (-1.0, None)):
        with pytest.raises(AudioError, match="no such part"):
            load_for_audition(path, start=start, end=end)
    assert load_for_audition(path, start=0.25, end=0.25 + 1e-9).samples.shape[1] == 1


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long is what has more than ten seconds in stereo at 8 kHz; two of them are heard."""
    monkeypatch.setattr(prepare, "MOST_SAMPLES", 10 * 2 * 8000)
    monkeypatch.setattr(prepare, "BEGINNING_SAMPLES", 2 * 2 * 8000)
    monkeypatch.setattr(prepare, "_SMALL_BYTES", 0)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_of_a_very_long_file_the_beginning_is_heard(tmp_path: Path, small_limits: None, suffix: str) -> None:
    path = tmp_path / f"long.{suffix}"
    soundfile.write(path, np.full((12 * 8000, 2), 0.5, np.float32), 8000)
    heard = load_for_audition(path)
    assert heard.duration_seconds == pytest.approx(2.0)
    assert abs(heard.samples[0, -1]) < 1e-3, "it ends softly"
    assert abs(heard.samples[0, -400]) > 0.3
    assert load_for_audition(path, start=1.0).duration_seconds == pytest.approx(2.0)
    assert load_for_audition(path, end=11.0).duration_seconds == pytest.approx(11.0), "what is asked for is given"
    assert load_for_audition(path, to_the_end=True).duration_seconds == pytest.approx(12.0, abs=0.3), "to be written"


def test_what_is_not_that_long_is_heard_whole(tmp_path: Path, small_limits: None) -> None:
    for name, seconds, channels in (("stereo", 9.9, 2), ("mono", 19.9, 1)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, np.full((round(seconds * 8000), channels), 0.5, np.float32), 8000)
        heard = load_for_audition(path)
        assert heard.duration_seconds == pytest.approx(seconds)
        assert heard.samples[0, -1] == pytest.approx(0.5, abs=1e-3)


def test_channels_and_rate_count_for_what_is_too_long(tmp_path: Path, small_limits: None) -> None:
    path = tmp_path / "surround.wav"
    soundfile.write(path, np.full((2 * 32000, 8), 0.5, np.float32), 32000)
    assert load_for_audition(path).duration_seconds == pytest.approx(0.125)


def test_a_file_that_does_not_say_how_long_it_is_is_not_decoded_whole(
    tmp_path: Path, small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "unknown.wav"
    soundfile.write(path, np.full(9 * 8000, 0.5, np.float32), 8000)
    monkeypatch.setattr(prepare, "probe", lambda _: AudioInfo(0.0, 8000, 1))
    assert load_for_audition(path).duration_seconds == pytest.approx(4.0)


def test_a_file_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="There is no such file"):
        load_for_audition(tmp_path / "gone.wav")
