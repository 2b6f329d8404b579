"""The data card: what training and evaluation are made of, counted by source, family and split."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from engine.families import FAMILIES
from engine.training.material import WINDOW_SECONDS
from engine.training.phrase_bank import PhraseBank

SPLITS = ("train", "validation", "test", "unseen")
SOURCES = {
    "fluid": "FluidR3 GM soundfont (MIT), presets and drum keys, played by TinySoundFont",
    "musescore": "MuseScore General soundfont (MIT), what is not FluidR3's",
    "hydrogen": "drum kits of Hydrogen, every other one; licences of the Debian package",
    "sonic-pi": "one-shots and loops of Sonic Pi (CC0)",
    "lmms": "one-shots and loops of LMMS; licences of the Debian package",
    "zynaddsubfx": "presets of ZynAddSubFX (GPL), played by its plug-in",
    "procedural": "our own: subtractive, FM, additive, plucked, modal and drum synthesis from random parameters",
    "amsynth": "presets of amsynth (GPL), played by its plug-in; taught, and in no protocol",
    "voices": "words spoken, and sung by way of Praat: Asterisk's announcements (CC BY-SA), espeak-ng; as amsynth's",
    "csound": "the General MIDI bank of Csound (public domain); as amsynth's",
    "opl3": "FM voices of an OPL3 chip as a soundfont (CC BY-SA); as amsynth's",
    "black-pearl": "a drum kit of AVL Drumkits (CC BY-SA); as amsynth's",
    "red-zeppelin": "another one; as amsynth's",
    "freepats": "recorded instruments of Freepats (GPL), played by TiMidity++; as amsynth's",
    "timgm6mb": "TimGM6mb soundfont (GPL), never trained on",
    "yoshimi": "Yoshimi's own presets (GPL), never trained on",
    "hydrogen-unseen": "the other Hydrogen kits, never trained on",
}


def write(directory: Path) -> str:
    """Count the phrase banks below a data directory, write `card.json` and `card.md` there; returns the Markdown."""
    by_source: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    by_family: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    hours = dict.fromkeys(SPLITS, 0.0)
    for split in SPLITS:
        if not (directory / "phrases" / split / "phrases.json").exists():
            continue
        bank = PhraseBank(directory / "phrases" / split, guessed=False)
        by_source[split] = Counter(bank.sources)
        by_family[split] = Counter(instrument.family or "unknown" for instrument in bank.instruments)
        hours[split] = round(len(bank.phrases) * WINDOW_SECONDS / 3600, 1)
    (directory / "card.json").write_text(json.dumps({"sources": by_source, "families": by_family, "hours": hours}))
    lines = [
        "# Data card",
        "",
        "Instruments after near-duplicates were made one; a cluster is on one side of every split.",
        "",
        *_table("source", by_source, [name for name in SOURCES if any(counts[name] for counts in by_source.values())]),
        "",
        *_table("family", by_family, [*FAMILIES, "unknown"]),
        "",
        "Hours of phrases: " + ", ".join(f"{split} {hours[split]}" for split in SPLITS) + ".",
        "",
        *(f"- **{name}**: {what}." for name, what in SOURCES.items()),
    ]
    text = "\n".join(lines) + "\n"
    (directory / "card.md").write_text(text)
    return text


def _table(title: str, counts: dict[str, Counter[str]], names: list[str]) -> list[str]:
    rows = [f"| {title} | " + " | ".join(SPLITS) + " |", "|---" * (len(SPLITS) + 1) + "|"]
    rows += [f"| {name} | " + " | ".join(str(counts[split][name]) for split in SPLITS) + " |" for name in names]
    return [*rows, "| all | " + " | ".join(str(counts[split].total()) for split in SPLITS) + " |"]
