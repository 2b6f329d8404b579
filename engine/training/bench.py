"""`earshot bench ear`: how fast the ear is on the device at hand, beside the published architectures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import nn

from engine.audio.decode import decode, resample
from engine.encoder.device import half_precision_pays
from engine.encoder.ear import Ear
from engine.training.architectures import AstBase, SmtiLarge, SmtiSmall

ROUNDS = 5
BATCH = 8


def bench_ear(model_ear: Ear) -> list[tuple[str, float, float]]:
    """(what, answers a second, ratio to Earshot's windows): each the median of `ROUNDS` rounds, taken in turn.

    Windows are what a reference is heard in, log-mel included; the published networks get their mel as a gift.
    """
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((BATCH, model_ear.config.window_samples)).astype(np.float32) * 0.1
    seconds = [rng.standard_normal(model_ear.rate).astype(np.float32) * 0.1 for _ in range(4 * BATCH)]
    with tempfile.TemporaryDirectory() as folder:
        return _bench(model_ear, windows, seconds, _files(Path(folder), len(seconds), rng))


def _bench(
    model_ear: Ear, windows: np.ndarray, seconds: list[np.ndarray], files: list[Path]
) -> list[tuple[str, float, float]]:
    def embed_files() -> None:
        sounds = [decode(path) for path in files]
        model_ear.embed([resample(sound.mono(), sound.rate, model_ear.rate) for sound in sounds])

    tasks: dict[str, tuple[Callable[[], object], int]] = {
        "Earshot, 5 s windows of a reference": (lambda: model_ear.hear(windows), BATCH),
        "Earshot, one-second sounds": (lambda: model_ear.embed(seconds), len(seconds)),
        "Earshot, one-second WAV files, decode included": (embed_files, len(files)),
    }
    for name, kind in (
        ("SMTI small, 5 s windows", SmtiSmall),
        ("SMTI large (ConvNeXt-small), 5 s windows", SmtiLarge),
        ("CIR (AST-base), 10.24 s windows", AstBase),
    ):
        tasks[name] = (_forward(kind(), kind.shape, model_ear.device), BATCH)
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(ROUNDS + 1):
        for name, (task, count) in tasks.items():
            began = time.perf_counter()
            task()
            if turn:  # the first round warms up
                taken[name].append(count / (time.perf_counter() - began))
    rates = {name: float(np.median(values)) for name, values in taken.items()}
    ours = rates["Earshot, 5 s windows of a reference"]
    return [(name, rate, rate / ours) for name, rate in rates.items()]


def _files(folder: Path, count: int, rng: np.random.Generator) -> list[Path]:
    """One-second stereo WAV files at 44.1 kHz."""
    paths = [folder / f"{number}.wav" for number in range(count)]
    for path in paths:
        soundfile.write(path, rng.uniform(-0.5, 0.5, (44_100, 2)), 44_100, subtype="PCM_16")
    return paths


def _forward(network: nn.Module, shape: tuple[int, ...], device: str) -> Callable[[], object]:
    network = network.to(device).eval()
    mel = torch.randn(BATCH, *shape, device=device)
    half = half_precision_pays(device)

    def run() -> object:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=half):
            return network(mel).float().cpu()

    return run
