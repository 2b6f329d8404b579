"""`earshot match` and `earshot embed`: what is heard in a song, or in single sounds."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.contents import nothing_found, say_searched_as_words
from engine.errors import AudioError, LibraryError
from engine.paths import library_dir
from engine.terminal import ProgressBar, cancel_on_interrupt, command_line, say

if TYPE_CHECKING:
    from engine.encoder.ear import Ear
    from engine.library.library import Library
    from engine.matching.match import Match
    from engine.matching.reference import Hearing
    from engine.matching.slots import Slot


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
            raise LibraryError(nothing_found(options.only))
        say_searched_as_words(options.only)
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
