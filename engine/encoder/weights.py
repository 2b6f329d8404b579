"""Where the shipped weights lie and what identifies a file of weights; asked without loading a network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.paths import resources_dir


def shipped_model() -> Path:
    """The weights that come with the program."""
    return resources_dir() / "models" / "earshot-ear.safetensors"


def shipped_graphs() -> Path:
    """The folder of ONNX graphs for weights of the shipped shape; only in programs packaged without PyTorch."""
    return shipped_model().with_name("graphs")


def fingerprint(path: Path) -> str:
    """Sixteen hexadecimal digits of the file's SHA-256: vectors of different models are never mixed.

    Raises
    ------
    OSError : the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
