"""SoundFont files (.sf2, and .sf3 with compressed samples) by their headers, and single samples out of them.

A SoundFont is a RIFF file: the list `sdta` holds the samples, one behind another, `pdta` the records that say which
sample plays at which key. Only `pdta` is read, so that a font of gigabytes is listed in milliseconds; and all of it is
checked here, because nothing in such a file can be trusted.

A preset has zones, each of which names an instrument; an instrument has zones, each of which names a sample. A zone is
a set of generators: numbers that set a key range, a volume, an envelope. What stands in a first zone without instrument
or sample holds for all the others.
"""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from engine.audio.sources import check_readable
from engine.errors import AudioError
from engine.presets.preset import printable
from engine.presets.soundfont_chunks import DAMAGED, read_chunks

START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET = 0, 1, 2, 3
START_OFFSET_COARSE, END_OFFSET_COARSE, LOOP_START_OFFSET_COARSE, LOOP_END_OFFSET_COARSE = 4, 12, 45, 50
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, SAMPLE, SAMPLE_MODES, SCALE_TUNING, ROOT_KEY = 41, 43, 44, 53, 54, 56, 58
"""Generators that are looked into here; all others are passed on to the synthesizer as they are."""
SHIFTS = frozenset(
    {
        *{START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET},
        *{START_OFFSET_COARSE, END_OFFSET_COARSE, LOOP_START_OFFSET_COARSE, LOOP_END_OFFSET_COARSE},
    }
)
"""Of these, the ones that move points of a sample: `SoundFont.cut` has applied them."""

_RAISING_PITCH = {5: 0.01, 6: 0.01, 7: 0.01, 51: 1.0, 52: 0.01}
"""Generators (vibrato, modulation, its envelope, coarse and fine tuning) with their units in semitones."""

_ROM, _VORBIS = 0x8000, 0x10
_MOST_ZONES = 20_000
"""Of one preset, over all its instruments; the largest fonts of orchestras have some hundreds."""
_MOST_FRAMES = 32 << 20
"""Of one sample: minutes of sound, and little enough memory for one note."""
_RATES_HZ = range(1_000, 400_001)


@dataclass(frozen=True)
class FontZone:
    """A zone of a preset together with one of the zones of its instrument: what plays one sample.

    Attributes
    ----------
    lowest, highest : MIDI numbers of its keys.
    softest, loudest : velocities, 0 to 127.
    sample : row of `SoundFont.samples`.
    preset_generators, generators : operator to amount (0 to 65,535, signed ones as two's complement); the first are
        added to the second.
    """

    lowest: int
    highest: int
    softest: int
    loudest: int
    sample: int
    preset_generators: dict[int, int]
    generators: dict[int, int]


class SoundFont:
    """The headers of one file. Raises AudioError from every method where the file contradicts itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            chunks = read_chunks(file, path)
        self._samples_at, self._samples_bytes = chunks.samples_at, chunks.samples_bytes
        records = chunks.records
        self.presets: np.ndarray = records[b"phdr"][:-1]
        self.samples: np.ndarray = records[b"shdr"][:-1]
        self._last_zones: tuple[int, list[FontZone]] = -1, []
        self._instruments = len(records[b"inst"]) - 1
        self._preset_zones = _Zones(path, records[b"phdr"]["bag"], records[b"pbag"], records[b"pgen"], INSTRUMENT)
        self._instrument_zones = _Zones(path, records[b"inst"]["bag"], records[b"ibag"], records[b"igen"], SAMPLE)

    @cached_property
    def rows(self) -> dict[str, int]:
        """'bank:program' to row of `presets`, in that order; '~2' and so on behind what is at the same place again."""
        places = zip(self.presets["bank"].tolist(), self.presets["program"].tolist(), strict=True)
        in_order = sorted((place, row) for row, place in enumerate(places))
        found: dict[str, int] = {}
        for (bank, program), rows in groupby(in_order, key=itemgetter(0)):
            for again, (_, row) in enumerate(rows, start=1):
                found[f"{bank}:{program}" + (f"~{again}" if again > 1 else "")] = row
        return found

    def zones(self, preset: int) -> list[FontZone]:
        """The zones of a preset (a row of `presets`) that can sound; of the preset last asked for they are known."""
        last = self._last_zones  # which another thread may replace meanwhile
        if last[0] != preset:
            last = self._last_zones = preset, self._found_zones(preset)
        return last[1]

    def _found_zones(self, preset: int) -> list[FontZone]:
        found: list[FontZone] = []
        looked_at = 0
        for outer in self._preset_zones.of(preset):
            if outer[INSTRUMENT] >= self._instruments:
                raise AudioError(self.path, DAMAGED)
            looked_at += len(self._instrument_zones.of(outer[INSTRUMENT]))
            if looked_at > _MOST_ZONES:
                raise AudioError(self.path, f"More than {_MOST_ZONES} zones in one preset: this cannot be meant.")
            added = {operator: amount for operator, amount in outer.items() if operator not in _PLACES}
            for inner in self._instrument_zones.of(outer[INSTRUMENT]):
                keys, velocities = _common(outer, inner, KEY_RANGE), _common(outer, inner, VELOCITY_RANGE)
                if inner[SAMPLE] >= len(self.samples):
                    raise AudioError(self.path, DAMAGED)
                if not keys or not velocities or self.samples["type"][inner[SAMPLE]] & _ROM:
                    continue
                own = {operator: amount for operator, amount in inner.items() if operator not in _PLACES}
                zone = FontZone(keys[0], keys[-1], velocities[0], velocities[-1], inner[SAMPLE], added, own)
                found.append(zone)
        return found

    def sample_name(self, sample: int) -> str:
        """Printable; possibly empty."""
        return text_of(self.samples["name"][sample])

    def root(self, zone: FontZone) -> int:
        """MIDI number at which a zone's sample plays at its own pitch."""
        stated = zone.generators.get(ROOT_KEY, 0xFFFF)
        root = stated if stated <= 127 else int(self.samples["root"][zone.sample])
        return root if root <= 127 else 60

    def most_frames(self, zone: FontZone, midi: int, seconds: float) -> int:
        """Frames of its sample that a zone comes past at most, however its pitch is bent."""
        semitones = 2.0 + max(0, midi - self.root(zone)) * max(1.0, zone.generators.get(SCALE_TUNING, 0) / 100.0)
        for generators in (zone.preset_generators, zone.generators):
            for operator, unit in _RAISING_PITCH.items():
                semitones += unit * abs(_signed(generators.get(operator, 0)))
        return math.ceil(min(self.rate(zone.sample) * seconds * 2.0 ** min(semitones / 12.0, 20.0), _MOST_FRAMES))

    def rate(self, sample: int) -> int:
        """Samples per second of a sample."""
        rate = int(self.samples["rate"][sample])
        if rate not in _RATES_HZ:
            raise AudioError(self.path, f"The sample {self.sample_name(sample)!r} claims {rate} samples per second.")
        return rate

    def cut(self, zone: FontZone, most_frames: int) -> tuple[np.ndarray, tuple[int, int] | None]:
        """What a zone plays: int16 [1 to `most_frames`], and where its loop starts and ends, if it lies within.

        The generators that shift start, end and loop are applied here.
        """
        record, shift = self.samples[zone.sample], zone.generators
        start, end = int(record["start"]), int(record["end"])
        start_shift = _offset(shift, START_OFFSET, START_OFFSET_COARSE)
        end_shift = _offset(shift, END_OFFSET, END_OFFSET_COARSE)
        frames = None
        if record["type"] & _VORBIS:
            # Here start and end count bytes of an Ogg stream, and loops are counted from its first frame.
            wanted = max(0, start_shift) + most_frames
            frames = self._decoded(zone.sample, start, end, wanted)
            start, end = 0, len(frames)
            end_shift = end_shift if len(frames) < wanted else 0
        start = max(0, start + start_shift)
        end = min(max(start, end + end_shift), start + most_frames)
        cut = self._stored(zone.sample, start, end) if frames is None else frames[start:end]
        if not len(cut):
            raise AudioError(self.path, f"The sample {self.sample_name(zone.sample)!r} is empty.")
        loop_start = int(record["loop_start"]) + _offset(shift, LOOP_START_OFFSET, LOOP_START_OFFSET_COARSE) - start
        loop_end = int(record["loop_end"]) + _offset(shift, LOOP_END_OFFSET, LOOP_END_OFFSET_COARSE) - start
        return cut, (loop_start, loop_end) if 0 <= loop_start < loop_end - 1 and loop_end <= len(cut) else None

    def _stored(self, sample: int, start: int, end: int) -> np.ndarray:
        if end > self._samples_bytes // 2 or end - start > _MOST_FRAMES:
            raise AudioError(self.path, f"The sample {self.sample_name(sample)!r} claims more than the file holds.")
        with open(self.path, "rb") as file:
            file.seek(self._samples_at + 2 * start)
            raw = file.read(2 * (end - start))
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<i2")

    def _decoded(self, sample: int, start: int, end: int, most_frames: int) -> np.ndarray:
        import soundfile

        if not start < end <= self._samples_bytes:
            raise AudioError(self.path, f"The sample {self.sample_name(sample)!r} claims more than the file holds.")
        with open(self.path, "rb") as file:
            file.seek(self._samples_at + start)
            stream = io.BytesIO(file.read(end - start))
        try:
            frames, _ = soundfile.read(stream, frames=min(most_frames, _MOST_FRAMES), dtype="int16", always_2d=True)
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioError(self.path, f"The sample {self.sample_name(sample)!r} cannot be decoded.") from error
        return np.ascontiguousarray(frames[:, 0])


_PLACES = frozenset({INSTRUMENT, SAMPLE, KEY_RANGE, VELOCITY_RANGE})


def open_soundfont(path: Path) -> SoundFont:
    """The headers of a file; kept until another file is opened.

    Raises
    ------
    AudioError : missing, empty, cut short, not a SoundFont, or contradicting itself.
    """
    check_readable(path)
    facts = os.stat(path)
    return _opened(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(path: Path, size: int, mtime_ns: int) -> SoundFont:
    return SoundFont(path)


def text_of(raw: bytes) -> str:
    """A name of a record as printable text; makers wrote whatever their system had."""
    raw = bytes(raw).split(b"\0")[0]
    try:
        return printable(raw.decode())
    except UnicodeDecodeError:
        return printable(raw.decode("cp1252", errors="replace"))


class _Zones:
    """The zones of presets or of instruments, from their three lists.

    Parameters
    ----------
    firsts : the first bag of each preset or instrument, and the end of the last.
    points_to : the generator without which a zone is no zone, but the place of what holds for all.
    """

    def __init__(
        self, path: Path, firsts: np.ndarray, bags: np.ndarray, generators: np.ndarray, points_to: int
    ) -> None:
        starts = bags["generator"].astype(np.int64)
        firsts = firsts.astype(np.int64)
        in_order = (np.diff(firsts) >= 0).all() and (np.diff(starts) >= 0).all()
        if not in_order or firsts[-1] >= len(bags) or starts[-1] > len(generators):
            raise AudioError(path, DAMAGED)
        self._firsts, self._starts = firsts.tolist(), starts.tolist()
        self._operators, self._amounts = generators["operator"], generators["amount"]
        self._points_to = points_to
        self._known: dict[int, list[dict[int, int]]] = {}

    def of(self, number: int) -> list[dict[int, int]]:
        """Operator to amount of each zone, with what holds for all of them."""
        if number not in self._known:
            shared: dict[int, int] = {}
            zones = []
            for bag in range(self._firsts[number], self._firsts[number + 1]):
                part = slice(self._starts[bag], self._starts[bag + 1])
                zone = dict(zip(self._operators[part].tolist(), self._amounts[part].tolist(), strict=True))
                if self._points_to in zone:
                    zones.append(shared | zone)
                elif bag == self._firsts[number]:
                    shared = zone
            self._known[number] = zones
        return self._known[number]


def _common(outer: dict[int, int], inner: dict[int, int], operator: int) -> range:
    """The keys or velocities that two zones share."""
    ranges = [(zone.get(operator, 0x7F00) & 0xFF, zone.get(operator, 0x7F00) >> 8) for zone in (outer, inner)]
    return range(max(low for low, _ in ranges), min(127, *(high for _, high in ranges)) + 1)


def _offset(generators: dict[int, int], fine: int, coarse: int) -> int:
    """Frames by which a zone shifts a point of its sample."""
    return _signed(generators.get(fine, 0)) + 32_768 * _signed(generators.get(coarse, 0))


def _signed(amount: int) -> int:
    return amount - 0x10000 if amount & 0x8000 else amount
