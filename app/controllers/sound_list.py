"""The sounds of the library as a list, where nothing is ranked: by a fact, or by when they were listened to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.models.columns import Column, Row

if TYPE_CHECKING:
    from engine.library.catalog import Catalog, Sound
    from engine.library.query import Query

    Accept = Callable[[Sound], bool]
    """Whether a sound passes what a query cannot ask for."""

MOST_LISTED = 5_000
"""Who has more sounds than that searches among them, or puts others on top, rather than scrolls through them."""
PAGE = 1_000
ORDERS = {
    Column.NAME: "name",
    Column.FAMILY: "family",
    Column.TYPE: "type",
    Column.PITCH: "pitch",
    Column.BPM: "bpm",
    Column.LENGTH: "length",
    Column.FOLDER: "folder",
    Column.FAVOURITE: "favourite",
    Column.RATING: "rating",
    Column.TAGS: "tags",
}
"""What the catalog calls the order of a column; by others there is none, and what is listed comes by name."""


def listed(
    catalog: Catalog, query: Query, accept: Accept, order: Column, descending: bool, checkpoint: Callable[[], None]
) -> tuple[tuple[Row, ...], bool]:
    """The first of the sounds that can be played, those not heard yet among them, and whether there are more."""
    rows: list[Row] = []
    for page in pages(catalog, query, order, descending):
        checkpoint()
        for sound in filter(accept, page):
            if len(rows) == MOST_LISTED:
                return tuple(rows), True
            rows.append(Row(sound, len(rows) + 1))
    return tuple(rows), False


def pages(catalog: Catalog, query: Query, order: Column, descending: bool) -> Iterator[Sequence[Sound]]:
    """All sounds that are what a query asks for, in an order; as few are read as are taken."""
    if order is Column.NAME and not descending:
        last: Sound | None = None
        while page := catalog.page(query, after=last, size=PAGE):
            yield page
            last = page[-1]
        return
    start = 0
    for most in (MOST_LISTED + 1, None):  # all of them only where few of those pass the filters
        ids = catalog.ordered(query, ORDERS[order], descending=descending, most=most)
        while start < len(ids):
            some = ids[start : start + PAGE]
            start += len(some)
            yield catalog.sounds(some.tolist())
        if most is not None and len(ids) < most:
            return


def auditioned(catalog: Catalog, query: Query, accept: Accept) -> tuple[Row, ...]:
    """What was listened to and is still to be seen, the last one first."""
    seen = set(catalog.matching(query, heard=False).tolist())
    wanted = [sound_id for sound_id in catalog.marks.auditioned() if sound_id in seen]
    sounds = filter(accept, catalog.sounds(wanted))
    return tuple(Row(sound, number) for number, sound in enumerate(sounds, 1))
