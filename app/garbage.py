"""When Python looks for garbage: not while the program is still being imported, and then less often.

Every look stops all threads, that of the window too. While torch and librosa are imported there are several, of a third
of a second at worst, that find next to nothing.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 20_000
"""So many new ones make a look at those alone worth its two milliseconds; Python's own measure is 700."""


def wait() -> None:
    """Do not look until `begin`."""
    gc.disable()


def begin() -> None:
    """Look from now on, never at what is there already: that stays, imported modules for the most part.

    Changes nothing where Python looks all the time.
    """
    if gc.isenabled():
        return
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS, *older)
    gc.enable()
