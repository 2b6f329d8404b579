"""SFZ files that are only parts of others, which include them: no sounds, and no failures.

Nothing in such a file tells it from a broken one; only those that include it do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from engine.library.database import Database
from engine.library.found import hide_fragments, instruments_of
from engine.presets.sfz_text import included_by


def leave_out_fragments(
    database: Database,
    root_id: int,
    root: str,
    cannot_sound: Collection[str],
    includes: Mapping[str, Collection[Path]],
    between: Callable[[], None] = lambda: None,
) -> int:
    """Take the parts of other instruments from the sounds of a root; returns how many sounds that were.

    Parameters
    ----------
    cannot_sound : paths of the SFZ files that this scan read and that cannot sound by themselves.
    includes : of the SFZ files that it read and that are instruments, what they include.
    between : called between two files; it may raise.
    """
    if not cannot_sound and not any(includes.values()):
        return 0
    known = {path: {os.path.realpath(inner) for inner in inside} for path, inside in includes.items()}

    def included_in(path: str) -> set[str]:
        if path not in known:
            between()
            known[path] = {os.path.realpath(inner) for inner in included_by(Path(path), Path(root))}
        return known[path]

    failed = {
        *cannot_sound,
        *instruments_of(database, root_id, failed=True),
    }  # it may be what includes them that is new
    in_doubt = {os.path.realpath(path): path for path in sorted(failed)}
    parts: list[str] = []

    def look_into(other: str) -> None:
        itself = os.path.realpath(other)
        for inner in included_in(other) & in_doubt.keys():
            # Of two that include each other neither is a part of the other.
            if inner != itself and itself not in included_in(in_doubt[inner]):
                parts.append(in_doubt.pop(inner))

    for path in includes:
        look_into(path)
    for path in instruments_of(database, root_id):
        if in_doubt.keys().isdisjoint(map(os.path.realpath, cannot_sound)):
            break
        if path not in includes:
            look_into(path)
    return hide_fragments(database, parts)
