"""The slot sheet: what was heard and what matches, as one document for other programs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.matching.match import Match
from engine.matching.reference import Hearing

if TYPE_CHECKING:
    from engine.encoder.ear_process import NamedEar


def slot_sheet(
    path: str | Path,
    sample_rate: int,
    hearing: Hearing,
    matches: Mapping[int, Sequence[Match]],
    ear: NamedEar,
    *,
    names: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """The document that `earshot match --json` prints and the window exports; fit for `json.dumps`.

    Parameters
    ----------
    path : the reference.
    sample_rate : of its file, Hz.
    matches : for each slot's id its ranked matches.
    names : by slot's id, what the producer calls it; a slot without one has no "name" in the document.
    """
    names = names or {}
    return {
        "reference": _reference(path, sample_rate, hearing),
        "model": ear.name,
        "device": ear.device,
        "slots": [
            {
                "id": slot.id,
                **({"name": names[slot.id]} if slot.id in names else {}),
                "family": slot.family,
                "confidence": round(slot.confidence, 4),
                "activity": [_rounded(stretch) for stretch in slot.activity],
                "exposed_seconds": _rounded(slot.exposed_seconds),
                "matches": [_match(match) for match in matches[slot.id]],
            }
            for slot in hearing.slots
        ],
    }


def part_sheet(
    path: str | Path,
    sample_rate: int,
    hearing: Hearing,
    weights: Mapping[str, float],
    matches: Sequence[Match],
    ear: NamedEar,
) -> dict[str, Any]:
    """The document that `earshot match --part --json` prints; `path`, `sample_rate`, `hearing` and `ear` as those of
    `slot_sheet`.

    weights : of the parts that were compared.
    matches : of all of them together, ranked.
    """
    return {
        "reference": _reference(path, sample_rate, hearing),
        "model": ear.name,
        "device": ear.device,
        "parts": dict(weights),
        "heard": list(hearing.parts),
        "matches": [
            _match(match) | {"by_part": {part: round(cosine, 4) for part, cosine in match.by_part}} for match in matches
        ],
    }


def _reference(path: str | Path, sample_rate: int, hearing: Hearing) -> dict[str, Any]:
    return {
        "path": os.path.abspath(path),
        "duration_seconds": round(hearing.duration_seconds, 3),
        "sample_rate": sample_rate,
    }


def sheet_csv(sheet: Mapping[str, Any]) -> str:
    """A slot sheet as a table for spreadsheets: a line for each match, after one with the columns' names.

    Fields are parted by commas, lines by CR LF; a slot without matches has one line.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("slot", "slot_name", "slot_family", "confidence", "first_heard_seconds", *_MATCH_FIELDS))
    for slot in sheet["slots"]:
        first = slot["activity"][0][0] if slot["activity"] else ""
        start = (slot["id"], slot.get("name", ""), slot["family"], slot["confidence"], first)
        for match in slot["matches"] or [{}]:
            values = (match.get(field) for field in _MATCH_FIELDS)
            writer.writerow((*start, *("" if value is None else value for value in values)))
    return text.getvalue()


_MATCH_FIELDS = ("rank", "name", "path", "preset", "family", "similarity", "chance")


def _match(match: Match) -> dict[str, Any]:
    return {
        "path": match.sound.path,
        "preset": match.sound.preset,
        "name": match.sound.name,
        "family": match.sound.family,
        "similarity": round(float(match.similarity), 4),
        "chance": None if match.chance is None else round(match.chance, 4),
        "rank": match.rank,
        "copies": [copy.path for copy in match.copies],
    }


def _rounded(stretch: tuple[float, float]) -> list[float]:
    return [round(float(seconds), 3) for seconds in stretch]
