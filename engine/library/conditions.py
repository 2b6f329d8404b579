"""What a query asks for, as SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.library.query import Query
from engine.library.words import full_text_query

LIVE = "sounds.state = 'ready' AND NOT sounds.missing"
"""What can be found by similarity."""

_WITH_SYMBOLS = """
    sounds JOIN roots ON roots.id = root_id
    WHERE instr(substr(sounds.path, length(roots.path) + 1) || char(10) || name || char(10) || tags, ?)
"""

_ORDERS = {
    "name": "name COLLATE NOCASE",
    "family": "coalesce(corrected, family)",
    "type": "CASE preset WHEN '' THEN kind ELSE 'preset' END",
    "pitch": "pitch_hz",
    "bpm": "tempo_bpm",
    "length": "duration_seconds",
    "folder": "path COLLATE NOCASE",
    "favourite": "favourite",
    "rating": "nullif(rating, 0)",
    "tags": "nullif(tags, '')",
}
ORDERS = frozenset(_ORDERS)
"""What sounds can be listed by."""


def order_of(order: str, *, descending: bool) -> str:
    """SQL for an order: by one of `ORDERS`, then by name; what is not known comes last, whichever way round."""
    value, way = _ORDERS[order], "DESC" if descending else "ASC"
    if order == "name":
        return f"{value} {way}, id {way}"  # as an index has it
    return f"{value} IS NULL, {value} {way}, name COLLATE NOCASE, id"


def condition_of(query: Query, heard: bool) -> tuple[str, list[Any]]:
    """The query as SQL over `sounds`, and its values.

    heard : only what can be found by similarity; else all but failed and missing sounds.
    """
    asked, values = _asked(query)
    return " AND ".join([LIVE if heard else "state <> 'failed' AND NOT missing", *asked]), values


def _asked(query: Query) -> tuple[list[str], list[Any]]:
    """A condition for each thing that it asks for, and the values of all."""
    conditions: list[str] = []
    values: list[Any] = []

    def one_of(column: str, chosen: Collection[object]) -> str:
        values.extend(chosen)
        return f"{column} IN ({', '.join('?' * len(chosen))})"

    # All the words that are wanted have to be there; of those that are not, one is enough.
    for found, words in (("IN", query.words), *(("NOT IN", (word,)) for word in query.excluded)):
        if (text := full_text_query(words)) is not None:
            conditions.append(f"id {found} (SELECT rowid FROM sound_words WHERE sound_words MATCH ?)")
            values.append(text)
        for word in words:
            if full_text_query((word,)) is None:  # symbols, which the full-text index does not hold
                conditions.append(f"id {found} (SELECT sounds.id FROM {_WITH_SYMBOLS})")
                values.append(word.encode(errors="replace").decode())
    if query.families is not None:
        by_hand = one_of("corrected", query.families)
        heard_as = one_of("family", query.families)
        conditions.append(
            f"({by_hand} OR corrected IS NULL AND id IN (SELECT sound_id FROM sound_families WHERE {heard_as}))"
        )
    if query.kinds is not None:
        conditions.append(one_of("kind", query.kinds))
    if query.keys is not None:
        either = [f"{key}{mode}" for key in query.keys for mode in ("", " minor", " major")]
        conditions.append(one_of("key", either))
    for column, span in (("tempo_bpm", query.tempo_bpm), ("duration_seconds", query.seconds)):
        if span is not None:
            conditions.append(f"{column} BETWEEN ? AND ?")
            values.extend(span)
    if query.roots is not None:
        conditions.append(one_of("root_id", query.roots))
    if query.favourites:
        conditions.append("favourite")
    if query.rating is not None:
        conditions.append("rating > 0 AND rating BETWEEN ? AND ?")
        values.extend(query.rating)
    if query.collections is not None:
        of_these = one_of("collection_id", query.collections)
        conditions.append(
            f"id IN (SELECT kept.id FROM collected JOIN sounds AS kept USING (content, preset) WHERE {of_these})"
        )
    if query.auditioned:
        conditions.append("id IN (SELECT sound_id FROM auditioned)")
    for found, names in (
        *(("IN", names) for names in query.collection_names),
        *(("NOT IN", names) for names in query.excluded_collections),
    ):
        of_these = one_of("casefold(name)", names)
        conditions.append(
            f"id {found} (SELECT kept.id FROM collected JOIN sounds AS kept USING (content, preset) "
            f"WHERE collection_id IN (SELECT collections.id FROM collections WHERE {of_these}))"
        )
    if query.corrected:
        conditions.append("id IN (SELECT id FROM sounds INDEXED BY corrections WHERE corrected IS NOT NULL)")
    for found, tags in (("IN", query.tags), ("NOT IN", query.excluded_tags)):
        for tag in tags:
            has_it = "instr(char(10) || tags || char(10), char(10) || ? || char(10)) > 0"
            conditions.append(f"id {found} (SELECT id FROM sounds INDEXED BY tagged WHERE tags <> '' AND {has_it})")
            values.append(tag)
    for fact in query.without:  # and not what is not known
        asked, of_fact = _asked(fact)
        conditions.append(f"({' AND '.join(asked)}) IS NOT TRUE")
        values += of_fact
    return conditions, values
