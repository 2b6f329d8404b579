"""The song as notes: other notes than the library's, in range, and every instrument to be heard on its own."""

from __future__ import annotations

import pytest

from engine.demo.arrangement import BARS, BARS_OF, BEAT_SECONDS, SONG_SECONDS, notes_of
from engine.demo.collection import SHELVES, shelf, sound_names
from engine.demo.song import STRIPS, render_stem
from engine.families import DRUM_FAMILIES, FAMILIES


def test_the_library_is_large_and_its_names_are_its_own() -> None:
    names = sound_names()
    assert len(names) >= 200
    assert len({name.lower() for name in names}) == len(names)
    assert {found.family for found in SHELVES} == set(FAMILIES)


@pytest.mark.parametrize("strip", STRIPS, ids=lambda strip: strip.instrument)
def test_an_instrument_plays_other_notes_than_its_sound_in_the_library(strip) -> None:  # type: ignore[no-untyped-def]
    notes = notes_of(strip.instrument)
    assert strip.sound in sound_names()
    assert len(notes) >= 6
    assert all(0 <= note.start * BEAT_SECONDS < SONG_SECONDS for note in notes)
    assert all(0 < note.velocity <= 1 for note in notes)
    own = shelf(strip.instrument).midi
    played = {note.midi for note in notes}
    assert played != {own}
    if strip.instrument not in DRUM_FAMILIES:
        player = strip.player
        assert len(played - {own}) >= 4
        assert player.low <= min(played)
        assert max(played) <= player.high + 4


def test_every_bar_sounds_and_every_instrument_comes_and_goes() -> None:
    assert SONG_SECONDS == 40.0
    assert 6 <= len(BARS_OF) <= 9
    assert {strip.instrument for strip in STRIPS} == set(BARS_OF)
    assert set().union(*BARS_OF.values()) == set(range(BARS))
    assert all(len(bars) < BARS for bars in BARS_OF.values())


@pytest.mark.parametrize("instrument", [name for name in BARS_OF if name not in DRUM_FAMILIES])
def test_every_pitched_instrument_is_exposed_somewhere(instrument: str) -> None:
    """In some bar no other pitched instrument plays with it."""
    others = [set(bars) for name, bars in BARS_OF.items() if name != instrument and name not in DRUM_FAMILIES]
    assert any(not any(bar in bars for bars in others) for bar in BARS_OF[instrument])


def test_activity_is_where_the_notes_are() -> None:
    stem = render_stem(next(strip for strip in STRIPS if strip.instrument == "pad"))
    (intro_start, intro_end), (chorus_start, chorus_end) = stem.active_seconds
    assert (intro_start, chorus_start) == pytest.approx((0.0, 30.0), abs=0.3)
    assert (intro_end, chorus_end) == pytest.approx((5.0, 40.0), abs=0.5)
