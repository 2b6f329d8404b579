"""Folders of samples that are one instrument, sampled note by note."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from engine.audio.declared import DRUM_WORDS, in_name, split_note
from engine.audio.decode import AUDIO_SUFFIXES

_LEAST_NOTES = 3
_LEAST_SEMITONES = 5
_PADS = 8
"""In a bank, or twice as many."""

_LEAST_PADS = 6
"""Of those, for the last may be empty."""

_LAYER = re.compile(
    r"(?!808|909|707|606)(?:v|vel|velocity|vl|dyn|layer|lay|rr|r|robin|round|take|mic)?\d{1,3}"
    r"|p{1,4}|f{1,4}|m[pf]|sfz|rr|vel|velocity|layer",
    re.IGNORECASE,
)
_MANNER = re.compile(r"soft|med|medium|hard|loud|quiet|low|high", re.IGNORECASE)
"""Words of a name that tell one sample of a note from another: velocity layers, round robins, dynamics, in words only
where they do not begin the name. The numbers by which drum machines are called are none of these."""

_NOT_AN_INSTRUMENT = re.compile(
    r"loops?|bpm|beats?|grooves?|riffs?|phrases?|licks?|fills?|breaks?|chords?|progression|song|demo|mix|stems?"
    rf"|{DRUM_WORDS}|fx|sfx|impacts?|risers?|sweeps?|slices?|chops?|banks?",
    re.IGNORECASE,
)
"""Words of sounds that are each their own, tuned or numbered as they may be."""


def multisamples(names: Iterable[str]) -> dict[str, dict[int, list[str]]]:
    """The instruments among the files of one folder: {instrument name: {MIDI note: [file names]}}.

    An instrument has at least three different notes over at least five semitones under one name, any number of files
    for each: velocity layers and round robins do not part them. Loops, drums, slices, and codes such as A1, A2, B1, B2,
    or the pads B1 to B8 of a bank, are no instruments. The name is '' where the files are called by their notes alone.

    Parameters
    ----------
    names : file names without folders, in any order.
    """
    spellings: dict[str, str] = {}
    groups: dict[str, dict[int, list[str]]] = {}
    for name in sorted(names):
        stem, suffix = os.path.splitext(name)
        # Most names tell no note, and of those nothing else has to be read.
        if suffix.lower() not in AUDIO_SUFFIXES or (split := split_note(stem, small=True)) is None:
            continue
        told = in_name(name)
        if told.tempo_bpm is not None or told.key is not None:
            continue
        rest, note = split
        words = re.findall(r"[^\s_\-().,\[\]]+", rest)
        if any(_NOT_AN_INSTRUMENT.fullmatch(word.strip("0123456789")) for word in words):
            continue
        instrument = " ".join(
            word for n, word in enumerate(words) if not (_LAYER.fullmatch(word) or (n and _MANNER.fullmatch(word)))
        )
        group = groups.setdefault(instrument.casefold(), {})
        group.setdefault(note, []).append(name)
        spellings.setdefault(instrument.casefold(), instrument)
    return {spellings[key]: group for key, group in groups.items() if _is_instrument(key, group)}


def _is_instrument(name: str, group: Mapping[int, list[str]]) -> bool:
    return len(group) >= _LEAST_NOTES and max(group) - min(group) >= _LEAST_SEMITONES and not _is_code(name, group)


def _is_code(name: str, group: Mapping[int, list[str]]) -> bool:
    """Whether what looks like notes counts through numbers from 1 or 0 on, as banks and versions do: through those of
    the letters from A on, or through the pads of one bank."""
    octaves: dict[str, set[int]] = {}
    for note in group:
        octaves.setdefault("C D EF G A B"[note % 12].strip() or "#", set()).add(note // 12 - 1)
    letters = "".join(sorted(octaves))
    numbers = octaves[letters[0]]
    # An instrument that was sampled once an octave mostly was at C, and at most up to C7: what goes on is taken for a
    # bank where it is called nothing but "Pad C1".
    has_pads = len(numbers) >= _LEAST_PADS if letters != "C" else name in ("pad", "pads") and max(numbers) >= _PADS
    is_bank = len(letters) == 1 and has_pads
    return (
        ("ABCDEFG".startswith(letters) or is_bank)
        and all(found == numbers for found in octaves.values())
        and min(numbers) in (0, 1)
        and len(numbers) == max(numbers) - min(numbers) + 1
    )
