"""Copies sounds into a folder of the producer's choice; neither an original nor a file already there is changed."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LibraryError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress
from engine.paths import numbered
from engine.unfinished import take_name, unfinished_in

_OF_THE_FOLDER = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""What is wrong with the folder, and so with every other file too."""


@dataclass(frozen=True)
class CopyResult:
    """What became of the files.

    Attributes
    ----------
    copied : files written.
    present : files of which the folder held the same copy already.
    missing : paths of what could not be read, as after a drive was unplugged.
    refused : paths of what could not be copied for another reason, each with that, such as a name that the folder's
        drive does not take.
    """

    copied: int
    present: int
    missing: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: CopyResult) -> CopyResult:
        return CopyResult(
            self.copied + other.copied,
            self.present + other.present,
            (*self.missing, *other.missing),
            (*self.refused, *other.refused),
        )


def copy_sounds(
    paths: Iterable[str],
    folder: Path,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> CopyResult:
    """Copy files into a folder, made if it is not there. Another file of the same name makes the copy "Name (2).wav".

    Parameters
    ----------
    progress : told of the stage "copying", in files.
    cancel : stops between two files; whole copies stay.

    Raises
    ------
    LibraryError : nothing can be written there.
    Cancelled : `cancel` was set.
    """
    wanted = list(dict.fromkeys(paths))
    copied = present = 0
    missing: list[str] = []
    refused: list[tuple[str, str]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error
    for number, path in enumerate(wanted):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress("copying", number, len(wanted)))
        if not os.access(path, os.R_OK):
            missing.append(path)
            continue
        try:
            if _copy(Path(path), folder):
                copied += 1
            else:
                present += 1
        except OSError as error:
            if not os.access(path, os.R_OK):  # its drive was unplugged a moment ago
                missing.append(path)
            elif error.errno in _OF_THE_FOLDER or not os.path.isdir(folder):
                raise _refused(folder, error) from error
            else:
                refused.append((path, error.strerror or str(error)))
    progress(Progress("copying", len(wanted), len(wanted)))
    return CopyResult(copied, present, tuple(missing), tuple(refused))


def _copy(source: Path, folder: Path) -> bool:
    """Whether it was copied; False where the folder holds the same. Under another name first: a copy that was cut short
    never looks whole. Raises OSError."""
    target = _place_for(source, folder)
    if target is None:
        return False
    with unfinished_in(folder) as unfinished:
        shutil.copyfile(source, unfinished)
        with contextlib.suppress(OSError):  # not every drive takes times and permissions
            shutil.copystat(source, unfinished)
        while not take_name(unfinished, target):
            target = _place_for(source, folder)
            if target is None:
                return False
    return True


def _place_for(source: Path, folder: Path) -> Path | None:
    """A name in the folder that is free; None where one of the same name holds the same."""
    for target in (folder / name for name in numbered(source.stem, source.suffix)):
        if not os.path.lexists(target):
            return target
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            return None
    raise AssertionError("numbers do not end")


def _refused(folder: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"{folder} cannot be written to ({error.strerror}). Choose another folder, or make room on its drive."
    )
