"""What a worker makes of files, without a process around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.decode import decode
from engine.audio.hearable import LONGEST_HEARD_SECONDS
from engine.library.messages import Decoding, Done, Embedding, Message
from engine.library.queue import Pending
from engine.library.results import Failed, Heard
from engine.library.worker import hear
from tests.unit.library.ears import ToyEar


class _AttentiveEar(ToyEar):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[np.ndarray] = []

    def embed(self, sounds: list[np.ndarray]) -> object:  # type: ignore[override]
        self.heard += sounds
        return super().embed(sounds)


def test_a_task_is_told_step_by_step(tmp_path: Path, tone: Callable[..., Path]) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    task = [
        Pending(1, str(tone(tmp_path / "one.wav"))),
        Pending(2, str(tmp_path / "text.wav")),
        Pending(3, str(tone(tmp_path / "three.wav", 1_000.0))),
    ]
    told: list[Message] = []
    hear(task, ToyEar(), told.append)

    assert told[0] == Decoding(1)
    assert told[1] == Decoding(2)
    assert isinstance(told[2], Done)
    assert [type(outcome) for outcome in told[2].outcomes] == [Failed]
    assert told[3:5] == [Decoding(3), Embedding()]
    assert isinstance(told[5], Done)
    one, three = told[5].outcomes
    assert isinstance(one, Heard)
    assert isinstance(three, Heard)
    assert (one.sound_id, three.sound_id) == (1, 3)
    assert one.vectors != three.vectors
    assert len(told) == 6


def test_nothing_usable_is_not_embedded(tmp_path: Path) -> None:
    told: list[Message] = []
    hear([Pending(1, str(tmp_path / "gone.wav"))], ToyEar(), told.append)
    assert told == [Decoding(1), Done((Failed(1, "There is no such file.", unread=True),))]


def test_of_a_long_file_the_beginning_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_U8") as file:
        for minute in range(10):
            file.write(np.random.default_rng(minute).normal(0, 0.1, 60 * 8_000))
    ear, told = _AttentiveEar(), list[Message]()
    hear([Pending(1, str(path))], ear, told.append)
    assert isinstance(told[-1], Done)
    (outcome,) = told[-1].outcomes
    assert isinstance(outcome, Heard)
    assert (outcome.facts.kind, outcome.facts.duration_seconds) == ("long", 600.0)
    assert len(ear.heard[0]) == LONGEST_HEARD_SECONDS * ear.rate


def test_of_a_stem_that_begins_late_what_comes_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "vocal.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "FLOAT") as file:
        file.write(np.zeros(90 * 8_000))
        file.write(np.random.default_rng(1).normal(0, 0.1, 20 * 8_000))
    ear, told = _AttentiveEar(), list[Message]()
    hear([Pending(1, str(path))], ear, told.append)
    assert isinstance(told[-1], Done)
    (outcome,) = told[-1].outcomes
    assert isinstance(outcome, Heard)
    assert (outcome.facts.kind, outcome.facts.duration_seconds) == ("long", 110.0)
    assert ear.heard[0][: ear.rate].std() == pytest.approx(0.1, rel=0.1), "it begins with the sound"


def test_many_channels_at_a_high_rate_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "array.wav"
    with soundfile.SoundFile(path, "w", 192_000, 64, "PCM_U8") as file:
        for second in range(4):
            file.write(np.random.default_rng(second).normal(0, 0.1, (192_000, 1)).repeat(64, axis=1))
    ear, told = _AttentiveEar(), list[Message]()
    hear([Pending(1, str(path))], ear, told.append)
    assert isinstance(told[-1], Done)
    (outcome,) = told[-1].outcomes
    assert isinstance(outcome, Heard)
    assert (outcome.facts.channels, outcome.facts.duration_seconds) == (64, 4.0)
    assert len(ear.heard[0]) < 2.1 * ear.rate


def test_the_ear_gets_mono_at_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    t = np.arange(48_000) / 48_000
    soundfile.write(path, np.stack([np.sin(2 * np.pi * 100 * t), np.zeros_like(t)], axis=1), 48_000)
    ear = _AttentiveEar()
    hear([Pending(1, str(path))], ear, lambda _: None)
    (heard,) = ear.heard
    np.testing.assert_allclose(heard, decode(path, rate=16_000).mono(), atol=1e-4)
    assert heard.dtype == np.float32


def test_what_a_file_says_of_itself_reaches_the_catalog(tmp_path: Path) -> None:
    path = tmp_path / "Long tone 92bpm F#min.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(31 * 8_000) * 0.2), 8_000)
    told: list[Message] = []
    hear([Pending(7, str(path))], ToyEar(), told.append)
    (heard,) = next(message for message in told if isinstance(message, Done)).outcomes
    assert isinstance(heard, Heard)
    assert (heard.facts.kind, heard.facts.tempo_bpm, heard.facts.key) == ("long", 92.0, "F# minor")
    assert heard.facts.declared == ("tempo", "key")


def test_an_ear_that_makes_no_sense(tmp_path: Path, tone: Callable[..., Path]) -> None:
    class Confused(ToyEar):
        def embed(self, sounds: list[np.ndarray]) -> object:  # type: ignore[override]
            embeddings = super().embed(sounds)
            embeddings.vectors[0] = np.nan
            return embeddings

    told: list[Message] = []
    hear([Pending(n, str(tone(tmp_path / f"{n}.wav"))) for n in (1, 2)], Confused(), told.append)
    assert isinstance(told[-1], Done)
    assert [type(outcome) for outcome in told[-1].outcomes] == [Failed, Heard]
