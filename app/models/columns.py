"""The columns of the table: what each says of a sound, and how it sorts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from app import text
from engine.notes import NOTE_NAMES

if TYPE_CHECKING:
    from engine.library.catalog import Sound


class Column(IntEnum):
    """Up to FAVOURITE in the order of the tokens; the others are only shown when they are asked for."""

    NUMBER = 0
    WAVEFORM = 1
    NAME = 2
    MATCH = 3
    FAMILY = 4
    PITCH = 5
    BPM = 6
    LENGTH = 7
    FOLDER = 8
    FAVOURITE = 9
    CHANCE = 10
    TYPE = 11
    RATING = 12
    TAGS = 13


COLUMNS = tuple(Column)
"""By number; `Column(number)` takes ten times as long, and painting a page of the table asks thousands of times."""

NAMES = {
    Column.NUMBER: "Rank",
    Column.WAVEFORM: "Waveform",
    Column.NAME: "Name",
    Column.MATCH: "Match",
    Column.FAMILY: "Family",
    Column.PITCH: "Pitch",
    Column.BPM: "BPM",
    Column.LENGTH: "Length",
    Column.FOLDER: "Folder",
    Column.FAVOURITE: "Favourite",
    Column.CHANCE: "Chance",
    Column.TYPE: "Type",
    Column.RATING: "Rating",
    Column.TAGS: "Tags",
}
"""In menus, and for who listens to the table."""

HEADINGS = NAMES | {Column.NUMBER: "#", Column.WAVEFORM: "", Column.FAVOURITE: ""}
RIGHT_ALIGNED = {Column.NUMBER, Column.BPM, Column.LENGTH, Column.CHANCE}
UNSORTABLE = {Column.WAVEFORM}
BEST_FIRST = {Column.MATCH, Column.CHANCE, Column.RATING, Column.FAVOURITE}
"""The first click on their headings puts the highest on top; on others the lowest, or A."""
ALWAYS_SHOWN = {Column.NAME}
SHOWN_AT_FIRST = frozenset(column for column in Column if column <= Column.FAVOURITE)
VISUAL_ORDER = (
    *(Column.NUMBER, Column.WAVEFORM, Column.NAME, Column.MATCH, Column.CHANCE, Column.FAMILY, Column.TYPE),
    *(Column.PITCH, Column.BPM, Column.LENGTH, Column.FOLDER, Column.TAGS, Column.RATING),
    Column.FAVOURITE,
)
KIND_WORDS = {"one-shot": "one-shot", "loop": "loop", "long": "long sound"}


@dataclass(frozen=True)
class Row:
    """A sound in the table; `similarity` is None where nothing was compared, `rank` its place then. `chance` is that of
    being the very sound which was heard, where it is known; `copies` are the sounds folded into this one; `by_part` has
    the similarity by each part, where parts were compared; `handicap` is how much less than its similarity it counted
    for its rank, see `engine.matching.match.Match`."""

    sound: Sound
    rank: int
    similarity: float | None = None
    chance: float | None = None
    copies: tuple[Sound, ...] = ()
    by_part: tuple[tuple[str, float], ...] = ()
    handicap: float = 0.0


def handicap_mark(handicap: float) -> str:
    """Why a sound of another family than the slot's does not stand where its figure would place it: what is taken off
    the figure, or that all of the slot's family go first. Empty where nothing is."""
    if handicap == 0.0:
        return ""
    return f"−{text.fraction(handicap)}" if handicap < 1.0 else "other"


def column_word(column: Column) -> str:
    """The name of a column within a sentence."""
    return NAMES[column] if NAMES[column].isupper() else NAMES[column].lower()


def kind_word(sound: Sound) -> str:
    """What sort of thing a sound is."""
    return "preset" if sound.is_preset else KIND_WORDS.get(sound.kind or "", "not heard yet")


def shown(row: Row, column: Column) -> str:
    """The text of a cell; empty for what is drawn, and for the folder, which is told from the roots."""
    sound = row.sound
    match column:
        case Column.NUMBER:
            return str(row.rank)
        case Column.NAME:
            return f"{sound.name}  +{len(row.copies)}" if row.copies else sound.name
        case Column.MATCH:
            return "" if row.similarity is None else text.fraction(row.similarity)
        case Column.CHANCE:
            return text.NONE if row.chance is None else text.percent(row.chance)
        case Column.FAMILY:
            return sound.family or text.NONE
        case Column.TYPE:
            return kind_word(sound)
        case Column.PITCH:
            if note := text.note_name(sound.pitch_hz):
                return f"{note}{_unless_told(sound, 'pitch')}"
            return f"{text.key_short(sound.key)}{_unless_told(sound, 'key')}" if sound.key else text.NONE
        case Column.BPM:
            return f"{sound.tempo_bpm:.0f}{_unless_told(sound, 'tempo')}" if sound.tempo_bpm else text.NONE
        case Column.LENGTH:
            return text.NONE if sound.duration_seconds is None else _length(sound.duration_seconds)
        case Column.RATING:
            return text.stars(sound.rating) if sound.rating else text.NONE
        case Column.TAGS:
            return ", ".join(sound.tags) or text.NONE
    return ""


def sort_value(row: Row, column: Column) -> Any:
    """What a column sorts by, from low to high; None for unknown. The folder is told from the roots."""
    sound = row.sound
    match column:
        case Column.NAME:
            return sound.name.casefold()
        case Column.CHANCE:
            return row.chance
        case Column.FAMILY:
            return sound.family
        case Column.TYPE:
            return kind_word(sound)
        case Column.PITCH:
            return _height(sound)
        case Column.BPM:
            return sound.tempo_bpm
        case Column.LENGTH:
            return sound.duration_seconds
        case Column.FAVOURITE:
            return sound.favourite
        case Column.RATING:
            return sound.rating or None
        case Column.TAGS:
            return sound.tags or None
    return row.rank


def _unless_told(sound: Sound, fact: str) -> str:
    """The mark of what was measured rather than told by the file."""
    return "" if fact in sound.declared else "~"


def _height(sound: Sound) -> tuple[bool, float] | None:
    """For sorting: pitches from low to high, then keys from C on; None for neither."""
    if sound.pitch_hz is not None:
        return False, sound.pitch_hz
    return (True, float(NOTE_NAMES.index(sound.key.split()[0]))) if sound.key else None


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else text.clock(seconds, 0)
