"""Copies sounds into a folder of the producer's choice; neither an original nor a file already there is changed."""

from __future__ import annotations

import filecmp
import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LibraryError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress


@dataclass(frozen=True)
class CopyResult:
    """What became of the files.

    Attributes
    ----------
    copied : files written.
    present : files of which the folder held the same copy already.
    missing : paths of what could not be read, as after a drive was unplugged.
    """

    copied: int
    present: int
    missing: tuple[str, ...]

    def __add__(self, other: CopyResult) -> CopyResult:
        return CopyResult(self.copied + other.copied, self.present + other.present, (*self.missing, *other.missing))


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
            target = _place_for(Path(path), folder)
        except OSError as error:
            if os.access(path, os.R_OK):
                raise _refused(folder, error) from error
            missing.append(path)  # its drive was unplugged a moment ago
            continue
        if target is None:
            present += 1
        elif _copy(path, target):
            copied += 1
        else:
            missing.append(path)
    progress(Progress("copying", len(wanted), len(wanted)))
    return CopyResult(copied, present, tuple(missing))


def _place_for(source: Path, folder: Path) -> Path | None:
    """A name in the folder that is free; None where one of the same name holds the same."""
    number, target = 1, folder / source.name
    while target.exists():
        if filecmp.cmp(source, target, shallow=False):
            return None
        number += 1
        target = folder / f"{source.stem} ({number}){source.suffix}"
    return target


def _copy(source: str, target: Path) -> bool:
    """Whether the source could be read. Under another name first: a copy that was cut short never looks whole."""
    # A name of its own: the sound's may be as long as the system takes already.
    unfinished = target.with_name(f".{os.getpid()}.{threading.get_native_id()}.part")
    try:
        shutil.copy2(source, unfinished)
        unfinished.rename(target)
    except OSError as error:
        if not os.access(source, os.R_OK):  # its drive was unplugged in the middle
            return False
        raise _refused(target.parent, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def _refused(folder: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"{folder} cannot be written to ({error.strerror}). Choose another folder, or make room on its drive."
    )
