"""What `earshot doctor` looks at: everything that has to be right on a machine for Earshot to work."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from engine import __version__
from engine.errors import EarshotError

_PACKAGES = ("numpy", "soundfile", "av", "hnswlib", "sounddevice", "PySide6-Essentials")


@dataclass(frozen=True)
class Finding:
    """One line of the report; `healthy` is False where something must be mended before Earshot works."""

    subject: str
    words: str
    healthy: bool = True


def examine(library: Path, model: Path | None = None) -> Iterator[Finding]:
    """Look at versions, compute device, model, audio outputs and the library in a folder; slow parts last."""
    yield Finding("earshot", __version__)
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    yield from _packages()
    yield from _audio_outputs()
    fingerprint = None
    for finding, heard in _model(model):
        fingerprint = heard or fingerprint
        yield finding
    yield from _library(library, fingerprint)


def _packages() -> Iterator[Finding]:
    versions, missing = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    yield Finding("packages", ", ".join(versions))
    if missing:
        yield Finding("packages", f"missing: {', '.join(missing)}. Install Earshot again.", healthy=False)


def _audio_outputs() -> Iterator[Finding]:
    from engine.audition.player import Player

    try:
        outputs = Player.devices()
    except EarshotError as error:
        yield Finding("audio outputs", str(error), healthy=False)
        return
    if not outputs:
        # A server scans and matches well without one.
        yield Finding("audio outputs", "none: scanning and matching work, nothing can be played")
    for output in outputs:
        default = ", default" if output.default else ""
        yield Finding("audio output", f"{output.name} ({output.host}, {output.rate} Hz{default})")


def _model(path: Path | None) -> Iterator[tuple[Finding, str | None]]:
    from engine.encoder.ear import Ear

    try:
        ear = Ear.load(path)
    except EarshotError as error:
        yield Finding("model", str(error), healthy=False), None
        return
    yield Finding("model", f"{ear.name}, fingerprint {ear.fingerprint}, {ear.dimension} dimensions"), ear.fingerprint
    yield Finding("device", ear.runtime), None


def _library(directory: Path, fingerprint: str | None) -> Iterator[Finding]:
    from engine.library.catalog import Catalog
    from engine.library.drives import ANSWER_SECONDS, are_there
    from engine.library.library import Library

    if not Catalog.exists(directory):
        yield Finding("library", f"none in {directory} yet. Make one with: earshot scan FOLDER")
        return
    try:
        library = Library.open(directory, fingerprint=fingerprint)
    except EarshotError as error:
        yield Finding("library", str(error), healthy=False)
        return
    try:
        counts = library.catalog.counts()
        yield Finding(
            "library",
            f"{directory}: {counts.ready} sounds ready, {counts.listed} to be heard, {counts.failed} failed, "
            f"{counts.missing} missing",
        )
        roots = library.catalog.roots()
        answers = are_there((root.path for root in roots), ANSWER_SECONDS)
        for root in roots:
            state = {True: "", False: ", not there now", None: ", its drive does not answer"}[answers[root.path]]
            yield Finding("root", f"{root.path}: {root.sounds} sounds, {root.failed} failed{state}")
        if fingerprint is not None and library.searchable < counts.ready:
            yield Finding(
                "index",
                f"{library.searchable} of {counts.ready} sounds were heard by this model. Scan the folders again.",
                healthy=False,
            )
        else:
            yield Finding("index", f"{library.searchable} sounds searchable")
    except EarshotError as error:
        yield Finding("library", str(error), healthy=False)
    finally:
        library.close()
