"""What a sound file says of itself: tempo, key, root note, loop points, one-shot or loop.

Makers of sample packs write it into chunks (ACID, `smpl` and `inst` in WAV; `INST` and Apple's `basc` in AIFF;
`info` in CAF), into tags (ID3, Vorbis, MP4), or into the name. A chunk is believed before a tag, a tag before the name.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO

import tinytag

_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
_LARGEST_CHUNK = 1 << 16
_MOST_CHUNKS = 200
_PITCH_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_CAMELOT_FIRST = {"a": 8, "b": 11}
"""Pitch class of 1A (A flat minor) and 1B (B major); each further number is a fifth up."""


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
    """

    tempo_bpm: float | None = None
    key: str | None = None
    root_note: int | None = None
    loop_seconds: tuple[float, float] | None = None
    kind: str | None = None
    beats: float | None = None

    def or_else(self, other: Declared) -> Declared:
        """What this one says, and where it says nothing what the other does."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return Declared(**{n: getattr(other, n) if value is None else value for n, value in said.items()})


NOTHING = Declared()


def declared(path: str | Path) -> Declared:
    """What a file says of itself; nothing where it cannot be read or what it says makes no sense."""
    return _in_chunks(path).or_else(_in_tags(path)).or_else(in_name(os.path.basename(path)))


def in_name(name: str) -> Declared:
    """What a file name tells, such as 'Dusty_Rhodes_92bpm_F#min.wav' or 'Cello C#3.wav'."""
    stem = os.path.splitext(name)[0]
    tempo = re.search(r"(?<![\d.])(\d{2,3}(?:\.\d{1,2})?)[ _-]?bpm(?![a-z])", stem, re.IGNORECASE)
    if tempo is None:
        tempo = re.search(r"bpm[ _-]?(\d{2,3}(?:\.\d{1,2})?)(?![\d.])", stem, re.IGNORECASE)
    key = re.search(r"(?:^|[ _\-(])([A-G][#♯b♭]?[ _-]?(?:min(?:or)?|maj(?:or)?|m))(?=$|[ _\-).])", stem)
    split = split_note(stem)
    kind = None
    if re.search(r"(?<![a-z])one[ _-]?shots?(?![a-z])", stem, re.IGNORECASE):
        kind = "one-shot"
    elif re.search(r"loops?(?![a-z])", stem, re.IGNORECASE):  # also 'drumloop', not 'looped' or 'loopback'
        kind = "loop"
    return Declared(
        tempo_bpm=_tempo(tempo.group(1)) if tempo else None,
        key=read_key(key.group(1)) if key else None,
        root_note=split[1] if split else None,
        kind=kind,
    )


def split_note(stem: str) -> tuple[str, int] | None:
    """A name without the note in it and that note's MIDI number: of 'Cello C#3 ff' 'Cello ff' and 49; None if none."""
    found = re.search(r"(?:^|[ _\-(])([A-G][#♯b♭]?)(-?\d)(?=$|[ _\-).])", stem)
    note = _note(*found.groups()) if found else None
    return None if found is None or note is None else (stem[: found.start()] + stem[found.end() :], note)


def read_key(text: str) -> str | None:
    """A key as 'A minor', 'F# major' or 'C', from 'Am', 'Gbmaj', 'f sharp minor' or Camelot's '8A'; None for others."""
    text = text.strip().casefold().replace("sharp", "#").replace("flat", "b")
    camelot = re.fullmatch(r"0?([1-9]|1[0-2])([ab])", text)
    if camelot:
        place = (_CAMELOT_FIRST[camelot.group(2)] + 7 * (int(camelot.group(1)) - 1)) % 12
        return f"{NOTE_NAMES[place]} {'minor' if camelot.group(2) == 'a' else 'major'}"
    found = re.fullmatch(r"([a-g])\s*([#♯b♭]?)[\s_-]*(m|min|minor|maj|major)?", text)
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


def _in_tags(path: str | Path) -> Declared:
    try:
        tags = tinytag.TinyTag.get(os.fspath(path), duration=False).other
    except (tinytag.TinyTagException, OSError, ValueError, struct.error, KeyError, IndexError, UnicodeError):
        return NOTHING  # no tags, or damaged ones

    def first(name: str) -> str:
        return str((tags.get(name) or [""])[0])

    return Declared(tempo_bpm=_tempo(first("bpm").replace(",", ".")), key=read_key(first("initial_key")))


def _in_chunks(path: str | Path) -> Declared:
    try:
        with open(path, "rb") as file:
            head = file.read(12)
            if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
                return _in_wav(dict(_chunks(file, "<")))
            if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
                return _in_aiff(dict(_chunks(file, ">")))
            if head[:4] == b"caff":
                file.seek(8)
                return _in_caf(dict(_chunks(file, ">", size="q", padded=False)))
    except (OSError, struct.error, ValueError, IndexError, OverflowError):
        pass  # damaged: what it says is not worth a failed sound
    return NOTHING


def _chunks(file: BinaryIO, order: str, *, size: str = "I", padded: bool = True) -> Iterator[tuple[bytes, bytes]]:
    """Chunks from the file's position on; of large ones (the samples) only the first bytes."""
    header = struct.Struct(f"{order}4s{size}")
    for _ in range(_MOST_CHUNKS):
        raw = file.read(header.size)
        if len(raw) < header.size:
            return
        name, length = header.unpack(raw)
        yield name, file.read(min(length, _LARGEST_CHUNK)) if length >= 0 else b""
        if length < 0:  # a CAF whose samples run to the end
            return
        file.seek(max(0, length - _LARGEST_CHUNK) + (length % 2 if padded else 0), os.SEEK_CUR)


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
