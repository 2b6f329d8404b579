"""What the song protocol counts, against examples computed by hand."""

import numpy as np
import pytest

from engine.encoder.calibration import Calibration
from engine.matching.slots import Slot
from engine.training.evaluation import song as protocol
from engine.training.evaluation.song import HeardSong, on_steps
from engine.training.songs import SONG_SECONDS, STEP_SECONDS, Song

STEPS = round(SONG_SECONDS / STEP_SECONDS)


def slot(confidence: float, activity: tuple[tuple[float, float], ...] = ()) -> Slot:
    return Slot(1, np.eye(2, dtype=np.float32), "bass", ("bass",), confidence, np.zeros(1), activity, (0.0, 1.0))


def heard_song(slots: list[Slot], ranks: list[list[int]], pairs: list[tuple[int, int]], active: list[int]) -> HeardSong:
    """Instruments sound for the given number of steps from the start."""
    activity = np.arange(STEPS)[None] < np.array(active)[:, None]
    song = Song(np.zeros(1, np.float32), tuple(range(len(active))), activity)
    nearest = np.linspace(0.9, 0.8, len(slots))[:, None] - np.linspace(0.0, 0.2, protocol.NEAREST)
    return HeardSong(song, tuple(slots), np.array(ranks), tuple(pairs), nearest, nearest[:, 0] - 0.3)


def test_steps_half_covered_are_active() -> None:
    steps = on_steps(((0.0, 1.0), (2.3, 2.8), (10.0, 10.2)))
    assert np.flatnonzero(steps).tolist() == [0, 1, 5]


def test_instruments_are_found_by_the_slot_they_are_paired_with() -> None:
    item = heard_song([slot(0.9), slot(0.8)], [[3, 700], [25, 0]], [(0, 0), (1, 1)], [10, 10])
    assert item.found.tolist() == [True, True]
    assert item.best.tolist() == [3, 0]
    far = heard_song([slot(0.9)], [[25, 1]], [(0, 0)], [10, 10])
    assert far.found.tolist() == [False]
    assert far.best.tolist() == [25, protocol.LIBRARY]


def test_activity_of_instruments_without_a_slot_counts_as_missed() -> None:
    item = heard_song([slot(0.9, ((0.0, 2.0),))], [[0, 500]], [(0, 0)], [6, 4])
    assert protocol._activity_counts(item) == (4, 4, 10)


def error_of_confidence(item: HeardSong) -> float:
    return protocol._calibration_error(protocol._slot_claims(item))


def test_the_very_sound_is_where_its_rank_says() -> None:
    item = heard_song([slot(0.9), slot(0.8)], [[3, 700], [25, 12]], [(0, 0), (1, 1)], [10, 10])
    assert np.argwhere(item.very_sound).tolist() == [[0, 3]]


def test_chances_of_matches_are_held_against_what_came_true() -> None:
    item = heard_song([slot(0.9)], [[0]], [(0, 0)], [10])
    always = Calibration("", slot=(0.0, 0.0, 0.0, 0.0), first=(50.0, 0.0), match=(50.0, 0.0, 0.0))
    claims = protocol._match_claims(item, always)
    assert claims.shape == (protocol.NEAREST, 2)
    assert protocol._calibration_error(claims) == pytest.approx(0.9)
    assert np.isnan(protocol._calibration_error(protocol._match_claims(item, None)))


def test_confidence_that_comes_true_has_no_error() -> None:
    sure = heard_song([slot(0.999), slot(0.001)], [[0], [900]], [(0, 0)], [1])
    assert error_of_confidence(sure) == pytest.approx(0.001, abs=1e-3)
    boast = heard_song([slot(0.95), slot(0.95)], [[0], [900]], [(0, 0)], [1])
    assert error_of_confidence(boast) == pytest.approx(0.45)


def test_open_set_tells_libraries_apart_by_similarity() -> None:
    item = heard_song([slot(0.9), slot(0.9)], [[0, 1], [1, 0]], [(0, 0), (1, 1)], [1, 1])
    assert protocol._open_set([item]) == 1.0
