"""Where the shipped weights lie and what identifies a file of weights; asked without loading a network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import safetensors

from engine.paths import resources_dir


def shipped_model() -> Path:
    """The weights that come with the program."""
    return resources_dir() / "models" / "earshot-ear.safetensors"


def clips_seen(path: Path) -> int:
    """How many clips and mixtures taught a model, 0 where it does not tell.

    Raises
    ------
    OSError, safetensors.SafetensorError : the file cannot be read.
    """
    with safetensors.safe_open(path, framework="np") as opened:
        return int((opened.metadata() or {}).get("clips_seen", 0))


def fingerprint(path: Path) -> str:
    """Sixteen hexadecimal digits of the file's SHA-256: vectors of different models are never mixed.

    Raises
    ------
    OSError : the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
