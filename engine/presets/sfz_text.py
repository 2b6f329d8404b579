"""The text of SFZ files: comments, `#include`, `#define`, headers and opcodes, as regions with all that they inherit.

An SFZ is a text that anybody may have written, and it names other files. None outside a root folder is opened, and
neither circles nor towers of includes or definitions do any harm.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import TypeAlias

from engine.audio.sources import check_readable
from engine.errors import AudioError

Opcodes: TypeAlias = dict[str, str]

NOTHING_BECAUSE = "// Nothing here: "
"""So begins an SFZ without regions that says itself why it has none."""

_LARGEST_FILE = 4 << 20
_LARGEST_TEXT = 16 << 20
"""With all includes and definitions; the largest known libraries have about two."""
_DEEPEST_INCLUDE = 16
_MOST_INCLUDES = 500
_LONGEST_DEFINITION = 1_000
_MOST_OPCODES = 3_000_000
"""Over all regions, with what they inherit; the largest known libraries have some hundred thousand."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r'#include[ \t]*"([^"\n]*)"|#define[ \t]+\$(\w+)[ \t]+(\S+)')
_VARIABLE = re.compile(r"\$(\w+)")
_HEADER_OR_OPCODE = re.compile(r"<(\w+)>|(?<![^\s>])(\w+)=")
_LEVELS = ("global", "master", "group", "region")
"""Each inherits from those before it."""


def read_regions(path: Path, root: Path) -> tuple[Iterator[Opcodes], Opcodes, frozenset[Path]]:
    """The regions of a file, each with what its group, master and global say, what stands under `<control>`, and the
    files that it includes.

    Parameters
    ----------
    root : a folder; includes lie in it.

    Raises
    ------
    AudioError : missing, empty, too large, an include that is missing, outside the root or in a circle, no region.
    """
    reader = _Reader(path, root)
    text = reader.read(Path(os.path.abspath(path)))
    matches = list(_HEADER_OR_OPCODE.finditer(text))
    levels: dict[str, Opcodes] = {}
    control: Opcodes = {}
    current: Opcodes = {}
    regions: list[tuple[Opcodes, ...]] = []
    opcodes = 0
    for number, match in enumerate(matches):
        header, opcode = match.groups()
        if header is not None:
            # What stands under `<effect>`, `<curve>` and the like goes into a dictionary that nobody reads.
            current = control if header == "control" else {}
            if header in _LEVELS:
                for inner in _LEVELS[_LEVELS.index(header) :]:
                    levels.pop(inner, None)
                levels[header] = current
            if header == "region":
                regions.append(tuple(levels.values()))
                opcodes += 10 + sum(map(len, regions[-1]))
                if opcodes > _MOST_OPCODES:
                    raise AudioError(path, "It has more regions than any instrument needs.")
        else:
            end = matches[number + 1].start() if number + 1 < len(matches) else len(text)
            value = text[match.end() : end].split("\n", 1)[0].strip()
            if opcode == "sample" and not value.startswith("*"):
                value = control.get("default_path", "") + value
            current[opcode] = value
    if not regions:
        raise AudioError(path, _own_reason(path) or "There is no region in it: nothing that could sound.")
    return map(_inherited, regions), control, frozenset(reader.included)


def included_by(path: Path, root: Path) -> frozenset[Path]:
    """The files that an SFZ includes, one by way of another too; of one that cannot be read to its end those that were
    come upon before."""
    reader = _Reader(path, root)
    with contextlib.suppress(AudioError, OSError):
        reader.read(Path(os.path.abspath(path)))
    return frozenset(reader.included)


def _own_reason(path: Path) -> str:
    first = _decoded(path.read_bytes()).split("\n", 1)[0]
    return first.removeprefix(NOTHING_BECAUSE).strip() if first.startswith(NOTHING_BECAUSE) else ""


def _inherited(parts: tuple[Opcodes, ...]) -> Opcodes:
    merged: Opcodes = {}
    for part in parts:
        if "key" in part:
            merged |= dict.fromkeys(("lokey", "hikey", "pitch_keycenter"), part["key"])
        merged |= part
    return merged


class _Reader:
    def __init__(self, path: Path, root: Path) -> None:
        self._path, self._root = path, root
        self._definitions: dict[str, str] = {}
        self._longest_name = 0
        self._read = self._characters = 0
        self.included: set[Path] = set()

    def read(self, path: Path, within: tuple[Path, ...] = ()) -> str:
        """The text of a file with its includes in place and its variables replaced."""
        if path in within:
            raise AudioError(self._path, f"It includes itself, by way of {path.name!r}.")
        self._read += 1
        if len(within) > _DEEPEST_INCLUDE or self._read > _MOST_INCLUDES:
            raise AudioError(self._path, "It includes more files than any instrument needs.")
        check_readable(path)
        if path.stat().st_size > _LARGEST_FILE:
            raise AudioError(self._path, f"{path.name!r} is too large for a text that lists samples.")
        text = _COMMENT.sub(" ", _decoded(path.read_bytes()))
        parts, position = [], 0
        for directive in _DIRECTIVE.finditer(text):
            parts.append(self._replaced(text[position : directive.start()]))
            included, name, value = directive.groups()
            if included is not None:
                inner = inside(self._path.parent, self._replaced(included), self._root, self._path)
                self.included.add(inner)
                parts.append("\n" + self.read(inner, (*within, path)) + "\n")
            else:
                if len(name) > _LONGEST_DEFINITION:
                    raise AudioError(self._path, "It defines a name longer than any instrument needs.")
                self._definitions[name] = self._replaced(value)[:_LONGEST_DEFINITION]
                self._longest_name = max(self._longest_name, len(name))
            position = directive.end()
        parts.append(self._replaced(text[position:]))
        return "".join(parts)

    def _replaced(self, text: str) -> str:
        text = _VARIABLE.sub(self._value, text) if "$" in text else text
        self._characters += len(text)
        if self._characters > _LARGEST_TEXT:
            raise AudioError(self._path, "It is larger than any instrument needs.")
        return text

    def _value(self, match: re.Match[str]) -> str:
        """What a variable stands for. `$KEYx` is `$KEY` and an x, where there is no longer name that fits."""
        word = match.group(1)
        for length in range(min(len(word), self._longest_name), 0, -1):
            if word[:length] in self._definitions:
                return self._definitions[word[:length]] + word[length:]
        return match.group(0)


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def inside(folder: Path, name: str, root: Path, named_by: Path) -> Path:
    """The file that `named_by` calls `name`, relative to `folder`: an existing one inside `root`.

    Backslashes separate folders too, and where no file has that very name one that differs in case does, as on the
    systems where most of these files were written.

    Raises
    ------
    AudioError : outside the root, also by way of a link; not there.
    """
    plain = name.replace("\\", "/").strip()
    if plain.startswith("/") or PureWindowsPath(plain).drive or "\0" in plain:
        raise AudioError(named_by, f"It asks for {name!r}, which is not a path inside its folder.")
    # Before anything outside the root is so much as looked for.
    lexical = Path(os.path.normpath(os.path.abspath(folder / plain)))
    if not lexical.is_relative_to(os.path.abspath(root)):
        raise AudioError(named_by, f"It asks for {name!r}, which lies outside its folder.")
    try:
        found = lexical if lexical.exists() else _whatever_case(lexical, Path(os.path.abspath(root)))
        if found is None or not found.is_file():
            raise AudioError(named_by, f"The file {name!r} that it asks for is missing.")
        if not found.resolve().is_relative_to(root.resolve()):
            raise AudioError(named_by, f"It asks for {name!r}, which leads outside its folder.")
    except (OSError, RuntimeError, ValueError) as error:
        raise AudioError(named_by, f"The file {name!r} that it asks for cannot be reached.") from error
    return found


def _whatever_case(path: Path, root: Path) -> Path | None:
    """The file or folder below the root whose name differs from that of `path` in nothing but case."""
    found = root
    for part in path.relative_to(root).parts:
        if (found / part).exists():
            found /= part
            continue
        if not found.is_dir():
            return None
        same = sorted(name for name in os.listdir(found) if name.casefold() == part.casefold())
        if not same:
            return None
        found /= same[0]
    return found
