"""A file of weights as it is read, whatever then runs them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors

from engine.encoder.config import FORMAT_VERSION, EarConfig
from engine.encoder.weights import fingerprint
from engine.errors import ModelError

_REMEDY = "reinstall Earshot, or name another model"


@dataclass(frozen=True)
class StoredModel:
    """A model's name, shape and weights.

    Attributes
    ----------
    tensors : by their names in `engine.encoder.model.EarNetwork`; what is stored in float16 is float32 here.
    fingerprint : of the file's content.
    """

    path: Path
    name: str
    config: EarConfig
    tensors: dict[str, np.ndarray]
    fingerprint: str

    def does_not_fit(self, reason: object) -> ModelError:
        """What to raise where weights and config contradict one another."""
        return ModelError(f"{self.path}: the model does not fit its own description ({reason}); {_REMEDY}")


def read(path: Path) -> StoredModel:
    """Read a model's file.

    Raises
    ------
    ModelError : the file is missing, damaged, of another format version, or its config is not understood.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no model; {_REMEDY}")
    try:
        with safetensors.safe_open(path, framework="np") as opened:
            metadata = opened.metadata() or {}
            # Before its weights, which may be gigabytes in types that NumPy does not know.
            if metadata.get("format") != str(FORMAT_VERSION):
                found = metadata.get("format", "unknown")
                raise ModelError(
                    f"{path}: the model has format {found}, this Earshot reads {FORMAT_VERSION}; {_REMEDY}"
                )
            tensors = {key: _in_single_precision(opened.get_tensor(key)) for key in opened.keys()}  # noqa: SIM118, not a mapping
        identity = fingerprint(path)
    except (safetensors.SafetensorError, OSError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: the model is damaged or not a model ({error}); {_REMEDY}") from error
    try:
        config = EarConfig.from_stored(json.loads(metadata["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: the model does not fit its own description ({error}); {_REMEDY}") from error
    return StoredModel(path, metadata.get("name", path.stem), config, tensors, identity)


def _in_single_precision(value: np.ndarray) -> np.ndarray:
    if value.dtype.kind not in "fiub":  # some libraries teach NumPy types that PyTorch does not take from it
        raise TypeError(f"weights of type {value.dtype}")
    return value.astype(np.float32) if value.dtype.kind == "f" else value
