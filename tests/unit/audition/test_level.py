"""Level matching: equal loudness, never above the ceiling, whatever was measured."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.decode import Audio
from engine.audio.measure import loudness
from engine.audition.level import UNDER_SONG_DB, gain_over_bed_db, heard_level, level_gain_db, unmatched_gain_db
from engine.audition.prepare import PreparedClip

RATE = 48000


@given(loudness=st.floats(-90, 10), peak=st.floats(-80, 20), target=st.floats(-40, -6), ceiling=st.floats(-6, 0))
def test_reaches_the_target_or_the_ceiling_and_never_passes_either(
    loudness: float, peak: float, target: float, ceiling: float
) -> None:
    gain = level_gain_db(loudness, peak, target, ceiling)
    assert loudness + gain <= target + 1e-9
    assert peak + gain <= ceiling + 1e-9
    assert math.isclose(loudness + gain, target, abs_tol=1e-9) or math.isclose(peak + gain, ceiling, abs_tol=1e-9)


@pytest.mark.parametrize("loudness", [None, -math.inf, math.nan])
def test_an_unmeasured_sound_keeps_its_level_below_the_ceiling(loudness: float | None) -> None:
    assert level_gain_db(loudness, -6.0) == 0.0
    assert level_gain_db(loudness, 3.0) == pytest.approx(-4.0)
    assert level_gain_db(loudness, None) == 0.0


def test_two_sounds_come_out_equally_loud_by_the_meter() -> None:
    seconds = np.arange(2 * RATE) / RATE
    quiet_tone = 0.02 * np.sin(2 * np.pi * 300 * seconds)
    loud_noise = 0.3 * np.random.default_rng(0).uniform(-1, 1, seconds.size)
    meter = pyloudnorm.Meter(RATE)
    heard = []
    for sound in (quiet_tone, loud_noise):
        gain = level_gain_db(meter.integrated_loudness(sound), 20 * np.log10(np.max(np.abs(sound))), target_lufs=-20)
        heard.append(meter.integrated_loudness(sound * 10 ** (gain / 20)))
    assert heard == pytest.approx([-20, -20], abs=0.1)


def test_over_a_bed_a_sound_lies_below_the_song() -> None:
    assert -30.0 + gain_over_bed_db(-30.0, -20.0, -16.0) == pytest.approx(-16.0 - UNDER_SONG_DB)
    assert gain_over_bed_db(-30.0, -2.0, -16.0) == pytest.approx(1.0), "the ceiling holds"
    assert gain_over_bed_db(-30.0, -20.0, None) == level_gain_db(-30.0, -20.0)


@pytest.mark.parametrize("measured", [False, True], ids=["measured when played", "measured when scanned"])
def test_sounds_are_heard_equally_loud_however_many_channels_they_have(measured: bool) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32)
    powers = []
    for channels in (1, 2, 6):
        audio = Audio(np.tile(noise, (channels, 1)), RATE)
        of_file = (loudness(audio.samples, RATE), 20 * np.log10(np.max(np.abs(noise)))) if measured else (None, None)
        heard_lufs, peak_db = heard_level(audio, *of_file)
        clip = PreparedClip(audio, RATE, 2, level_gain_db(heard_lufs, peak_db, target_lufs=-30.0))
        clip.prepare_all()
        powers.append(10 * np.log10(np.mean(np.square(clip.frames))))
    np.testing.assert_allclose(powers, powers[1], atol=0.05)


def test_a_sound_that_grows_loud_after_what_the_library_heard_of_it_is_not_played_too_loud() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (1, 80 * RATE)).astype(np.float32)
    noise[:, : 70 * RATE] *= 0.01
    of_first_minute = loudness(noise[:, : 60 * RATE], RATE), -40.0
    gain = level_gain_db(*heard_level(Audio(noise, RATE), *of_first_minute))
    assert gain <= -1.0


def test_without_level_matching_only_what_is_louder_than_full_scale_is_turned_down() -> None:
    assert [unmatched_gain_db(peak_db) for peak_db in (None, -60.0, 0.0, 86.0)] == [0.0, 0.0, 0.0, -86.0]
