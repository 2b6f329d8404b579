"""Sizes that depend on how large the window is."""

from __future__ import annotations

from dataclasses import dataclass

from app.theme import tokens

STEP = 40


@dataclass(frozen=True)
class Density:
    """Logical pixels; the flags say which parts give way in a small window."""

    overview: int
    spectrogram: int
    lane: int
    lane_bar: int
    lanes: int
    table_row: int
    table_header: int
    compare_pane: int
    compare_plate: int
    spine: int
    narrow: bool
    small: bool


def for_size(width: int, height: int) -> Density:
    """The density of a window of `width` x `height` logical pixels."""
    size, density = tokens()["size"], tokens()["density"]
    small = width <= density["small"]["max_width"]
    narrow = small or width <= density["narrow"]["max_width"]
    short = density["short"] if small or height <= density["short"]["max_height"] else {}
    smallest = density["small"] if small else {}
    tall = density["tall"] if height >= density["tall"]["min_height"] else {}
    merged = size | short | tall
    return Density(
        overview=merged["overview"],
        spectrogram=smallest.get("spectrogram", merged["spectrogram"]),
        lane=merged["lane"],
        lane_bar=merged["lane_bar"],
        lanes=smallest.get("lanes_visible", merged["lanes_reserved"]),
        table_row=merged["table_row"],
        table_header=merged["table_header"],
        compare_pane=density["narrow"]["compare_pane"] if narrow else _compare_pane(width, merged["compare_pane"]),
        compare_plate=merged.get("compare_plate_height", size["compare_plate"][1]),
        spine=smallest.get("spine_x", size["spine_x"]),
        narrow=narrow,
        small=small,
    )


def _compare_pane(width: int, least: int) -> int:
    """The comparison shares with the table what a wide window has, in steps: not every move of its edge is another
    density."""
    wide: dict[str, int] = tokens()["density"]["wide"]
    size: int = tokens()["size"]["compare_pane"]
    grown = size + max(0, width - wide["compare_grows_from"]) * wide["compare_grows_percent"] // 100 // STEP * STEP
    return max(least, grown)
