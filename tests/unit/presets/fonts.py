"""Writes small SoundFonts, byte by byte and independently of what reads them."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

RATE = 32_000


@dataclass
class Zone:
    """A stretch of keys and velocities that a sample plays; `generators` are (operator, amount)."""

    sample: int = 0
    keys: tuple[int, int] = (0, 127)
    velocities: tuple[int, int] = (0, 127)
    root: int | None = None
    loops: bool = False
    generators: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class FontPreset:
    """A preset with an instrument of its own."""

    name: bytes
    zones: list[Zone]
    bank: int = 0
    program: int = 0


@dataclass
class Sample:
    """int16 frames with the note that sounds at its own rate; `loop` in frames."""

    frames: np.ndarray
    name: bytes = b"tone"
    root: int = 60
    loop: tuple[int, int] = (0, 0)
    rate: int = RATE


def tone(hz: float, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    """int16: a sine."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.round(32_767 * level * np.sin(2 * np.pi * hz * t)).astype("<i2")


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def font_bytes(presets: list[FontPreset], samples: list[Sample], *, compressed: bool = False) -> bytes:
    """A SoundFont; `compressed` stores the samples as Ogg Vorbis, as .sf3 files do."""
    data, headers = b"", b""
    for sample in samples:
        start = len(data) if compressed else len(data) // 2
        if compressed:
            stream = io.BytesIO()
            soundfile.write(stream, sample.frames, sample.rate, format="OGG", subtype="VORBIS")
            data += stream.getvalue()
            end, first, kind = len(data), 0, 1 | 0x10
        else:
            data += sample.frames.tobytes() + bytes(92)
            end, first, kind = start + len(sample.frames), start, 1
        points = start, end, first + sample.loop[0], first + sample.loop[1]
        headers += struct.pack("<20s5IBbHH", sample.name, *points, sample.rate, sample.root, 0, 0, kind)
    headers += struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    phdr, pbag, pgen, inst, ibag, igen = b"", b"", b"", b"", b"", b""
    instrument_bags = 0
    for number, preset in enumerate(presets):
        phdr += struct.pack("<20sHHHIII", preset.name, preset.program, preset.bank, number, 0, 0, 0)
        pbag += struct.pack("<HH", number, 0)
        pgen += struct.pack("<HH", 41, number)
        inst += struct.pack("<20sH", b"instrument", instrument_bags)
        for zone in preset.zones:
            ibag += struct.pack("<HH", len(igen) // 4, 0)
            instrument_bags += 1
            igen += struct.pack("<HBB", 43, *zone.keys) + struct.pack("<HBB", 44, *zone.velocities)
            if zone.root is not None:
                igen += struct.pack("<HH", 58, zone.root)
            if zone.loops:
                igen += struct.pack("<HH", 54, 1)
            igen += b"".join(struct.pack("<HH", *generator) for generator in zone.generators)
            igen += struct.pack("<HH", 53, zone.sample)
    phdr += struct.pack("<20sHHHIII", b"EOP", 0, 0, len(presets), 0, 0, 0)
    pbag += struct.pack("<HH", len(presets), 0)
    inst += struct.pack("<20sH", b"EOI", instrument_bags)
    ibag += struct.pack("<HH", len(igen) // 4, 0)
    lists = {
        b"phdr": phdr,
        b"pbag": pbag,
        b"pmod": bytes(10),
        b"pgen": pgen + bytes(4),
        b"inst": inst,
        b"ibag": ibag,
        b"imod": bytes(10),
        b"igen": igen + bytes(4),
        b"shdr": headers,
    }
    info = chunk(b"LIST", b"INFO" + chunk(b"ifil", struct.pack("<HH", 3 if compressed else 2, 1)))
    body = info + chunk(b"LIST", b"sdta" + chunk(b"smpl", data))
    body += chunk(b"LIST", b"pdta" + b"".join(chunk(name, content) for name, content in lists.items()))
    return chunk(b"RIFF", b"sfbk" + body)


def write_font(path: Path, presets: list[FontPreset], samples: list[Sample], *, compressed: bool = False) -> Path:
    path.write_bytes(font_bytes(presets, samples, compressed=compressed))
    return path


def strongest_hz(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency of [channels, n], to about 1 Hz."""
    mono = samples.mean(axis=0)
    mono = mono * np.hanning(len(mono))
    spectrum = np.abs(np.fft.rfft(mono, 1 << 17))
    return float(np.argmax(spectrum) * rate / (1 << 17))
