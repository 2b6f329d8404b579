"""Model files: they rebuild what was saved, or say in words why they cannot."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from engine.encoder import checkpoint, weights
from engine.encoder.ear import Ear
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


def test_model_of_another_format(saved: Path) -> None:
    rewrite(saved, format="99")
    with pytest.raises(ModelError, match="format 99"):
        Ear.load(saved)


@pytest.mark.parametrize("config", ['{"rate": 32000}', "{}", "[]", "nonsense", '{"surprise": 1}'])
def test_model_with_settings_it_does_not_know(saved: Path, config: str) -> None:
    rewrite(saved, config=config)
    with pytest.raises(ModelError, match="does not fit"):
        Ear.load(saved)


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
