"""All training data with one call: note banks of every source, clusters, splits, phrase banks, and a data card."""

from __future__ import annotations

import logging
import multiprocessing
from pathlib import Path

import numpy as np

from engine.training import card, clusters, note_bank, phrase_bank, sources
from engine.training.note_bank import NoteBank

logger = logging.getLogger(__name__)

TRAINED_SOURCES = ("fluid", "musescore", "hydrogen", "sonic-pi", "lmms", "zynaddsubfx", "procedural")
ALL_SOURCES = TRAINED_SOURCES + tuple(sorted(sources.UNSEEN_SOURCES)) + tuple(sorted(sources.TAUGHT_ONLY))
SEED = 2026


def build(
    directory: Path,
    *,
    midi: Path | None,
    names: tuple[str, ...] = ALL_SOURCES,
    procedural_per_family: int = 70,
    workers: int = 2,
) -> str:
    """Render everything below `directory`; what is already there is kept. Returns the data card.

    Raises
    ------
    EarshotError : a source that is not rendered yet is not installed, or its plug-in has no display.
    """
    banks = {name: directory / "notes" / name for name in names}
    missing = [(path, name, procedural_per_family) for name, path in banks.items() if not note_bank.exists(path)]
    sources.require(name for _, name, _ in missing)
    logger.info("rendering the notes of %s", ", ".join(name for _, name, _ in missing) or "no source: all are there")
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=1) as pool:
        for name, kept in pool.imap_unordered(_render_source, missing):
            logger.info("%s: %d instruments", name, kept)
    if not all((directory / "phrases" / name / "phrases.json").exists() for name in card.SPLITS):
        for number, (name, chosen) in enumerate(split(banks).items()):
            target = directory / "phrases" / name
            if chosen and not (target / "phrases.json").exists():
                logger.info("rendering the phrases of %d instruments: %s", len(chosen), name)
                music = phrase_bank.passages(midi, SEED + number)
                share = phrase_bank.PRODUCED_SHARE if name == "train" else 0.0
                phrase_bank.build(
                    target, chosen, banks, music, seed=SEED + number, workers=workers, produced_share=share
                )
    return card.write(directory)


def _render_source(job: tuple[Path, str, int]) -> tuple[str, int]:
    directory, name, procedural_per_family = job
    return name, note_bank.write(directory, sources.all_instruments([name], procedural_per_family))


def split(banks: dict[str, Path]) -> dict[str, list[tuple[str, int]]]:
    """(bank name, number) of the cluster leaders of each split: train, validation, test, unseen.

    Trained sources come first, so an instrument of an unseen source that sounds like a trained one is nobody's leader
    and drops out. What is only taught comes last: it leads nobody out of another split, and its instruments follow
    those of the other sources in the training split.
    """
    opened = {name: NoteBank.load(path) for name, path in banks.items()}
    where = [(name, number) for name, bank in opened.items() for number in range(len(bank.instruments))]
    features = np.concatenate([clusters.pictures(bank) for bank in opened.values()])
    keys = [tuple(note.midi for note in opened[name].notes[number]) for name, number in where]
    leaders = clusters.cluster(features, keys)
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in card.SPLITS}
    for position in np.unique(leaders):
        name, number = where[position]
        if name in sources.UNSEEN_SOURCES:
            chosen = "unseen"
        elif name in sources.TAUGHT_ONLY:
            chosen = "train"
        else:
            chosen = clusters.split_of(opened[name].instruments[number].key)
        found[chosen].append((name, number))
    return found
