"""Ranking asks the library the right question."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from engine.encoder.calibration import Calibration
from engine.library.query import read_query
from engine.matching.match import NEVER_BEFORE, OTHER_FAMILY, nothing_alike, rank
from engine.matching.slots import Slot

SLOT = Slot(
    id=1,
    vectors=np.eye(4, dtype=np.float32)[:1],
    family="bass",
    likely_families=("bass",),
    confidence=0.8,
    exposure=np.ones(10, np.float32),
    activity=((0.0, 1.0),),
    exposed_seconds=(0.0, 1.0),
)


CALIBRATION = Calibration("", slot=(0.0, 0.0, 0.0, 0.0), first=(-1.0, 2.0), match=(-1.0, 2.0, -1.0))


class ListLibrary:
    """The part of `engine.library.library.Library` that ranking needs, over (name, family, vector)."""

    sounds = (
        ("sub", "bass", (1, 0, 0, 0)),
        ("lead", "lead", (0.9, 0.4, 0, 0)),
        ("growl", "bass", (0.87, 0, 0.5, 0)),
        ("reese", "bass", (0, 1, 0, 0)),
    )

    fingerprint = "ear"
    catalog = SimpleNamespace(looks=lambda ids, fingerprint: {})

    def search(self, vectors, *, top, query, families=None):
        self.asked = query
        rows = [
            (SimpleNamespace(id=name, instrument=None, root="/Samples"), float((vectors @ vector).max()))
            for name, family, vector in self.sounds
            if families is None or family in families
        ]
        return sorted(rows, key=lambda row: -row[1])[:top]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["sub", "growl", "lead", "reese"]),
        ({"any_family": True}, ["sub", "lead", "growl", "reese"]),
        ({"top": 1}, ["sub"]),
        ({"top": 3}, ["sub", "growl", "lead"]),
    ],
)
def test_ranked_best_first_and_by_family(options, names) -> None:
    matches = rank(SLOT, ListLibrary(), **options)
    assert [match.sound.id for match in matches] == names
    assert [match.rank for match in matches] == list(range(1, len(names) + 1))


@pytest.mark.parametrize("options", [{}, {"any_family": True}])
def test_a_thousand_notes_of_one_instrument_leave_room_for_others(options) -> None:
    notes = [(SimpleNamespace(id=number, instrument="/Keys/Piano", root="/Keys"), 1.0) for number in range(1_000)]

    class PianoFirst(ListLibrary):
        def search(self, vectors, *, top, **filters):
            return [*notes, *super().search(vectors, top=top, **filters)][:top]

    piano, *others = rank(SLOT, PianoFirst(), top=4, **options)
    assert len(piano.copies) == 999
    assert [match.sound.id for match in others] == ["sub", "growl", "lead"] if not options else ["sub", "lead", "growl"]


def test_every_likely_family_goes_first() -> None:
    unsure = replace(SLOT, likely_families=("bass", "lead"))
    assert [match.sound.id for match in rank(unsure, ListLibrary())] == ["sub", "lead", "growl", "reese"]


def test_a_sound_of_another_family_goes_first_where_it_is_clearly_nearer() -> None:
    drum = replace(SLOT, likely_families=("kick",))
    assert [match.sound.id for match in rank(drum, ListLibrary())] == ["sub", "lead", "growl", "reese"]
    lead = replace(SLOT, likely_families=("lead",))
    assert [match.sound.id for match in rank(lead, ListLibrary())] == ["sub", "lead", "growl", "reese"]


def test_a_family_named_by_hand_goes_first_however_near_others_are() -> None:
    lead = replace(SLOT, likely_families=("lead",))
    names = [match.sound.id for match in rank(lead, ListLibrary(), other_family=NEVER_BEFORE)]
    assert names == ["lead", "sub", "growl", "reese"]


@pytest.mark.parametrize(
    ("options", "handicaps"),
    [
        ({}, {"lead": OTHER_FAMILY}),
        ({"other_family": NEVER_BEFORE}, {"lead": NEVER_BEFORE}),
        ({"any_family": True}, {}),
    ],
)
def test_what_is_of_another_family_says_how_much_less_it_counted(options, handicaps) -> None:
    matches = rank(SLOT, ListLibrary(), calibration=CALIBRATION, **options)
    assert {match.sound.id: match.handicap for match in matches if match.handicap} == handicaps
    counted = [match.similarity - match.handicap for match in matches]
    assert counted == sorted(counted, reverse=True), "with it the order of rank is that of the figures"


def test_filters_reach_the_library() -> None:
    library = ListLibrary()
    query = read_query("type:loop dark -pad")
    rank(SLOT, library, query=query)
    assert library.asked == query


def test_a_library_without_anything_alike_is_told() -> None:
    # The best is the sound itself, similarity 1.
    strict = Calibration("", slot=(0.0, 0.0, 0.0, 0.0), first=(-20.0, 10.0), match=(-20.0, 10.0, 0.0))
    lenient = Calibration("", slot=(0.0, 0.0, 0.0, 0.0), first=(-2.0, 10.0), match=(-2.0, 10.0, 0.0))
    assert nothing_alike(rank(SLOT, ListLibrary(), calibration=strict))
    assert not nothing_alike(rank(SLOT, ListLibrary(), calibration=lenient))
    assert not nothing_alike(rank(SLOT, ListLibrary()))
    assert not nothing_alike([])


def test_chances_fall_with_similarity_and_rank() -> None:
    first, second, *_ = rank(SLOT, ListLibrary(), calibration=CALIBRATION)
    assert first.chance == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert second.chance == pytest.approx(1 / (1 + np.exp(1.0 - 2 * 0.87 + np.log(2))))
