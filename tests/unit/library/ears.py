"""Ears for tests of the scanner: quick to load, and with decoders that misbehave on files of certain names.

They are loaded inside worker processes, and so live in a module that those can import.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import engine.library.worker as worker
from engine.audio.decode import Audio
from engine.audio.hearable import decode_to_hear as genuine_decode
from engine.encoder.heard import ACTIVITY_SECONDS, Embeddings, HeardWindows
from engine.errors import ModelError
from engine.families import FAMILIES, FAMILY_INDEX, PARTS

DIMENSION = 8
Beginning = tuple[Audio, float]
Decode = Callable[[], Beginning]


class ToyEar:
    """Hears where the energy of a sound lies: eight octave bands make the vector, the loudest of them the family."""

    rate = 16_000
    window_seconds = 5.0

    def __init__(self, fingerprint: str = "toy") -> None:
        self.fingerprint = fingerprint

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        vectors = np.zeros((len(sounds), DIMENSION), np.float32)
        families = np.full((len(sounds), len(FAMILIES)), 0.01, np.float32)
        for row, sound in enumerate(sounds):
            spectrum = np.abs(np.fft.rfft(sound, 1 << 14)) ** 2
            edges = (2 ** np.arange(13 - DIMENSION, 13)).tolist()
            vectors[row] = np.sqrt(np.add.reduceat(spectrum, edges)) + 1e-6
            families[row, int(vectors[row].argmax())] = 0.9
        return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), families)

    def hear(self, windows: np.ndarray) -> HeardWindows:
        """A bass wherever there is much below 125 Hz, keys wherever there is much above, each with its bands alone."""
        levels = self.embed(list(windows)).vectors
        low = np.arange(DIMENSION) < 2
        sides = np.stack([levels * low, levels * ~low], axis=1)
        lengths = np.linalg.norm(sides, axis=2, keepdims=True)
        vectors = np.repeat(sides / np.maximum(lengths, 1e-6), [1, len(PARTS) - 1], axis=1)
        families = np.eye(len(FAMILIES), dtype=np.float32)[[FAMILY_INDEX["bass"], FAMILY_INDEX["keys"]]]
        return HeardWindows(
            vectors[:, :2],
            np.where(lengths[..., 0] > 0.3, 0.9, 0.1).astype(np.float32),
            np.repeat(families[None], len(windows), axis=0),
            np.ones((len(windows), 2, round(self.window_seconds / ACTIVITY_SECONDS)), np.float32),
            vectors[:, [2, 0, 1, 2, 2]],
        )


def load_toy(model: Path | None) -> ToyEar:
    """The toy; a model file names its fingerprint."""
    return ToyEar() if model is None else ToyEar(model.read_text())


def load_nothing(_: Path | None) -> ToyEar:
    raise ModelError("The model is missing.")


def load_and_die(_: Path | None) -> ToyEar:
    os._exit(3)


def load_slow(model: Path | None) -> ToyEar:
    """A toy that takes a twentieth of a second for each file, so that a test can step in."""

    def dawdle(_: Path, decode: Decode) -> Beginning:
        time.sleep(0.05)
        return decode()

    _instead_of_decode(dawdle)
    return load_toy(model)


def load_fragile(model: Path | None) -> ToyEar:
    """A toy whose decoder crashes on "crash*", hangs on "hang*", fails on "defect*"; "unlucky*" is killed twice.

    On "spin*" it computes for ever, on "slow*" a little now and then for 2 s, as a process that is hardly let.
    """

    def misbehave(path: Path, decode: Decode) -> Beginning:
        if path.name.startswith("crash"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if path.name.startswith("hang"):
            time.sleep(1_000)
        if path.name.startswith("spin"):
            while True:
                pass
        if path.name.startswith("slow"):
            began = time.monotonic()
            while time.monotonic() - began < 2.0:
                time.sleep(0.02)
                sum(range(20_000))
        if path.name.startswith("defect"):
            raise ZeroDivisionError("by zero")
        if path.name.startswith("unlucky"):
            for mark in (path.with_suffix(".once"), path.with_suffix(".twice")):
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
        return decode()

    _instead_of_decode(misbehave)
    return load_toy(model)


class _DelicateEar(ToyEar):
    """Something happens to its model on sounds of exactly half a second."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        if any(len(sound) == self.rate // 2 for sound in sounds):
            self._happens()
        return super().embed(sounds)


def load_choking(_: Path | None) -> ToyEar:
    """A toy whose model ends the process on sounds of exactly half a second."""
    return _DelicateEar(lambda: os._exit(9))


def load_stuck(_: Path | None) -> ToyEar:
    """A toy whose model does not come to an end with sounds of exactly half a second."""
    return _DelicateEar(lambda: time.sleep(1_000))


def _instead_of_decode(behave: Callable[[Path, Decode], Beginning]) -> None:
    def decode_to_hear(path: str) -> Beginning:
        return behave(Path(path), lambda: genuine_decode(path))

    vars(worker)["decode_to_hear"] = decode_to_hear
