"""A tiny ear, trained for a minute on procedural instruments: the data, the stages, resumption, export, evaluation."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoder import checkpoint, stored
from engine.encoder.config import LARGE, EarConfig
from engine.encoder.ear import Ear
from engine.encoder.heard import Embeddings
from engine.encoder.model import EarNetwork
from engine.errors import EarshotError
from engine.families import FAMILIES
from engine.training import data
from engine.training.cli import main
from engine.training.config import CLEAN, Roughness, TrainConfig
from engine.training.evaluation import results, table
from engine.training.evaluation.figures import Answer
from engine.training.evaluation.held_out import Material
from engine.training.evaluation.protocols import PROTOCOLS, single
from engine.training.evaluation.systems import ChanceSystem, EarSystem, PooledSystem
from engine.training.guess import guess_families
from engine.training.methods.pooled import PooledNetwork
from engine.training.parts import PARTS
from engine.training.phrase_bank import PhraseBank
from engine.training.stages import STAGES, ear_of, trained_network
from engine.training.trainer import Trainer

TINY = EarConfig(stem_width=8, widths=(8, 16, 32), blocks=(1, 1, 1), layers=1, heads=2, slots=5, slot_layers=1)
SHORT = replace(STAGES["sounds"].config, steps=60, singles=8, mixtures=4, crop_cells=4, warmup=5, cells_each=8)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    card = data.build(directory, midi=None, names=("procedural",), procedural_per_family=3, workers=2)
    assert "| procedural |" in card
    assert (directory / "card.md").read_text() == card
    return directory


@pytest.fixture(scope="module")
def bank(built: Path) -> PhraseBank:
    return PhraseBank(built / "phrases" / "train")


def trainer(bank: PhraseBank, directory: Path, config: TrainConfig = SHORT, ear: EarConfig = TINY) -> Trainer:
    return Trainer(STAGES[config.method].method(bank, config, ear), directory)


def test_no_instrument_is_on_two_sides_of_a_split(built: Path) -> None:
    sides = {
        path.name: {instrument.key for instrument in PhraseBank(path).instruments}
        for path in (built / "phrases").iterdir()
    }
    assert sum(map(len, sides.values())) == len(set().union(*sides.values()))
    assert len(sides["train"]) > 20


@pytest.mark.parametrize("pays", [True, False])
def test_half_precision_is_taken_only_where_it_pays(
    bank: PhraseBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pays: bool
) -> None:
    monkeypatch.setattr("engine.training.trainer.half_precision_pays", lambda device: pays)
    run = trainer(bank, tmp_path)
    taken = []
    of_method = run.method.losses

    def losses(batch: object, generator: torch.Generator) -> dict[str, torch.Tensor]:
        taken.append(torch.is_autocast_enabled("cpu"))
        return of_method(batch, generator)

    monkeypatch.setattr(run.method, "losses", losses)
    run.train(run.draw(0))
    assert taken == [pays]


def test_families_are_guessed_for_those_without_one(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "phrases", tmp_path / "phrases")
    manifest = tmp_path / "phrases" / "train" / "phrases.json"
    entries = json.loads(manifest.read_text())
    entries["instruments"][0]["family"] = None
    manifest.write_text(json.dumps(entries))
    shutil.copytree(tmp_path / "phrases" / "test", tmp_path / "phrases" / "validation", dirs_exist_ok=True)

    class Certain:
        def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
            return Embeddings(np.zeros((len(sounds), 2), np.float32), np.eye(19, dtype=np.float32)[[3] * len(sounds)])

    found = guess_families(tmp_path, Certain())
    assert (found.unknown, found.given) == (1, 1)
    assert found.named == found.known > 0
    assert found.right < found.known
    assert PhraseBank(tmp_path / "phrases" / "train").instruments[0].family == FAMILIES[3]
    assert PhraseBank(tmp_path / "phrases" / "train", guessed=False).instruments[0].family is None


def test_missing_data_and_missing_runs_name_their_remedy(tmp_path: Path) -> None:
    with pytest.raises(EarshotError, match=f"{tmp_path}.*earshot train data"):
        PhraseBank(tmp_path)
    with pytest.raises(EarshotError, match="there is no such run; 'earshot train csn'"):
        trained_network(tmp_path / "csn")


def test_batches_follow_from_the_step_alone(bank: PhraseBank, tmp_path: Path) -> None:
    first, second = trainer(bank, tmp_path).draw(7), trainer(bank, tmp_path).draw(7)
    assert torch.equal(first.clips, second.clips)
    assert torch.equal(first.mixtures.waveform, second.mixtures.waveform)
    other = trainer(bank, tmp_path).draw(8)
    assert not torch.equal(first.clips, other.clips)


def test_stored_energy_is_that_of_the_mixture(bank: PhraseBank, tmp_path: Path) -> None:
    run = trainer(bank, tmp_path, replace(SHORT, method="mixtures", stems=(1, 1), crop_cells=None))
    mixtures = run.draw(0).mixtures
    measured = run.method.network.log_mel.power(mixtures.waveform).sum(dim=(1, 2))
    np.testing.assert_allclose(mixtures.energy.sum(dim=(1, 2, 3)), measured, rtol=0.02)


def test_noise_has_no_owner_and_no_slot_is_to_speak_of_it(bank: PhraseBank, tmp_path: Path) -> None:
    run = trainer(
        bank, tmp_path, replace(SHORT, method="mixtures", stems=(1, 4), mixtures=8, rough=Roughness(noise=0.5))
    )
    noise = run.method.source.mixtures(3, (1, 4), np.random.default_rng(0), 4, Roughness(noise=1.0))
    assert (noise.labels == -1).all()
    assert (noise.energy == 0).all()
    assert (noise.waveform.std(dim=1) > 0.005).all()
    some = run.method.source.mixtures(40, (1, 4), np.random.default_rng(0), 4, Roughness(noise=0.5))
    assert 8 < int((some.labels == -1).all(dim=1).sum()) < 32
    assert all(torch.isfinite(value) for value in run.train(run.draw(0)).values())


def test_rough_mixtures_keep_their_owners(bank: PhraseBank, tmp_path: Path) -> None:
    source = trainer(bank, tmp_path, replace(SHORT, method="mixtures", stems=(1, 4))).method.source
    clean, bed, mastered = (
        source.mixtures(1, (3, 3), np.random.default_rng(5), 4, rough)
        for rough in (CLEAN, Roughness(bed=1.0), Roughness(mastered=1.0))
    )
    for rough in (bed, mastered):
        assert torch.equal(rough.labels, clean.labels)
        assert torch.equal(rough.energy, clean.energy)
    noise = (bed.waveform - clean.waveform).std() / clean.waveform.std()
    assert 10 ** (-41 / 20) < noise < 10 ** (-11 / 20)
    assert mastered.waveform.abs().max() <= 1.05
    assert not torch.allclose(mastered.waveform, clean.waveform, atol=1e-3)


def test_all_of_a_mixture_is_produced_or_none_where_that_is_asked_for(bank: PhraseBank, tmp_path: Path) -> None:
    source = trainer(bank, tmp_path, replace(SHORT, method="mixtures", stems=(1, 4))).method.source
    has_effects = np.array([phrase.produced for phrase in bank.phrases])
    both_ways = {
        n for n in range(len(bank.instruments)) if len({p.produced for p in bank.phrases if p.instrument == n}) == 2
    }
    assert both_ways

    def shares(rough: Roughness) -> np.ndarray:
        """Of the stems that could be had either way, how many have effects in each mixture."""
        mixtures = source.mixtures(40, (4, 4), np.random.default_rng(3), 4, rough)
        free = np.isin(mixtures.labels.numpy(), list(both_ways))
        wet = has_effects[mixtures.rows.numpy()] & free
        return wet.sum(axis=1)[free.any(axis=1)] / free.sum(axis=1)[free.any(axis=1)]

    assert set(shares(Roughness(produced=1.0))) == {1.0}
    assert set(shares(Roughness(dry=1.0))) == {0.0}
    assert 0.2 < shares(CLEAN).mean() < 0.8


def test_an_interrupted_run_ends_like_an_uninterrupted_one(bank: PhraseBank, tmp_path: Path) -> None:
    config = replace(SHORT, steps=12)
    whole = trainer(bank, tmp_path / "whole", config)
    whole.run(progress=False)
    begun = trainer(bank, tmp_path / "parts", config)
    begun.run(seconds=0.0, progress=False)
    assert 0 < begun.step < 10  # the average of the weights is taken after the tenth
    resumed = trainer(bank, tmp_path / "parts", config)
    assert resumed.resume()
    resumed.run(progress=False)
    assert (resumed.step, resumed.clips_seen) == (12, whole.clips_seen)
    for name, value in whole.average.items():
        torch.testing.assert_close(resumed.average[name], value, rtol=1e-3, atol=1e-4)
    for name, value in whole.method.state_dict().items():
        torch.testing.assert_close(resumed.method.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_both_stages_learn_and_the_export_beats_chance(built: Path, bank: PhraseBank, tmp_path: Path) -> None:
    # Long enough to fall by much more than is asked for, whatever the number of threads makes of the rounding.
    sounds = trainer(bank, tmp_path / "sounds", replace(SHORT, steps=120))
    before = {name: value.item() for name, value in sounds.train(sounds.draw(0)).items()}
    sounds.run(progress=False)
    after = {name: value.item() for name, value in sounds.train(sounds.draw(0)).items()}
    assert after["single"] < before["single"] - 1.0
    assert after["dense"] < before["dense"]

    stage = replace(SHORT, method="mixtures", steps=15, warmup=2, stems=(1, 4))
    mixtures = trainer(bank, tmp_path / "mixtures", stage)
    mixtures.begin_with(tmp_path / "sounds")
    mixtures.run(progress=False)
    entries = mixtures.train(mixtures.draw(0))
    assert {"slot", "presence", "cover", "activity", "contrast", "part"} <= entries.keys()
    assert all(torch.isfinite(value) for value in entries.values())

    path = tmp_path / "tiny.safetensors"
    trained = trained_network(tmp_path / "mixtures")
    assert trained.method == "mixtures"
    assert trained.clips_seen == 120 * 12 + 15 * 12
    assert ear_of(tmp_path / "mixtures") == TINY
    assert isinstance(trained.network, EarNetwork)
    checkpoint.save(path, trained.network, name="tiny")
    material = Material(bank)
    ear = single(EarSystem(Ear.load(path, device="cpu")), material).figures
    chance = single(ChanceSystem(), material).figures
    assert ear["top-5"].value > chance["top-5"].value * 1.5


def test_a_run_goes_on_from_a_model_alone(bank: PhraseBank, begun: Path, tmp_path: Path) -> None:
    path = tmp_path / "ear.safetensors"
    network = trained_network(begun / "sounds").network
    assert isinstance(network, EarNetwork)
    checkpoint.save(path, network, name="ear", facts={"clips_seen": "60"})
    run = trainer(bank, tmp_path / "on", replace(SHORT, steps=1))
    run.begin_with_model(stored.read(path))
    for name, value in run.method.network.state_dict().items():
        assert torch.allclose(value.float(), network.state_dict()[name].float(), rtol=1e-3, atol=1e-6)
    assert run.clips_seen == 60

    # What nobody taught is heard: clips lie nearer to the proxy of their own instrument than by chance.
    labels = torch.tensor(run.method.source.sounding)
    clips = run.method.source.singles(labels.numpy(), run.method.source.samples(4), np.random.default_rng(7))
    with torch.no_grad():
        vectors, _ = network.embed(network.log_mel(clips))
        nearest = run.method.proxies.cosines(vectors)[:, labels].argmax(dim=1)
    assert (labels[nearest] == labels).float().mean() > 5 / len(labels), "the ear itself had five lessons"
    run.run(progress=False)


def test_instruments_that_join_a_bank_are_heard_and_the_others_kept(
    built: Path, bank: PhraseBank, tmp_path: Path
) -> None:
    shutil.copytree(built / "phrases" / "train", tmp_path / "fewer")
    manifest = tmp_path / "fewer" / "phrases.json"
    entries = json.loads(manifest.read_text())
    kept = len(bank.instruments) - 5
    entries["phrases"] = [phrase for phrase in entries["phrases"] if phrase["instrument"] < kept]
    manifest.write_text(json.dumps(entries | {name: entries[name][:kept] for name in ("instruments", "notes")}))
    fewer = trainer(PhraseBank(tmp_path / "fewer"), tmp_path / "before", replace(SHORT, steps=2))
    fewer.run(progress=False)
    run = trainer(bank, tmp_path / "after", replace(SHORT, steps=1))
    at_random = run.method.proxies.weight.detach().clone()
    run.begin_with(tmp_path / "before")
    proxies = run.method.proxies.weight.detach()
    assert torch.equal(proxies[:kept], fewer.average["proxies.weight"])
    assert not torch.isclose(proxies[kept:], at_random[kept:]).all(dim=1).any()
    torch.testing.assert_close(proxies[kept:].norm(dim=1), at_random[kept:].norm(dim=1))
    run.run(progress=False)


def test_an_ear_grows_by_layers_that_answer_as_before_and_learn(bank: PhraseBank, begun: Path, tmp_path: Path) -> None:
    small = trained_network(begun / "sounds").network
    assert isinstance(small, EarNetwork)
    config = replace(SHORT, method="mixtures", steps=4, warmup=1, stems=(1, 4))
    run = trainer(bank, tmp_path / "grown", config, replace(TINY, layers=2, fine_layers=1))
    run.begin_with(begun / "sounds")
    grown = run.method.network
    assert isinstance(grown, EarNetwork)
    mixtures = run.draw(0).mixtures.waveform
    with torch.no_grad():
        expected, found = (n.eval().hear(n.log_mel(mixtures)) for n in (small, grown))
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
    further = (grown.backbone.layers[1], grown.slots.fine_layers[0])
    run.run(progress=False)
    assert all(layer.feed[-1].weight.abs().max() > 0 for layer in further)

    other = trainer(bank, tmp_path / "other", config, replace(TINY, parts=4))
    with pytest.raises(RuntimeError, match=r"network\.parts\.queries"):
        other.begin_with(begun / "sounds")


def test_a_run_follows_the_size_of_the_run_it_begins_with(built: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(built)
    small = ["--steps", "1", "--singles", "4", "--mixtures", "2", "--directory", str(tmp_path), "--device", "cpu"]
    with pytest.raises(EarshotError, match="run 'earshot train sounds' first"):
        main(["train", "mixtures", *small])
    assert main(["train", "sounds", "--size", "large", *small]) == 0
    with pytest.raises(EarshotError, match="not of size 'standard'"):
        main(["train", "mixtures", "--size", "standard", *small])
    assert main(["train", "mixtures", *small]) == 0
    assert ear_of(tmp_path / "mixtures") == LARGE
    with pytest.raises(EarshotError, match="not of size 'deep'"):
        main(["train", "mixtures", "--run", "grown", "--after", "mixtures", "--size", "deep", *small])
    assert main(["train", "mixtures", "--run", "whole", "--after", "mixtures", "--whole", *small]) == 0
    assert json.loads((tmp_path / "whole" / "config.json").read_text())["crop_cells"] is None
    mean = tmp_path / "mean.safetensors"
    assert main(["train", "export", "--run", "mixtures", "whole", "--output", str(mean), *small[-4:-2]]) == 0
    assert Ear.load(mean, device="cpu").config == LARGE
    exported = tmp_path / "large.safetensors"
    assert main(["train", "export", "--output", str(exported), "--directory", str(tmp_path)]) == 0
    assert exported.stat().st_size < 40_000_000
    assert Ear.load(exported, device="cpu").config == LARGE
    assert checkpoint.clips_seen(exported) == 12


PUBLISHED = {
    "smti-single": replace(SHORT, method="smti-single", steps=40, singles=16, mixtures=0),
    "smti": replace(SHORT, method="smti", steps=40, singles=0, mixtures=8, stems=(2, 4)),
    "cir-triplet": replace(SHORT, method="cir-triplet", steps=60, mixtures=4, stems=(3, 3), learning_rate=5e-4),
    "cir-infonce": replace(SHORT, method="cir-infonce", steps=60, mixtures=4, stems=(3, 3), learning_rate=5e-4),
    "csn": replace(SHORT, method="csn", steps=40, singles=0, mixtures=2),
}


@pytest.fixture(scope="module")
def begun(bank: PhraseBank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few steps of the run that every published system begins with, and of SMTI's first."""
    directory = tmp_path_factory.mktemp("runs")
    trainer(bank, directory / "sounds", replace(SHORT, steps=5)).run(progress=False)
    trainer(bank, directory / "smti-single", replace(PUBLISHED["smti-single"], steps=5)).run(progress=False)
    return directory


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_systems_learn_and_answer(name: str, bank: PhraseBank, begun: Path, tmp_path: Path) -> None:
    run = trainer(bank, tmp_path / name, PUBLISHED[name])
    after = STAGES[name].after
    assert after is not None
    run.begin_with(begun / after)
    batch = run.draw(0)
    before = sum(value.item() for value in run.train(batch).values())
    run.run(progress=False)
    assert sum(value.item() for value in run.train(batch).values()) < before

    trained = trained_network(tmp_path / name)
    assert trained.method == name
    assert isinstance(trained.network, PooledNetwork)
    system = PooledSystem(trained.network, name, name, "0", 0)
    sounds = [np.random.default_rng(length).standard_normal(length).astype(np.float32) for length in (800, 40_000)]
    vectors = system.embed(sounds)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-3)
    np.testing.assert_allclose(system.embed(sounds[:1])[0], vectors[0], atol=1e-3)
    windows = np.random.default_rng(0).standard_normal((2, TINY.window_samples)).astype(np.float32)
    (heard, _) = system.hear(windows)
    assert len(heard.vectors) == (9 if name == "smti" else 1)
    assert heard.vectors.shape[1] == vectors.shape[1]
    assert system.parts(windows).shape[:2] == (2, 5)

    longer = trainer(bank, tmp_path / "longer", PUBLISHED[name])
    longer.begin_with(tmp_path / name)
    weights, kept = longer.method.state_dict(), run.average
    assert kept is not None
    assert all(torch.equal(weights[at].float(), kept[at].float()) for at in weights), "heads go on, too"


def test_similarity_by_part_is_chance_for_random_vectors(bank: PhraseBank) -> None:
    figures = PROTOCOLS["parts"](ChanceSystem(), Material(bank)).figures
    assert figures["mean"].low < 0.2 < figures["mean"].high


class KnowsThePhrases(ChanceSystem):
    """Tells how much of each instrument's phrases is in a mixture, the same for every part."""

    def __init__(self, bank: PhraseBank) -> None:
        self._phrases = bank.samples / np.linalg.norm(bank.samples, axis=1, keepdims=True)
        self._instruments = np.array([phrase.instrument for phrase in bank.phrases])

    def parts(self, mixtures: np.ndarray) -> np.ndarray:
        there = np.abs(mixtures @ self._phrases.T)
        of_each = np.stack([there[:, self._instruments == n].max(axis=1) for n in np.unique(self._instruments)], axis=1)
        vectors = of_each / np.linalg.norm(of_each, axis=1, keepdims=True)
        return np.repeat(vectors[:, None], len(PARTS), axis=1)


def test_loops_of_the_same_instruments_are_found_by_who_knows_them(bank: PhraseBank) -> None:
    by_chance = PROTOCOLS["loops"](ChanceSystem(), Material(bank)).figures
    known = PROTOCOLS["loops"](KnowsThePhrases(bank), Material(bank)).figures
    assert list(known) == [*PARTS, "mean"]
    assert known["mean"].value > 0.95
    assert by_chance["mean"].value < 0.4


def test_results_are_kept_and_only_what_is_new_is_measured(
    bank: PhraseBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def count(system: ChanceSystem, material: Material) -> Answer:
        asked.append(system.name)
        return single(system, material)

    monkeypatch.setitem(PROTOCOLS, "single", count)

    class Other(ChanceSystem):
        name = "Other"
        identity = "first"

    def measure() -> None:
        table.measure(results.load(tmp_path, "test"), ["single"], [ChanceSystem, Other], Material(bank), tmp_path)

    measure()
    measure()
    assert asked == ["Chance", "Other"]
    first = results.load(tmp_path, "test")
    Other.identity = "second"
    measure()
    assert asked == ["Chance", "Other", "Other"]
    assert results.load(tmp_path, "test").rows["single"]["Chance"] == first.rows["single"]["Chance"]
    assert "| Chance |" in (tmp_path / "results.md").read_text()
    with pytest.raises(EarshotError, match="of split 'test'"):
        results.load(tmp_path, "unseen")
    (tmp_path / "results.json").write_text('{"split": "test", "rows": {"single": {"Chance": {}}}}')
    with pytest.raises(EarshotError, match=r"results.json: not results of this version"):
        results.load(tmp_path, "test")
