"""Figures, scales, colours and the time axis: what is painted from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from app import text, theme
from app.models.scales import HIGH_HZ, LOW_HZ, height_of, hz_at
from app.models.sonogram import MelPicture, pool_columns
from app.models.timeline import Timeline
from engine.families import FAMILIES


@given(
    values=st.lists(st.integers(0, 255), min_size=1, max_size=60),
    start=st.floats(-10, 70),
    span=st.floats(0.01, 100),
    columns=st.integers(1, 50),
)
def test_a_column_shows_the_loudest_of_its_cells(values: list[int], start: float, span: float, columns: int) -> None:
    cells = np.array(values, np.uint8)
    edges = np.linspace(start, start + span, columns + 1)
    pooled = pool_columns(cells, edges)
    for column in range(columns):
        first = math.floor(edges[column] + 1e-9)
        last = max(math.ceil(edges[column + 1] - 1e-9), first + 1)
        expected = max(values[first : min(last, len(values))], default=0) if 0 <= first < len(values) else 0
        assert pooled[column] == expected


def test_a_picture_is_as_wide_as_asked_with_the_lowest_band_first() -> None:
    decibels = np.full((4, 10), -80.0, np.float32)
    decibels[0, 3] = 0.0
    picture = MelPicture.from_decibels(decibels, 10.0)
    columns = picture.columns(0.0, 1.0, 20)
    assert columns.shape == (4, 20)
    assert columns[0].tolist() == [0] * 6 + [255] * 2 + [0] * 12
    assert not columns[1:].any()
    assert picture.level_db(0.35, 0.1) == pytest.approx(-6.0)
    assert picture.level_db(0.35, 0.9) == pytest.approx(-66.0)
    assert picture.level_db(5.0, 0.5) is None


@given(st.floats(0, 1))
def test_the_frequency_axis_goes_both_ways(height: float) -> None:
    assert height_of(hz_at(height)) == pytest.approx(height, abs=1e-6)
    assert LOW_HZ - 1e-6 <= hz_at(height) <= HIGH_HZ * (1 + 1e-9)


@pytest.mark.parametrize(
    ("hz", "name"), [(440.0, "A4"), (27.5, "A0"), (311.13, "D#4"), (4186.0, "C8"), (None, None), (0.0, None)]
)
def test_notes_are_named_from_a4(hz: float | None, name: str | None) -> None:
    assert text.note_name(hz) == name


@pytest.mark.parametrize(
    ("seconds", "decimals", "words"),
    [(0.0, 1, "0:00.0"), (61.46, 1, "1:01.5"), (59.96, 1, "1:00.0"), (3723.4, 0, "1:02:03"), (36.42, 2, "0:36.42")],
)
def test_times_read_as_clocks(seconds: float, decimals: int, words: str) -> None:
    assert text.clock(seconds, decimals) == words


def test_match_figures_have_no_leading_zero() -> None:
    assert [text.fraction(value) for value in (0.964, 1.0, 0.0, -0.2)] == [".96", "1.00", ".00", ".00"]


def test_time_left_is_as_coarse_as_it_is_uncertain() -> None:
    assert [text.size(size) for size in (0, 999, 640_400, 12_300_000, 2_060_000_000, 31e9)] == [
        *("0 kB", "1 kB", "641 kB", "12 MB", "2.1 GB", "31 GB")
    ]
    assert [text.duration_left(s) for s in (0.2, 42, 221, 1500, 7500)] == [
        "1 s",
        "42 s",
        "3 min 41 s",
        "25 min",
        "2 h 5 min",
    ]


@given(
    duration=st.floats(0.1, 10_000),
    moves=st.lists(
        st.tuples(st.sampled_from(["zoom", "pan", "show"]), st.floats(0.05, 20), st.floats(-100, 11_000)), max_size=12
    ),
)
def test_the_visible_range_stays_inside_the_song(duration: float, moves: list[tuple[str, float, float]]) -> None:
    timeline = Timeline()
    timeline.set_duration(duration)
    for kind, factor, seconds in moves:
        if kind == "zoom":
            timeline.zoom(factor, min(max(0.0, seconds), duration))
        elif kind == "pan":
            timeline.pan(seconds)
        else:
            timeline.show(seconds, seconds + factor)
        assert -1e-6 <= timeline.start < timeline.end <= duration + 1e-6


def test_zoom_keeps_the_time_under_the_pointer() -> None:
    timeline = Timeline()
    timeline.set_duration(100.0)
    timeline.zoom(0.5, 30.0)
    assert timeline.x(30.0, 1000) == pytest.approx(300)


def test_a_region_is_ordered_cut_and_never_empty() -> None:
    timeline = Timeline()
    timeline.set_duration(10.0)
    timeline.set_region((8.0, 3.0))
    assert timeline.region == (3.0, 8.0)
    timeline.set_region((9.0, 99.0))
    assert timeline.region == (9.0, 10.0)
    timeline.set_region((4.0, 4.01))
    assert timeline.region is None


@pytest.mark.parametrize("name", ["dark", "light"])
def test_text_can_be_read_on_every_ground(name: str) -> None:
    look = theme.theme(name)
    for ink in (look.text, look.secondary):
        for ground in (look.canvas, look.window, look.raised, look.hover, look.selected_row):
            assert contrast(ink, ground) >= 4.5
    for ground in (look.canvas, look.window):
        assert contrast(look.quiet, ground) >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_family_has_its_colour(name: str) -> None:
    look = theme.theme(name)
    assert set(look.families) == set(FAMILIES)
    assert len({colour.name() for colour in look.families.values()}) == len(FAMILIES)
    assert look.spectrogram_table.shape == (256, 3)


def test_lanes_are_brighter_where_more_exposed_and_empty_where_not() -> None:
    look = theme.theme("dark")
    colours = look.lane_colours("bass", np.array([0.0, 0.05, 0.06, 0.5, 1.0], np.float32))
    assert colours[0] == colours[1] == 0
    greens = [(int(colour) >> 8) & 255 for colour in colours[2:]]
    assert greens == sorted(greens)
    assert int(colours[4]) & 0xFFFFFF == look.family("bass").rgb() & 0xFFFFFF


def contrast(first: QColor, second: QColor) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: QColor) -> float:
        channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]  # type: ignore[index]
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
