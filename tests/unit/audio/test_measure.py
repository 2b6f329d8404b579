"""Measured facts, on sounds whose facts are known because they are made here."""

from __future__ import annotations

import time

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.declared import Declared
from engine.audio.decode import Audio
from engine.audio.loudness import loudness
from engine.audio.measure import estimate_key, estimate_pitch, estimate_tempo, measure

RATE = 44_100


def note(hz: float, seconds: float = 1.0, *, decay: float = 3.0, harmonics: int = 5, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, harmonics + 1) if hz * k < rate / 2)
    return (0.3 * tone * np.exp(-decay * t)).astype(np.float32)


def noise(seconds: float, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def beat(bpm: float, beats: int, *, hits_per_beat: int = 2) -> np.ndarray:
    """A loop: a thud on each beat and ticks between."""
    length = round(beats * 60.0 / bpm * RATE)
    loop = np.zeros(length + RATE, np.float32)
    for hit in range(beats * hits_per_beat):
        start = round(hit * 60.0 / bpm / hits_per_beat * RATE)
        sound = note(60, 0.2, decay=20) * 3 if hit % hits_per_beat == 0 else 0.5 * noise(0.05, seed=hit)
        loop[start : start + len(sound)] += sound
    return loop[:length]


def syllables(seed: int) -> np.ndarray:
    """What begins as often as in a loop, and as evenly as in speech, for two seconds and more."""
    rng = np.random.default_rng(seed)
    said = [note(rng.uniform(90, 180), gap, decay=6) for gap in rng.uniform(0.12, 0.3, 10)]
    return np.concatenate(said)


def mono(samples: np.ndarray) -> Audio:
    return Audio(samples[None], RATE)


def test_loudness_of_the_standards_test_tone() -> None:
    # ITU-R BS.1770: a 997 Hz sine of full scale in one channel reads -3.01 LKFS.
    sine = np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE).astype(np.float32)
    assert loudness(sine[None], RATE) == pytest.approx(-3.01, abs=0.1)
    assert loudness(np.stack([sine, sine]), RATE) == pytest.approx(0.0, abs=0.1)


@settings(max_examples=60)
@given(
    seconds=st.floats(0.45, 3.0),
    channels=st.integers(1, 5),
    rate=st.sampled_from([8_000, 22_050, 44_100, 48_000, 96_000]),
    decay=st.floats(0.0, 20.0),
    seed=st.integers(0, 99),
)
def test_loudness_is_that_of_pyloudnorm(seconds: float, channels: int, rate: int, decay: float, seed: int) -> None:
    time_axis = np.arange(round(seconds * rate)) / rate
    random = np.random.default_rng(seed)
    gains = random.uniform(0.01, 0.5, (channels, 1)) * np.exp(-decay * time_axis)
    samples = (gains * random.normal(0.0, 1.0, gains.shape)).astype(np.float32)
    expected = pyloudnorm.Meter(rate).integrated_loudness(samples.T.astype(np.float64))
    assert loudness(samples, rate) == pytest.approx(expected, abs=0.01)


@settings(max_examples=60)
@given(seconds=st.floats(0.001, 2.0), gain_db=st.floats(-40.0, 0.0), channels=st.sampled_from([1, 2, 6, 8]))
def test_loudness_follows_the_gain(seconds: float, gain_db: float, channels: int) -> None:
    samples = np.stack([note(440, seconds, decay=0.0)] * channels)  # steady: the gate takes nothing away
    quiet = loudness((samples * 10 ** (gain_db / 20)).astype(np.float32), RATE)
    loud = loudness(samples, RATE)
    assert loud is not None
    assert quiet is not None
    # Below the absolute gate of the standard, -70 LUFS, nothing is weighted by frequency any more.
    assert quiet - loud == pytest.approx(gain_db, abs=0.2 if quiet > -69 else 6.0)


def test_silence_has_no_loudness() -> None:
    assert loudness(np.zeros((2, RATE), np.float32), RATE) is None
    facts = measure(mono(np.zeros(RATE, np.float32)))
    assert (facts.loudness_lufs, facts.peak_db, facts.pitch_hz) == (None, -120.0, None)


@pytest.mark.parametrize("seconds", [0.1, 0.3, 2.0])
@pytest.mark.parametrize("midi", [24, 33, 45, 60, 72, 84, 96, 105])
def test_pitch_of_a_note(midi: int, seconds: float) -> None:
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    pitch, confidence = estimate_pitch(note(hz, seconds), RATE)
    assert pitch is not None
    assert abs(12 * np.log2(pitch / hz)) < 0.1
    assert confidence > 0.8


@settings(max_examples=30)
@given(midi=st.floats(30, 96), rate=st.sampled_from([16_000, 22_050, 48_000, 96_000]), level_db=st.floats(-50, 0))
def test_pitch_at_any_rate_and_level(midi: float, rate: int, level_db: float) -> None:
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    pitch, _ = estimate_pitch((note(hz, rate=rate) * 10 ** (level_db / 20)).astype(np.float32), rate)
    assert pitch is not None
    assert abs(12 * np.log2(pitch / hz)) < 0.2


def test_what_has_no_steady_pitch_has_none() -> None:
    t = np.arange(RATE) / RATE
    falling = np.sin(2 * np.pi * np.cumsum(50 + 200 * np.exp(-20 * t)) / RATE) * np.exp(-8 * t)
    for sound in (noise(1.0), falling.astype(np.float32), np.ones(1, np.float32), np.zeros(RATE, np.float32)):
        pitch, confidence = estimate_pitch(sound, RATE)
        assert pitch is None
        assert 0.0 <= confidence < 0.5


@pytest.mark.parametrize("bpm", [72.0, 90.0, 97.0, 120.0, 128.0, 140.0, 174.0])
def test_loops_have_their_tempo(bpm: float) -> None:
    facts = measure(mono(beat(bpm, 8)))
    assert facts.kind == "loop"
    assert facts.pitch_hz is None
    assert facts.tempo_bpm is not None
    # A loop of even beats does not say which of its octaves is meant.
    octave = np.log2(facts.tempo_bpm / bpm)
    assert abs(octave - round(octave)) < 0.01


@pytest.mark.parametrize("behind", [0.0, 0.05, 0.1, 1 / 3, 0.5, 1.0])
@pytest.mark.parametrize("bpm", [84.0, 90.0, 118.0, 126.0])
def test_what_lies_behind_a_loop_does_not_change_its_tempo(bpm: float, behind: float) -> None:
    for tail in (np.zeros(round(behind * RATE)), 0.003 * noise(behind) if behind else np.zeros(0)):
        facts = measure(mono(np.concatenate([beat(bpm, 8), tail]).astype(np.float32)))
        assert facts.kind == "loop"
        assert facts.tempo_bpm is not None
        octave = np.log2(facts.tempo_bpm / bpm)
        assert abs(octave - round(octave)) < np.log2(1.01)


def test_an_echo_that_dies_away_is_no_loop() -> None:
    hit, repeats = note(440, 0.3), np.zeros(round(5.1 * RATE), np.float32)
    for number in range(10):
        repeats[round(0.45 * number * RATE) :][: hit.size] += 0.7**number * hit
    assert measure(mono(repeats)).kind == "one-shot"


def test_a_loop_lasts_whole_beats_or_is_told_to_be_one() -> None:
    loop = beat(90.0, 8)
    assert measure(mono(np.pad(loop, (0, RATE // 3)))).kind == "loop"  # a silence behind it is none of it
    kept_on = measure(mono(loop[: round(4.6 * RATE)]))
    assert (kept_on.kind, kept_on.tempo_bpm) == ("loop", pytest.approx(90.0, rel=0.01))  # it is cut, but on the beat
    spoken = mono(syllables(1))
    assert measure(spoken).kind == "one-shot"
    assert measure(spoken, Declared(tempo_bpm=90.0)).kind == "loop"
    assert measure(spoken, Declared(kind="loop")).kind == "loop"


def test_speech_is_seldom_a_loop() -> None:
    kinds = [measure(mono(syllables(seed))).kind for seed in range(20)]
    assert kinds.count("loop") <= 7  # 19 of them have a pulse


def test_tempo_of_a_song_part() -> None:
    song = beat(126.0, 60)
    tempo = estimate_tempo(song[RATE // 3 :], RATE)
    assert tempo == pytest.approx(126.0, abs=0.5)
    assert estimate_tempo(noise(10.0), RATE) is None
    assert estimate_tempo(np.zeros(RATE * 5, np.float32), RATE) is None
    assert estimate_tempo(noise(0.01), RATE) is None


@pytest.mark.parametrize(
    "sound", [note(110, 4.0, decay=0.5), note(110, 0.2), noise(3.0), beat(120, 8)[: RATE // 2]], ids=str
)
def test_what_does_not_repeat_is_a_one_shot(sound: np.ndarray) -> None:
    facts = measure(mono(sound))
    assert (facts.kind, facts.tempo_bpm) == ("one-shot", None)


def test_what_the_file_tells_is_not_measured() -> None:
    told = measure(mono(beat(90.0, 8)), Declared(tempo_bpm=180.0, key="A minor"))
    assert (told.kind, told.tempo_bpm, told.key) == ("loop", 180.0, "A minor")
    assert told.declared == ("tempo", "key")
    hit = measure(mono(beat(90.0, 8)), Declared(kind="one-shot", tempo_bpm=90.0))
    assert (hit.kind, hit.tempo_bpm, hit.declared) == ("one-shot", None, ("kind",))
    held = measure(mono(note(110, 4.0)), Declared(kind="loop", tempo_bpm=120.0))
    assert (held.kind, held.tempo_bpm) == ("loop", 120.0)
    stab = measure(mono(note(110, 0.5)), Declared(key="A minor"))
    assert (stab.kind, stab.key, stab.declared) == ("one-shot", "A minor", ("key",))


def test_a_number_in_the_name_is_the_tempo_where_the_sound_agrees() -> None:
    loop, cut = beat(90.0, 8), beat(90.0, 8)[: 5 * RATE]
    for sound, number, tempo in ((loop, 180.0, 180.0), (loop, 100.0, 90.0), (cut, 90.0, 90.0)):
        facts = measure(mono(sound), Declared(supposed_tempi=(61.0, number)))
        assert (facts.kind, facts.tempo_bpm) == ("loop", pytest.approx(tempo, abs=0.5))
        assert facts.declared == (("tempo",) if tempo == number else ())
    # A drum machine's number is no tempo of its hit.
    assert measure(mono(note(60, 0.5)), Declared(supposed_tempi=(120.0,))).tempo_bpm is None


def test_held_chords_of_whole_bars_at_the_told_tempo_are_a_loop() -> None:
    held = mono(note(110, 8.0, decay=0.0))
    assert measure(held).kind == "one-shot"
    for said in (Declared(tempo_bpm=120.0), Declared(supposed_tempi=(120.0,), key="A minor")):
        facts = measure(held, said)
        assert (facts.kind, facts.tempo_bpm) == ("loop", 120.0)
    for said in (
        Declared(tempo_bpm=125.0),
        Declared(supposed_tempi=(120.0,)),
        Declared(kind="one-shot", tempo_bpm=120.0),
    ):
        assert measure(held, said).kind == "one-shot"


@pytest.mark.parametrize(("root_note", "hertz"), [(45, 110.0), (57, 110.0), (33, 110.0), (50, 146.83)])
def test_a_told_note_is_heard_in_its_octave(root_note: int, hertz: float) -> None:
    facts = measure(mono(note(110, 1.0)), Declared(root_note=root_note))
    assert facts.pitch_hz == pytest.approx(hertz, rel=0.005)
    assert facts.declared == ("pitch",)


def test_a_told_note_that_pulses_is_no_loop() -> None:
    pulses = np.tile(note(262, 0.25, decay=4.0), 12)
    assert measure(mono(pulses)).kind == "loop"
    facts = measure(mono(pulses), Declared(root_note=60))
    assert (facts.kind, facts.tempo_bpm, facts.declared) == ("one-shot", None, ("pitch",))
    assert facts.pitch_hz == pytest.approx(262, rel=0.01)
    for said in (Declared(root_note=60, tempo_bpm=120.0), Declared(root_note=60, kind="loop"), Declared(root_note=62)):
        assert measure(mono(pulses), said).kind == "loop"  # it says so, or the note is another one
    drums = mono(beat(120.0, 8))
    assert measure(drums, Declared(root_note=45)).kind == "loop"  # 'Break A2' is the second of A


def test_loops_have_a_key() -> None:
    chords = np.concatenate([note(220 * 2 ** (n / 12), 0.5) for n in (0, 3, 7, 5, 8, 12, 7, 11, 14, 0, 3, 7)])
    assert measure(mono(chords), Declared(kind="loop")).key == "A minor"


def test_half_a_minute_and_more_is_long() -> None:
    facts = measure(mono(noise(31.0)))
    assert (facts.kind, facts.duration_seconds, facts.pitch_hz) == ("long", pytest.approx(31.0), None)


@pytest.mark.parametrize(
    ("degrees", "tonic", "name"),
    [
        ([(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)], 60, "C major"),
        ([(0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)], 57, "A minor"),
        ([(0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)], 66, "F# minor"),
        ([(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)], 63, "D# major"),
    ],
)
def test_key_of_a_cadence(degrees: list[tuple[int, ...]], tonic: int, name: str) -> None:
    chords = [
        sum(note(440.0 * 2 ** ((tonic + degree - 69) / 12), 1.5, decay=1.0) for degree in chord) for chord in degrees
    ]
    assert estimate_key(np.concatenate(chords).astype(np.float32), RATE) == name


def test_no_key_without_notes() -> None:
    assert estimate_key(np.zeros(RATE * 3, np.float32), RATE) is None
    assert estimate_key(note(440, 0.1), RATE) is None


@settings(max_examples=30)
@given(
    frames=st.integers(1, 3_000),
    channels=st.integers(1, 8),
    rate=st.sampled_from([1_000, 8_000, 44_100, 192_000]),
    scale=st.sampled_from([0.0, 1e-9, 1e-3, 1.0, 1e4]),
    seed=st.integers(0, 99),
)
def test_any_sound_can_be_measured(frames: int, channels: int, rate: int, scale: float, seed: int) -> None:
    samples = (np.random.default_rng(seed).normal(0, scale, (channels, frames))).astype(np.float32)
    facts = measure(Audio(samples, rate))
    numbers = (facts.peak_db, facts.loudness_lufs, facts.pitch_hz, facts.pitch_confidence, facts.tempo_bpm)
    assert all(number is None or np.isfinite(number) for number in numbers)
    assert facts.kind in ("one-shot", "loop", "long")
    assert 0.0 <= facts.pitch_confidence <= 1.0


def test_a_one_shot_is_measured_in_milliseconds() -> None:
    audio = mono(note(220))
    measure(audio)
    times = []
    for _ in range(15):
        start = time.process_time()
        measure(audio)
        times.append(time.process_time() - start)
    assert min(times) < 0.01
