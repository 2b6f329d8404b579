"""The item models keep Qt's rules, and their own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.models.columns import Column, Row
from app.models.failed import FailedModel
from app.models.matches import MatchesModel
from app.models.slots import SlotsModel
from app.widgets.carried import path_of, url_of
from engine.library.catalog import Sound
from engine.matching.reference import Hearing
from engine.matching.slots import Slot

Mode = QAbstractItemModelTester.FailureReportingMode


def make_slot(number: int, confidence: float, family: str = "bass") -> Slot:
    return Slot(
        id=number,
        vectors=np.zeros((1, 4), np.float32),
        family=family,
        likely_families=(family,),
        confidence=confidence,
        exposure=np.ones(20, np.float32),
        activity=((0.0, 2.0),),
        exposed_seconds=(0.0, 2.0),
    )


def make_sound(number: int, **facts: object) -> Sound:
    sound = Sound(
        id=number,
        path=f"/sounds/Kit/Sound {number:02}.wav",
        preset=None,
        name=f"Sound {number:02}",
        root_id=1,
        state="ready",
        reason=None,
        family="bass",
        family_confidence=0.8,
        kind="one-shot",
        duration_seconds=1.0,
        loudness_lufs=-20.0,
        peak_db=-6.0,
        pitch_hz=None,
        pitch_confidence=0.0,
        tempo_bpm=None,
        key=None,
        declared=(),
        rate=44_100,
        channels=1,
        size=100,
        favourite=False,
        brightness_hz=900.0,
        attack_seconds=0.01,
        rating=0,
        tags=(),
        instrument=None,
        root="/sounds",
    )
    return replace(sound, **facts)  # type: ignore[arg-type]


def hearing(*slots: Slot, done: bool = False) -> Hearing:
    return Hearing(slots, 2.0, 4.0, done)


def test_slots_stand_still_while_heard_and_settle_at_the_end(qapp: object) -> None:
    model = SlotsModel()
    QAbstractItemModelTester(model, Mode.Fatal)
    model.set_hearing(hearing(make_slot(1, 0.5), make_slot(2, 0.4)))
    chosen = QPersistentModelIndex(model.index(0))
    model.set_hearing(hearing(make_slot(3, 0.9), make_slot(2, 0.8), make_slot(1, 0.3)))
    assert [slot.id for slot in model.slots] == [1, 2, 3]

    model.set_hearing(hearing(make_slot(3, 0.9), make_slot(1, 0.3)))  # 2 was merged into another
    assert [slot.id for slot in model.slots] == [1, 3]

    model.set_hearing(hearing(make_slot(3, 0.9), make_slot(1, 0.3), done=True))
    assert [slot.id for slot in model.slots] == [3, 1]
    assert chosen.row() == 1, "the chosen slot stays chosen when the order settles"
    model.clear()
    assert model.rowCount() == 0


def test_an_unsure_slot_says_so(qapp: object) -> None:
    model = SlotsModel()
    model.set_hearing(hearing(make_slot(1, 0.54, "pad"), make_slot(2, 0.6, "keys")))
    assert [model.index(row).data() for row in range(2)] == ["pad?", "keys"]
    assert "54% sure" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    model.set_muted(0, True)
    assert "left out" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_what_was_measured_is_marked_and_what_the_file_tells_is_not(qapp: object) -> None:
    model = MatchesModel()
    told = make_sound(1, kind="loop", tempo_bpm=92.0, key="F# minor", declared=("tempo", "key"))
    measured = make_sound(2, kind="loop", tempo_bpm=92.0, key="C major")
    model.set_rows([Row(told, 1), Row(measured, 2), Row(make_sound(3, pitch_hz=440.0), 3)])
    shown = [[model.index(row, column).data() for column in (Column.PITCH, Column.BPM)] for row in range(3)]
    assert shown == [["F#m", "92"], ["C~", "92~"], ["A4~", "–"]]
    model.sort(Column.PITCH, Qt.SortOrder.AscendingOrder)
    assert [row.sound.id for row in model.rows] == [3, 2, 1]


def test_the_match_column_tells_what_its_number_is_worth(qapp: object) -> None:
    model = MatchesModel()
    model.set_rows([Row(make_sound(1), 1, 0.9, 0.62), Row(make_sound(2), 2, 0.3, 0.002), Row(make_sound(3), 3)])
    assert [model.index(row, Column.CHANCE).data() for row in range(3)] == ["62 %", "< 1 %", "–"]
    told = [model.index(row, Column.MATCH).data(Qt.ItemDataRole.ToolTipRole) for row in range(3)]
    assert told[0].endswith("in 62 of 100 cases.")
    assert told[1].endswith("in less than 1 of 100 cases.")
    assert told[2] is None


def header_tip(model: MatchesModel) -> str:
    return str(model.headerData(Column.MATCH, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize(
    ("handicap", "heading", "cell"),
    [(0.05, "marked −.05, count .05 less", "as if it were .25"), (2.0, "other", "go first")],
)
def test_a_sound_of_another_family_says_why_it_stands_below_lesser_figures(
    qapp: object, handicap: float, heading: str, cell: str
) -> None:
    model = MatchesModel()
    model.set_rows([Row(make_sound(1), 1, 0.26), Row(make_sound(2), 2, 0.30, handicap=handicap)])
    first, other = (model.index(row, Column.MATCH) for row in range(2))
    assert heading in header_tip(model)
    assert first.data(Qt.ItemDataRole.ToolTipRole) is None
    assert cell in other.data(Qt.ItemDataRole.ToolTipRole)
    spoken = [index.data(Qt.ItemDataRole.AccessibleTextRole) for index in (first, other)]
    assert spoken == ["Match .26", "Match .30, of another family"]
    assert [index.data() for index in (first, other)] == [".26", ".30"], "the figure itself stays what it is"
    model.set_rows([Row(make_sound(1), 1, 0.30), Row(make_sound(2), 2, 0.26)])
    assert "families" not in header_tip(model), "nothing is explained that is not there"


def test_matches_sort_by_every_column_with_unknown_values_last(qapp: object) -> None:
    model = MatchesModel()
    QAbstractItemModelTester(model, Mode.Fatal)
    sounds = [
        make_sound(1, tempo_bpm=90.0, pitch_hz=440.0, rating=2, tags=("warm",)),
        make_sound(2, tempo_bpm=None, pitch_hz=110.0, duration_seconds=9.0, rating=4, tags=("dusty", "warm")),
        make_sound(3, tempo_bpm=120.0, favourite=True),
    ]
    model.set_rows([Row(sound, rank, 1.0 - rank / 10) for rank, sound in enumerate(sounds, 1)])
    kept = QPersistentModelIndex(model.index(1, 0))

    def order(column: Column, direction: Qt.SortOrder) -> list[int]:
        model.sort(column, direction)
        return [row.sound.id for row in model.rows]

    up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    assert order(Column.BPM, up) == [1, 3, 2]
    assert order(Column.BPM, down) == [3, 1, 2]
    assert order(Column.PITCH, up) == [2, 1, 3]
    assert order(Column.LENGTH, down)[0] == 2
    assert order(Column.FAVOURITE, down)[0] == 3
    assert order(Column.RATING, down) == [2, 1, 3]
    assert order(Column.RATING, up) == [1, 2, 3]
    assert order(Column.TAGS, up) == [2, 1, 3]
    assert order(Column.MATCH, down) == [1, 2, 3]
    assert order(Column.MATCH, up) == [3, 2, 1]
    assert model.row(kept.row()).sound.id == 2  # type: ignore[union-attr]
    for column in Column:
        order(column, up)


def test_what_a_row_shows(qapp: object) -> None:
    model = MatchesModel()
    model.set_roots({1: ("/sounds", True)})
    sound = make_sound(1, pitch_hz=311.1, tempo_bpm=127.6, duration_seconds=75.0)
    model.set_rows([Row(sound, 1, 0.934), Row(make_sound(2, root_id=7), 2, 1.0)])
    shown = [model.index(0, column).data() for column in Column]
    assert shown == ["1", "", "Sound 01", ".93", "bass", "D#4~", "128~", "1:15", "Kit", "", "–", "one-shot", "–", "–"]
    assert model.index(1, Column.MATCH).data() == "1.00"
    model.set_sounds([replace(sound, rating=3, tags=("dusty", "warm")), make_sound(99, rating=5)])
    spoken = Qt.ItemDataRole.AccessibleTextRole
    assert [model.index(0, column).data() for column in (Column.RATING, Column.TAGS)] == ["★★★", "dusty, warm"]
    assert [model.index(0, column).data(spoken) for column in (Column.RATING, Column.TAGS)] == [
        "rated 3 of 5",
        "tags dusty, warm",
    ]
    assert model.index(1, Column.RATING).data(spoken) == "not rated"

    lacking = "It sounds without 1 of its 8 samples."
    model.set_sounds([replace(sound, reason=lacking)])
    assert model.index(0, Column.NAME).data(Qt.ItemDataRole.ToolTipRole).split("\n") == [sound.path, lacking]

    model.set_roots({1: ("/sounds", False)})
    assert model.index(0, Column.FOLDER).data() == "sounds: offline"
    assert model.offline(sound)


def test_the_same_rows_again_keep_the_view(qapp: object, qtbot: pytest.FixtureRequest) -> None:
    model = MatchesModel()
    rows = [Row(make_sound(number), number, 0.5) for number in range(1, 4)]
    model.set_rows(rows)
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    model.set_rows([replace(row, similarity=0.6) for row in rows])
    assert (resets, model.index(0, Column.MATCH).data()) == ([], ".60")
    painted: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: painted.append((first.row(), last.row())))
    model.set_rows([replace(row, similarity=0.6) for row in rows])
    assert painted == [], "nothing is painted again that is as it was"
    model.set_rows([rows[0], replace(rows[1], similarity=0.6), rows[2]])
    assert painted == [(0, 2)]
    model.set_rows([rows[0], replace(rows[1], similarity=0.7), rows[2]])
    assert painted[1:] == [(1, 1)]
    model.set_rows(rows[:2])
    assert len(resets) == 1


def test_failed_files_come_with_their_reason(qapp: object) -> None:
    model = FailedModel()
    QAbstractItemModelTester(model, Mode.Fatal)
    model.set_sounds([make_sound(1, state="failed", reason="Cut short: 0.4 s of 2.1 s is there.")])
    assert model.index(0).data() == "Sound 01.wav"
    assert "Cut short" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    model.set_sounds([])
    assert model.rowCount() == 0


@pytest.mark.parametrize("name", ["K\udce4se #1 100%.wav", "ü?x.wav", "Kick%20.wav", "new\nline;.wav"])
def test_names_are_carried_byte_for_byte(name: str) -> None:
    path = Path("/tmp/My sounds") / name
    data = QMimeData()
    data.setUrls([url_of(path)])
    (address,) = bytes(data.data("text/uri-list").data()).split()
    assert unquote_to_bytes(address) == b"file://" + os.fsencode(path)
    (url,) = data.urls()
    assert url.isLocalFile()
    assert path_of(url) == path
