"""The demo from end to end: make the files, scan the library, hear the song, and count what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from engine.demo.files import DemoFiles, ensure_demo, read_truth
from engine.errors import EarshotError
from engine.jobs import CancelToken, Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from engine.encoder.ear import Ear
    from engine.matching.match import Match
    from engine.matching.reference import Hearing

TOP = 5


@dataclass(frozen=True)
class DemoResult:
    """What the demo came to.

    Attributes
    ----------
    found : of the song's instruments, in order, and for each the id of the slot that found it, or None.
    """

    files: DemoFiles
    catalog: Path
    hearing: Hearing
    matches: dict[int, list[Match]]
    found: dict[str, int | None]

    @property
    def summary(self) -> str:
        """The demo's last line."""
        count = sum(slot is not None for slot in self.found.values())
        return f"demo: {count} of {len(self.found)} instruments have their true sound in the top {TOP}"


def assign(truth: Mapping[str, str], tops: Mapping[int, Sequence[str]]) -> dict[str, int | None]:
    """Credit slots to instruments: as many instruments as can be found when a slot counts for one of them only.

    Parameters
    ----------
    truth : instrument: its true sound.
    tops : slot's id: the sounds that count as its answer.

    Returns
    -------
    For each instrument the slot that has its true sound among its answers, or None.
    """
    instruments, slots = list(truth), list(tops)
    if not slots:
        return dict.fromkeys(instruments)
    hits = np.array([[truth[instrument] in tops[slot] for slot in slots] for instrument in instruments])
    chosen = maximum_bipartite_matching(csr_array(hits), perm_type="column")
    return {
        instrument: slots[column] if column >= 0 else None
        for instrument, column in zip(instruments, chosen.tolist(), strict=True)
    }


def run_demo(
    directory: Path,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    model: Path | None = None,
    device: str | None = None,
    write: Callable[[str], object] = print,
) -> DemoResult:
    """Make the demo in `directory` where it is missing, scan its sounds, match its song, write what was found.

    Parameters
    ----------
    model, device : as for `Ear.load`.
    write : is given the report line by line, all but `DemoResult.summary`, which is for the caller to say last.

    Raises EarshotError, and Cancelled if `cancel` was set.
    """
    from engine.encoder.ear import Ear
    from engine.library.library import Library
    from engine.library.scanner import scan
    from engine.matching.match import rank
    from engine.matching.reference import hear

    token = cancel or CancelToken()

    def show(state: Progress) -> None:
        token.raise_if_cancelled()
        progress(state)

    token.raise_if_cancelled()
    files = ensure_demo(directory, show)
    catalog = files.truth.parent / "Catalog"
    library = Library.open(catalog, create=True)
    try:
        scan(library, [files.library], progress=show, cancel=token, model=model)
        ear: Ear = Ear.load(model, device=device)
        if library.fingerprint != ear.fingerprint:
            raise EarshotError(f"The demo's library was scanned with another model. Remove {catalog} and try again.")
        hearing: Hearing | None = None
        for hearing in hear(files.song, ear, progress=show, cancel=token):  # noqa: B007
            pass
        assert hearing is not None
        matches = {slot.id: rank(slot, library, calibration=ear.calibration, top=TOP) for slot in hearing.slots}
    finally:
        library.close()
    truth = {instrument: str(path) for instrument, path in read_truth(files).items()}
    found = assign(truth, {slot: [match.sound.path for match in ranked] for slot, ranked in matches.items()})
    result = DemoResult(files, catalog, hearing, matches, found)
    for line in report(result, truth):
        write(line)
    return result


def report(result: DemoResult, truth: Mapping[str, str]) -> list[str]:
    """The slots with their best matches, the true ones marked, and what became of each instrument."""
    instrument_of = {path: instrument for instrument, path in truth.items()}
    lines = [f"{result.files.song.name}: {len(result.hearing.slots)} instruments heard, {len(truth)} are playing", ""]
    for slot in result.hearing.slots:
        start, end = slot.exposed_seconds
        lines.append(f"  {slot.id}  {slot.family}  {slot.confidence:.0%}  best heard from {start:.1f} to {end:.1f} s")
        for match in result.matches[slot.id]:
            instrument = instrument_of.get(match.sound.path)
            mark = f"  <- the song's {instrument}" if instrument else ""
            lines.append(f"       {match.rank}. {match.similarity:6.1%}  {match.sound.name}{mark}")
    lines.append("")
    for instrument, slot_id in result.found.items():
        name = Path(truth[instrument]).stem
        verdict = f"found by slot {slot_id}" if slot_id is not None else "not found"
        lines.append(f"  {instrument:<6} is {name}: {verdict}")
    return lines
