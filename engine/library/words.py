"""Names and folders as text search sees them.

The full-text index knows whole words and their beginnings. Sample packs write several in one - 'TR808Kick',
'SubBass_Am', 'Loop120bpm' - so each such run is entered as it is written and, beside it, in its pieces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_RUN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


def words_of(path_inside_root: str) -> str:
    """The words of a path, folders first, casefolded, parted by spaces."""
    words: list[str] = []
    for run in _runs(path_inside_root):
        pieces = [piece for part in _PIECE.findall(run) for piece in _HUMP.split(part)]
        words += [run, *pieces] if len(pieces) > 1 else [run]
    return " ".join(words).casefold()


def full_text_query(words: Sequence[str]) -> str | None:
    """What SQLite's FTS5 is asked to find all of `words`, each as the beginning of a word; None for no words.

    A word that holds several, such as 'sub-bass' or 'deep kick', asks for them one after another.
    """
    phrases = [" ".join(_runs(word)) for word in words]
    asked = [f'"{phrase}"*' for phrase in phrases if phrase]
    return " AND ".join(asked) if asked else None


def _runs(text: str) -> list[str]:
    """Letters and digits that stand together. Composed first (NFC): macOS writes 'ö' as an 'o' and a mark, which is no
    letter."""
    return _RUN.findall(unicodedata.normalize("NFC", text))
