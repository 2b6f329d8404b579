"""The core of the audio callback, rendered block by block without a device."""

from __future__ import annotations

import threading
import tracemalloc
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audition.deck import FADE_SECONDS, Deck, Frames

RATE = 48000
FADE = round(FADE_SECONDS * RATE)


class WholeClip:
    """A clip that is ready from its start to frame `ready`."""

    def __init__(self, frames: Frames, ready: int | None = None) -> None:
        self.frames = frames
        self.ready = frames.shape[0] if ready is None else ready

    def ready_until(self, position: int) -> int:
        return max(position, self.ready)


def constant(value: float, frames: int = RATE) -> WholeClip:
    return WholeClip(np.full((frames, 2), value, dtype=np.float32))


def counting(frames: int) -> WholeClip:
    return WholeClip(np.repeat(np.arange(1, frames + 1, dtype=np.float32)[:, None] / 4096, 2, axis=1))


def render(deck: Deck, frames: int, block: int = 256) -> Frames:
    out = np.full((frames, 2), np.nan, dtype=np.float32)
    for start in range(0, frames, block):
        deck.render(out[start : start + block])
    return out


@settings(deadline=None)
@given(length=st.integers(1, 3000), blocks=st.lists(st.integers(1, 1500), min_size=1, max_size=12))
def test_copies_the_sound_exactly_in_blocks_of_any_size_and_then_is_silent(length: int, blocks: list[int]) -> None:
    deck, clip = Deck(RATE, 2), counting(length)
    deck.play(clip)
    out = np.full((sum(blocks), 2), np.nan, dtype=np.float32)
    start = 0
    for block in blocks:
        deck.render(out[start : start + block])
        start += block
    heard = min(length, out.shape[0])
    np.testing.assert_array_equal(out[:heard], clip.frames[:heard])
    assert not out[heard:].any()
    assert deck.playing == (length > out.shape[0])


def test_a_loop_repeats_without_a_gap() -> None:
    deck, clip = Deck(RATE, 2), counting(700)
    deck.play(clip, loop=True)
    out = render(deck, 2100)
    np.testing.assert_array_equal(out, np.tile(clip.frames, (3, 1)))
    deck.set_loop(False)
    render(deck, 1000)
    assert not deck.playing


@pytest.mark.parametrize("block", [32, 100, 256, 1024, 6000])
def test_a_cut_fades_the_old_sound_in_5_ms_and_starts_the_new_at_once(block: int) -> None:
    deck = Deck(RATE, 2)
    deck.play(constant(0.5))
    render(deck, 1200, block)
    deck.play(constant(0.25))
    out = render(deck, 6000, block)
    tail = out[:, 0] - 0.25
    assert tail[0] == pytest.approx(0.5, abs=0.01)
    assert np.max(np.abs(np.diff(tail[: FADE + 2]))) < 0.5 * 4 / FADE
    assert np.all(np.diff(tail[:FADE]) <= 1e-6)
    np.testing.assert_allclose(tail[FADE:], 0.0, atol=1e-6)


def test_stop_fades_out_and_forgets() -> None:
    deck = Deck(RATE, 2)
    deck.play(constant(0.5))
    render(deck, 512)
    deck.stop()
    assert not deck.playing
    assert not deck.silent
    out = render(deck, 1024)[:, 0]
    assert np.all(np.diff(out[:FADE]) <= 1e-6)
    assert not out[FADE:].any()
    assert deck.position is None
    assert deck.silent


def test_pause_keeps_the_place_and_resume_fades_in_there() -> None:
    deck, clip = Deck(RATE, 2), constant(0.5)
    deck.play(clip)
    render(deck, 1024)
    deck.pause()
    paused = render(deck, 2048)
    assert not paused[FADE:].any()
    assert deck.position == 1024
    assert not deck.playing
    deck.resume()
    out = render(deck, 1024)[:, 0]
    assert out[0] < 0.01
    assert np.max(np.abs(np.diff(out))) < 0.5 * 4 / FADE
    np.testing.assert_allclose(out[FADE:], 0.5)
    assert deck.playing
    assert deck.position == 2048


def test_seek_crossfades_to_the_new_place() -> None:
    deck, clip = Deck(RATE, 2), counting(4000)
    deck.play(clip)
    render(deck, 512)
    deck.seek(3000)
    out = render(deck, 512)
    np.testing.assert_array_equal(out[FADE:], clip.frames[3000 + FADE : 3512])
    deck.seek(10**9)
    render(deck, 512)
    assert deck.position is None


def test_many_cuts_within_a_fade_never_jump() -> None:
    deck = Deck(RATE, 2)
    heard = []
    for number in range(30):
        deck.play(constant(0.3 if number % 2 else -0.3), position=10)
        heard.append(render(deck, 64, 64))
    assert np.max(np.abs(np.diff(np.concatenate(heard)[:, 0]))) < 0.08


def test_a_sound_that_was_just_ordered_never_seems_to_be_over() -> None:
    """Asked by one thread while another takes the order: before, between and after."""
    told = []

    def ask() -> None:
        told.append((deck.playing, deck.position is not None, deck.bed_position is not None, deck.silent))

    class Watched(deque[Any]):
        def popleft(self) -> Any:
            order = super().popleft()
            if len(self) == 0:
                ask()
            return order

    class Overtaken(deque[Any]):
        def __iter__(self) -> Iterator[Any]:
            render(deck, 64, 64)
            return super().__iter__()

    for kind in (Watched, Overtaken):
        for question in range(2):
            deck = Deck(RATE, 2)
            deck.lay(constant(0.1))
            deck.play(constant(0.1))
            deck._orders = kind(deck._orders)
            if kind is Watched:
                render(deck, 64, 64)
            elif question:
                assert deck.playing
            else:
                assert deck.position is not None
    assert told == [(True, True, True, False)] * 2


def test_volume_moves_without_a_step() -> None:
    deck = Deck(RATE, 2)
    deck.play(constant(0.8))
    render(deck, 512)
    deck.set_volume(0.25)
    out = render(deck, 1024, 512)[:, 0]
    assert np.max(np.abs(np.diff(out))) < 0.8 / 400
    np.testing.assert_allclose(out[512:], 0.2, rtol=1e-5)


def test_a_volume_that_was_set_in_silence_holds_from_the_first_sample() -> None:
    """The attack of a drum lies in the block in which the volume would still be on its way."""
    deck = Deck(RATE, 2)
    deck.set_volume(0.01)
    deck.play(constant(0.5))
    np.testing.assert_allclose(render(deck, 512), 0.005, rtol=1e-5)
    deck.stop()
    render(deck, 512)
    deck.set_volume(0.5)
    deck.play(constant(0.5))
    np.testing.assert_allclose(render(deck, 512), 0.25, rtol=1e-5)


def test_sums_above_full_scale_are_held_at_it() -> None:
    deck = Deck(RATE, 2)
    deck.play(constant(0.9))
    render(deck, 256)
    deck.play(constant(0.9))
    assert np.max(np.abs(render(deck, 256))) <= 1.0


def test_waits_in_silence_for_what_is_not_prepared_yet() -> None:
    deck, clip = Deck(RATE, 2), counting(2000)
    clip.ready = 500
    deck.play(clip)
    out = render(deck, 1024)
    np.testing.assert_array_equal(out[:500], clip.frames[:500])
    assert not out[500:].any()
    assert deck.position == 500
    assert deck.playing
    clip.ready = 2000
    np.testing.assert_array_equal(render(deck, 256), clip.frames[500:756])


def test_a_bed_goes_on_below_the_sounds_that_are_tried_over_it() -> None:
    deck = Deck(RATE, 2)
    bed = counting(700)
    deck.lay(bed, loop=True)
    deck.play(constant(0.25, 300))
    assert deck.playing
    below = np.tile(bed.frames, (8, 1))
    out = render(deck, 500)
    np.testing.assert_allclose(out[:300], below[:300] + 0.25)
    np.testing.assert_allclose(out[300:], below[300:500])
    assert (deck.position, deck.bed_position) == (None, 500)
    deck.play(constant(0.5, 4000))
    out = render(deck, 600)
    np.testing.assert_allclose(out, below[500:1100] + 0.5)
    deck.pause()
    assert not render(deck, 1024)[FADE:].any()
    assert not deck.playing
    deck.resume()
    out = render(deck, 512)
    np.testing.assert_allclose(out[FADE:], below[1100 + FADE : 1612] + 0.5)
    deck.lay(None)
    np.testing.assert_allclose(render(deck, 512)[FADE:], 0.5)
    deck.stop()
    assert not render(deck, 512)[FADE:].any()
    assert deck.silent


def test_a_jump_moves_the_bed_with_the_sound() -> None:
    deck = Deck(RATE, 2)
    deck.lay(counting(700), loop=True)
    deck.play(constant(0.25))
    render(deck, 512)
    deck.seek(0)
    out = render(deck, 512)
    np.testing.assert_allclose(out[FADE:], counting(700).frames[FADE:512] + 0.25)
    deck.seek(1500)
    render(deck, 10)
    assert (deck.position, deck.bed_position) == (1510, 110)


def test_orders_without_a_sound_are_harmless() -> None:
    deck = Deck(RATE, 2)
    for order in (deck.stop, deck.pause, deck.resume, lambda: deck.seek(5), lambda: deck.set_loop(True)):
        order()
    assert not render(deck, 256).any()
    assert not deck.playing


def test_rendering_gives_no_memory_back_either() -> None:
    """That of a long sound takes the system milliseconds; whoever gives the next order has them."""
    deck = Deck(RATE, 2)
    freed_by_render: list[bool] = []
    in_render = threading.Event()

    def rendered(deck: Deck, frames: int) -> None:
        in_render.set()
        render(deck, frames)
        in_render.clear()

    for bed in (False, True):
        for _ in range(3):
            clip = constant(0.1, 300)
            weakref.finalize(clip, lambda: freed_by_render.append(in_render.is_set()))
            if bed:
                deck.lay(clip)
            else:
                deck.play(clip)
            del clip
            rendered(deck, 100)
    deck.stop()
    rendered(deck, 1024)
    assert deck.silent
    assert len(freed_by_render) >= 3, "it does not keep all there ever was"
    del deck
    assert freed_by_render == 6 * [False]


def test_rendering_reserves_no_memory_for_samples() -> None:
    deck = Deck(RATE, 2)
    deck.play(constant(0.5), loop=True)
    out = np.zeros((1024, 2), dtype=np.float32)
    deck.render(out)
    peaks = []
    for number in range(5):  # what other threads reserve meanwhile is in some of them
        deck.set_volume(0.5 + 0.1 * number)
        deck.seek(100 * number)
        tracemalloc.start()
        try:
            for _ in range(4):
                deck.render(out)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert min(peaks) < out.nbytes / 4
