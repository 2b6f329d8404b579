"""Makes the demo's files where they are missing, all or nothing."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engine.demo.collection import sound_names, write_collection
from engine.demo.song import STRIPS, mix, render_stem, write_song
from engine.errors import EarshotError
from engine.jobs import Progress, ProgressCallback, ignore_progress

VERSION = 1
"""To be raised with every change that is heard or seen in the files: older demos are then left alone, and unused."""


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo is.

    Attributes
    ----------
    library : the folder of sounds to scan.
    song : the reference made with some of them.
    truth : JSON: for each instrument of the song its sound's path (relative to the library), family, active seconds.
    """

    library: Path
    song: Path
    truth: Path

    @classmethod
    def within(cls, directory: Path) -> DemoFiles:
        """The places of this version's demo in `directory`, made or not."""
        home = Path(directory) / f"Earshot Demo {VERSION}"
        return cls(home / "Sounds", home / "Earshot Demo Song.wav", home / "truth.json")

    @property
    def complete(self) -> bool:
        """Whether every file is there."""
        return (
            self.truth.is_file()
            and self.song.is_file()
            and all((self.library / name).is_file() for name in sound_names())
        )


def ensure_demo(directory: Path, progress: ProgressCallback = ignore_progress) -> DemoFiles:
    """The demo in `directory`, rendered now (some ten seconds) unless it is there already.

    It appears complete or not at all, whatever interrupts; two processes may do this at once. Where some of its files
    are gone these are made again, and all else is left alone.
    Raises EarshotError when the folder cannot be written.
    """
    files = DemoFiles.within(directory)
    if files.complete:
        return files
    home = files.truth.parent
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".rendering-", dir=home.parent) as scratch:
            _render(DemoFiles.within(Path(scratch)), progress)
            rendered = DemoFiles.within(Path(scratch)).truth.parent
            if home.exists():
                _fill_up(rendered, home)
            else:
                try:
                    os.rename(rendered, home)
                except OSError:
                    if not files.complete:  # else another process was quicker, with the same result
                        raise
    except OSError as error:
        raise EarshotError(
            f"The demo cannot be written to {directory}: {error.strerror or error}. Choose another folder: --directory"
        ) from error
    return files


def _fill_up(rendered: Path, home: Path) -> None:
    """Put what is missing in its place, the truth last; what else lies there, such as the catalog, stays as it is."""
    made = [path for path in rendered.rglob("*") if path.is_file()]
    for file in sorted(made, key=lambda path: path.suffix == ".json"):
        there = home / file.relative_to(rendered)
        if not there.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, there)


def read_truth(files: DemoFiles) -> dict[str, Path]:
    """Instrument: the absolute path of its sound. Raises EarshotError where the demo's own account is damaged."""
    try:
        document = json.loads(files.truth.read_text(encoding="utf-8"))
        return {part["instrument"]: files.library / part["sound"] for part in document["instruments"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EarshotError(f"{files.truth} is damaged. Remove it, then start the demo again.") from error


def _render(files: DemoFiles, progress: ProgressCallback) -> None:
    names, began = sound_names(), time.monotonic()
    total = len(names) + len(STRIPS) + 1

    def report(done: int) -> None:
        rate = done / max(time.monotonic() - began, 1e-6)
        progress(Progress("rendering the demo", done, total, rate, (total - done) / rate if rate else None))

    files.library.mkdir(parents=True)
    for done, _ in enumerate(write_collection(files.library), start=1):
        report(done)
    stems = []
    for done, strip in enumerate(STRIPS, start=len(names) + 1):
        stems.append(render_stem(strip))
        report(done)
    write_song(files.song, mix(stems))
    instruments = [
        {
            "instrument": stem.strip.instrument,
            "sound": stem.strip.sound,
            "family": stem.strip.instrument,
            "active_seconds": stem.active_seconds,
        }
        for stem in stems
    ]
    document = {"version": VERSION, "song": files.song.name, "library": files.library.name, "instruments": instruments}
    files.truth.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    report(total)
