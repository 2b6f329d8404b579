"""The same figures on CUDA as on the processor, within rounding, and a trainer that trains there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoder.config import EarConfig
from engine.encoder.ear import Ear
from engine.training import data
from engine.training.phrase_bank import PhraseBank
from engine.training.stages import STAGES
from engine.training.trainer import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")

TINY = EarConfig(stem_width=8, widths=(8, 16, 32), blocks=(1, 1, 1), layers=1, heads=2, slots=5, slot_layers=1)


@pytest.fixture(scope="module")
def ears() -> tuple[Ear, Ear]:
    return Ear.load(device="cpu"), Ear.load(device="cuda")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> PhraseBank:
    directory = tmp_path_factory.mktemp("data")
    data.build(directory, midi=None, names=("procedural",), procedural_per_family=3, workers=2)
    return PhraseBank(directory / "phrases" / "train")


def windows(ear: Ear, count: int = 6) -> np.ndarray:
    """Decaying chords of sawtooth waves, one pitch higher from window to window: float32 [count, samples]."""
    time = np.arange(round(ear.window_seconds * ear.rate)) / ear.rate
    chords = [sum(((hertz * 2 ** (n / 6) * time) % 1.0) - 0.5 for hertz in (110.0, 165.0, 440.0)) for n in range(count)]
    return (0.2 * np.stack(chords) * np.exp(-(time % 1.0) * 4)).astype(np.float32)


def test_sounds_have_the_same_vectors(ears: tuple[Ear, Ear]) -> None:
    sounds = [
        window[:length] for window, length in zip(windows(ears[0]), (8_000, 32_000, 33_000, 160_000), strict=False)
    ]
    here, there = (ear.embed(sounds) for ear in ears)
    assert (here.vectors * there.vectors).sum(axis=1).min() > 0.99
    np.testing.assert_allclose(there.families, here.families, atol=0.05)


def test_windows_have_the_same_slots(ears: tuple[Ear, Ear]) -> None:
    here, there = (ear.hear(windows(ear)) for ear in ears)
    np.testing.assert_allclose(there.presence, here.presence, atol=0.05)
    present = here.presence > 0.5
    assert (here.vectors * there.vectors).sum(axis=2)[present].min() > 0.98
    np.testing.assert_allclose(there.activity[present], here.activity[present], atol=0.1)


@pytest.mark.parametrize("name", ["sounds", "mixtures", "smti-single", "smti", "cir-triplet", "cir-infonce", "csn"])
def test_every_method_trains(name: str, bank: PhraseBank, tmp_path: Path) -> None:
    stage = STAGES[name]
    config = replace(
        stage.config,
        steps=12,
        singles=min(stage.config.singles, 6),
        mixtures=min(stage.config.mixtures, 2),
        stems=(min(stage.config.stems[0], 3), min(stage.config.stems[1], 3)),
        crop_cells=4,
        cells_each=8,
    )
    run = Trainer(stage.method(bank, config, TINY), tmp_path, device="cuda")
    run.run(progress=False)
    assert run.step == 12
    assert all(torch.isfinite(value).all() for value in run.method.network.state_dict().values())
