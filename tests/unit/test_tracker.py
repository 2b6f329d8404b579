"""Windows' slots become the song's slots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.encoder.calibration import Calibration
from engine.families import FAMILIES
from engine.matching.slots import DEFAULT_RULES, Slot, active_stretches, most_exposed
from engine.matching.tracker import SlotTracker, WindowSlot

CELLS, HOP = 50, 25


def direction(*weights: float) -> np.ndarray:
    vector = np.zeros(8, np.float32)
    vector[: len(weights)] = weights
    return vector / np.linalg.norm(vector)


def heard(vector: np.ndarray, presence: float = 0.9, family: str = "bass", activity: float = 1.0) -> WindowSlot:
    probabilities = np.eye(len(FAMILIES), dtype=np.float32)[FAMILIES.index(family)]
    return WindowSlot(vector, presence, probabilities, np.full(CELLS, activity, np.float32))


def nearness(slot: Slot, vector: np.ndarray) -> float:
    """Of the nearest of the slot's vectors."""
    return float((slot.vectors @ vector).max())


def track(windows: list[list[WindowSlot]], **rules) -> tuple:
    tracker = SlotTracker(replace(DEFAULT_RULES, **rules))
    for number, slots in enumerate(windows):
        tracker.add(number * HOP, slots, CELLS)
    return tracker.slots()


A, B = direction(1), direction(0, 1)
NEAR_A = direction(1, 1.2)  # cosine with A 0.64: joins or merges, but is no duplicate


def test_two_instruments_of_one_window_stay_two() -> None:
    assert len(track([[heard(A), heard(NEAR_A)]] * 4)) == 2


def test_near_identical_answers_of_one_window_are_one() -> None:
    (slot,) = track([[heard(A), heard(direction(1, 0.1), presence=0.6)]] * 4)
    assert nearness(slot, A) > 0.999
    assert slot.confidence == pytest.approx(0.9)


def test_the_nearest_of_two_candidates_is_joined() -> None:
    slots = track([[heard(A), heard(NEAR_A)], [heard(NEAR_A)], [heard(A), heard(NEAR_A)], [heard(NEAR_A)]])
    by_similarity = sorted(slots, key=lambda slot: -nearness(slot, A))
    assert nearness(by_similarity[0], A) > 0.999
    assert nearness(by_similarity[1], NEAR_A) > 0.999
    assert by_similarity[0].exposure[60:70].mean() < by_similarity[1].exposure[60:70].mean()


def test_family_decides_between_near_candidates() -> None:
    between = direction(1, 0.3)
    founding = [heard(A, family="bass"), heard(NEAR_A, family="organ")]
    slots = track([founding] * 3 + [[heard(between, family="organ")]], family_weight=0.3)
    organ = next(slot for slot in slots if slot.family == "organ")
    assert organ.exposure[-1] > 0.5


def test_founders_that_drift_together_merge_and_keep_the_first_number() -> None:
    rules = replace(DEFAULT_RULES, join_similarity=0.9, merge_similarity=0.85, min_confidence=0.3)
    tracker = SlotTracker(rules)
    tracker.add(0, [heard(A)], CELLS)
    assert [slot.id for slot in tracker.slots()] == [1]
    tracker.add(HOP, [heard(B)], CELLS)
    assert {slot.id for slot in tracker.slots()} == {1, 2}
    tracker.add(2 * HOP, [heard(direction(1, 0.55))], CELLS)
    (merged,) = [slot for slot in tracker.slots() if nearness(slot, A) > 0.8]
    assert merged.id == 1
    assert merged.activity[0][0] == 0.0
    assert merged.activity[-1][1] == 10.0


def test_what_sounds_together_does_not_merge() -> None:
    windows = [[heard(A), heard(NEAR_A)]] * 6
    assert len(track(windows, merge_similarity=0.6)) == 2


def test_confidence_wants_several_windows() -> None:
    windows = [[heard(A), heard(B)]] + [[heard(A)]] * 5
    assert len(track(windows, min_confidence=0.5)) == 1
    once = track(windows, min_confidence=0.3)
    assert len(once) == 2
    assert once[0].confidence == pytest.approx(0.9)
    assert once[1].confidence == pytest.approx(0.45)
    short_song = track([[heard(A, presence=0.7)]])
    assert short_song[0].confidence == pytest.approx(0.7)


def test_a_calibrated_ear_is_as_sure_as_its_evidence() -> None:
    # Exposure counts, nothing else: a slot that is never fully there is doubted, however present the ear calls it.
    calibration = Calibration("", slot=(-2.0, 4.0, 0.0, 0.0), first=(0.0, 1.0), match=(0.0, 1.0, 0.0))
    tracker = SlotTracker(replace(DEFAULT_RULES, min_confidence=0.3), calibration)
    for number in range(4):
        faint = heard(direction(0, 0, 1), presence=0.9, activity=0.1)
        tracker.add(number * HOP, [heard(A, presence=0.8), heard(B, presence=0.9, activity=0.5), faint], CELLS)
    strong, weak = tracker.slots()
    assert nearness(strong, A) > 0.999
    assert strong.confidence == pytest.approx(1 / (1 + np.exp(2 - 4 * 0.8)), abs=1e-3)
    assert weak.confidence == pytest.approx(1 / (1 + np.exp(2 - 4 * 0.45)), abs=1e-3)


def test_the_best_is_shown_even_if_unsure() -> None:
    (slot,) = track([[heard(A, presence=0.1), heard(B, presence=0.05)]] * 3)
    assert slot.confidence == pytest.approx(0.1)


def test_silent_windows_give_nothing() -> None:
    assert track([[], [], []]) == ()
    assert track([]) == ()


def test_the_vectors_are_of_the_most_present_windows() -> None:
    buried = [[heard(direction(1, 0, 0.8), presence=0.45)]] * 20
    kept = DEFAULT_RULES.vector_windows
    (slot,) = track([[heard(A, presence=0.95)]] * kept + buried)
    assert slot.vectors @ A == pytest.approx(np.ones(kept))


def test_each_vector_tells_where_it_was_heard_and_as_what() -> None:
    (slot,) = track([[heard(A, 0.6)], [heard(A, 0.9, family="lead")], [heard(A, 0.7)]])
    assert len(slot.passages) == len(slot.vectors)
    assert [passage.middle_seconds for passage in slot.passages] == [5.0, 7.5, 2.5], "the most present first"
    assert [FAMILIES[int(passage.families.argmax())] for passage in slot.passages] == ["lead", "bass", "bass"]


def test_memory_is_bounded_by_dropping_the_weakest() -> None:
    rng = np.random.default_rng(0)
    tracker = SlotTracker(replace(DEFAULT_RULES, max_tracked=5, join_similarity=0.9, merge_similarity=0.95))
    for number in range(60):
        noise = rng.standard_normal(8).astype(np.float32)
        tracker.add(number * HOP, [heard(A), heard(noise / np.linalg.norm(noise), presence=0.5)], CELLS)
        assert len(tracker.slots()) <= 5
    assert nearness(tracker.slots()[0], A) > 0.9


def test_number_of_slots_is_limited() -> None:
    windows = [[heard(np.eye(8, dtype=np.float32)[k], presence=0.5 + 0.05 * k) for k in range(8)]] * 3
    slots = track(windows, max_slots=3)
    assert [int(slot.vectors[0].argmax()) for slot in slots] == [7, 6, 5]


def test_exposure_is_presence_times_activity() -> None:
    (slot,) = track([[heard(A, presence=0.8, activity=0.5)]] * 4)
    assert slot.exposure == pytest.approx(np.full(CELLS + 3 * HOP, 0.4), abs=1e-5)


def test_active_stretches_bridge_short_gaps_only() -> None:
    curve = np.zeros(100)
    curve[10:30] = 0.8
    curve[32:50] = 0.9
    curve[60:65] = 0.7
    assert active_stretches(curve) == ((1.0, 5.0), (6.0, 6.5))
    assert active_stretches(np.zeros(10)) == ()
    assert active_stretches(np.ones(10)) == ((0.0, 1.0),)


def test_most_exposed_prefers_solo_passages() -> None:
    exposures = np.zeros((2, 200))
    exposures[0] = 0.9
    exposures[1, 50:] = 0.9
    (first, second) = most_exposed(exposures)
    assert first == (0.0, 4.0)
    assert second[0] >= 5.0
    assert most_exposed(exposures, first_cell=190)[0] == (19.0, 20.0)
