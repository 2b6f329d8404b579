"""`earshot library`: what is in it, found and forgotten."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.paths import library_dir
from engine.terminal import print_path, say

if TYPE_CHECKING:
    from engine.library.catalog import Counts


def list_all(options: argparse.Namespace) -> int:
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


def search(options: argparse.Namespace) -> int:
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
        say_searched_as_words(text)
        return 0
    say(_no_sounds(options, counts) if query.asks_nothing else f"earshot: {nothing_found(text)}")
    return 1


def failed(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog

    catalog = Catalog.existing(library_dir(options.library))
    failed = catalog.failed()
    catalog.close()
    for sound in failed:
        print_path(sound.path, sound.reason or "", null=options.null)
    return 0


def remove(options: argparse.Namespace) -> int:
    from engine.library.catalog import Catalog

    catalog = Catalog.existing(library_dir(options.library))
    try:
        for folder in options.folders:
            catalog.remove_root(folder)
            say(f"earshot: {folder} is forgotten; its files were left alone.")
    finally:
        catalog.close()
    return 0


def nothing_found(text: str) -> str:
    """That a query finds no sound, and what of it may not have been read as it was meant."""
    from engine.library.query import no_facts

    return " ".join(filter(None, (f"Nothing in the library is what {text!r} asks for.", no_facts(text))))


def say_searched_as_words(text: str) -> None:
    """Say it of a query that finds something all the same, as one that leaves out what nothing is."""
    from engine.library.query import no_facts

    if words := no_facts(text):
        say(f"earshot: {words}")
