"""Why a sound matched: the few lines that are known, none that is guessed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import text
from app.models.columns import Row, handicap_mark

if TYPE_CHECKING:
    from engine.library.catalog import Sound
    from engine.matching.slots import Slot

SAME_NOTE_SEMITONES = 0.5
SAME_BRIGHTNESS_OCTAVES = 0.25
OTHER_FAMILY = "The rank puts sounds of the slot's families before those of others"


@dataclass(frozen=True)
class Reason:
    """One line: what it is about, its figure, and how much of it there is, 0..1; None where that means nothing."""

    words: str
    figure: str
    share: float | None = None
    explanation: str = ""


def reasons(row: Row, slot: Slot | None, similar_to: Sound | None = None) -> list[Reason]:
    """For a sound ranked for a slot, or found similar to another sound; empty where it was only listed."""
    sound = row.sound
    if row.similarity is None:
        return []
    lines = [
        Reason("Overall", text.fraction(row.similarity), row.similarity, "How alike they sound, as the ear hears it")
    ]
    if row.by_part:
        alike = "How alike this part alone sounds, whatever else plays"
        parts = [Reason(part.capitalize(), text.fraction(value), value, alike) for part, value in row.by_part]
        # Of one part alone that is the whole.
        lines = [*lines, *parts] if len(parts) > 1 else parts
    if row.chance is not None:
        chance = "How often a sound so similar, at such a rank, was the very one that played"
        lines.append(Reason("Chance", text.percent(row.chance), row.chance, chance))
    if sound.family and sound.family_confidence is not None:
        known = "How sure the ear is of the sound's family"
        lines.append(
            Reason(f"Is {sound.family}", text.fraction(sound.family_confidence), sound.family_confidence, known)
        )
    if similar_to is not None:
        lines += _pitch(sound, similar_to)
        lines += _brightness(sound, similar_to)
    elif slot is not None and sound.family:
        fits = sound.family in slot.likely_families
        mark = f", {handicap_mark(row.handicap)}" if 0.0 < row.handicap < 1.0 else ""
        words = f"may be {sound.family}" if fits else f"is rather {slot.family}{mark}"
        lines.append(Reason("Slot", words, explanation=OTHER_FAMILY if row.handicap else ""))
    return lines


def _pitch(sound: Sound, other: Sound) -> list[Reason]:
    if sound.pitch_hz is None or other.pitch_hz is None:
        return []
    semitones = 12 * math.log2(sound.pitch_hz / other.pitch_hz)
    if abs(semitones) < SAME_NOTE_SEMITONES:
        return [Reason("Pitch", "the same note")]
    whole = round(abs(semitones))
    return [Reason("Pitch", f"{whole} semitone{'' if whole == 1 else 's'} {'higher' if semitones > 0 else 'lower'}")]


def _brightness(sound: Sound, other: Sound) -> list[Reason]:
    if not sound.brightness_hz or not other.brightness_hz:
        return []
    octaves = math.log2(sound.brightness_hz / other.brightness_hz)
    if abs(octaves) < SAME_BRIGHTNESS_OCTAVES:
        return [Reason("Brightness", "the same")]
    return [Reason("Brightness", "brighter" if octaves > 0 else "darker")]
