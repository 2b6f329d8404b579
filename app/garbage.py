"""When Python looks for garbage: not while the program is still being imported, then less often, and in one thread.

Every look stops all threads, that of the window too. While librosa and the like are imported there are several, of a
third of a second at worst, that find next to nothing. And Python looks in whatever thread happens to make the next
object: widgets that nobody needs any more would be destroyed there, which Qt allows in the window's thread alone.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 20_000
"""So many new ones make a look at those alone worth its two milliseconds; Python's own measure is 700."""

LOOK_MILLISECONDS = 1_000
"""`look` is called so often."""


def wait() -> None:
    """Do not look until `begin`, nor by itself after it."""
    gc.disable()


_begun = False


def begin() -> None:
    """From now on `look` looks, never at what is there already: that stays, imported modules for the most part.

    Changes nothing where Python looks all the time.
    """
    global _begun
    if not gc.isenabled():
        gc.freeze()
        _begun = True


def look() -> None:
    """Look for garbage where enough was made since the last time. Called in the window's thread."""
    if not _begun:
        return
    _, *older = gc.get_threshold()
    limits = (YOUNG_OBJECTS, *older)
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > limits[generation]:
            gc.collect(generation)
            return
