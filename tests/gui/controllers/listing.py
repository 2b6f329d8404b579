"""A backend that lists files and hears none of them, and how controllers over it are looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from app.backend import Backend
from app.controllers.library import LibraryController
from engine.errors import LibraryError
from engine.jobs import CancelToken, ProgressCallback
from engine.library.catalog import Sound
from engine.library.drives import are_there
from engine.library.listing import list_folders
from engine.library.scanner import ScanResult

LONG_ENOUGH_MILLISECONDS = 300
"""For what must not happen."""


class ListingBackend(Backend):
    """Lists files and hears none of them, as soon as `go_on` is set; watches nothing."""

    def __init__(self, library_dir: Path) -> None:
        super().__init__(library_dir)
        self.scans: list[tuple[list[Path], bool]] = []
        """Folders, and whether failed files were tried again."""
        self.go_on = threading.Event()
        self.go_on.set()

    def scan(  # type: ignore[override]
        self,
        folders: Sequence[Path],
        *,
        progress: ProgressCallback,
        cancel: CancelToken,
        retry_failed: bool = False,
        **_: object,
    ) -> ScanResult:
        self.scans.append((list(folders), retry_failed))
        answers = are_there(map(str, folders), 0.5)
        if (gone := next((folder for folder, is_there in answers.items() if is_there is False), None)) is not None:
            raise LibraryError(f"There is no folder {gone}.")
        unanswered = tuple(folder for folder, is_there in answers.items() if is_there is None)
        while not self.go_on.wait(0.01):
            cancel.raise_if_cancelled()
        answered = [folder for folder in answers if folder not in unanswered]
        listing = list_folders(self.library().catalog, answered, progress, cancel)
        return ScanResult(
            listing.found,
            0,
            0,
            0,
            listing.moved,
            listing.removed,
            seconds=0.0,
            unanswered=unanswered,
            without_sounds=tuple(listing.without_sounds),
        )

    def watch(self, folders: Collection[str], changed: Callable[[list[str]], None]) -> list[str]:
        return []


def roots(library: LibraryController) -> list[str]:
    return [root.path for root in library.state.roots] if library.state is not None else []


def at_rest(library: LibraryController) -> bool:
    return not library.scanning and library.scan_job is None


def a_sound(path: Path, **facts: Any) -> Sound:
    known: dict[str, Any] = dict.fromkeys(Sound.__dataclass_fields__)
    return Sound(
        **{
            **known,
            "id": 1,
            "path": str(path),
            "name": path.stem,
            "root": str(path.parent),
            "root_id": 1,
            "state": "ready",
            "size": 4,
            "declared": (),
            "tags": (),
            **facts,
        }
    )
