"""Procedural instruments: the same number is the same sound, in tune, clean, and unlike its neighbours."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.families import DRUM_FAMILIES, FAMILIES
from engine.notes import midi_to_hz
from engine.synth.procedural import random_instrument
from engine.synth.signals import Samples

RATE = 32000
PITCHED = [family for family in FAMILIES if family not in DRUM_FAMILIES and family != "fx"]


@settings(max_examples=80)
@given(
    family=st.sampled_from(FAMILIES),
    seed=st.integers(0, 2**40),
    midi=st.integers(21, 108),
    velocity=st.floats(0.0, 1.0),
    seconds=st.floats(0.02, 1.0),
    rate=st.sampled_from([16000, 32000, 44100]),
)
def test_any_note_is_clean(family: str, seed: int, midi: int, velocity: float, seconds: float, rate: int) -> None:
    samples = random_instrument(family, seed).render(midi, velocity, seconds, rate)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert np.isfinite(samples).all()
    peak = float(np.max(np.abs(samples)))
    assert 0.1 < peak <= 1.0
    # A click is a jump; a sound that ends in silence cannot make one when it stops.
    assert abs(float(samples[-1])) < 1e-6
    assert float(np.max(np.abs(samples[-8:]))) < 0.1 * peak


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_is_the_same_sound_always(family: str) -> None:
    first, second = random_instrument(family, 7), random_instrument(family, 7)
    assert first == second
    one = first.render(60, 0.8, 0.5, RATE)
    np.testing.assert_array_equal(one, second.render(60, 0.8, 0.5, RATE))
    np.testing.assert_array_equal(one, pickle.loads(pickle.dumps(first)).render(60, 0.8, 0.5, RATE))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pitched_note_lasts_as_long_as_its_gate_and_a_drum_as_it_likes(family: str) -> None:
    instrument = random_instrument(family, 3)
    short, long = (instrument.render(60, 0.8, seconds, RATE).size / RATE for seconds in (0.2, 1.2))
    if family in PITCHED:
        assert short >= 0.2
        assert long - short == pytest.approx(1.0, abs=1e-3)
    else:
        assert short == long


def tuning_of(samples: Samples, pitch: float) -> tuple[float, float]:
    """How far the first harmonics of `pitch` lie off (cents, by centroid, which vibrato and unison leave in place), and
    the share of the energy below the seventh harmonic that belongs to them or to the octave below."""
    size = 1 << 18
    power = np.abs(np.fft.rfft(samples * np.hanning(samples.size), n=size)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    cents = energy = 0.0
    for half_harmonic in range(1, 13):
        centre = half_harmonic * pitch / 2
        low, high = np.searchsorted(frequencies, [centre * 2 ** (-80 / 1200), centre * 2 ** (80 / 1200)])
        here = power[low:high]
        energy += float(here.sum())
        cents += float(here @ (1200 * np.log2(frequencies[low:high] / centre)))
    return cents / energy, energy / float(power[(frequencies > 20) & (frequencies < 6.4 * pitch)].sum())


@pytest.mark.parametrize("family", PITCHED)
def test_pitched_families_are_tones_before_they_are_noise(family: str) -> None:
    for seed in range(24):
        samples = random_instrument(family, seed).render(60, 0.8, 1.0, RATE)[:RATE]
        power = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2
        # A tone gathers its energy in few of the bins, noise spreads it over all.
        strongest = np.sort(power)[-len(power) // 20 :].sum()
        assert strongest > 0.8 * power.sum(), (family, seed)


@pytest.mark.parametrize("family", PITCHED)
def test_pitched_families_play_in_tune(family: str) -> None:
    for seed in range(12):
        instrument = random_instrument(family, seed)
        midi = (instrument.low + instrument.high) // 2
        samples = instrument.render(midi, 0.7, 2.0, RATE)[int(0.15 * RATE) : 2 * RATE]
        cents, share = tuning_of(samples, midi_to_hz(midi))
        assert abs(cents) < 30, (family, seed)
        assert share > 0.5, (family, seed)
        assert tuning_of(samples, midi_to_hz(midi + 6))[1] < share, (family, seed)


def fingerprint(samples: Samples) -> Samples:
    """A coarse picture of a sound: the level (dB) of 24 octave-thirds in 12 slices of its first 0.6 s."""
    padded = np.zeros(int(0.6 * RATE), dtype=np.float32)
    padded[: min(samples.size, padded.size)] = samples[: padded.size]
    spectrum = np.abs(np.fft.rfft(padded.reshape(12, -1), axis=1)) ** 2
    edges = np.geomspace(60, 15000, 25) / (RATE / 2) * (spectrum.shape[1] - 1)
    bands = [
        spectrum[:, int(low) : max(int(low) + 1, int(high))].sum(axis=1) for low, high in itertools.pairwise(edges)
    ]
    return np.maximum(10 * np.log10(np.stack(bands) + 1e-9), -30.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_sound_different(family: str) -> None:
    pictures = [fingerprint(random_instrument(family, seed).render(60, 0.8, 0.5, RATE)) for seed in range(24)]
    distances = [
        float(np.mean(np.abs(one - other)[np.maximum(one, other) > -30.0]))
        for number, one in enumerate(pictures)
        for other in pictures[:number]
    ]
    assert min(distances) > 0.7
    assert float(np.median(distances)) > 5.0


def test_every_family_is_there_and_no_other() -> None:
    for family in FAMILIES:
        instrument = random_instrument(family, 0)
        assert instrument.family == family
        assert 0 <= instrument.low < instrument.high <= 127
    with pytest.raises(KeyError):
        random_instrument("kazoo", 0)


def test_louder_is_louder() -> None:
    for family in FAMILIES:
        instrument = random_instrument(family, 5)
        soft, loud = (np.max(np.abs(instrument.render(60, velocity, 0.3, RATE))) for velocity in (0.2, 1.0))
        assert soft < loud
