"""What a region of an SFZ says, as numbers, and which regions a note sets off."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PureWindowsPath

from engine.audio.declared import split_note
from engine.audio.sources import check_readable
from engine.errors import AudioError
from engine.presets.preset import Note, Zone
from engine.presets.sfz_text import Opcodes, inside, read_regions

SAMPLE_ITSELF = -1
"""In place of a pitch centre: the sample's own file tells it."""

_MOST_AT_ONCE = 64
_CONTROLLER = re.compile(r"(lo|hi|set_)cc(\d{1,3})")
_CONTROLLERS_AT_REST = {7: 100.0, 10: 64.0, 11: 127.0}


@dataclass(frozen=True)
class Region:
    """When a sample sounds, and how.

    Attributes
    ----------
    sample : as the file names it, or '*sine' and the like.
    lowest, highest, softest, loudest : keys and velocities, 0 to 127.
    centre : MIDI number at which the sample plays at its own pitch, or `SAMPLE_ITSELF`.
    cents_per_key, tune_cents : how its pitch follows the keys, and what is added.
    gain_db, pan, velocity_tracking : pan from -1 to 1; velocity tracking from -1 to 1, 0 for none.
    first_frame, end_frame : the part of the file that is played; the end, if known, is behind the last frame.
    loop_mode, loop_start, loop_end : as the file says them, None where the sample's own file is asked.
    attack, hold, decay, release : seconds.
    sustain : 0 to 1.
    """

    sample: str
    lowest: int
    highest: int
    softest: int
    loudest: int
    centre: int
    cents_per_key: float
    tune_cents: float
    gain_db: float
    pan: float
    velocity_tracking: float
    first_frame: int
    end_frame: int | None
    loop_mode: str | None
    loop_start: int | None
    loop_end: int | None
    attack: float
    hold: float
    decay: float
    sustain: float
    release: float

    def plays(self, midi: int) -> bool:
        return self.lowest <= midi <= self.highest


@dataclass(frozen=True)
class Instrument:
    """An SFZ: its path, the folder that its samples must not leave, the regions that a first pressed key can set off,
    and the files that it includes."""

    path: Path
    root: Path
    regions: tuple[Region, ...]
    includes: frozenset[Path]

    def sounding(self, note: Note) -> tuple[list[Region], int]:
        """The regions that a note sets off, and the velocity at which it does; see `Note.nearest_velocity`. Of a layer
        whose samples are not there the nearest that has some sounds.

        Raises
        ------
        AudioError : none, none of which the sample is there, or too many.
        """
        at_key = [region for region in self.regions if region.plays(note.midi)]
        if not at_key:
            raise AudioError(self.path, f"Nothing sounds at key {note.midi}.")
        lacking: AudioError | None = None
        while at_key:
            velocity = note.nearest_velocity((region.softest, region.loudest) for region in at_key)
            sounding = [region for region in at_key if region.softest <= velocity <= region.loudest]
            if len(sounding) > _MOST_AT_ONCE:
                raise AudioError(self.path, f"{len(sounding)} samples at once at key {note.midi}: too many.")
            lacks = [(region, self._lack_of(region)) for region in sounding]
            if there := [region for region, lack in lacks if lack is None]:
                return there, velocity
            lacking = lacking or lacks[0][1]
            at_key = [region for region in at_key if region not in sounding]
        assert lacking is not None
        raise lacking

    def can_play(self, midi: int) -> bool:
        """Whether a key sets off a region whose sample is there."""
        return any(region.plays(midi) and self._lack_of(region) is None for region in self.regions)

    @property
    def has_samples(self) -> bool:
        """Whether the sample of any region is there."""
        return any(self._lack_of(region) is None for region in self._with_each_sample().values())

    def with_samples(self) -> Instrument:
        """Without the regions whose samples are not there."""
        missing = set(self.missing_samples())
        return replace(self, regions=tuple(region for region in self.regions if region.sample not in missing))

    def missing_samples(self) -> list[str]:
        """The samples that are not there, or lie where they must not, as the file names them."""
        return [sample for sample, region in self._with_each_sample().items() if self._lack_of(region) is not None]

    def sample_files(self) -> dict[str, Path | None]:
        """Where each sample lies, by the name that the file gives it; None where it is not there, or lies where it must
        not. Without those that are no files."""
        return {sample: self._file_of(sample) for sample in self._with_each_sample() if not sample.startswith("*")}

    def _file_of(self, sample: str) -> Path | None:
        with contextlib.suppress(AudioError):
            return inside(self.path.parent, sample, self.root, self.path)
        return None

    def _with_each_sample(self) -> dict[str, Region]:
        return {region.sample: region for region in self.regions}

    def _lack_of(self, region: Region) -> AudioError | None:
        """What keeps its sample from being opened: it is missing, or outside the root."""
        if not region.sample.startswith("*"):
            try:
                inside(self.path.parent, region.sample, self.root, self.path)
            except AudioError as error:
                return error
        return None

    def zones(self) -> list[Zone]:
        """Its regions as stretches of keys."""
        zones = []
        for region in self.regions:
            name = PureWindowsPath(region.sample).stem  # which takes slashes of both kinds
            centre = region.centre
            if centre == SAMPLE_ITSELF:
                told = split_note(name)
                centre = (region.lowest + region.highest) // 2 if told is None else told[1]
            zones.append(Zone(region.lowest, region.highest, min(max(centre, 0), 127), name))
        return zones


def open_sfz(path: Path, root: Path | None = None) -> Instrument:
    """Read an SFZ; kept until another one is opened.

    Parameters
    ----------
    root : the folder that nothing the file names may lie outside of; its own folder where None.

    Raises
    ------
    AudioError : as `read_regions`; also where no region can sound when a key is pressed.
    """
    check_readable(path)
    facts = os.stat(path)
    return _opened(path, path.parent if root is None else root, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(path: Path, root: Path, size: int, mtime_ns: int) -> Instrument:
    found, control, includes = read_regions(path, root)
    controllers = _CONTROLLERS_AT_REST | _controllers(control, "set_")
    shift = round(_number(control, "note_offset", 0) + 12 * _number(control, "octave_offset", 0))
    candidates: list[tuple[int | None, Region]] = []
    first_switch = None
    for opcodes in found:
        first_switch = _key(opcodes.get("sw_default", "")) if first_switch is None else first_switch
        region = _region(opcodes, shift) if _sounds_at_first(opcodes, controllers) else None
        if region is not None:
            candidates.append((_key(opcodes.get("sw_last", "")), region))
    # Of the articulations that keys switch between, the one that sounds before any has been pressed, else the lowest.
    switches = {switch for switch, _ in candidates if switch is not None}
    switch = first_switch if first_switch in switches else min(switches, default=None)
    regions = tuple(region for own, region in candidates if own in (None, switch))
    if not regions:
        raise AudioError(path, "No region in it sounds when a key is pressed.")
    return Instrument(path, root, regions, includes)


def _controllers(opcodes: Mapping[str, str], prefix: str) -> dict[int, float]:
    matches = ((_CONTROLLER.fullmatch(name), name) for name in opcodes if "cc" in name)
    return {
        int(match.group(2)): _number(opcodes, name, 0) for match, name in matches if match and match.group(1) == prefix
    }


def _sounds_at_first(opcodes: Opcodes, controllers: Mapping[int, float]) -> bool:
    """Whether pressing one key, all else being at rest, sets a region off: the first of a round robin, no releases."""
    low, high = _controllers(opcodes, "lo"), _controllers(opcodes, "hi")
    return (
        opcodes.get("trigger", "attack") in ("attack", "first")
        and _number(opcodes, "seq_position", 1) == 1
        and _number(opcodes, "lorand", 0) <= 0 < _number(opcodes, "hirand", 1)
        and not opcodes.keys() & {"sw_down", "sw_previous"}
        and not any(name.startswith(("on_locc", "on_hicc", "start_locc", "start_hicc")) for name in opcodes)
        and all(controllers.get(number, 0) >= value for number, value in low.items())
        and all(controllers.get(number, 0) <= value for number, value in high.items())
    )


def _region(opcodes: Opcodes, shift: int) -> Region | None:
    """A region as numbers; None where it has no sample or plays nothing."""
    lowest, highest = _key(opcodes.get("lokey", "0")), _key(opcodes.get("hikey", "127"))
    softest, loudest = _number(opcodes, "lovel", 0), _number(opcodes, "hivel", 127)
    end = _first_number(opcodes, ("end",))
    if not opcodes.get("sample") or lowest is None or highest is None or (end is not None and end < 0):
        return None
    if highest < 0:  # set off by controllers only
        return None
    lowest, highest = max(lowest + shift, 0), min(highest + shift, 127)
    if lowest > highest or softest > loudest:
        return None
    centre = opcodes.get("pitch_keycenter", "60")
    loop_end = _first_number(opcodes, ("loop_end", "loopend"))
    loop_start = _first_number(opcodes, ("loop_start", "loopstart"))
    amplitude = max(_number(opcodes, "amplitude", 100) / 100.0, 1e-6)
    return Region(
        sample=opcodes["sample"],
        lowest=lowest,
        highest=highest,
        softest=int(max(softest, 0)),
        loudest=int(min(loudest, 127)),
        centre=SAMPLE_ITSELF if centre == "sample" else _shifted(_key(centre), shift),
        cents_per_key=_bounded(_number(opcodes, "pitch_keytrack", 100), 1_200),
        tune_cents=_bounded(
            100 * _number(opcodes, "transpose", 0) + (_first_number(opcodes, ("tune", "pitch")) or 0), 12_700
        ),
        gain_db=_bounded(_number(opcodes, "volume", 0) + 20.0 * math.log10(amplitude), 144),
        pan=_bounded(_number(opcodes, "pan", 0) / 100.0, 1.0),
        velocity_tracking=_bounded(_number(opcodes, "amp_veltrack", 100) / 100.0, 1.0),
        first_frame=max(0, int(_number(opcodes, "offset", 0))),
        end_frame=None if end is None else int(end) + 1,
        loop_mode=opcodes.get("loop_mode", opcodes.get("loopmode")),
        loop_start=None if loop_start is None else max(0, int(loop_start)),
        loop_end=None if loop_end is None else int(loop_end) + 1,
        attack=_seconds(opcodes, "ampeg_attack"),
        hold=_seconds(opcodes, "ampeg_hold"),
        decay=_seconds(opcodes, "ampeg_decay"),
        sustain=min(max(_number(opcodes, "ampeg_sustain", 100) / 100.0, 0.0), 1.0),
        release=_seconds(opcodes, "ampeg_release"),
    )


def _shifted(centre: int | None, shift: int) -> int:
    return min(max((60 if centre is None else centre) + shift, 0), 127)


def _seconds(opcodes: Mapping[str, str], name: str) -> float:
    return min(max(_number(opcodes, name, 0), 0.0), 100.0)


def _bounded(value: float, most: float) -> float:
    return min(max(value, -most), most)


def _number(opcodes: Mapping[str, str], name: str, default: float) -> float:
    """A number, or what holds without one where there is none or it makes no sense."""
    found = _first_number(opcodes, (name,))
    return default if found is None else found


def _first_number(opcodes: Mapping[str, str], names: Iterable[str]) -> float | None:
    for name in names:
        match = re.match(r"[+-]?\d{1,15}(?:\.\d{0,9})?|[+-]?\.\d{1,9}", opcodes.get(name, ""))
        if match:
            return float(match.group())
    return None


def _key(text: str) -> int | None:
    """MIDI number of '60' or 'c#4', middle C being C4; None for anything else. '-1' is a key that does not exist."""
    if re.fullmatch(r"-?\d{1,4}", text):
        return int(text)
    note = split_note(f"{text[:1].upper()}{text[1:]}")
    return note[1] if note is not None and not note[0] else None
