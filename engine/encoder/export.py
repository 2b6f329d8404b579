"""The network as ONNX graphs, for programs without PyTorch.

A graph holds no weights, only their names: they stay in the one file that is shipped and fingerprinted, and any model
of the same shape fits. Made when a program is packaged; needs the packages of the `packaging` extra.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from engine.encoder.config import EarConfig
from engine.encoder.model import EarNetwork
from engine.encoder.onnx_network import BACKBONE, FIELD

OPSET = 17
_CLIPS, _CELLS = "clips", "cells"
_FIELD_AXES = {
    "cells": {0: _CLIPS, 1: _CELLS},
    "detail": {0: _CLIPS, 1: "steps"},
    "sounding": {0: _CLIPS, 1: _CELLS},
}


class _Called(nn.Module):
    """What the exporter can export: a module, where a method is meant."""

    def __init__(self, network: EarNetwork, method: Callable[..., object]) -> None:
        super().__init__()
        self.network, self._method = network, method

    def forward(self, *inputs: Tensor) -> object:
        return self._method(*inputs)


def export(config: EarConfig, folder: Path) -> None:
    """Write the graphs for networks of one shape, for any number of clips of any number of cells.

    Beside each lies what fits it: the config, and the names of the weights in the order in which it asks for them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = EarNetwork(config).eval()
    for weight in network.state_dict().values():  # the exporter would make one of those that begin alike
        if weight.is_floating_point():
            weight.uniform_()
    power = torch.rand(2, 3 * config.cell_frames, config.fft_size // 2 + 1)
    with torch.no_grad():
        field = network.backbone(network.log_mel.of_spectra(power))
    answers: dict[str, tuple[Callable[..., object], tuple[str, ...]]] = {
        "sounds": (network.sounds_of, ("vectors", "families")),
        "windows": (network.windows_of, ("vectors", "presence", "families", "activity")),
        "parts": (network.parts_of, ("vectors",)),
    }

    def write(name: str, method: Callable[..., object], inputs: dict[str, Tensor], outputs: tuple[str, ...]) -> None:
        _export(_Called(network, method).eval(), inputs, outputs, folder / f"{name}.onnx", config)

    write(BACKBONE, lambda power: network.backbone(network.log_mel.of_spectra(power)), {"power": power}, FIELD)
    for name, (method, outputs) in answers.items():
        write(name, method, dict(zip(FIELD, field, strict=True)), outputs)


def _export(
    module: nn.Module, inputs: dict[str, Tensor], outputs: tuple[str, ...], path: Path, config: EarConfig
) -> None:
    axes = {name: {0: _CLIPS} for name in outputs}
    axes |= {"power": {0: _CLIPS, 1: "frames"}, "activity": {0: _CLIPS, 2: "steps"}, **_FIELD_AXES}
    with torch.no_grad(), warnings.catch_warnings():
        # Shapes that the tracer takes for constants: they are, within one config; and a notice on its own successor.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            path,
            dynamo=False,
            opset_version=OPSET,
            # Weights folded into others would lose the names by which they are found.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: axes[name] for name in (*inputs, *outputs)},
        )
    model = onnx.load(path)
    names = _take_out_weights(model.graph)
    onnx.save(model, path)
    told = {"config": asdict(config), "weights": names}
    path.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _take_out_weights(graph: onnx.GraphProto) -> list[str]:
    """Leave names instead of numbers, marked as kept elsewhere: who runs the graph provides them."""
    names = {tensor.name: tensor.name.removeprefix("network.") for tensor in graph.initializer}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        place = tensor.external_data.add()
        place.key, place.value = "location", "weights"
    return list(names.values())
