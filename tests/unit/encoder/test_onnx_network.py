"""The ear without PyTorch: the same answers from the same file of weights, and words where it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.encoder import checkpoint, export, stored, weights
from engine.encoder.config import EarConfig
from engine.encoder.ear import Ear
from engine.encoder.onnx_network import OnnxNetwork, power_spectra
from engine.encoder.torch_network import TorchNetwork
from engine.errors import ModelError

RATE = EarConfig().rate
SHAPE = stored.read(weights.shipped_model()).config


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    export.export(SHAPE, folder)
    return folder


@pytest.fixture(scope="module")
def ears(graphs: Path) -> tuple[Ear, Ear]:
    """The shipped ear by PyTorch, in single precision on any processor, and by ONNX Runtime."""
    model = stored.read(weights.shipped_model())
    by_torch = TorchNetwork(checkpoint.load(model))
    by_torch._half = False
    by_onnx = OnnxNetwork(model, graphs, threads=2)
    return tuple(Ear(network, name=model.name, fingerprint=model.fingerprint) for network in (by_torch, by_onnx))  # type: ignore[return-value]


def sounds() -> list[np.ndarray]:
    """Of several lengths, most of which fall between cells; an empty and a silent one among them."""
    rng = np.random.default_rng(0)
    times = np.arange(12 * RATE) / RATE
    tone = np.sin(2 * np.pi * 110 * times) * np.exp(-times) + 0.01 * rng.standard_normal(len(times))
    seconds = (0.0, 0.05, 0.5, 1.0, 1.28, 3.3, 12.0)
    return [*(0.3 * tone[: round(RATE * length)].astype(np.float32) for length in seconds), np.zeros(RATE, np.float32)]


def windows(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((count, 5 * RATE)) * np.geomspace(1, 0.001, 5 * RATE)
    chord = sum(np.sin(2 * np.pi * hertz * np.arange(5 * RATE) / RATE) for hertz in (55, 220, 277, 330))
    return (0.1 * (noise + chord)).astype(np.float32)


def test_single_sounds_have_the_same_vectors(ears: tuple[Ear, Ear]) -> None:
    expected, found = (ear.embed(sounds()) for ear in ears)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-4)
    np.testing.assert_allclose(found.families, expected.families, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3, 17])  # 17 are more than one batch
def test_windows_have_the_same_slots(ears: tuple[Ear, Ear], count: int) -> None:
    expected, found = (ear.hear(windows(count)) for ear in ears)
    for name in ("vectors", "presence", "families", "activity"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-4, err_msg=name)


def test_parts_are_the_same(ears: tuple[Ear, Ear]) -> None:
    expected, found = (ear.parts(windows(3)) for ear in ears)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_silence_is_finite(ears: tuple[Ear, Ear]) -> None:
    expected, found = (ear.hear(np.zeros((2, 5 * RATE), np.float32)) for ear in ears)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 640, 20_479, 100_000])
def test_spectra_give_the_log_mel_of_pytorch(samples: int) -> None:
    import torch

    from engine.encoder.mel import LogMel

    mel = LogMel(EarConfig())
    clips = 0.1 * np.random.default_rng(0).standard_normal((3, samples)).astype(np.float32)
    spectra = power_spectra(clips, mel.mel.spectrogram.window.numpy(), EarConfig())
    expected = mel(torch.from_numpy(clips))
    torch.testing.assert_close(mel.of_spectra(torch.from_numpy(spectra)), expected, atol=1e-4, rtol=0)


def test_other_weights_of_the_same_shape_fit(graphs: Path, tmp_path: Path) -> None:
    """Where a model's weights happen to be alike, in one graph or the other, must not matter."""
    import torch

    from engine.encoder.model import EarNetwork

    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = EarNetwork(SHAPE).eval()
    path = tmp_path / "other.safetensors"
    checkpoint.save(path, network, name="other")
    model = stored.read(path)
    expected = TorchNetwork(checkpoint.load(model))
    expected._half = False
    found = OnnxNetwork(model, graphs, threads=1)
    for wanted, answered in zip(expected.windows(windows(2)), found.windows(windows(2)), strict=True):
        np.testing.assert_allclose(answered, wanted, atol=1e-4)


def test_a_model_of_another_shape_is_refused(graphs: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    checkpoint.save(path, checkpoint.untrained(0), name="small")
    with pytest.raises(ModelError, match=r"small\.safetensors.*another shape"):
        OnnxNetwork(stored.read(path), graphs, threads=1)


@pytest.mark.parametrize("damage", [None, b"", b"no graph"])
def test_a_missing_or_damaged_graph_is_named(graphs: Path, tmp_path: Path, damage: bytes | None) -> None:
    for path in graphs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    broken = tmp_path / "windows.onnx"
    if damage is None:
        broken.unlink()
    else:
        broken.write_bytes(damage)
    with pytest.raises(ModelError, match=r"windows\.onnx.*reinstall"):
        OnnxNetwork(stored.read(weights.shipped_model()), tmp_path, threads=1)


def test_another_device_is_refused() -> None:
    with pytest.raises(ModelError, match="build for graphics cards"):
        OnnxNetwork.load(stored.read(weights.shipped_model()), device="cuda")


WITHOUT_TORCH = """
import importlib.util, sys
from pathlib import Path
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else find(name, package)
from engine.encoder import weights
weights.shipped_graphs = lambda: Path(sys.argv[1])
from engine.encoder.ear import Ear
ear = Ear.load()
print(ear.runtime, ear.fingerprint, ear.calibration is not None)
assert not {"torch", "torchaudio", "onnx"} & set(sys.modules), "imported all the same"
"""


def test_where_pytorch_is_not_installed_onnx_runtime_is_taken(graphs: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, str(graphs)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    assert "onnxruntime" in told
    assert weights.fingerprint(weights.shipped_model()) in told
    assert "True" in told
