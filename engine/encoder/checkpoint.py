"""The ear as a file: float16 safetensors with the config that built them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from engine.encoder.config import FORMAT_VERSION, EarConfig
from engine.encoder.model import EarNetwork
from engine.encoder.stored import StoredModel


def save(path: Path, network: EarNetwork, *, name: str, facts: dict[str, str] | None = None) -> None:
    """Write weights in float16 with config, format version and `facts` (such as date and data) as metadata."""
    metadata = {"format": str(FORMAT_VERSION), "name": name, "config": json.dumps(asdict(network.config))}
    tensors = {
        key: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for key, value in network.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    safetensors.torch.save_file(tensors, part, metadata=metadata | (facts or {}))
    part.replace(path)


def load(stored: StoredModel) -> EarNetwork:
    """The network of a file that was read, on the CPU.

    Raises
    ------
    ModelError : the weights do not fit their own config.
    """
    try:
        network = EarNetwork(stored.config)
        network.load_state_dict({key: torch.from_numpy(value) for key, value in stored.tensors.items()})
    except (TypeError, ValueError, RuntimeError) as error:
        raise stored.does_not_fit(error) from error
    return network.eval()


def mean_of(networks: Sequence[EarNetwork]) -> EarNetwork:
    """The first of the networks, with the mean of the weights of all: they have to be stretches of one training.

    Averaging what one training came to at different times is nearer to the middle of its valley than any of them
    (Izmailov et al., 'Averaging Weights Leads to Wider Optima and Better Generalization', 2018, section 3).

    Raises
    ------
    ValueError : they are not of one shape.
    """
    first, states = networks[0], [network.state_dict() for network in networks]
    if any(network.config != first.config for network in networks):
        raise ValueError("only ears of one shape can be averaged")
    first.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
            for name, value in states[0].items()
        }
    )
    return first


def clips_seen(path: Path) -> int:
    """How many clips and mixtures taught a model, 0 where it does not tell.

    Raises
    ------
    OSError, safetensors.SafetensorError : the file cannot be read.
    """
    with safetensors.safe_open(path, framework="np") as opened:
        return int((opened.metadata() or {}).get("clips_seen", 0))


def untrained(seed: int) -> EarNetwork:
    """A small network with random weights, for tests of everything around the ear."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = EarConfig(
            stem_width=8, widths=(8, 16, 32), blocks=(1, 1, 1), layers=1, heads=2, slots=4, slot_layers=1
        )
        return EarNetwork(config).eval()
