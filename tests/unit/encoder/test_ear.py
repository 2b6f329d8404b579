"""The ear's interface: shapes, lengths, levels, and sounds that are hardly sounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoder import clips
from engine.encoder.ear import Ear
from engine.encoder.heard import ACTIVITY_SECONDS


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear.untrained()


def tone(seconds: float, hertz: float = 220.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * 32_000)) / 32_000)).astype(np.float32)


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(0, 400_000), min_size=1, max_size=5))
def test_any_lengths_give_unit_vectors(ear: Ear, lengths: list[int]) -> None:
    rng = np.random.default_rng(0)
    found = ear.embed([rng.standard_normal(length).astype(np.float32) * 0.1 for length in lengths])
    assert found.vectors.shape == (len(lengths), ear.dimension)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(found.families.sum(axis=1), 1, atol=1e-3)


def test_company_in_a_batch_does_not_change_a_vector(ear: Ear) -> None:
    sounds = [tone(0.3), tone(1.0, 440), tone(1.1, 90), tone(4.0, 700)]
    together = ear.embed(sounds).vectors
    for sound, vector in zip(sounds, together, strict=True):
        assert float(ear.embed([sound]).vectors[0] @ vector) > 0.999


def test_level_does_not_matter(ear: Ear) -> None:
    loud, quiet = ear.embed([tone(1.0, level=0.9), tone(1.0, level=0.009)]).vectors
    assert float(loud @ quiet) > 0.999


def test_of_a_long_sound_the_loudest_part_counts(ear: Ear) -> None:
    quiet = tone(30.0, 3000, level=0.001)
    quiet[12 * 32_000 : 22 * 32_000] += tone(10.0, 110)
    alone, within = ear.embed([tone(10.0, 110), quiet]).vectors
    assert float(alone @ within) > 0.99


@pytest.mark.parametrize("seconds", [0.5, 1.0, 9.3, 10.0, 10.3, 31.7])
@pytest.mark.parametrize("loud_at", [0.0, 0.7, 1.0])
def test_the_loudest_of_what_comes_bit_by_bit_is_that_of_the_whole(seconds: float, loud_at: float) -> None:
    rate = 100
    samples = np.random.default_rng(0).standard_normal(round(seconds * rate)).astype(np.float32)
    first = round(loud_at * max(0, len(samples) - 10 * rate))
    samples[first : first + 10 * rate] *= 3
    loudest = clips.Loudest()
    for start in range(0, len(samples), rate):
        loudest.add(samples[start : start + rate])
    assert np.array_equal(loudest.samples(), clips._loudest(samples, rate))


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(32_000, np.float32),
        np.zeros(0, np.float32),
        np.ones(1, np.float32),
        np.full(32_000, 0.7, np.float32),
        np.sign(tone(1.0)),
        np.random.default_rng(1).standard_normal(32_000).astype(np.float32) * 10,
    ],
    ids=["silence", "empty", "one sample", "constant", "clipped", "loud noise"],
)
def test_odd_sounds_stay_finite(ear: Ear, sound: np.ndarray) -> None:
    assert np.isfinite(ear.embed([sound]).vectors).all()
    window = np.resize(sound, int(ear.window_seconds * ear.rate)) if len(sound) else np.zeros(160_000, np.float32)
    heard = ear.hear(window[None])
    for part in (heard.vectors, heard.presence, heard.families, heard.activity):
        assert np.isfinite(part).all()


def test_heard_windows_have_the_promised_shape(ear: Ear) -> None:
    heard = ear.hear(np.stack([tone(5.0), tone(5.0, 880), tone(5.0, 55)]))
    slots = ear.config.slots
    assert heard.vectors.shape == (3, slots, ear.dimension)
    assert heard.presence.shape == (3, slots)
    assert heard.activity.shape == (3, slots, round(ear.window_seconds / ACTIVITY_SECONDS))
    assert heard.activity.min() >= 0
    assert heard.activity.max() <= 1
