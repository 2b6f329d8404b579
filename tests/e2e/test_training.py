"""A tiny ear, trained for a minute on procedural instruments: the data, the stages, resumption, export, evaluation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoder import checkpoint
from engine.encoder.config import EarConfig
from engine.encoder.ear import Ear
from engine.training import data
from engine.training.evaluation.protocols import Material, single
from engine.training.evaluation.systems import ChanceSystem, EarSystem
from engine.training.phrase_bank import PhraseBank
from engine.training.trainer import MIXTURES, SOUNDS, TrainConfig, Trainer, averaged_network

TINY = EarConfig(stem_width=8, widths=(8, 16, 32), blocks=(1, 1, 1), layers=1, heads=2, slots=5, slot_layers=1)
SHORT = replace(SOUNDS, steps=60, singles=8, mixtures=4, crop_cells=4, warmup=5, cells_each=8)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    data.build(directory, midi=None, names=("procedural",), procedural_per_family=3, workers=2)
    return directory


@pytest.fixture(scope="module")
def bank(built: Path) -> PhraseBank:
    return PhraseBank(built / "phrases" / "train")


def trainer(bank: PhraseBank, directory: Path, config: TrainConfig = SHORT) -> Trainer:
    return Trainer(bank, directory, config, ear=TINY)


def test_no_instrument_is_on_two_sides_of_a_split(built: Path) -> None:
    sides = {
        path.name: {instrument.key for instrument in PhraseBank(path).instruments}
        for path in (built / "phrases").iterdir()
    }
    assert sum(map(len, sides.values())) == len(set().union(*sides.values()))
    assert len(sides["train"]) > 20


def test_batches_follow_from_the_step_alone(bank: PhraseBank, tmp_path: Path) -> None:
    first, second = trainer(bank, tmp_path).draw(7), trainer(bank, tmp_path).draw(7)
    assert torch.equal(first.single_waveform, second.single_waveform)
    assert torch.equal(first.mixtures.waveform, second.mixtures.waveform)
    other = trainer(bank, tmp_path).draw(8)
    assert not torch.equal(first.single_waveform, other.single_waveform)


def test_stored_energy_is_that_of_the_mixture(bank: PhraseBank, tmp_path: Path) -> None:
    run = trainer(bank, tmp_path, replace(SHORT, stage="mixtures", stems=(1, 1)))
    mixtures = run.draw(0).mixtures
    measured = run.network.log_mel.power(mixtures.waveform).sum(dim=(1, 2))
    np.testing.assert_allclose(mixtures.energy.sum(dim=(1, 2, 3)), measured, rtol=0.02)


def test_an_interrupted_run_ends_like_an_uninterrupted_one(bank: PhraseBank, tmp_path: Path) -> None:
    config = replace(SHORT, steps=6)
    whole = trainer(bank, tmp_path / "whole", config)
    whole.run(progress=False)
    begun = trainer(bank, tmp_path / "parts", config)
    begun.run(seconds=0.0, progress=False)
    assert 0 < begun.step < 6
    resumed = trainer(bank, tmp_path / "parts", config)
    assert resumed.resume()
    resumed.run(progress=False)
    assert resumed.step == 6
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_both_stages_learn_and_the_export_beats_chance(built: Path, bank: PhraseBank, tmp_path: Path) -> None:
    sounds = trainer(bank, tmp_path / "sounds")
    before = {name: value.item() for name, value in sounds._train(sounds.draw(0)).items()}
    sounds.run(progress=False)
    after = {name: value.item() for name, value in sounds._train(sounds.draw(0)).items()}
    assert after["single"] < before["single"] - 1.0
    assert after["dense"] < before["dense"]

    stage = replace(MIXTURES, steps=15, singles=8, mixtures=4, crop_cells=4, warmup=2, stems=(1, 4))
    mixtures = trainer(bank, tmp_path / "mixtures", replace(stage, cells_each=8))
    mixtures.start_from(tmp_path / "sounds" / "checkpoint.pt")
    mixtures.run(progress=False)
    entries = mixtures._train(mixtures.draw(0))
    assert {"slot", "presence", "cover", "activity", "contrast"} <= entries.keys()
    assert all(torch.isfinite(value) for value in entries.values())

    path = tmp_path / "tiny.safetensors"
    checkpoint.save(path, averaged_network(tmp_path / "mixtures", TINY), name="tiny")
    material = Material(bank)
    ear = single(EarSystem(Ear.load(path, device="cpu")), material)
    chance = single(ChanceSystem(), material)
    assert ear["top-5"].value > chance["top-5"].value * 1.5
