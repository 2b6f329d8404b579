"""Finds the files of a folder that hold sounds: audio and presets."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.audio.decode import AUDIO_SUFFIXES
from engine.audio.suffixes import PLUGIN_SUFFIX, PRESET_SUFFIXES, PREVIEWED_SUFFIXES
from engine.presets import preview_of

logger = logging.getLogger(__name__)

_SYSTEM_FOLDERS = frozenset(
    {"$recycle.bin", "system volume information", "lost+found", "__macosx", "@eadir", "#recycle", "node_modules"}
)

# The integers of SQLite have 63 bits and a sign; file systems that join others number files with all 64.
_INODE_BITS = (1 << 63) - 1
_LATEST_NS = (1 << 62) - 1
"""In the year 2116: below where `queue.py` begins to count down, and within what SQLite takes. A file from before
1970 is one of 1970, for in the catalog times below 0 mean something else (see `schema.py`)."""

_LEADS_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""Any other error tells that something is there, and cannot be looked at now."""


@dataclass(frozen=True)
class FoundFile:
    """What is a sound by its file's name; `path` is absolute, `mtime_ns` in nanoseconds since 1970, from 0 to the
    year 2116.

    `inode` is the number of the file on its drive, of 63 bits; None where there is none, as on Windows.
    `preset` and `name` are those of one preset in the file; '' and None for the whole of it. `instrument` names the set
    of samples, one for each of several notes, to which it belongs.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int | None = None
    preset: str = ""
    name: str | None = None
    instrument: str | None = None


def _log_unreadable(path: str, error: OSError) -> None:
    logger.warning("left out: %s: %s", path, error.strerror or error)


SOUND_SUFFIXES = AUDIO_SUFFIXES | PRESET_SUFFIXES
"""Endings (lower case) of files that hold sounds."""


def sound_files(
    root: Path,
    *,
    on_unreadable: Callable[[str, OSError], None] = _log_unreadable,
    between: Callable[[], None] = lambda: None,
) -> Iterator[FoundFile]:
    """Every file with sounds in a folder and the folders inside it, folder by folder, by name.

    A plug-in's preset counts where its preview lies beside it: it cannot be heard without. Hidden and system folders,
    plug-ins and hidden files are skipped. Links are followed, but no folder is entered twice; where a folder can be
    reached both directly and through a link, its own path is the one reported.

    Parameters
    ----------
    on_unreadable : told of each folder that cannot be read, or in which something cannot, of each file whose path is
        too long, and of each link whose end cannot be looked at; the walk goes on without it.
    between : called between two folders, and between two files of whatever kind; it may raise.
    """
    entered: set[tuple[int, int]] = set()
    folders = deque([os.path.abspath(root)])
    linked: deque[str] = deque()
    while folders or linked:
        between()
        folder = folders.popleft() if folders else linked.popleft()
        try:
            identity = os.stat(folder)
            # Windows gives no number to some network folders; those are entered by name.
            if identity.st_ino and (identity.st_dev, identity.st_ino) in entered:
                continue
            entered.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as listing:
                entries = []
                for entry in listing:
                    between()
                    entries.append(entry)
        except OSError as error:
            on_unreadable(folder, error)
            continue
        entries.sort(key=lambda entry: entry.name)
        inner: list[str] = []
        refused: OSError | None = None
        for entry in entries:
            between()
            try:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    if not (is_left_out(entry.name) or _is_hidden(entry)):
                        (linked if entry.is_symlink() else inner).append(entry.path)
                elif (suffix := os.path.splitext(entry.name)[1].lower()) in SOUND_SUFFIXES:
                    if suffix in PREVIEWED_SUFFIXES and preview_of(Path(entry.path)) is None:
                        continue
                    facts = entry.stat()
                    if stat.S_ISREG(facts.st_mode) and not _is_hidden(entry):
                        changed_ns = min(max(facts.st_mtime_ns, 0), _LATEST_NS)
                        yield FoundFile(entry.path, facts.st_size, changed_ns, facts.st_ino & _INODE_BITS or None)
            except OSError as error:
                is_link = os.path.islink(entry.path)
                if error.errno in _LEADS_NOWHERE and (is_link or _is_still(folder, identity)):
                    continue  # it was deleted a moment ago, or is such a link
                if error.errno == errno.ENAMETOOLONG or is_link:
                    on_unreadable(entry.path, error)
                else:
                    refused = error  # a drive that fails, or was unplugged a moment ago, refuses all that is in there
        if refused is not None:
            on_unreadable(folder, refused)
        folders.extendleft(reversed(inner))


def is_left_out(folder_name: str) -> bool:
    """Whether a folder inside a root is not entered, by its name: a hidden one, a system's, a plug-in."""
    name = folder_name.casefold()
    return name.startswith(".") or name in _SYSTEM_FOLDERS or name.endswith(PLUGIN_SUFFIX)


def _is_still(folder: str, identity: os.stat_result) -> bool:
    """Whether a folder is there, and the same: in place of a drive that was unplugged there may be an empty one."""
    try:
        return os.path.samestat(os.stat(folder), identity)
    except OSError:
        return False


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    """Whether Windows or macOS hide it, by a mark other than its name."""
    facts = entry.stat(follow_symlinks=False)
    return bool(
        getattr(facts, "st_file_attributes", 0) & (stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM)
        or getattr(facts, "st_flags", 0) & stat.UF_HIDDEN
    )
