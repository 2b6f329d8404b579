"""Which family an instrument belongs to: from its General MIDI number, or from its name."""

from __future__ import annotations

import re

_GM_RANGES = (
    (7, "keys"),  # pianos, electric pianos, harpsichord, clavinet
    (15, "mallet"),  # celesta to dulcimer
    (23, "organ"),
    (31, "guitar"),
    (39, "bass"),
    (44, "strings"),
    (45, "pluck"),  # pizzicato
    (46, "pluck"),  # harp
    (47, "tom"),  # timpani
    (51, "strings"),
    (54, "voice"),
    (55, "fx"),  # orchestra hit
    (63, "brass"),
    (79, "woodwind"),
    (87, "lead"),
    (95, "pad"),
    (103, "fx"),
    (108, "pluck"),  # sitar to kalimba
    (109, "woodwind"),  # bagpipe
    (110, "strings"),  # fiddle
    (111, "woodwind"),  # shanai
    (112, "mallet"),  # tinkle bell
    (114, "percussion"),
    (115, "percussion"),
    (118, "tom"),
    (127, "fx"),
)

GM_DRUM_FAMILY: dict[int, str] = {
    35: "kick", 36: "kick", 37: "percussion", 38: "snare", 39: "percussion", 40: "snare", 41: "tom", 42: "hat",
    43: "tom", 44: "hat", 45: "tom", 46: "hat", 47: "tom", 48: "tom", 49: "cymbal", 50: "tom", 51: "cymbal",
    52: "cymbal", 53: "cymbal", 54: "percussion", 55: "cymbal", 56: "percussion", 57: "cymbal", 58: "percussion",
    59: "cymbal", 60: "percussion", 61: "percussion", 62: "percussion", 63: "percussion", 64: "percussion",
    65: "percussion", 66: "percussion", 67: "percussion", 68: "percussion", 69: "percussion", 70: "percussion",
    71: "fx", 72: "fx", 73: "percussion", 74: "percussion", 75: "percussion", 76: "percussion", 77: "percussion",
    80: "percussion", 81: "percussion",
}  # fmt: skip
"""General MIDI percussion key -> family."""

_NAME_PATTERNS = tuple(
    (family, re.compile(pattern, re.IGNORECASE))
    for family, pattern in (
        ("kick", r"kick|bass ?drum|bassdrum|^bd|[_ -]bd[_ -]|\bkk\b|pearlkick"),
        ("snare", r"snare|^sn[_ -]|^sd|rim ?shot|\bsn\b|side ?stick|^snr"),
        ("hat", r"hi-?_?hat|hihat|(?:\b|_)[co]?hh|hat\b|hats?[_ -]|hat_|^hat"),
        ("cymbal", r"cymbal|crash|ride|splash|china|sabian|zildjian|\bcy\b|^rd[_ -]|^cr[_ -]"),
        ("tom", r"\btom|tom\d|^tm[_ -]|tomfloor|timpani|floor_?tom|tom_"),
        (
            "percussion",
            r"perc|clap|conga|bongo|tamb|shaker|cabasa|maraca|cowbell|clav(?!i)|claves|wood ?block|triangle|djembe|"
            r"cajon|tabla|timbale|drum|agogo|guiro|stick|snap|tic\b|tick|bata|latin|kit\b",
        ),
        ("bass", r"\bbass|bass\b|bassline|\bsub\b|contrabass"),
        ("guitar", r"guit|banjo|ukulele|strat|mandolin|overdrive"),
        ("organ", r"organ|accordi|harmoni(?:um|ca)|hammond|leslie|cathedral|church"),
        ("mallet", r"vibra|marimba|xylo|glock|celest|bell|kalimba|music ?box|tubular|chime|steel ?drum|gong|glass"),
        ("keys", r"piano|rhodes|e-?p\b|clavi|harpsi|wurl|keys?\b|epiano"),
        ("strings", r"string|violin|viola|cello|fiddle|orchestra|ensemble"),
        ("brass", r"brass|trumpet|trombone|tuba|horn|sax"),
        ("woodwind", r"flute|clarinet|oboe|bassoon|pipe|whistle|recorder|reed|wind\b|ocarina|piccolo"),
        ("voice", r"choir|voice|vox|vocal|aah|ooh|human|sing(?:er|ing)|speech"),
        ("pluck", r"pluck|harp\b|pizz|sitar|koto|shamisen|santoor|dulcimer|arp"),
        ("pad", r"\bpad|pad\b|sweep|atmos|ambien|space|soft\b|drone|warm|fantasia"),
        ("lead", r"lead|solo\b|saw\b|square|synth|dist|sync"),
        ("fx", r"fx|noise|effect|explos|wind|rain|thunder|glitch|alarm|sci-?fi|whoosh|riser|sound ?scape|laser"),
    )
)


def family_of_program(program: int) -> str:
    """Family of a General MIDI program number, 0..127."""
    return next(family for last, family in _GM_RANGES if program <= last)


def family_of_name(name: str) -> str | None:
    """Family told by a preset, file or folder name, or None where nothing in it tells."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return next((family for family, pattern in _NAME_PATTERNS if pattern.search(spaced) or pattern.search(name)), None)
