"""Which files hold presets, told by the ending of their names, without a look inside."""

from __future__ import annotations

import os
from pathlib import Path

SOUNDFONT_SUFFIXES = frozenset({".sf2", ".sf3"})
SFZ_SUFFIX = ".sfz"
PREVIEWED_SUFFIXES = frozenset({".nksf", ".nksn", ".nki", ".nkm", ".nbkt"})
"""Endings (lower case): presets and snapshots of plug-ins, Kontakt instruments and multis, Battery kits."""

PLUGIN_SUFFIX = ".vst3"
"""Ending (lower case) of the file or folder of a plug-in."""

PRESET_SUFFIXES: frozenset[str] = SOUNDFONT_SUFFIXES | {SFZ_SUFFIX} | PREVIEWED_SUFFIXES
"""Endings (lower case) of files that hold presets."""


def is_preset_file(path: str | Path) -> bool:
    """Whether what a file holds is played rather than decoded."""
    return os.path.splitext(path)[1].lower() in PRESET_SUFFIXES
