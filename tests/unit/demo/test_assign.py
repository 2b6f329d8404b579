"""Counting what was found: a slot counts once, an instrument counts once, and nothing that can be counted is lost."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.demo.run import assign


def test_one_slot_cannot_find_two_instruments() -> None:
    found = assign({"bass": "a", "lead": "b"}, {1: ["a", "b", "c"]})
    assert sorted(found.values(), key=str) == [1, None]


def test_a_slot_is_left_to_the_instrument_that_has_no_other() -> None:
    assert assign({"bass": "a", "lead": "b"}, {1: ["a", "b"], 2: ["a"]}) == {"bass": 2, "lead": 1}


def test_nothing_heard_finds_nothing() -> None:
    assert assign({"bass": "a"}, {}) == {"bass": None}
    assert assign({"bass": "a"}, {1: []}) == {"bass": None}


@given(tops=st.lists(st.lists(st.sampled_from("abcdx"), max_size=3, unique=True), max_size=4))
def test_finds_as_many_as_any_pairing_could(tops: list[list[str]]) -> None:
    truth = dict(zip(("kick", "bass", "keys", "lead"), "abcd", strict=True))
    answers = dict(enumerate(tops, start=1))
    found = assign(truth, answers)
    credited = [slot for slot in found.values() if slot is not None]
    assert len(set(credited)) == len(credited)
    assert all(truth[name] in answers[slot] for name, slot in found.items() if slot is not None)
    places = [*answers, *[None] * len(truth)]
    best = max(
        sum(slot is not None and sound in answers[slot] for sound, slot in zip(truth.values(), pairing, strict=True))
        for pairing in itertools.permutations(places, len(truth))
    )
    assert len(credited) == best
