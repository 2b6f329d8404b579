"""The network run by ONNX Runtime on the processor: no PyTorch, a tenth of its size.

The graphs (`engine.encoder.export`) begin at power spectra and hold no weights; both come from here.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
import scipy.fft

from engine.encoder import weights
from engine.encoder.config import EarConfig
from engine.encoder.stored import StoredModel
from engine.errors import ModelError

BACKBONE = "backbone"
QUESTIONS = ("sounds", "windows", "parts")
"""The graphs of a folder: what the backbone makes of spectra, and what each question makes of that."""
FIELD = ("cells", "detail", "sounding")
"""What goes from the one to the others."""
WINDOW = "log_mel.mel.spectrogram.window"
"""The one weight that is used before the graphs begin."""

_ONLY_FATAL = 4
_SECONDS_AT_ONCE = 10.0
"""Audio whose spectra are taken in one go: they stay in the processor's cache."""


class OnnxNetwork:
    """See `engine.encoder.network.Network`."""

    device = "cpu"

    def __init__(self, stored: StoredModel, graphs: Path, threads: int) -> None:
        """Raises ModelError: a graph is missing, damaged, or made for models of another shape."""
        self.config = stored.config
        self._window, self._threads = stored.tensors[WINDOW], threads
        self._graphs = {name: _open(graphs / f"{name}.onnx", stored, threads) for name in (BACKBONE, *QUESTIONS)}

    @classmethod
    def load(cls, stored: StoredModel, *, device: str | None = None, threads: int | None = None) -> OnnxNetwork:
        """Fit weights into the shipped graphs.

        Raises
        ------
        ModelError : the weights have another shape, a graph is missing or damaged, or another device than the
            processor is wanted.
        """
        if device not in (None, "cpu"):
            raise ModelError(
                f"device {device!r} is not available: this build of Earshot computes on the processor alone; "
                "install the build for graphics cards"
            )
        return cls(stored, weights.shipped_graphs(), threads or psutil.cpu_count(logical=False) or 1)

    @property
    def runtime(self) -> str:
        return f"{self.device} ({self._threads} threads), onnxruntime {onnxruntime.__version__}"

    def sounds(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        return self._answer("sounds", self._field(waveforms))

    def windows(self, waveforms: np.ndarray) -> tuple[np.ndarray, ...]:
        field = self._field(waveforms)
        return *self._answer("windows", field), *self._answer("parts", field)

    def parts(self, waveforms: np.ndarray) -> np.ndarray:
        return self._answer("parts", self._field(waveforms))[0]

    def _field(self, waveforms: np.ndarray) -> dict[str, np.ndarray]:
        """What the backbone makes of waveforms."""
        power = power_spectra(np.asarray(waveforms, np.float32), self._window, self.config)
        return dict(zip(FIELD, self._graphs[BACKBONE].run(FIELD, {"power": power}), strict=True))

    def _answer(self, question: str, field: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        graph = self._graphs[question]
        return tuple(graph.run(None, {taken.name: field[taken.name] for taken in graph.get_inputs()}))


def _open(path: Path, stored: StoredModel, threads: int) -> onnxruntime.InferenceSession:
    """A graph with its share of the weights."""
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ONLY_FATAL  # what is wrong is raised, and told in our words
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if EarConfig.from_stored(told["config"]) != stored.config:
            raise ValueError("it is of another shape")
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(stored.tensors[name]) for name in told["weights"]]
        options.add_external_initializers(told["weights"], values)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # those of ONNX Runtime have no other common ancestor
        raise ModelError(
            f"{stored.path}: the model cannot be run with {path} ({error}); reinstall Earshot, or name a model of the "
            "shape of the shipped one"
        ) from error


def power_spectra(waveforms: np.ndarray, window: np.ndarray, config: EarConfig) -> np.ndarray:
    """What `engine.encoder.mel.LogMel` takes bands of: float32 [batch, samples] -> [batch, frames, bins].

    One frame per hop, the first centred on the start, padded with silence to whole cells.
    """
    batch, samples = waveforms.shape
    frames = max(1, samples // config.hop)
    half = config.fft_size // 2
    padded = np.pad(waveforms, ((0, 0), (half, half)))
    cuts = np.lib.stride_tricks.sliding_window_view(padded, config.fft_size, axis=1)[:, :: config.hop][:, :frames]
    power = np.zeros((batch, frames + -frames % config.cell_frames, half + 1), np.float32)
    at_once = max(1, round(_SECONDS_AT_ONCE * config.rate / samples))
    for start in range(0, batch, at_once):
        spectra = scipy.fft.rfft(cuts[start : start + at_once] * window)
        np.add(np.square(spectra.real), np.square(spectra.imag), out=power[start : start + at_once, :frames])
    return power
