"""What a sound file says of itself: tempo, key, root note, loop points, one-shot or loop; of a song title and artist.

Makers of sample packs write it into chunks (ACID, `smpl` and `inst` in WAV; `INST` and Apple's `basc` in AIFF;
`info` in CAF), into tags (ID3, Vorbis, MP4), or into the name. A chunk is believed before a tag, a tag before the name,
the name before its folders.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import tinytag

from engine.audio.chunks import Chunk, walk_chunks
from engine.notes import NOTE_NAMES

_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
_PITCH_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "s": 1, "b": -1, "♭": -1}
_CAMELOT_FIRST = {"a": 8, "b": 11}
"""Pitch class of 1A (A flat minor) and 1B (B major); each further number is a fifth up."""

DRUM_WORDS = (
    r"kicks?|bd|snares?|sd|hats?|hihats?|hh|claps?|rims?|rimshot|toms?|perc|percussion|cymbals?|crash|ride|shakers?"
    r"|drums?"
)
"""Words of names, as a regular expression, of sounds in which a letter is rather a version than a key or a note."""

_EDGE = r"\s_\-.,;+&(){}\[\]"
_BEFORE, _AFTER = rf"(?:^|(?<=[{_EDGE}]))", rf"(?=$|[{_EDGE}])"
_DRUMS = re.compile(rf"(?<![a-z])(?:{DRUM_WORDS})(?![a-z])", re.IGNORECASE)
_TOLD_TEMPO = re.compile(
    r"(?<![\d.])(\d{2,3}(?:[.,]\d{1,2})?)[ _-]?bpm(?![a-z])|(?:bpm|tempo)[ _-]?(\d{2,3}(?:[.,]\d{1,2})?)(?![\d.])",
    re.IGNORECASE,
)
_USUAL_TEMPO = r"(?:[6-9]\d|1\d\d|200)(?:\.\d{1,2})?"
_SUPPOSED_TEMPO = re.compile(
    rf"(?:(?<![a-z\d.])|(?<=[a-g]m)|(?<=min)|(?<=maj)|(?<=loop))({_USUAL_TEMPO})(?!\d|\.\d|[a-z])", re.IGNORECASE
)
_ALTERED = r"(?:[#♯b♭]|[ _-]?(?i:sharp|flat))"
# A small letter is a key only where nothing else can be meant: 'am', 'fm' and 'ebm' are words, so is 'a minor'. What
# follows may be a number, as of a chord (Am9) or a tempo (Am128).
_KEY_WITH_MODE = re.compile(
    rf"{_BEFORE}(?<!^I[ _-])(?<![ _-]I[ _-])"
    rf"([A-G]{_ALTERED}?(?:m|[ _-]?(?i:min(?:or)?|maj(?:or)?))"
    rf"|[a-g]{_ALTERED}?(?i:min(?:or)?|maj(?:or)?)|[a-g][#♯]m"
    rf"|(?:[b-g]|[a-g]{_ALTERED})[ _-](?:minor|major))"
    rf"(?![^\W\d_]|[ _-]I{_AFTER})"
)
_ALTERED_TONIC = re.compile(rf"{_BEFORE}([A-G](?:[#♯b♭]|(?i:sharp|flat))){_AFTER}")
_TONIC_AFTER_TEMPO = re.compile(rf"{_BEFORE}{_USUAL_TEMPO}[ _-]?(?i:(bpm)?)[ _-]+([A-G]){_AFTER}")
_TONIC_BEFORE_TEMPO = re.compile(rf"{_BEFORE}([A-G])[ _-]+{_USUAL_TEMPO}[ _-]?(?i:(bpm)?){_AFTER}")
_NOTE = re.compile(rf"(?:^|[{_EDGE}])([A-G][#♯b♭]?|[ACDFG]s)(-?\d){_AFTER}")
_SMALL_NOTE = re.compile(rf"(?:^|[{_EDGE}])([a-g][#♯b♭]?|[acdfg]s)(-?\d){_AFTER}")
_CLOSE_NOTE = re.compile(rf"(?:^|[{_EDGE}]|(?<=[a-z]))([A-G][#♯b♭]?|[ACDFG]s)(-?\d)(?=$|[{_EDGE}]|[vV]\d)")
"""With a name before it or a velocity behind it that nothing parts from it: 'PianoA3', 'D#4v12'."""

_ONE_SHOT = re.compile(r"(?:(?<![A-Za-z])(?i:one)|(?<=[a-z])One|(?<!\d)1)[ _-]?(?i:shots?)(?![a-z])")
_LOOP = re.compile(r"loops?(?![a-z])", re.IGNORECASE)  # also 'drumloop', not 'looped' or 'loopback'


@dataclass(frozen=True)
class Declared:
    """What was found; None where nothing is said.

    Attributes
    ----------
    tempo_bpm : beats per minute.
    key : such as 'A minor'; 'A' alone where the mode is not told.
    root_note : MIDI number at which the sound plays at its own pitch.
    loop_seconds : start and end of the stretch to repeat, from the start of the file.
    kind : 'one-shot' or 'loop'.
    beats : of a loop.
    supposed_tempi : numbers in the name, 60 to 200, that are its tempo if the sound agrees with them.
    """

    tempo_bpm: float | None = None
    key: str | None = None
    root_note: int | None = None
    loop_seconds: tuple[float, float] | None = None
    kind: str | None = None
    beats: float | None = None
    supposed_tempi: tuple[float, ...] | None = None

    def or_else(self, other: Declared) -> Declared:
        """What this one says, and where it says nothing what the other does."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return Declared(**{n: getattr(other, n) if value is None else value for n, value in said.items()})


NOTHING = Declared()


@dataclass(frozen=True)
class Credits:
    """What a song is called and whose it is; None where its tags say nothing."""

    title: str | None = None
    artist: str | None = None


def credits_of(path: str | Path) -> Credits:
    """Title and artist from a file's tags; nothing where it has none, or cannot be read."""
    tags = _tags(path)
    return Credits() if tags is None else Credits(_one_line(tags.title), _one_line(tags.artist))


def declared(path: str | Path) -> Declared:
    """What a file says of itself; nothing where it cannot be read or what it says makes no sense."""
    return _in_chunks(path).or_else(_in_tags(path)).or_else(in_path(path))


def in_path(path: str | Path) -> Declared:
    """What a file's name tells, and where that tells nothing its folders; the file is not read."""
    return in_name(os.path.basename(path)).or_else(_in_folders(path))


def in_name(name: str) -> Declared:
    """What a file name tells, such as 'Dusty_Rhodes_92bpm_F#min.wav' or 'Cello C#3.wav'."""
    stem = os.path.splitext(name)[0]
    is_drum = _DRUMS.search(stem) is not None
    kind = None
    if _ONE_SHOT.search(stem):
        kind = "one-shot"
    elif _LOOP.search(stem):
        kind = "loop"
    told = _TOLD_TEMPO.search(stem)
    tempo = _tempo((told.group(1) or told.group(2)).replace(",", ".")) if told else None
    supposed = tuple(float(number) for number in _SUPPOSED_TEMPO.findall(stem)) if told is None else ()
    split = None if is_drum else split_note(stem)
    return Declared(
        tempo_bpm=tempo,
        key=_key_in_name(stem, is_loop=kind == "loop", is_drum=is_drum),
        root_note=split[1] if split else None,
        kind=kind,
        supposed_tempi=supposed or None,
    )


def _in_folders(path: str | Path) -> Declared:
    """One-shot, if the nearest folder that tells either says so. 'Loops' may be the name of a label, and tells none."""
    for folder in Path(path).parents:
        if _LOOP.search(folder.name):
            break
        if _ONE_SHOT.search(folder.name):
            return Declared(kind="one-shot")
    return NOTHING


def _key_in_name(stem: str, *, is_loop: bool, is_drum: bool) -> str | None:
    """The last key with a mode, else one with an accidental, else a letter that stands beside the tempo of a loop."""
    for keys in (_KEY_WITH_MODE, _ALTERED_TONIC):
        if found := keys.findall(stem):
            return read_key(found[-1])
    if not is_drum:
        if (after := _TONIC_AFTER_TEMPO.search(stem)) and (is_loop or after.group(1)):
            return after.group(2)
        if (before := _TONIC_BEFORE_TEMPO.search(stem)) and (is_loop or before.group(2)):
            return before.group(1)
    return None


def split_note(stem: str, *, small: bool = False) -> tuple[str, int] | None:
    """A name without the note in it and that note's MIDI number: of 'Cello C#3 ff' 'Cello ff' and 49; None if none.

    small : also of 'cello_c#3' and 'CelloC#3'; that alone may as well be a version, only others beside it tell.
    """
    found = _NOTE.search(stem)
    if found is None and small:
        found = _SMALL_NOTE.search(stem) or _CLOSE_NOTE.search(stem)
    note = _note(*found.groups()) if found else None
    if found is None or note is None:
        return None
    before, behind = stem[: found.start()], stem[found.end() :]
    return (f"{before} {behind}" if behind[:1].isalpha() else before + behind), note


def read_key(text: str) -> str | None:
    """A key as 'A minor', 'F# major' or 'C', from 'Am', 'Gbmaj', 'f sharp minor' or Camelot's '8A'; None for others."""
    text = text.strip().casefold().replace("sharp", "#").replace("flat", "b")
    camelot = re.fullmatch(r"0?([1-9]|1[0-2])([ab])", text)
    if camelot:
        place = (_CAMELOT_FIRST[camelot.group(2)] + 7 * (int(camelot.group(1)) - 1)) % 12
        return f"{NOTE_NAMES[place]} {'minor' if camelot.group(2) == 'a' else 'major'}"
    found = re.fullmatch(r"([a-g])[\s_-]*([#♯b♭]?)[\s_-]*(m|min|minor|maj|major)?", text)
    if found is None:
        return None
    letter, accidental, mode = found.groups()
    tonic = NOTE_NAMES[(_PITCH_CLASSES[letter] + _ACCIDENTALS[accidental]) % 12]
    return f"{tonic} {'minor' if mode.startswith('m') and not mode.startswith('maj') else 'major'}" if mode else tonic


def _note(name: str, octave: str) -> int | None:
    """MIDI number of a note name with its octave, middle C being C4."""
    number = 12 * (int(octave) + 1) + _PITCH_CLASSES[name[0].casefold()] + _ACCIDENTALS[name[1:]]
    return number if 0 <= number <= 127 else None


def _tempo(value: str | float) -> float | None:
    with contextlib.suppress(ValueError):
        tempo = float(value)
        if math.isfinite(tempo) and _SLOWEST_BPM <= tempo <= _FASTEST_BPM:
            return round(tempo, 2)
    return None


def _tags(path: str | Path) -> tinytag.TinyTag | None:
    """None where there are no tags, or damaged ones."""
    try:
        return tinytag.TinyTag.get(os.fspath(path), duration=False)
    except (tinytag.TinyTagException, OSError, ValueError, struct.error, KeyError, IndexError, UnicodeError):
        return None


def _one_line(words: str | None) -> str | None:
    """As one line that can be shown: writers of tags leave padding, line ends and control characters in them."""
    return " ".join("".join(c if c.isprintable() else " " for c in words or "").split()) or None


def _in_tags(path: str | Path) -> Declared:
    tags = _tags(path)
    if tags is None:
        return NOTHING

    def first(name: str) -> str:
        return str((tags.other.get(name) or [""])[0])

    return Declared(tempo_bpm=_tempo(first("bpm").replace(",", ".")), key=read_key(first("initial_key")))


def _in_chunks(path: str | Path) -> Declared:
    try:
        with open(path, "rb") as file:
            head = file.read(12)
            if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
                return _in_wav(_contents(walk_chunks(file, "<")))
            if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
                return _in_aiff(_contents(walk_chunks(file, ">")))
            if head[:4] == b"caff":
                file.seek(8)
                return _in_caf(_contents(walk_chunks(file, ">", size="q", padded=False)))
    except (OSError, struct.error, ValueError, IndexError, OverflowError):
        pass  # damaged: what it says is not worth a failed sound
    return NOTHING


def _contents(found: Iterable[Chunk]) -> dict[bytes, bytes]:
    return {chunk.name: chunk.beginning for chunk in found}


def _in_wav(chunks: dict[bytes, bytes]) -> Declared:
    rate = struct.unpack_from("<I", chunks[b"fmt "], 4)[0] if b"fmt " in chunks else 0
    found = NOTHING
    if len(chunks.get(b"acid", b"")) >= 24:
        flags, root, _, _, beats, _, _, tempo = struct.unpack_from("<IHHfIHHf", chunks[b"acid"])
        one_shot = bool(flags & 1)
        found = Declared(
            tempo_bpm=None if one_shot else _tempo(tempo),
            root_note=_midi(root) if flags & 2 else None,
            kind="one-shot" if one_shot else "loop",
            beats=float(beats) if beats and not one_shot else None,
        )
    if len(chunks.get(b"smpl", b"")) >= 36:
        unity, loops = struct.unpack_from("<12xI12xI", chunks[b"smpl"])
        # Many writers leave the note at 0 or at middle C where they know none.
        found = found.or_else(Declared(root_note=_midi(unity) if unity not in (0, 60) else None))
        if loops and rate and len(chunks[b"smpl"]) >= 60:
            start, end = struct.unpack_from("<44xII", chunks[b"smpl"])
            found = found.or_else(Declared(loop_seconds=_loop(start / rate, (end + 1) / rate)))
    if len(chunks.get(b"inst", b"")) >= 7 and chunks[b"inst"][0] not in (0, 60):
        found = found.or_else(Declared(root_note=_midi(chunks[b"inst"][0])))
    return found


def _in_aiff(chunks: dict[bytes, bytes]) -> Declared:
    found = NOTHING
    if len(chunks.get(b"basc", b"")) >= 18:
        beats, root, scale, _, _, looping = struct.unpack_from(">4xI5H", chunks[b"basc"])
        mode = {1: " minor", 2: " major"}.get(scale, "")
        found = Declared(
            key=NOTE_NAMES[root % 12] + mode if 0 < root < 128 and mode else None,
            kind={1: "loop", 2: "one-shot"}.get(looping),
            beats=float(beats) if beats and looping == 1 else None,
        )
        seconds = _aiff_seconds(chunks)
        if found.beats and seconds:
            found = found.or_else(Declared(tempo_bpm=_tempo(60.0 * found.beats / seconds)))
    if len(chunks.get(b"INST", b"")) >= 20 and chunks[b"INST"][0] not in (0, 60):
        found = found.or_else(Declared(root_note=_midi(chunks[b"INST"][0])))
    return found


def _aiff_seconds(chunks: dict[bytes, bytes]) -> float:
    """Length of the sound: frames over the rate, an 80-bit float."""
    common = chunks.get(b"COMM", b"")
    if len(common) < 18:
        return 0.0
    frames, exponent, mantissa = struct.unpack_from(">2xI2xHQ", common)
    rate = math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63)
    return frames / rate if rate > 0 else 0.0


def _in_caf(chunks: dict[bytes, bytes]) -> Declared:
    words = [word.decode(errors="replace") for word in chunks.get(b"info", b"")[4:].split(b"\0")]
    info = dict(zip(words[::2], words[1::2], strict=False))
    tempo = _tempo(info.get("tempo", "").split(" ")[0])
    return Declared(tempo_bpm=tempo, key=read_key(info.get("key signature", "")))


def _midi(number: int) -> int | None:
    return number if 0 <= number <= 127 else None


def _loop(start: float, end: float) -> tuple[float, float] | None:
    return (start, end) if 0 <= start < end else None
