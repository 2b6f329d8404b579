"""Recorded one-shots and loops in sample folders."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.families import DRUM_FAMILIES
from engine.training.families import family_of_name
from engine.training.instruments import RATE, Instrument, Note

logger = logging.getLogger(__name__)

FOLDERS = {
    "hydrogen": Path("/usr/share/hydrogen/data/drumkits"),
    "sonic-pi": Path("/usr/share/sonic-pi/samples"),
    "lmms": Path("/usr/share/lmms/samples"),
}
SUFFIXES = {".wav", ".flac", ".ogg", ".aiff", ".aif"}
LONGEST_ONE_SHOT_SECONDS = 3.0


def instruments(source: str, folders: list[Path] | None = None) -> list[Instrument]:
    """Every readable file below the source's folder (or below `folders`) as an instrument of one sound."""
    found = []
    for folder in folders or [FOLDERS[source]]:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            relative = path.relative_to(FOLDERS[source])
            family = family_of_name(path.stem) or family_of_name(relative.parent.name)
            found.append(
                Instrument(
                    f"{source}/{relative.with_suffix('')}",
                    source,
                    path.stem,
                    family,
                    location=str(path),
                    drum=family in DRUM_FAMILIES or family is None,
                )
            )
    return found


def render_notes(instrument: Instrument) -> Iterator[Note]:
    """The file itself, cut to `LONGEST_ONE_SHOT_SECONDS`, as one note at MIDI 60."""
    try:
        samples, rate = soundfile.read(instrument.location, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        logger.warning("left out: %s", error)
        return
    mono = samples[: int(rate * LONGEST_ONE_SHOT_SECONDS)].mean(axis=1)
    yield Note(60, 0.9, len(mono) / rate, soxr.resample(mono, rate, RATE).astype(np.float32))
