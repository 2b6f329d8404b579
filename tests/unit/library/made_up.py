"""Sounds that nobody recorded, entered into a catalog as if a scan had heard them."""

from __future__ import annotations

import numpy as np

from engine.audio.facts import Facts
from engine.library.database import encode_path
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.results import Heard, set_fingerprint, write_outcomes
from engine.library.walk import FoundFile

DIMENSION = 12


def vector(number: int) -> np.ndarray:
    values = np.random.default_rng(number).normal(size=DIMENSION)
    return (values / np.linalg.norm(values)).astype(np.float32)


def add_sounds(library: Library, numbers: range, *, vectors_each: int = 1, fingerprint: str = "ear") -> None:
    """Sounds named by number, with vectors made from it; every tenth is a bass, every third a loop."""
    database = library.catalog.database
    root = library.catalog.add_root("/sounds")
    paths = [f"/sounds/{'odd' if number % 2 else 'even'}/{number}.wav" for number in numbers]
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile(path, 1, 1) for path in paths])
    with database.read() as connection:
        ids = {path: number for number, path in connection.execute("SELECT id, path FROM sounds")}
    write_outcomes(
        database,
        fingerprint,
        [
            Heard(
                ids[encode_path(path)],
                Facts(1.0, 44_100, 1, -1.0, -14.0, "one-shot" if number % 3 else "loop", None, 0.0, None),
                family := "kick" if number % 10 else "bass",
                0.9,
                (family,),
                tuple(vector(number + 100_000 * part).astype(np.float16).tobytes() for part in range(vectors_each)),
                bytes(64),
                number.to_bytes(16, "big"),
            )
            for number, path in zip(numbers, paths, strict=True)
        ],
    )
    set_fingerprint(database, fingerprint)
