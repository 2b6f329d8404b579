"""The slot sheet: what was heard and what matches, as one document for other programs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.matching.match import Match
from engine.matching.reference import Hearing

if TYPE_CHECKING:
    from engine.encoder.ear import Ear


def slot_sheet(
    path: str | Path, sample_rate: int, hearing: Hearing, matches: Mapping[int, Sequence[Match]], ear: Ear
) -> dict[str, Any]:
    """The document that `earshot match --json` prints and the window exports; fit for `json.dumps`.

    Parameters
    ----------
    path : the reference.
    sample_rate : of its file, Hz.
    matches : for each slot's id its ranked matches.
    """
    return {
        "reference": {
            "path": os.path.abspath(path),
            "duration_seconds": round(hearing.duration_seconds, 3),
            "sample_rate": sample_rate,
        },
        "model": ear.name,
        "device": ear.device,
        "slots": [
            {
                "id": slot.id,
                "family": slot.family,
                "confidence": round(slot.confidence, 4),
                "activity": [_rounded(stretch) for stretch in slot.activity],
                "exposed_seconds": _rounded(slot.exposed_seconds),
                "matches": [_match(match) for match in matches[slot.id]],
            }
            for slot in hearing.slots
        ],
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "path": match.sound.path,
        "preset": match.sound.preset,
        "name": match.sound.name,
        "family": match.sound.family,
        "similarity": round(float(match.similarity), 4),
        "chance": None if match.chance is None else round(match.chance, 4),
        "rank": match.rank,
    }


def _rounded(stretch: tuple[float, float]) -> list[float]:
    return [round(float(seconds), 3) for seconds in stretch]
