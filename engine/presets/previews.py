"""Presets of plug-ins that cannot be played here, but have their sound beside them.

Native Instruments' browsers, and those of all who follow their standard (NKS), keep a recording of each instrument
preset as `.previews/<file name>.ogg` in the preset's folder. Effects have none.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.audio.decode import Audio, decode
from engine.audio.sources import check_readable
from engine.errors import AudioError

PREVIEWS = ".previews"
"""Name of the folder in which they lie."""


def preview_of(path: Path) -> Path | None:
    """The recording that belongs to a preset, or None where there is none."""
    preview = path.parent / PREVIEWS / f"{path.name}.ogg"
    return preview if os.path.isfile(preview) else None


def check_preview(path: Path) -> Path:
    """The recording that belongs to a preset. Raises AudioError, of the preset, where there is none."""
    check_readable(path)
    preview = preview_of(path)
    if preview is None:
        raise AudioError(path, "It has no preview: a plug-in's preset is heard by the recording that comes with it.")
    return preview


def decode_preview(path: Path, *, rate: int, longest_seconds: float) -> Audio:
    """The recording of a preset at `rate`, from its start.

    Raises
    ------
    AudioError : of the preset: there is no recording, or it cannot be decoded.
    """
    preview = check_preview(path)
    try:
        return decode(preview, rate=rate, end=longest_seconds)
    except AudioError as error:
        raise AudioError(path, f"Its preview: {error.reason}") from error
