"""`earshot scan` and `earshot library add-instrument`: what makes the library grow."""

from __future__ import annotations

import argparse
import queue
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import LibraryError
from engine.paths import library_dir
from engine.terminal import ProgressBar, cancel_on_interrupt, command_line, say

if TYPE_CHECKING:
    from engine.jobs import CancelToken
    from engine.library.library import Library
    from engine.library.scanner import ScanResult

_SECONDS_TO_RETRY = 10.0
"""After so long a refused scan of folders that are watched is tried again, whether more changes or not."""


def scan(options: argparse.Namespace) -> int:
    from engine.library.library import Library

    with cancel_on_interrupt() as cancel:
        library = Library.open(library_dir(options.library), create=True, index=options.index)
        try:
            result = _scan_once(library, options.folders, options, cancel)
            for folder in result.without_sounds:
                _say_no_sounds(folder)
            _say_what_is_away(library)
            _say_what_was_removed(library, options.folders)
            if options.watch:
                _keep_watching(library, options, cancel)
        finally:
            library.close()
    return 0


def _say_no_sounds(folder: str) -> None:
    from engine.library.walk import SOUND_SUFFIXES

    endings = " ".join(sorted(SOUND_SUFFIXES))
    say(
        f"earshot: There are no sounds in {folder}. Looked for are files that end in {endings}; "
        "presets of plug-ins count where their preview is beside them. Hidden files and folders are left out."
    )


def _say_what_is_away(library: Library) -> None:
    """A folder that was renamed is a new one to a scan: of its sounds those in the old place stay, and can be found."""
    from engine.library.drives import ANSWER_SECONDS, are_there

    roots = [root for root in library.catalog.roots() if root.sounds]
    answers = are_there((root.path for root in roots), ANSWER_SECONDS)
    for root in roots:
        if answers[root.path] is False:
            say(
                f"earshot: {root.path} is not there now. What is known of its {root.sounds} sounds is kept until it is "
                f"back. If it was moved or renamed: earshot library remove {command_line([root.path])}"
            )


def _say_what_was_removed(library: Library, folders: Sequence[Path]) -> None:
    """A window beside may have removed a folder while it was scanned: what was counted is not in the library then."""
    from engine.library.catalog import is_inside

    roots = library.catalog.roots()
    for folder in map(library.catalog.as_known, folders):
        if not any(is_inside(folder, root.path) for root in roots):
            say(f"earshot: {folder} was removed from the library while it was scanned, with its sounds.")


def _scan_once(
    library: Library, folders: Sequence[Path], options: argparse.Namespace, cancel: CancelToken
) -> ScanResult:
    from engine.library import scanner

    with ProgressBar() as bar:
        result = scanner.scan(
            library,
            folders,
            progress=bar,
            cancel=cancel,
            workers=options.workers,
            model=options.model,
            retry_failed=options.retry_failed,
        )
        library.settle(bar, cancel)
    rate = result.embedded / result.seconds if result.seconds else 0.0
    digits = ".0f" if rate >= 10 or not rate else ".2g"
    print(
        f"{result.listed} sounds: {result.embedded} embedded, {result.unchanged} unchanged, {result.failed} failed, "
        f"{result.moved} moved, {result.removed} removed in {result.seconds:.1f} s ({rate:{digits}} sounds/s)",
        flush=True,
    )
    if result.failed:
        say("earshot: for the reasons of the failed ones: earshot library failed")
    if result.incomplete:
        sound, count = result.incomplete[0], len(result.incomplete)
        say(
            f"earshot: presets that lack samples: {count}, such as {sound.path}: {sound.reason} When they are there: "
            "earshot scan --retry-failed"
        )
    for folder in result.unanswered:
        say(
            f"earshot: the drive of {folder} does not answer. It was left out, and what is known of its sounds stays "
            "as it was; scan it again when it is back."
        )
    if result.unreadable:
        first, count = result.unreadable[0], len(result.unreadable)
        say(
            f"earshot: folders and files that could not be read: {count}, such as {first}. Connect their drive, mend "
            "their permissions, or shorten their paths; what is known of their sounds stays as it was."
        )
    return result


def _keep_watching(library: Library, options: argparse.Namespace, cancel: CancelToken) -> None:
    from engine.library.drives import ANSWER_SECONDS, are_there
    from engine.library.watch import Watcher

    changes: queue.Queue[list[str]] = queue.Queue()
    # As the disk spells them: on macOS what changes is told so, however a folder was typed.
    watched = [library.catalog.as_known(folder) for folder in options.folders]
    with Watcher(changes.put) as watcher:
        for folder, why in watcher.watch(watched).items():
            say(f"earshot: {folder} cannot be watched: {why}.")
        say("earshot: watching. Ctrl-C ends it.")
        left: list[str] = []
        again, said = 0.0, ""
        while not cancel.cancelled:
            try:
                changed = changes.get(timeout=0.2)
            except queue.Empty:
                if not left or time.monotonic() < again:
                    continue
                changed = []
            # A folder may come and go between the word of it and the scan.
            answers = are_there(dict.fromkeys([*left, *changed]), ANSWER_SECONDS, cancel.raise_if_cancelled)
            folders = [folder for folder, is_there in answers.items() if is_there]
            left = []
            try:
                if folders:
                    _scan_once(library, [Path(folder) for folder in folders], options, cancel)
                said = ""
            except LibraryError as error:  # such as another program that is scanning
                if str(error) != said:  # once, however often it is tried
                    said = str(error)
                    say(f"earshot: {said}")
                left, again = folders, time.monotonic() + _SECONDS_TO_RETRY


def add_instrument(options: argparse.Namespace) -> int:
    from engine import plugins
    from engine.library.library import Library

    directory = library_dir(options.library)
    with cancel_on_interrupt() as cancel:
        library = Library.open(directory, create=True)
        try:
            library.catalog.database.require_writable()
            with ProgressBar(options.plugin.name) as bar:
                added = plugins.add_instrument(
                    options.plugin,
                    directory,
                    presets=options.presets,
                    progress=bar,
                    cancel=cancel,
                    seconds=options.longest,
                )
            for name, reason in added.failed:
                say(f"earshot: {name}: {reason}")
            options.retry_failed = False
            _scan_once(library, [plugins.instruments_dir(directory)], options, cancel)
        finally:
            library.close()
    print(f"{added.sounds} sounds of {options.plugin.stem} in {added.folder}")
    return 0 if added.sounds else 1
