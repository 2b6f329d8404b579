"""The handlers of the `earshot` command: from parsed options to an exit code, 0 or 1.

What a command needs is imported inside its handler, so that none waits for what only another one needs.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import AudioError, LibraryError
from engine.paths import demo_dir, library_dir
from engine.terminal import ProgressBar, cancel_on_interrupt, command_line, print_path, say

if TYPE_CHECKING:
    from engine.demo import DemoResult
    from engine.encoder.ear import Ear
    from engine.jobs import CancelToken
    from engine.library.catalog import Counts
    from engine.library.library import Library
    from engine.library.scanner import ScanResult
    from engine.matching.match import Match
    from engine.matching.reference import Hearing
    from engine.matching.slots import Slot

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


def match(options: argparse.Namespace) -> int:
    from engine.audio import decode

    # What can be refused without the model is refused at once.
    failures = 0
    songs = []
    for path in options.songs:
        try:
            songs.append((path, decode.probe(path)))
        except AudioError as error:
            failures += 1
            say(f"earshot: {error}")
    if not songs:
        return 1

    ear, library = _open_for_matching(options)
    show = _show_by_part if options.part else _show_slots
    try:
        for path, info in songs:
            try:
                hearing = _hear(path, ear, options)
                if not hearing.slots:
                    say(f"earshot: {path}: Nothing but silence was heard.")
                show(path, info.rate, hearing, ear, library, options)
            except AudioError as error:
                failures += 1
                say(f"earshot: {error}")
    finally:
        library.close()
    return 1 if failures else 0


def _hear(path: Path, ear: Ear, options: argparse.Namespace) -> Hearing:
    from engine.matching.reference import hear

    with cancel_on_interrupt() as cancel, ProgressBar(path.name) as bar:
        for hearing in hear(path, ear, start=options.start, end=options.end, progress=bar, cancel=cancel):  # noqa: B007
            pass
    return hearing


def _show_slots(
    path: Path, rate: int, hearing: Hearing, ear: Ear, library: Library, options: argparse.Namespace
) -> None:
    from engine.library.query import read_query
    from engine.matching.match import rank
    from engine.matching.sheet import slot_sheet

    matches = {
        slot.id: rank(
            slot,
            library,
            calibration=ear.calibration,
            top=options.top,
            any_family=options.any_family,
            query=read_query(options.only),
        )
        for slot in hearing.slots
    }
    if options.json:
        print(json.dumps(slot_sheet(path, rate, hearing, matches, ear)), flush=True)
    else:
        _print_slots(path, hearing.slots, matches)


def _show_by_part(
    path: Path, rate: int, hearing: Hearing, ear: Ear, library: Library, options: argparse.Namespace
) -> None:
    from engine.families import words_for
    from engine.library.query import read_query
    from engine.matching.parts import rank_by_part
    from engine.matching.sheet import part_sheet

    weights = dict(options.part)
    silent = not hearing.slots  # which was said already
    if not silent and (missing := [part for part in weights if part not in hearing.parts]):
        heard = f"only {words_for(hearing.parts)}" if hearing.parts else "nor any other part"
        raise AudioError(path, f"No {words_for(missing, 'or')} can be made out in it, {heard}.")
    query = read_query(options.only)
    matches = (
        []
        if silent
        else rank_by_part(hearing.parts, weights, library, top=options.top, query=query, without=hearing.content)
    )
    if options.json:
        print(json.dumps(part_sheet(path, rate, hearing, weights, matches, ear)), flush=True)
        return
    print(path)
    if silent:
        return
    print(f"  {words_for(weights)}  (heard: {words_for(hearing.parts)})")
    if not matches:
        print(f"       no loop or longer sound here that could be used has {words_for(weights)} in it")
    for match in matches:
        each = "  ".join(f"{part} {cosine:.2f}" for part, cosine in match.by_part) if len(weights) > 1 else ""
        print(
            "  ".join(filter(None, (f"     {match.rank:3}  {match.similarity:.2f}", match.sound.name, each)))
            + f"  {match.sound.path}"
        )


def _open_for_matching(options: argparse.Namespace) -> tuple[Ear, Library]:
    """The ear, and the library if there is something in it which this ear has heard."""
    from engine.library.library import Library
    from engine.library.query import read_query

    directory = library_dir(options.library)
    library = Library.open(directory, index=options.index)
    try:
        query = read_query(options.only)
        library.catalog.marks.require_collections(query)
        folders = command_line([root.path for root in library.catalog.roots()])
        counts = library.catalog.counts()
        if not counts.ready and counts.listed:
            raise LibraryError(
                f"None of the {counts.listed} sounds in the library in {directory} was heard yet. Let the scan go on: "
                f"earshot scan {folders}"
            )
        if not counts.ready:
            raise LibraryError(f"The library in {directory} holds no sounds yet. Add some with: earshot scan FOLDER")
        if not library.catalog.page(query, size=1):
            raise LibraryError(_nothing_found(options.only))
        _say_searched_as_words(options.only)
        from engine.encoder.ear import Ear

        ear = Ear.load(options.model, device=options.device)
        if library.fingerprint != ear.fingerprint:  # another model scanned last, but this one may have scanned before
            library.close()
            library = Library.open(directory, fingerprint=ear.fingerprint, index=options.index)
        if not library.searchable:
            raise LibraryError(f"The library was scanned with another model. Scan it again: earshot scan {folders}")
        if options.part:
            from engine.matching.parts import cannot_be_ranked

            if reason := cannot_be_ranked(library.part_counts):
                raise LibraryError(f"{reason} To change that: earshot scan {folders}")
    except BaseException:
        library.close()
        raise
    if counts.listed:
        say(
            f"earshot: {counts.listed} sounds wait to be heard, and cannot be among the matches. Let the scan go on: "
            f"earshot scan {folders}"
        )
    return ear, library


def _nothing_found(text: str) -> str:
    """That a query finds no sound, and what of it may not have been read as it was meant."""
    from engine.library.query import no_facts

    return " ".join(filter(None, (f"Nothing in the library is what {text!r} asks for.", no_facts(text))))


def _say_searched_as_words(text: str) -> None:
    """Say it of a query that finds something all the same, as one that leaves out what nothing is."""
    from engine.library.query import no_facts

    if words := no_facts(text):
        say(f"earshot: {words}")


def _print_slots(path: Path, slots: Sequence[Slot], matches: dict[int, list[Match]]) -> None:
    from engine.matching.match import nothing_alike

    print(path)
    for number, slot in enumerate(slots, start=1):  # as the window numbers them
        sounds = sum(end - start for start, end in slot.activity)
        start, end = slot.exposed_seconds
        print(
            f"  {number}  {slot.family}  {slot.confidence:.0%}  sounds for {sounds:.1f} s, "
            f"best heard from {start:.1f} to {end:.1f} s"
        )
        if nothing_alike(matches[slot.id]):
            print("       nothing here sounds quite like it; these come nearest")
        for match in matches[slot.id]:
            preset = f"  [{match.sound.preset}]" if match.sound.preset else ""
            print(f"     {match.rank:3}  {match.similarity:.2f}  {match.sound.name}{preset}  {match.sound.path}")


def embed(options: argparse.Namespace) -> int:
    from engine.audio.decode import resample
    from engine.audio.hearable import decode_to_hear, refuse_silence
    from engine.encoder.ear import Ear
    from engine.families import FAMILIES

    ear = Ear.load(options.model, device=options.device)
    failures = 0
    for path in options.files:
        try:
            audio, duration = decode_to_hear(path)
            refuse_silence(path, audio)
        except AudioError as error:
            failures += 1
            say(f"earshot: {error}")
            continue
        heard = ear.embed([resample(audio.mono(), audio.rate, ear.rate)])
        family = FAMILIES[int(heard.families[0].argmax())]
        if options.json:
            document = {
                "path": os.path.abspath(path),
                "vector": [round(float(value), 6) for value in heard.vectors[0]],
                "family": family,
                "duration_seconds": round(duration, 3),
            }
            print(json.dumps(document), flush=True)
        else:
            print(f"{path}  {family} {heard.families[0].max():.0%}  {duration:.2f} s", flush=True)
    return 1 if failures else 0


def library_list(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog

    catalog = Catalog.existing(library_dir(options.library))
    sounds = [sound for sound in catalog.sounds() if sound.state in ("ready", "listed")]
    counts = catalog.counts()
    catalog.close()
    for path in dict.fromkeys(sound.path for sound in sounds):  # once, however many presets it has
        print_path(path, null=options.null)
    if not sounds:
        say(_no_sounds(options, counts))
    return 0


def _no_sounds(options: argparse.Namespace, counts: Counts) -> str:
    """That nothing in the library can be used, and what to do."""
    directory = library_dir(options.library)
    if counts.total:
        return (
            f"earshot: None of the {counts.total} sounds in the library in {directory} can be used: {counts.missing} "
            f"are gone from their folders, and for the reasons of {counts.failed}: earshot library failed"
        )
    return f"earshot: The library in {directory} holds no sounds yet. Add some with: earshot scan FOLDER"


def library_search(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog, Sound
    from engine.library.query import read_query

    catalog = Catalog.existing(library_dir(options.library))
    text = " ".join(options.query)
    query = read_query(text)
    catalog.marks.require_collections(query)
    last: Sound | None = None
    found = False
    while page := catalog.page(query, after=last):
        found = True
        for sound in page:
            print_path(sound.path, *([sound.preset, sound.name] if sound.preset else ()), null=options.null)
        last = page[-1]
    counts = catalog.counts()
    catalog.close()
    if found:
        _say_searched_as_words(text)
        return 0
    say(_no_sounds(options, counts) if query.asks_nothing else f"earshot: {_nothing_found(text)}")
    return 1


def library_failed(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog

    catalog = Catalog.existing(library_dir(options.library))
    failed = catalog.failed()
    catalog.close()
    for sound in failed:
        print_path(sound.path, sound.reason or "", null=options.null)
    return 0


def library_add_instrument(options: argparse.Namespace) -> int:
    from engine.library.library import Library
    from engine.plugins import add_instrument, instruments_dir

    directory = library_dir(options.library)
    with cancel_on_interrupt() as cancel:
        library = Library.open(directory, create=True)
        try:
            library.catalog.database.require_writable()
            with ProgressBar(options.plugin.name) as bar:
                added = add_instrument(
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
            _scan_once(library, [instruments_dir(directory)], options, cancel)
        finally:
            library.close()
    print(f"{added.sounds} sounds of {options.plugin.stem} in {added.folder}")
    return 0 if added.sounds else 1


def library_remove(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog

    catalog = Catalog.existing(library_dir(options.library))
    try:
        for folder in options.folders:
            catalog.remove_root(folder)
            say(f"earshot: {folder} is forgotten; its files were left alone.")
    finally:
        catalog.close()
    return 0


def doctor(options: argparse.Namespace) -> int:
    from engine.doctor import examine

    healthy = True
    for finding in examine(library_dir(options.library), options.model):
        print(f"{finding.subject:<16} {finding.words}")
        healthy = healthy and finding.healthy
    return 0 if healthy else 1


def demo(options: argparse.Namespace) -> DemoResult:
    """Run the demo and print all but its last line, which is for the caller to print when all is shown."""
    from engine.demo import run_demo

    lines: list[str] = []
    with cancel_on_interrupt() as cancel, ProgressBar() as bar:
        result = run_demo(
            (options.directory or demo_dir()).absolute(),
            progress=bar,
            cancel=cancel,
            model=options.model,
            device=options.device,
            write=lines.append,
        )
    print("\n".join(lines), flush=True)
    return result
