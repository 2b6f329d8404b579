"""Model files: they rebuild what was saved, or say in words why they cannot."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from engine.encoder import checkpoint, weights
from engine.encoder.config import EarConfig
from engine.encoder.device import half_precision_pays, pick_device
from engine.encoder.ear import Ear
from engine.encoder.model import EarNetwork
from engine.encoder.torch_network import TorchNetwork
from engine.errors import ModelError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    checkpoint.save(path, checkpoint.untrained(3), name="small")
    return path


def test_a_saved_model_hears_the_same(saved: Path) -> None:
    sound = np.random.default_rng(0).standard_normal(32_000).astype(np.float32) * 0.1
    original = Ear(TorchNetwork(checkpoint.untrained(3)), name="small", fingerprint="")
    loaded = Ear.load(saved, device="cpu")
    assert loaded.name == "small"
    assert loaded.fingerprint == weights.fingerprint(saved)
    assert len(loaded.fingerprint) == 16
    assert float(original.embed([sound]).vectors[0] @ loaded.embed([sound]).vectors[0]) > 0.999


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model"):
        Ear.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 4096])
def test_damaged_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged\.safetensors.*damaged"):
        Ear.load(path)


def test_truncated_model(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged"):
        Ear.load(saved)


def rewrite(path: Path, **changed: str) -> None:
    with safetensors.safe_open(path, framework="pt") as opened:
        metadata = opened.metadata() | changed
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, metadata=metadata)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float8_e4m3fn])
def test_a_model_of_another_program_is_refused(saved: Path, tmp_path: Path, kind: torch.dtype) -> None:
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3, dtype=kind)}, other)
    with pytest.raises(ModelError, match="format unknown"):
        Ear.load(other)
    with safetensors.safe_open(saved, framework="pt") as opened:
        metadata = opened.metadata()
    safetensors.torch.save_file({"weight": torch.zeros(3, dtype=kind)}, other, metadata=metadata)
    with pytest.raises(ModelError, match="damaged or not a model"):
        Ear.load(other)


def test_model_of_another_format(saved: Path) -> None:
    rewrite(saved, format="99")
    with pytest.raises(ModelError, match="format 99"):
        Ear.load(saved)


@pytest.mark.parametrize("config", ['{"rate": 32000}', "{}", "[]", "nonsense", '{"surprise": 1}'])
def test_model_with_settings_it_does_not_know(saved: Path, config: str) -> None:
    rewrite(saved, config=config)
    with pytest.raises(ModelError, match="does not fit"):
        Ear.load(saved)


def test_a_model_from_before_there_were_fine_layers(saved: Path) -> None:
    with safetensors.safe_open(saved, framework="np") as opened:
        settings = json.loads(opened.metadata()["config"])
    rewrite(saved, config=json.dumps({name: value for name, value in settings.items() if name != "fine_layers"}))
    assert Ear.load(saved).config.fine_layers == 0


def test_weights_that_do_not_fit_their_settings(saved: Path, tmp_path: Path) -> None:
    with safetensors.safe_open(saved, framework="pt") as opened:
        metadata = opened.metadata()
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, other, metadata=metadata)
    with pytest.raises(ModelError, match="does not fit"):
        Ear.load(other)


def test_a_device_that_is_not_there(saved: Path) -> None:
    with pytest.raises(ModelError, match="'abacus' is not available"):
        Ear.load(saved, device="abacus")


def test_a_card_for_which_there_are_no_kernels_is_passed_over(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_kernels(*shape: int, device: str) -> torch.Tensor:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", no_kernels)
    assert pick_device() != "cuda"
    with pytest.raises(ModelError, match="'cuda' is not available"):
        pick_device("cuda")


def test_half_precision_is_only_for_cards_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a card of 2018, which reckons in it by detours.
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert not half_precision_pays("cuda")


def test_a_full_card_is_said_in_words(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear.load(saved, device="cpu")

    def full(waveform: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(ear._network._network.log_mel, "forward", full)
    with pytest.raises(ModelError, match="no memory left"):
        ear.embed([np.zeros(100, np.float32)])


def test_the_mean_of_networks_is_that_of_their_weights() -> None:
    first, second = checkpoint.untrained(0), checkpoint.untrained(1)
    expected = {name: value.clone() for name, value in first.state_dict().items()}
    mean = checkpoint.mean_of([first, second]).state_dict()
    for name, value in second.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(mean[name], (expected[name] + value) / 2, atol=1e-6)
    with pytest.raises(ValueError, match="one shape"):
        checkpoint.mean_of([second, EarNetwork(EarConfig())])
