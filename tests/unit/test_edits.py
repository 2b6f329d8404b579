"""What the producer changes about slots, and how a changed sheet is written."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from engine.families import FAMILIES
from engine.matching.edits import can_be_split, merged, of_family, same_instrument, split
from engine.matching.sheet import sheet_csv
from engine.matching.slots import Passage, Slot


def slot(number: int, axis: int, cells: slice, confidence: float = 0.8, family: str = "bass") -> Slot:
    exposure = np.zeros(40, np.float32)
    exposure[cells] = 1.0
    return Slot(
        id=number,
        vectors=np.eye(4, dtype=np.float32)[[axis]],
        family=family,
        likely_families=(family, "fx"),
        confidence=confidence,
        exposure=exposure,
        activity=((cells.start / 10, cells.stop / 10),),
        exposed_seconds=(cells.start / 10, cells.stop / 10),
    )


def test_merged_slots_sound_wherever_either_did() -> None:
    both = merged(slot(1, 0, slice(0, 10)), slot(2, 1, slice(20, 40), 0.9, "lead"))
    assert (both.id, both.family, both.confidence) == (1, "bass", 0.9)
    assert both.activity == ((0.0, 1.0), (2.0, 4.0))
    assert both.exposed_seconds == (2.0, 4.0)
    assert both.vectors.shape == (2, 4)
    assert both.likely_families == ("bass", "fx", "lead")


def heard_as(family: str, middle_seconds: float) -> Passage:
    return Passage(middle_seconds, np.eye(len(FAMILIES), dtype=np.float32)[FAMILIES.index(family)])


def test_a_slot_splits_into_the_two_that_its_passages_tell() -> None:
    near = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.9, 0.1, 0.4, 0], [0.1, 0.9, 0, 0.4]], np.float32)
    passages = (heard_as("bass", 0.5), heard_as("lead", 3.0), heard_as("bass", 1.5), heard_as("lead", 3.8))
    both = replace(
        slot(7, 0, slice(0, 40)), vectors=near / np.linalg.norm(near, axis=1, keepdims=True), passages=passages
    )
    first, second = split(both)
    assert (first.family, second.family) == ("bass", "lead")
    assert first.vectors.tolist() == both.vectors[[0, 2]].tolist()
    assert second.vectors.tolist() == both.vectors[[1, 3]].tolist()
    assert first.activity == ((0.0, 2.2),), "half-way between the passages at 1.5 and 3.0 s, to the cell"
    assert second.activity == ((2.2, 4.0),)
    assert np.array_equal(first.exposure + second.exposure, both.exposure)
    assert first.exposed_seconds[1] <= 4.0
    again = merged(first, second)
    assert again.activity == both.activity
    assert can_be_split(again)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_alike_passages_split_into_two_that_are_not_empty(count: int) -> None:
    alike = np.tile(np.eye(4, dtype=np.float32)[:1], (count, 1))
    passages = tuple(heard_as("bass", number * 0.4) for number in range(count))
    first, second = split(replace(slot(1, 0, slice(0, 40)), vectors=alike, passages=passages))
    assert len(first.vectors) + len(second.vectors) == count
    assert min(len(first.passages), len(second.passages)) >= 1


def test_one_passage_cannot_be_split() -> None:
    for one in (slot(1, 0, slice(0, 10)), replace(slot(1, 0, slice(0, 10)), passages=(heard_as("bass", 0.5),))):
        assert not can_be_split(one)
        with pytest.raises(ValueError, match="one passage"):
            split(one)


def test_merging_stands_curves_of_two_lengths() -> None:
    short = replace(slot(2, 1, slice(0, 5)), exposure=np.ones(5, np.float32))
    assert len(merged(slot(1, 0, slice(10, 20)), short).exposure) == 40


def test_a_family_by_hand_is_the_only_likely_one() -> None:
    assert of_family(slot(1, 0, slice(0, 10)), "keys").likely_families == ("keys",)
    with pytest.raises(ValueError):
        of_family(slot(1, 0, slice(0, 10)), "kazoo")


def test_the_same_instrument_is_known_again() -> None:
    known = slot(1, 0, slice(0, 10))
    near = replace(known, id=5, vectors=np.array([[0.95, 0.31, 0, 0]], np.float32))
    assert same_instrument(known, near)
    assert not same_instrument(known, slot(2, 1, slice(0, 10)))


def test_a_sheet_as_a_table_keeps_every_match_and_slots_without_any() -> None:
    match = {
        "path": '/sounds/Kick, "deep".wav',
        "preset": None,
        "name": 'Kick, "deep"',
        "family": "kick",
        "similarity": 0.9,
        "chance": None,
        "rank": 1,
    }
    heard = {"id": 1, "family": "kick", "confidence": 0.9, "activity": [[0.5, 2.0]], "exposed_seconds": [0.5, 1.0]}
    sheet = {
        "slots": [
            {**heard, "name": "Boom", "matches": [match, {**match, "rank": 2}]},
            {**heard, "id": 2, "activity": [], "matches": []},
        ]
    }
    lines = list(csv.DictReader(io.StringIO(sheet_csv(sheet))))
    assert [(line["slot"], line["slot_name"], line["rank"]) for line in lines] == [
        ("1", "Boom", "1"),
        ("1", "Boom", "2"),
        ("2", "", ""),
    ]
    assert (lines[0]["name"], lines[0]["chance"], lines[0]["first_heard_seconds"]) == ('Kick, "deep"', "", "0.5")
