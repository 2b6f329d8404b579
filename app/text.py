"""How figures are worded: times, pitches, lengths, counts."""

from __future__ import annotations

import math

from engine import notes

NONE = "–"

DEVICES = {"cpu": "CPU", "cuda": "GPU · CUDA", "mps": "GPU · Metal"}
"""What the ear runs on."""


def stars(rating: int) -> str:
    """A rating as it is shown: ★★★."""
    return "★" * rating


def plain(name: str) -> str:
    """A name from elsewhere as menus show it: an "&" in it makes no key."""
    return name.replace("&", "&&")


def clock(seconds: float, decimals: int = 1) -> str:
    """Minutes and seconds, such as 0:44.7; hours too where there are any."""
    scale = 10**decimals
    ticks = max(0, round(seconds * scale))
    whole, fraction = divmod(ticks, scale)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{fraction:0{decimals}}" if decimals else text


def size(size_bytes: int) -> str:
    """A size as file managers tell it: 640 kB, 12 MB, 2.1 GB."""
    for unit, power in (("GB", 9), ("MB", 6)):
        if size_bytes >= 10**power:
            value = size_bytes / 10**power
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{math.ceil(size_bytes / 1000)} kB"


def duration_left(seconds: float) -> str:
    """Time left, as coarse as it is uncertain: 3 s, 3 min 41 s, 2 h 5 min."""
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def note_number(hz: float) -> int | None:
    """The nearest MIDI note (A4 = 440 Hz = 69), None outside 0..127."""
    if not hz > 0:
        return None
    number = round(notes.hz_to_midi(hz))
    return number if 0 <= number <= 127 else None


def note_name(hz: float | None) -> str | None:
    """The nearest note as a name such as D#4, None when there is none."""
    number = note_number(hz) if hz is not None else None
    return None if number is None else notes.note_name(number)


def key_short(key: str) -> str:
    """'A minor' as Am, 'F# major' as F#."""
    tonic, _, mode = key.partition(" ")
    return f"{tonic}m" if mode == "minor" else tonic


def frequency(hz: float) -> str:
    """1.33 kHz, 440 Hz."""
    return f"{hz / 1000:.2f} kHz" if hz >= 1000 else f"{hz:.0f} Hz"


def decibels(db: float) -> str:
    """A level with a true minus sign."""
    return f"{db:.0f} dB".replace("-", "−")


def count(number: int) -> str:
    """12,480."""
    return f"{number:,}"


def sounds(number: int) -> str:
    """1 sound, 12,480 sounds."""
    return f"{number:,} sound{'' if number == 1 else 's'}"


def percent(value: float) -> str:
    """A probability as 32 %; never a certainty, for it is none."""
    return "< 1 %" if value < 0.01 else f"{min(99, round(100 * value))} %"


def fraction(value: float) -> str:
    """A match as .96; 1.00 when it is all of it; never below .00."""
    text = f"{max(0.0, value):.2f}"
    return text[1:] if text.startswith("0") else text
