"""Plays notes of SoundFont presets with TinySoundFont.

The synthesizer never sees the file. For each note a small SoundFont is written in memory, with the few zones and
samples that sound in it: a click on one preset of a font of gigabytes takes milliseconds and megabytes, where loading
it whole takes seconds and twice its size, and nothing that an untrusted file says reaches C code unchecked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from engine.errors import AudioError
from engine.presets.preset import INAUDIBLE, Note
from engine.presets.soundfont import INSTRUMENT, SAMPLE, SAMPLE_MODES, SHIFTS, FontZone, SoundFont, open_soundfont
from engine.presets.soundfont_chunks import (
    BAG_RECORD,
    GENERATOR_RECORD,
    INSTRUMENT_RECORD,
    PRESET_RECORD,
    SAMPLE_RECORD,
)
from engine.presets.soundfont_presets import row_of

_MOST_VOICES = 64
_MOST_FRAMES = 64 << 20
"""Of all samples of a note: 128 MB, and twice that in the synthesizer."""
_BLOCK_SECONDS = 0.1
_PADDING = np.zeros(46, "<i2")
"""Behind every sample, as the format asks, for interpolation to read."""
_MONO = 1


def render(path: Path, key: str, note: Note, *, rate: int, longest_seconds: float) -> np.ndarray:
    """float32 [2, n]: a note of a preset and its release, n >= 1.

    Raises
    ------
    AudioError : as `open_soundfont`; no such preset, nothing sounds at that key, a sample is damaged.
    """
    font = open_soundfont(path)
    at_key = [zone for zone in font.zones(row_of(font, key)) if zone.lowest <= note.midi <= zone.highest]
    if not at_key:
        raise AudioError(path, f"Nothing sounds at key {note.midi} of preset {key!r}.")
    velocity = note.nearest_velocity((zone.softest, zone.loudest) for zone in at_key)
    sounding = [zone for zone in at_key if zone.softest <= velocity <= zone.loudest]
    if len(sounding) > _MOST_VOICES:
        raise AudioError(path, f"{len(sounding)} samples at once at key {note.midi} of preset {key!r}: too many.")
    small = _small_font(font, sounding, note.midi, longest_seconds)
    return _play(small, note.midi, velocity, note.gate_seconds, rate, longest_seconds)


def _play(data: bytes, midi: int, velocity: int, gate_seconds: float, rate: int, longest_seconds: float) -> np.ndarray:
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=rate)
    synth.sfload(data, max_voices=_MOST_VOICES)
    synth.program_select(0, 0, 0, 0)
    synth.noteon(0, midi, velocity)
    left = round(longest_seconds * rate)
    gate = min(round(gate_seconds * rate), left)
    blocks = [_generate(synth, gate)]
    synth.noteoff(0, midi)
    peak = float(np.abs(blocks[0]).max(initial=0.0))
    left -= gate
    while left > 0:
        blocks.append(_generate(synth, min(left, round(_BLOCK_SECONDS * rate))))
        left -= len(blocks[-1])
        loudest = float(np.abs(blocks[-1]).max())
        peak = max(peak, loudest)
        if loudest <= INAUDIBLE * peak:
            break
    return np.ascontiguousarray(np.concatenate(blocks).T)


def _generate(synth: object, frames: int) -> np.ndarray:
    """float32 [frames, 2], finite: filters of senseless settings do run away."""
    stereo = np.frombuffer(bytes(synth.generate(frames)), np.float32).reshape(-1, 2)  # type: ignore[attr-defined]
    return np.nan_to_num(stereo, nan=0.0, posinf=0.0, neginf=0.0)


def _small_font(font: SoundFont, zones: Sequence[FontZone], midi: int, seconds: float) -> bytes:
    """A SoundFont of one preset, bank 0 and program 0, that plays `zones` at every key and velocity.

    Of the samples there is as much as one note at key `midi` needs in `seconds`.
    """
    samples: list[np.ndarray] = []
    headers, preset_zones, instrument_zones = [], [], []
    position = 0
    for number, zone in enumerate(zones):
        frames, loop = font.cut(zone, font.most_frames(zone, midi, seconds))
        record = font.samples[zone.sample]
        start, end = position, position + len(frames)
        ends = (start + loop[0], start + loop[1]) if loop else (start, start)
        headers.append(
            (b"sample", start, end, *ends, font.rate(zone.sample), font.root(zone), record["correction"], 0, _MONO)
        )
        samples += [frames, _PADDING]
        position = end + len(_PADDING)
        if position > _MOST_FRAMES:
            raise AudioError(font.path, "The samples of a single note are larger than can be meant.")
        modes = {} if loop else {SAMPLE_MODES: 0}
        generators = {operator: amount for operator, amount in zone.generators.items() if operator not in SHIFTS}
        # An instrument for each zone, because what a preset's zone adds may differ between them. What points to the
        # instrument or the sample has to stand last.
        instrument_zones.append(generators | modes | {SAMPLE: number})
        preset_zones.append(zone.preset_generators | {INSTRUMENT: number})
    count = len(zones)
    lists = [
        (b"phdr", np.array([(b"preset", 0, 0, 0, b""), (b"EOP", 0, 0, count, b"")], PRESET_RECORD)),
        *_zone_lists(b"p", preset_zones),
        (b"inst", np.array([(b"instrument", n) for n in range(count + 1)], INSTRUMENT_RECORD)),
        *_zone_lists(b"i", instrument_zones),
        (b"shdr", np.array([*headers, (b"EOS", *([0] * 9))], SAMPLE_RECORD)),
    ]
    info = _chunk(b"LIST", b"INFO" + _chunk(b"ifil", struct.pack("<HH", 2, 1)))
    data = _chunk(b"LIST", b"sdta" + _chunk(b"smpl", np.concatenate(samples).tobytes()))
    headings = _chunk(b"LIST", b"pdta" + b"".join(_chunk(name, records.tobytes()) for name, records in lists))
    return _chunk(b"RIFF", b"sfbk" + info + data + headings)


def _zone_lists(kind: bytes, zones: Iterable[dict[int, int]]) -> list[tuple[bytes, np.ndarray]]:
    """The lists of bags, modulators (none) and generators of zones."""
    bags, generators = [0], list[tuple[int, int]]()
    for zone in zones:
        generators += zone.items()
        bags.append(len(generators))
    generators.append((0, 0))
    return [
        (kind + b"bag", np.array([(first, 0) for first in bags], BAG_RECORD)),
        (kind + b"mod", np.zeros(1, "V10")),
        (kind + b"gen", np.array(generators, GENERATOR_RECORD)),
    ]


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
