"""Every run that `earshot train` knows: its method, its settings, and the run it begins with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.encoder.config import EarConfig
from engine.encoder.model import EarNetwork
from engine.errors import EarshotError
from engine.training.config import CLEAN, Roughness, TrainConfig
from engine.training.methods.cir import DIMENSION as CIR_DIMENSION
from engine.training.methods.cir import Cir
from engine.training.methods.csn import Csn, CsnNetwork
from engine.training.methods.earshot import EarshotMethod
from engine.training.methods.method import Method
from engine.training.methods.pooled import PooledNetwork
from engine.training.methods.smti import DIMENSION as SMTI_DIMENSION
from engine.training.methods.smti import Smti, SmtiNetwork, SmtiSingle
from engine.training.trainer import averaged_weights


@dataclass(frozen=True)
class Stage:
    """One run.

    Attributes
    ----------
    method : made of a phrase bank, the config and the ear's.
    network : as `method` makes it, for weights that were trained.
    after : the run it begins with, None for random weights.
    """

    method: Callable[..., Method]
    network: Callable[[EarConfig], EarNetwork | PooledNetwork]
    config: TrainConfig
    after: str | None
    help: str


def _pooled(dimension: int) -> Callable[[EarConfig], PooledNetwork]:
    return lambda ear: PooledNetwork(ear, dimension=dimension)


_SOUNDS = TrainConfig()
_ROUGH = Roughness(noise=0.03, bed=0.1, mastered=0.05, produced=0.3, dry=0.2)
_MIXTURES = replace(_SOUNDS, method="mixtures", steps=12_000, singles=40, mixtures=72, stems=(1, 9), rough=_ROUGH)
# The published systems: 112 clips a batch as above, shared out as each method wants them.
_SMTI_SINGLE = replace(_SOUNDS, method="smti-single", steps=600, singles=112, mixtures=0)
_SMTI = replace(_MIXTURES, method="smti", singles=0, mixtures=112, stems=(2, 9), rough=CLEAN)
_CIR = replace(_MIXTURES, rough=CLEAN, singles=84, mixtures=28, stems=(3, 3), learning_rate=5e-4)
_CSN = replace(_MIXTURES, rough=CLEAN, method="csn", singles=0, mixtures=10, learning_rate=5e-4)

STAGES: dict[str, Stage] = {
    "sounds": Stage(EarshotMethod, EarNetwork, _SOUNDS, None, "Earshot's first stage: single sounds"),
    "mixtures": Stage(EarshotMethod, EarNetwork, _MIXTURES, "sounds", "Earshot's second stage: mixtures"),
    "smti-single": Stage(
        SmtiSingle,
        _pooled(SMTI_DIMENSION),
        _SMTI_SINGLE,
        "sounds",
        "Show Me the Instruments: the single encoder",
    ),
    "smti": Stage(Smti, SmtiNetwork, _SMTI, "smti-single", "Show Me the Instruments: the multi encoder"),
    "cir-triplet": Stage(
        Cir,
        _pooled(CIR_DIMENSION),
        replace(_CIR, method="cir-triplet"),
        "sounds",
        "Contrastive Instrument Retrieval, full triplet loss",
    ),
    "cir-infonce": Stage(
        Cir, _pooled(CIR_DIMENSION), replace(_CIR, method="cir-infonce"), "sounds", "the same, InfoNCE loss"
    ),
    "csn": Stage(Csn, CsnNetwork, _CSN, "sounds", "Conditional Similarity Networks: similarity by part"),
}


@dataclass(frozen=True)
class Trained:
    """What a run has come to: its method's name, the network with the averaged weights, on the CPU, and how many clips
    and mixtures taught it, those of the runs it began with included."""

    method: str
    network: EarNetwork | PooledNetwork
    clips_seen: int


def trained_network(directory: Path) -> Trained:
    """The network of a run.

    Raises
    ------
    EarshotError : there is no such run.
    """
    method = _config(directory)["method"]
    network = STAGES[method].network(ear_of(directory))
    average, clips_seen = averaged_weights(directory)
    network.load_state_dict(average)
    return Trained(method, network.eval(), clips_seen)


def ear_of(directory: Path) -> EarConfig:
    """The ear that a run teaches. Raises EarshotError: there is no such run."""
    return EarConfig.from_stored(_config(directory)["ear"])


def _config(directory: Path) -> dict[str, Any]:
    path = directory / "config.json"
    if not path.exists():
        raise EarshotError(f"{directory}: there is no such run; 'earshot train {directory.name}' trains it")
    stored: dict[str, Any] = json.loads(path.read_text())
    return stored
