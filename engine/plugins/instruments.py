"""Keeps what a plug-in instrument plays: an SFZ for each program, in a folder of the library."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.encode import write_wav
from engine.audio.suffixes import PLUGIN_SUFFIX
from engine.errors import AudioError, LibraryError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress
from engine.paths import file_name, numbered
from engine.plugins.host import RATE, load_vst3
from engine.plugins.messages import PluginLoader
from engine.plugins.playing import Program, programs_played
from engine.presets.preset import printable
from engine.presets.sfz_text import NOTHING_BECAUSE

_PRESET_SUFFIX = ".vstpreset"
LONGEST_SECONDS = 60.0
"""A plug-in that takes longer to load, or to play one program, is stopped."""

_SAMPLES = ".notes"
_LOUDEST = 0.99
_INAUDIBLE = 1e-4


@dataclass(frozen=True)
class Added:
    """What came of an instrument.

    Attributes
    ----------
    folder : of its sounds; scan it to have them in the library.
    sounds : how many there are.
    failed : the programs that could not be played, by name, and why.
    """

    folder: Path
    sounds: int
    failed: tuple[tuple[str, str], ...]


def instruments_dir(library: Path) -> Path:
    """The folder of all instruments in the folder of a library. It is a root like any other."""
    return library / "instruments"


def add_instrument(
    path: Path,
    library: Path,
    *,
    presets: Path | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    loader: PluginLoader = load_vst3,
    seconds: float = LONGEST_SECONDS,
) -> Added:
    """Play an instrument and keep its notes, anew where it was added before. A scan makes sounds of them.

    Programs are those that the plug-in offers, else the state in which it starts; and `.vstpreset` files beside it, or
    in a folder. What cannot be played is kept as an SFZ without notes that says why: it becomes a failed row.

    Parameters
    ----------
    path : a `.vst3`, file or folder.
    library : the folder of the library.
    presets : a folder of `.vstpreset` files, searched with all inside it; None takes those beside the plug-in.
    progress : told of the stage "playing", in programs.
    loader : loads the plug-in, in the child process.
    seconds : loading, and each program, may take so long.

    Raises
    ------
    AudioError : it is no instrument that can be played here, or there is no preset in `presets`.
    LibraryError : nothing can be written into the library's folder.
    Cancelled : `cancel` was set; what was played by then is kept.
    """
    path = Path(os.path.abspath(path))
    is_there = os.path.exists(path)
    if path.suffix.lower() != PLUGIN_SUFFIX or not is_there:
        what = "It is no VST3 plug-in." if is_there else "There is no such file or folder."
        raise AudioError(path, f"{what} Choose the file or folder of an instrument; its name ends in {PLUGIN_SUFFIX}.")
    folder = instruments_dir(library) / _file_name(path.stem)
    sounds, failed, taken = 0, [], set[str]()
    for program in programs_played(path, _presets(path, presets), loader, seconds, cancel or CancelToken()):
        name = _free(_file_name(program.name or path.stem), taken)
        try:
            _keep(program, folder, name)
        except OSError as error:
            raise LibraryError(
                f"The notes of {path.name} cannot be kept in {folder} ({error.strerror or error}). Make room, or mend "
                "its permissions."
            ) from error
        if program.reason:
            failed.append((name, program.reason))
        else:
            sounds += 1
        progress(Progress("playing", program.number + 1, program.count))
    return Added(folder, sounds, tuple(failed))


def _presets(path: Path, folder: Path | None) -> list[Path]:
    found = path.parent.glob("*") if folder is None else folder.rglob("*")
    presets = sorted(preset for preset in found if preset.suffix.lower() == _PRESET_SUFFIX)
    if folder is not None and not presets:
        raise AudioError(
            folder, f"There are no presets in it. Choose a folder with files that end in {_PRESET_SUFFIX}."
        )
    return presets


def _file_name(words: str) -> str:
    """Words as a file's name that an SFZ can hold, where an equals sign would begin something else."""
    return file_name(printable(words).replace("=", "-"), "Program")


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered where another program has it; upper and lower case are one file on some systems."""
    free = next(free for free in numbered(name) if free.casefold() not in taken)
    taken.add(free.casefold())
    return free


def _keep(program: Program, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = _text(program, name)
    if program.notes:
        samples = folder / _SAMPLES / name
        samples.mkdir(parents=True, exist_ok=True)
        peak = max(float(np.abs(note).max()) for note in program.notes.values())
        gain = min(1.0, _LOUDEST / peak)
        for midi, note in program.notes.items():
            write_wav(samples / f"{midi}.wav", _ended(note * np.float32(gain)), RATE, "PCM_24")
    new = folder / f"{name}.sfz.new"
    new.write_text(text, encoding="utf-8")
    os.replace(new, folder / f"{name}.sfz")  # last: whatever lies there has its notes


def _text(program: Program, name: str) -> str:
    if not program.notes:
        return f"{NOTHING_BECAUSE}{' '.join(program.reason.split())}\n"
    lines = [
        f"// {printable(f'{program.plugin}: {program.name or name}')}",
        "// Played by Earshot; adding the instrument again plays it anew. The notes hold their own end.",
        "<group> loop_mode=one_shot amp_veltrack=0",
    ]
    notes = sorted(program.notes)
    for place, midi in enumerate(notes):
        lowest = (notes[place - 1] + midi) // 2 + 1 if place else 0
        highest = (midi + notes[place + 1]) // 2 if place + 1 < len(notes) else 127
        keys = f"lokey={lowest} hikey={highest} pitch_keycenter={midi}"
        lines.append(f"<region> {keys} sample={_SAMPLES}/{name}/{midi}.wav")
    return "\n".join(lines) + "\n"


def _ended(note: np.ndarray) -> np.ndarray:
    """The note [channels, samples] up to where it is silent."""
    level = np.abs(note).max(axis=0)
    heard = np.flatnonzero(level > _INAUDIBLE * max(float(level.max(initial=0.0)), _INAUDIBLE))
    return note[:, : heard[-1] + 1] if len(heard) else note[:, :1]
