"""Presets as sounds: what a file holds, what is heard of it, and what a click plays, whatever kind of file it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.audio.decode import Audio
from engine.audio.sources import reading
from engine.audio.suffixes import SFZ_SUFFIX, SOUNDFONT_SUFFIXES
from engine.errors import AudioError
from engine.presets import sfz_player, soundfont_player
from engine.presets.preset import (
    INAUDIBLE,
    Note,
    Preset,
    is_kit,
    no_such_preset,
    notes_to_hear,
    pitched,
    printable,
    sounds_of_kit,
)
from engine.presets.previews import check_preview, decode_preview
from engine.presets.sfz_region import open_sfz
from engine.presets.soundfont_presets import preset_of_soundfont, presets_of_soundfont

_LONGEST_NOTE_SECONDS = 4.0
_LONGEST_PREVIEW_SECONDS = 10.0
_AUDITION_SECONDS, _AUDITION_GATE_SECONDS = 3.0, 1.8
_AUDITION_PEAK = 0.5
_FADE_SECONDS = 0.05
_SILENT = 1e-5
_MOST_NAMED = 10


def presets_of(path: Path, *, root: Path | None = None) -> list[Preset]:
    """Every preset of a file, from its headers or its text alone, quickly however large it is; at least one.

    A SoundFont has one for each bank and program, an SFZ is one; but of drum kits each sound is a preset. A plug-in's
    preset is one, if its preview is there.

    Parameters
    ----------
    root : the folder that an SFZ must not lead out of; the file's own folder where None.

    Raises
    ------
    AudioError : missing, empty, damaged, cut short, contradicting itself, without any preset that could sound.
    """
    with reading(path):
        if _kind(path) in SOUNDFONT_SUFFIXES:
            return presets_of_soundfont(path)
        name = _name(path)
        if _kind(path) == SFZ_SUFFIX:
            zones = open_sfz(path, root).zones()
            kit = sounds_of_kit("", name, zones) if is_kit(zones) else ()
            return [preset for preset, _ in kit] or [pitched("", name, zones)]
        check_preview(path)
        return [Preset("", name, drum=False, keys=(), centre=60)]


def preset_of(path: Path, key: str, *, root: Path | None = None) -> Preset:
    """One preset of a file by its key. Raises AudioError as `presets_of`, or where it is not there any more."""
    if _kind(path) in SOUNDFONT_SUFFIXES:
        with reading(path):
            return preset_of_soundfont(path, key)
    for preset in presets_of(path, root=root):
        if preset.key == key:
            return preset
    raise AudioError(path, no_such_preset(key))


def play(
    path: Path,
    key: str,
    note: Note,
    *,
    rate: int,
    longest_seconds: float = _LONGEST_NOTE_SECONDS,
    root: Path | None = None,
) -> Audio:
    """One note of a preset in stereo at `rate`, at the level the preset gives it, until its release is silent.

    The same note is the same samples every time: of round robins and chances the first sounds.

    Parameters
    ----------
    longest_seconds : gate and release; what lasts longer is cut.

    Raises
    ------
    AudioError : as `presets_of`; nothing sounds at that key, all its samples are missing or one is damaged, only a
        preview is there.
    """
    with reading(path):
        if _kind(path) == SFZ_SUFFIX:
            samples = sfz_player.render(path, note, rate=rate, longest_seconds=longest_seconds, root=root)
        elif _kind(path) in SOUNDFONT_SUFFIXES:
            samples = soundfont_player.render(path, key, note, rate=rate, longest_seconds=longest_seconds)
        else:
            raise AudioError(path, "It takes its plug-in to play it: only its preview can be heard.")
    level = np.abs(samples).max(axis=0)
    heard = np.flatnonzero(level > INAUDIBLE * level.max())
    return Audio(samples[:, : heard[-1] + 1] if len(heard) else samples[:, :1], rate)


def hear(path: Path, key: str, *, rate: int, root: Path | None = None) -> list[Audio]:
    """What a preset is embedded from, one vector each, the sound that shows it best first; at least one, at `rate`.

    Its notes of `notes_to_hear`, or the beginning of its preview. Raises AudioError as `play`.
    """
    notes = notes_to_hear(_with_samples(path, preset_of(path, key, root=root), root))
    if notes:
        return [play(path, key, note, rate=rate, root=root) for note in notes]
    return [decode_preview(path, rate=rate, longest_seconds=_LONGEST_PREVIEW_SECONDS)]


def audition(path: Path, key: str, *, rate: int = 44_100, root: Path | None = None) -> Audio:
    """What a click plays: one note in the middle of the preset, or its preview, at most 3 s, its peak at -6 dB.

    Raises
    ------
    AudioError : as `play`; also where the preset is silent.
    """
    preset = _with_samples(path, preset_of(path, key, root=root), root)
    if preset.keys:
        first = notes_to_hear(preset)[0]
        note = Note(first.midi, first.velocity, _AUDITION_GATE_SECONDS)
        audio = play(path, key, note, rate=rate, longest_seconds=_AUDITION_SECONDS, root=root)
    else:
        audio = decode_preview(path, rate=rate, longest_seconds=_AUDITION_SECONDS)
    peak = float(np.abs(audio.samples).max())
    if peak < _SILENT:
        raise AudioError(path, "Silent: there is nothing to hear.")
    samples = audio.samples * np.float32(_AUDITION_PEAK / peak)
    if audio.duration_seconds > _AUDITION_SECONDS - _FADE_SECONDS:  # most likely cut, not over
        fade = round(_FADE_SECONDS * rate)
        samples[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return Audio(samples, rate)


def without_samples(path: Path, key: str, *, root: Path | None = None) -> str:
    """That a preset sounds without some of its samples, and which, in one sentence; '' where all of them are there.

    Raises AudioError as `presets_of`.
    """
    if _kind(path) != SFZ_SUFFIX:
        return ""
    preset = preset_of(path, key, root=root)
    with reading(path):
        instrument = open_sfz(path, root)
        if preset.drum:
            regions = tuple(region for region in instrument.regions if region.plays(preset.centre))
            instrument = replace(instrument, regions=regions)
        missing = instrument.missing_samples()
    if not missing:
        return ""
    named = ", ".join(repr(sample) for sample in missing[:_MOST_NAMED])
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    of = len({region.sample for region in instrument.regions})
    return f"It sounds without {len(missing)} of its {of} samples, which its folder does not hold: {named}{more}."


def _with_samples(path: Path, preset: Preset, root: Path | None) -> Preset:
    """The preset with those of its keys alone whose samples are there, if they are not at those by which it is heard;
    the same one where that leaves nothing."""
    if _kind(path) != SFZ_SUFFIX or preset.drum:
        return preset
    with reading(path):
        instrument = open_sfz(path, root)
        if all(instrument.can_play(note.midi) for note in notes_to_hear(preset)):
            return preset
        zones = instrument.with_samples().zones()
    return pitched(preset.key, preset.name, zones) if zones else preset


def _kind(path: Path) -> str:
    return path.suffix.lower()


def _name(path: Path) -> str:
    """A file's name without its ending, as shown; names that are no valid text are shown as far as they are."""
    return printable(path.stem) or "Preset"
