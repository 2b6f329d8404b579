"""What a producer asks the library for in words: `reese -dark family:bass type:loop bpm:120-128 key:Am`.

A word finds names, folders and tags in which a word begins with it; `-word` leaves those out; quotes hold words
together. `name:value` asks for a fact; several values are parted by commas, ranges are written `low-high`, `low-` or
`-high`. `-name:value` leaves out what `name:value` finds. What is no known fact is searched for as a word, so that no
query is ever wrong. Symbols such as `★` or `---` find what holds them as they are; one that only parts words, as in
`drum & bass`, asks for nothing unless it is in quotes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.audio.declared import read_key
from engine.audio.sources import AUDIO_SUFFIXES
from engine.audio.suffixes import PRESET_SUFFIXES
from engine.families import FAMILIES

KINDS = ("one-shot", "loop", "long", "preset")
_KIND_WORDS = {
    "oneshot": "one-shot",
    "oneshots": "one-shot",
    "shot": "one-shot",
    "loops": "loop",
    "presets": "preset",
    "one-shots": "one-shot",
}
_TOKEN = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|((?<=key:)[a-g][#♯b♭]? +(?:minor|major)(?!\S)|\S+))')
"""The key as the table writes it needs no quotes."""
_NUMBER = r"\d+(?:[.,]\d+)?"
_RANGE = re.compile(rf"({_NUMBER})?(-)?({_NUMBER})?(?:bpm|s|sec)?")
_TEMPO_TOLERANCE = 0.5
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")

_PARTS_WORDS = frozenset(("", *"-:,./\\&+|"))
"""Of the query's own, of paths, or what stands between words in names; and what is typed on the way to more."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Query:
    """What a sound has to be; None and empty ask for nothing.

    Attributes
    ----------
    words, excluded : casefolded; each of `words` and none of `excluded` begins a word (or words, where it holds
        spaces) of name, folder or tags; those without a letter or digit stand anywhere in these.
    families : one of these is likely.
    kinds : of `KINDS`; a preset is of kind 'preset' and no other.
    keys : as `engine.audio.declared.read_key` writes them; a key without a mode asks for both.
    tempo_bpm, seconds : least and most, both included; a sound without that fact is left out.
    roots : ids.
    favourites : only the producer's own.
    tags : the producer's; all of them.
    rating : least and most of 1 to 5, both included; a sound without one is left out.
    collections : ids; in one of them.
    auditioned : only what was listened to lately.
    corrected : only what the producer gave a family to.
    collection_names : casefolded; of each of these, in one of the collections. What holds a comma is there as a whole
        and in its pieces: only the catalog knows whether it is one name or several.
    excluded_tags, excluded_collections : as `tags` and `collection_names`; none of them.
    without : each asks for one other fact; nothing that one of them finds.
    """

    words: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    families: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    keys: frozenset[str] | None = None
    tempo_bpm: Range | None = None
    seconds: Range | None = None
    roots: frozenset[int] | None = None
    favourites: bool = False
    tags: tuple[str, ...] = ()
    rating: Range | None = None
    collections: frozenset[int] | None = None
    auditioned: bool = False
    corrected: bool = False
    collection_names: tuple[frozenset[str], ...] = ()
    excluded_tags: tuple[str, ...] = ()
    excluded_collections: tuple[frozenset[str], ...] = ()
    without: tuple[Query, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        return self == EVERYTHING

    @property
    def of_the_catalog(self) -> Query:
        """What of it only the catalog can answer, but for `left_out`."""
        return replace(
            EVERYTHING,
            words=self.words,
            excluded=self.excluded,
            tags=self.tags,
            rating=self.rating,
            collections=self.collections,
            auditioned=self.auditioned,
            corrected=self.corrected,
            collection_names=self.collection_names,
        )

    @property
    def left_out(self) -> list[Query]:
        """What of the catalog it leaves out by marks: what any of these finds."""
        tags = [replace(EVERYTHING, tags=(tag,)) for tag in self.excluded_tags]
        collections = [replace(EVERYTHING, collection_names=(names,)) for names in self.excluded_collections]
        marked = [query for query in self.without if query.favourites or not query.of_the_catalog.asks_nothing]
        return [*tags, *collections, *marked]

    @property
    def asks_for_marks(self) -> bool:
        """Whether what it finds changes with the producer's own marks, favourites and families aside; words are looked
        for in tags too."""
        of_marks = replace(self.of_the_catalog, auditioned=False)
        return any(not query.auditioned for query in self.left_out) or not of_marks.asks_nothing

    def with_families(self, families: frozenset[str] | None) -> Query:
        """Only those of both that are in both, where both name some."""
        if families is None:
            return self
        return replace(self, families=families if self.families is None else self.families & families)

    def with_kinds(self, kinds: frozenset[str] | None) -> Query:
        """As `with_families`."""
        if kinds is None:
            return self
        return replace(self, kinds=kinds if self.kinds is None else self.kinds & kinds)

    def with_tempo(self, span: Range) -> Query:
        """As `with_families`."""
        return replace(self, tempo_bpm=_both(self.tempo_bpm, span))

    def with_length(self, span: Range) -> Query:
        """As `with_families`."""
        return replace(self, seconds=_both(self.seconds, span))

    def with_rating(self, span: Range) -> Query:
        """As `with_families`."""
        return replace(self, rating=_both(self.rating, span))


def _both(one: Range | None, other: Range) -> Range:
    """What lies in both; where nothing does, the least is above the most."""
    return other if one is None else (max(one[0], other[0]), min(one[1], other[1]))


EVERYTHING = Query()


def read_query(text: str) -> Query:
    """The query that a line of text asks; every text is one."""
    query = EVERYTHING
    for token in _TOKEN.finditer(text.casefold()):
        minus, name, value = _split(token)
        if (found := _with_fact(query, minus, name, value)) is not None:
            query = found
            continue
        word = _without_ending(f"{name} {value}" if name else value)
        if minus and token[0] == len(token[0]) * "-":
            minus, word = False, token[0]  # a row of them leaves out nothing
        if not word.strip() or (token[4] is not None and word in _PARTS_WORDS):
            continue
        if minus:
            query = replace(query, excluded=(*query.excluded, word))
        else:
            query = replace(query, words=(*query.words, word))
    return query


def _without_ending(word: str) -> str:
    """A file is found by its name, of which the ending is no part."""
    stem, ending = os.path.splitext(word)
    return stem if ending in AUDIO_SUFFIXES | PRESET_SUFFIXES else word


def read_as_words(text: str) -> dict[str, str]:
    """What of a text looks like a fact, and is read as words, each with the reason: what values there are of that fact,
    or what facts there are."""
    found = {}
    for token in _TOKEN.finditer(text.casefold()):
        minus, name, value = _split(token)
        if name and _with_fact(EVERYTHING, minus, name, value) is None:
            known = _OTHER_NAMES.get(name, name)
            values = _VALUES.get(known)
            found[token[0]] = f"{known} is {values}" if values else f"facts are {', '.join(_FACTS)}"
    return found


def no_facts(text: str) -> str:
    """What `read_as_words` finds, as a sentence with its reasons; '' where there is nothing of the kind."""
    if not (found := read_as_words(text)):
        return ""
    return f"No fact, and searched for as words: {' '.join(found)} ({'; '.join(dict.fromkeys(found.values()))})."


def _split(token: re.Match[str]) -> tuple[bool, str | None, str]:
    """Whether it leaves out, the fact that it names, and its value."""
    minus, name, quoted, plain = token.groups()
    return bool(minus), name, quoted if plain is None else plain


def _with_fact(query: Query, minus: bool, name: str | None, value: str) -> Query | None:
    """The query that asks for one more fact; None where that is none."""
    name = _OTHER_NAMES.get(name or "", name or "")
    if name in _MARKS and value in _NO:
        minus, value = not minus, _YES[0]
    if not minus or name in _EXCLUDED_FACTS:
        read = (_EXCLUDED_FACTS if minus else _FACTS).get(name)
        return read(query, value) if read else None
    if name not in _FACTS or (fact := _FACTS[name](EVERYTHING, value)) is None:
        return None
    return replace(query, without=(*query.without, fact))


def _families(query: Query, value: str) -> Query | None:
    chosen = frozenset(_values(value))
    return query.with_families(chosen) if chosen and chosen <= set(FAMILIES) else None


def _kinds(query: Query, value: str) -> Query | None:
    chosen = frozenset(_KIND_WORDS.get(word, word) for word in _values(value))
    return query.with_kinds(chosen) if chosen and chosen <= set(KINDS) else None


def _keys(query: Query, value: str) -> Query | None:
    keys = [read_key(word) for word in _values(value)]
    return None if not keys or None in keys else replace(query, keys=frozenset(key for key in keys if key))


def _tempo(query: Query, value: str) -> Query | None:
    found = _range(value)
    if found is None:
        return None
    low, high = found
    if low == high:  # 120 means what is written as 120
        low, high = low - _TEMPO_TOLERANCE, high + _TEMPO_TOLERANCE
    return query.with_tempo((low, high))


def _seconds(query: Query, value: str) -> Query | None:
    found = _range(value)
    return None if found is None else query.with_length(found)


def _rating(query: Query, value: str) -> Query | None:
    found = _range(value)
    return None if found is None or found[1] < 1 else query.with_rating(found)


def _tags(query: Query, value: str) -> Query | None:
    return replace(query, tags=(*query.tags, *_values(value)))


def _without_tags(query: Query, value: str) -> Query | None:
    return replace(query, excluded_tags=(*query.excluded_tags, *_values(value)))


def _collections(query: Query, value: str) -> Query | None:
    names = _names(value)
    return replace(query, collection_names=(*query.collection_names, names)) if names else query


def _without_collections(query: Query, value: str) -> Query | None:
    names = _names(value)
    return replace(query, excluded_collections=(*query.excluded_collections, names)) if names else query


def _names(value: str) -> frozenset[str]:
    return frozenset([*filter(None, [" ".join(value.split())]), *_values(value)])


def _values(value: str) -> list[str]:
    """The values that commas part, with single spaces in them and none around them; none is empty."""
    return [piece for piece in (" ".join(piece.split()) for piece in value.split(",")) if piece]


def _only_favourites(query: Query, value: str) -> Query | None:
    return replace(query, favourites=True) if value in _YES else None


def _only_auditioned(query: Query, value: str) -> Query | None:
    return replace(query, auditioned=True) if value in _YES else None


def _only_corrected(query: Query, value: str) -> Query | None:
    return replace(query, corrected=True) if value in _YES else None


def _range(value: str) -> Range | None:
    match = _RANGE.fullmatch(value)
    if match is None or not (match[1] or match[3]):
        return None
    low, dash, high = match[1], match[2], match[3]
    if not dash:
        if low and high:
            return None
        low = high = low or high
    ends = (low or "0", high or "inf")
    least, most = sorted(float(end.replace(",", ".")) for end in ends)  # whichever was written first
    return least, most


_FACTS: dict[str, Callable[[Query, str], Query | None]] = {
    "family": _families,
    "type": _kinds,
    "key": _keys,
    "bpm": _tempo,
    "length": _seconds,
    "tag": _tags,
    "rating": _rating,
    "favourite": _only_favourites,
    "auditioned": _only_auditioned,
    "collection": _collections,
    "corrected": _only_corrected,
}
_VALUES = {
    "family": f"one of {', '.join(FAMILIES)}",
    "type": f"one of {', '.join(KINDS)}",
    "key": "such as Am, F#maj or 8A",
    "bpm": "such as 120 or 120-128",
    "length": "in seconds, such as 0.5-2",
    "rating": "1 to 5, such as 3-",
    "favourite": "yes or no",
    "auditioned": "yes or no",
    "corrected": "yes or no",
}
"""What can be asked of each fact that has only certain values."""

_OTHER_NAMES = {"kind": "type", "tempo": "bpm", "favorite": "favourite"}
_MARKS = ("favourite", "auditioned", "corrected")
_EXCLUDED_FACTS: dict[str, Callable[[Query, str], Query | None]] = {
    "tag": _without_tags,
    "collection": _without_collections,
}
