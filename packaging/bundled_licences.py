"""The licences of every part of a package: gathered from where the parts came from, and complete or refused.

A part is a distribution (a wheel), Python itself, or a package of the system it is built on. A file which belongs to
none of them ends the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors|copyright|eula)", re.IGNORECASE)
_NOT_TEXT = (".py", ".pyc", ".so", ".json")
_PREFACE = """Earshot is published under the MIT licence (Earshot.txt). This package holds other people's work beside
it, each under its own licence: one file per part in this folder. pedalboard is under version 3 of the GNU General
Public License, so the package as a whole may be passed on under the terms of that licence; its source is that of
Earshot, at the version which the program tells, and of the parts listed here, at the versions listed here.

"""


class Unaccounted(Exception):
    """Parts whose origin or licence is not known."""


def write_licences(analysis: Any, folder: Path) -> None:
    """Write a folder with one text per part, and an index of all.

    Parameters
    ----------
    analysis : of PyInstaller; all that it collected is looked at.

    Raises
    ------
    Unaccounted : naming every part without a licence.
    """
    collected = [*analysis.pure, *analysis.binaries, *analysis.datas]
    distributions, strangers = _wheels(Path(source).absolute() for _, source, _ in collected if source)
    texts = {"Python": _python_licence()}
    told = {"Python": f"{sys.version.split()[0]}: PSF-2.0"}
    without = []
    for name, distribution in distributions.items():
        texts[name] = _text_of(distribution)
        told[name] = f"{distribution.version}: {_in_words(distribution)}"
    for source in strangers:
        package, texts_of_package = _system_package(source)
        if package:
            texts[package], told[package] = texts_of_package, "of the system this was built on"
        else:
            without.append(str(source))
    without += [name for name, text in texts.items() if not text]
    if without:
        raise Unaccounted("without a known origin or licence: " + ", ".join(sorted(without)))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", folder / "Earshot.txt")
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    index = "\n".join(f"{name} {told[name]}" for name in sorted(told, key=str.lower))
    (folder / "README.txt").write_text(_PREFACE + index + "\n", encoding="utf-8")


def _wheels(sources: Iterable[Path]) -> tuple[dict[str, metadata.Distribution], list[Path]]:
    """The distributions which some files belong to, by name, and the files which belong neither to one nor to Python or
    to Earshot itself."""
    owners: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        for file in distribution.files or ():
            owners[file.as_posix()] = distribution
            owners.setdefault(file.parts[0], distribution)
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    folders |= {folder.resolve() for folder in folders}
    own = [ROOT, Path(sysconfig.get_path("stdlib"))]
    if Path(sys.base_prefix) != Path("/usr"):  # where everything else lies, too
        own.append(Path(sys.base_prefix))
    found = {"pyinstaller": metadata.distribution("pyinstaller")}  # its loader starts the programs
    strangers = []
    for source in sources:
        inside = next((source.relative_to(folder) for folder in folders if source.is_relative_to(folder)), None)
        if inside is not None:
            owner = owners.get(inside.as_posix()) or owners.get(inside.parts[0])
            if owner is None:
                strangers.append(source)
            else:
                found[owner.metadata["Name"]] = owner
        elif not any(source.is_relative_to(folder) for folder in own):
            strangers.append(source)
    found.pop("earshot", None)
    return found, strangers


def _system_package(source: Path) -> tuple[str, str]:
    """The Debian package of a file and its copyright file; empty where it has none."""
    if shutil.which("dpkg-query") is None:
        return "", ""
    # A system may know its files by either side of the link from /lib to /usr/lib.
    spellings = [name for path in (source, source.resolve()) for name in (str(path), str(path).removeprefix("/usr"))]
    for spelling in dict.fromkeys(spellings):
        told = subprocess.run(["dpkg-query", "--search", spelling], capture_output=True, text=True)
        notice = Path("/usr/share/doc") / told.stdout.partition(":")[0] / "copyright"
        if told.returncode == 0 and notice.is_file():
            return notice.parent.name, notice.read_text(encoding="utf-8", errors="replace")
    return "", ""


def _text_of(distribution: metadata.Distribution) -> str:
    texts = []
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        if _LICENCE_FILE.search(file.name) and path.suffix not in _NOT_TEXT and path.is_file():
            texts.append(f"--- {file}\n\n{path.read_text(encoding='utf-8', errors='replace')}")
    if not texts and (words := _in_words(distribution)):
        texts.append(f"{distribution.metadata['Name']} is published under: {words}\n")
    return "\n\n".join(texts)


def _in_words(distribution: metadata.Distribution) -> str:
    for field in ("License-Expression", "License"):
        if words := distribution.metadata.get(field):
            return str(words).strip().splitlines()[0]
    classifiers = distribution.metadata.get_all("Classifier") or ()
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License"))


def _python_licence() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for path in (
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path("/usr/share/doc") / f"python{version}" / "copyright",
    ):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    raise Unaccounted("the licence of Python itself was not found")
