"""Hearing a reference, with an ear that knows exactly what it hears."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import decode
from engine.errors import AudioError
from engine.jobs import Cancelled, CancelToken, Progress
from engine.matching.reference import Hearing, hear, hear_as_one
from tests.unit.tone_ear import RATE, TONE_FAMILIES, ToneEar, tone


def place(length_seconds: float, *parts: tuple[int, float, float]) -> np.ndarray:
    """A song from (instrument, start, end) parts."""
    song = np.zeros(round(length_seconds * RATE), np.float32)
    for number, start, end in parts:
        first = round(start * RATE)
        sound = tone(number, end - start)[: len(song) - first]
        song[first : first + len(sound)] += sound
    return song


@pytest.fixture
def song_file(tmp_path: Path):
    def write(samples: np.ndarray, name: str = "song.wav") -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        return path

    return write


def hear_all(path: Path, ear: ToneEar, **options) -> list[Hearing]:
    hearings = list(hear(path, ear, **options))
    assert [hearing.done for hearing in hearings] == [False] * (len(hearings) - 1) + [True]
    return hearings


def similarity(ear: ToneEar, slot, number: int) -> float:
    return float((slot.vectors @ ear.vectors[number]).max())


def test_each_instrument_becomes_one_slot_with_its_time(song_file) -> None:
    song = place(40, (0, 0, 40), (1, 10, 22), (2, 30, 36))
    ear = ToneEar()
    last = hear_all(song_file(song), ear)[-1]

    slots = {slot.family: slot for slot in last.slots}
    assert set(slots) == set(TONE_FAMILIES[:3])
    assert last.duration_seconds == pytest.approx(40, abs=0.01)
    assert last.heard_seconds == pytest.approx(40, abs=0.11)
    for number, (start, end) in enumerate([(0, 40), (10, 22), (30, 36)]):
        slot = slots[TONE_FAMILIES[number]]
        # The mean over windows is nearer to the truth than one window can be.
        assert similarity(ear, slot, number) > 0.95
        assert len(slot.activity) == 1
        assert slot.activity[0] == pytest.approx((start, end), abs=0.3)
        assert len(slot.exposure) == 400
        assert slot.confidence > 0.8


def test_exposed_seconds_are_where_the_others_are_silent(song_file) -> None:
    song = place(40, (0, 0, 40), (1, 5, 20), (2, 5, 40), (1, 31, 34))
    slots = {slot.family: slot for slot in hear_all(song_file(song), ToneEar())[-1].slots}
    start, end = slots["bass"].exposed_seconds
    assert 0 <= start < end <= 5.3
    for slot in slots.values():
        first, last = slot.exposed_seconds
        assert 2 <= last - first <= 5
        assert slot.exposure[round(first * 10) : round(last * 10)].mean() > 0.7


def test_an_instrument_that_returns_is_the_same_slot(song_file) -> None:
    song = place(60, (0, 0, 60), (1, 5, 15), (1, 40, 50))
    slots = {slot.family: slot for slot in hear_all(song_file(song), ToneEar())[-1].slots}
    assert len(slots) == 2
    assert np.array(slots["organ"].activity) == pytest.approx(np.array([(5, 15), (40, 50)]), abs=0.3)


def test_ids_stay_while_results_stream_in(song_file) -> None:
    song = place(60, (0, 0, 60), (1, 10, 50), (2, 20, 60), (3, 40, 60))
    families_by_id: dict[int, str] = {}
    hearings = hear_all(song_file(song), ToneEar())
    assert len(hearings) > 3
    for hearing in hearings:
        for slot in hearing.slots:
            assert families_by_id.setdefault(slot.id, slot.family) == slot.family
    assert sorted(families_by_id) == [1, 2, 3, 4]
    assert hearings[0].heard_seconds == pytest.approx(5.0)
    confidences = [slot.confidence for slot in hearings[-1].slots]
    assert confidences == sorted(confidences, reverse=True)


def test_silence_has_no_slots(song_file) -> None:
    ear = ToneEar()
    last = hear_all(song_file(np.zeros(20 * RATE, np.float32)), ear)[-1]
    assert last.slots == ()
    assert ear.windows == 0
    assert last.duration_seconds == pytest.approx(20)
    assert hear_all(song_file(np.zeros(RATE // 5, np.float32)), ear)[-1].slots == ()


def test_no_activity_in_the_silent_parts(song_file) -> None:
    class EverActive(ToneEar):
        def hear(self, windows):
            heard = super().hear(windows)
            heard.activity[:] = 1.0
            return heard

    (slot,) = hear_all(song_file(place(30, (0, 0, 10), (0, 21, 30))), EverActive())[-1].slots
    assert slot.exposure[105:205].max() == 0
    assert len(slot.activity) == 2


@pytest.mark.parametrize("seconds", [0.05, 0.2, 1.2])
def test_a_short_sound_is_one_slot(song_file, seconds: float) -> None:
    ear = ToneEar()
    hearings = hear_all(song_file(tone(4, seconds)), ear)
    assert ear.windows == 0
    (slot,) = hearings[-1].slots
    assert slot.family == TONE_FAMILIES[4]
    assert slot.id == 1
    assert slot.exposed_seconds == pytest.approx((0, seconds), abs=0.001)
    assert similarity(ear, slot, 4) > 0.9


@pytest.mark.parametrize("seconds", [1.6, 4.0, 5.0, 5.05, 6.3, 7.49, 12.51])
def test_every_length_is_heard_to_its_end(song_file, seconds: float) -> None:
    last = hear_all(song_file(tone(3, seconds)), ToneEar())[-1]
    (slot,) = last.slots
    assert last.heard_seconds == pytest.approx(seconds, abs=0.11)
    assert len(slot.exposure) == pytest.approx(seconds * 10, abs=1)
    assert slot.activity == (pytest.approx((0, seconds), abs=0.21),)


def test_only_the_region_is_heard(song_file) -> None:
    path = song_file(place(40, (0, 0, 20), (1, 20, 40)))
    last = hear_all(path, ToneEar(), start=22.0, end=33.0)[-1]
    (slot,) = last.slots
    assert slot.family == TONE_FAMILIES[1]
    assert slot.activity[0] == pytest.approx((22, 33), abs=0.2)
    assert len(slot.exposure) == 400
    assert 22 <= slot.exposed_seconds[0] < slot.exposed_seconds[1] <= 33.1
    assert last.duration_seconds == pytest.approx(40)
    assert hear_all(path, ToneEar(), start=22.0)[-1].slots[0].family == TONE_FAMILIES[1]


def test_a_short_region_is_one_sound(song_file) -> None:
    path = song_file(place(40, (0, 0, 20), (1, 20, 40)))
    (slot,) = hear_all(path, ToneEar(), start=30.0, end=30.5)[-1].slots
    assert slot.family == TONE_FAMILIES[1]
    assert slot.exposed_seconds == pytest.approx((30.0, 30.5))
    assert slot.activity[0] == pytest.approx((30.0, 30.5), abs=0.1)


def test_a_long_stretch_is_heard_as_one_instrument(song_file) -> None:
    ear = ToneEar()
    path = song_file(place(20, (0, 0, 20), (3, 8, 11)))
    slot = hear_as_one(path, ear, start=12.0, end=18.0, duration_seconds=20.0)
    assert slot is not None
    assert (slot.family, slot.exposed_seconds, slot.confidence) == (TONE_FAMILIES[0], (12.0, 18.0), 1.0)
    assert len(slot.exposure) == 200
    assert slot.activity == ((12.0, 18.0),)
    assert similarity(ear, slot, 0) > 0.9
    assert hear_as_one(song_file(place(20, (0, 0, 5)), "half.wav"), ear, start=8.0, end=12.0) is None


def test_of_a_long_stretch_only_the_loudest_seconds_are_kept(song_file) -> None:
    class Attentive(ToneEar):
        def embed(self, sounds):
            self.seconds = [len(sound) / RATE for sound in sounds]
            self.peak_bytes = tracemalloc.get_traced_memory()[1]
            return super().embed(sounds)

    ear = Attentive()
    path = song_file(0.1 * place(900, (0, 0, 900)) + place(900, (3, 700, 712)))
    tracemalloc.start()
    try:
        slot = hear_as_one(path, ear)
    finally:
        tracemalloc.stop()
    assert ear.peak_bytes < 8e6, "the whole takes 29 MB"
    assert slot is not None
    assert (slot.family, ear.seconds) == (TONE_FAMILIES[3], [10.0])
    assert slot.exposed_seconds == (0.0, 900.0)
    assert len(slot.exposure) == 9000
    assert slot.activity[0][0] == 0.0


def test_a_region_behind_the_end_is_refused_in_words(song_file) -> None:
    with pytest.raises(AudioError, match=r"begins at 50 s, but it is 10\.0 s long"):
        list(hear(song_file(tone(0, 10)), ToneEar(), start=50.0))


def test_what_is_no_sound_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_text("not a song")
    with pytest.raises(AudioError, match=r"song\.wav"):
        next(hear(path, ToneEar()))


def test_progress_reaches_the_end_and_cancel_stops(song_file) -> None:
    path = song_file(tone(0, 60))
    told: list[Progress] = []
    hear_all(path, ToneEar(), progress=told.append)
    assert told[-1].done == pytest.approx(60, abs=0.11)
    assert told[-1].total == pytest.approx(60, abs=0.11)
    assert [step.done for step in told] == sorted(step.done for step in told)

    token = CancelToken()
    hearings = hear(path, ToneEar(), cancel=token)
    next(hearings)
    token.cancel()
    with pytest.raises(Cancelled):
        next(hearings)


def test_three_hours_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file: the decoder hands out three hours of blocks, and only what hearing keeps of them is measured."""
    hours = 3

    def blocks(path, *, rate, block_seconds, start=0.0, end=None):
        block = tone(0, block_seconds) + tone(1, block_seconds)
        for _ in range(round(hours * 3600 / block_seconds)):
            yield block

    monkeypatch.setattr(decode, "probe", lambda path: decode.AudioInfo(hours * 3600.0, RATE, 1))
    monkeypatch.setattr(decode, "stream", blocks)

    class QuickEar(ToneEar):
        answers = None

        def hear(self, windows):
            self.largest_batch = max(self.largest_batch, len(windows))
            self.answers = self.answers or super().hear(windows[:1])
            answers = self.answers
            return type(answers)(**{k: np.repeat(v, len(windows), axis=0) for k, v in vars(answers).items()})

    ear = QuickEar()
    tracemalloc.start()
    hearings = hear("three-hours.wav", ear)
    for last in hearings:  # noqa: B007  the last one is looked at below
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {slot.family for slot in last.slots} == set(TONE_FAMILIES[:2])
    assert len(last.slots[0].exposure) == hours * 36_000
    assert ear.largest_batch <= 16
    assert peak < 40e6  # the decoded song would take 345 MB


@settings(max_examples=20)
@given(
    parts=st.lists(
        st.tuples(st.integers(0, 5), st.floats(0, 25).map(lambda s: round(s, 2)), st.floats(1, 20)), max_size=6
    ),
    seconds=st.floats(1.5, 30).map(lambda s: round(s, 2)),
)
def test_what_is_told_always_makes_sense(tmp_path_factory, parts, seconds: float) -> None:
    song = place(seconds, *[(number, start, start + length) for number, start, length in parts if start < seconds])
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    soundfile.write(path, song, RATE, subtype="FLOAT")
    for hearing in hear_all(path, ToneEar(noise=0.8)):
        assert len({slot.id for slot in hearing.slots}) == len(hearing.slots)
        for slot in hearing.slots:
            assert np.linalg.norm(slot.vectors, axis=1) == pytest.approx(1, abs=1e-5)
            assert 0 <= slot.confidence <= 1
            assert slot.exposure.min() >= 0
            assert slot.exposure.max() <= 1
            assert len(slot.exposure) * 0.1 >= hearing.heard_seconds - 0.2
            edges = [edge for stretch in slot.activity for edge in stretch]
            assert edges == sorted(edges)
            start, end = slot.exposed_seconds
            assert 0 <= start < end <= hearing.duration_seconds + 0.11
