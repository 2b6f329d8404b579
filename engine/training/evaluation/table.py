"""Every system through every protocol: measured, printed, kept and drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from engine.encoder import checkpoint, weights
from engine.encoder.ear import Ear
from engine.training.evaluation import plots, results
from engine.training.evaluation.held_out import Material
from engine.training.evaluation.protocols import PROTOCOLS
from engine.training.evaluation.results import Results, Row
from engine.training.evaluation.systems import ChanceSystem, EarSystem, MfccSystem, System, trained_system
from engine.training.phrase_bank import PhraseBank


def run(
    data: Path, *, protocols: list[str], split: str, model: Path | None, runs: list[Path], output: Path | None
) -> int:
    """Measure chance, MFCC, the trained `runs` and the ear on a split; returns the exit code.

    Rows that `output` already holds of the same weights are kept as they are.
    """
    # As the instruments' names tell it: a family that an ear guessed must not decide what it is asked.
    held_out, trained = (PhraseBank(data / "phrases" / name, guessed=False) for name in (split, "train"))
    path = model or weights.shipped_model()
    shipped = EarSystem(Ear.load(path), clips_seen=checkpoint.clips_seen(path))
    # Chance and MFCC carry something from sound to sound, so they begin anew in every protocol.
    taught = [*map(trained_system, runs), shipped]
    systems: list[Callable[[], System]] = [ChanceSystem, MfccSystem, *(lambda s=s: s for s in taught)]
    found = results.load(output, split) if output is not None else Results(split)
    measure(found, protocols, systems, Material(held_out, trained), output)
    print(results.markdown(found))
    if output is not None:
        plots.draw(found, output)
    return 0


def measure(
    found: Results,
    protocols: list[str],
    systems: list[Callable[[], System]],
    material: Material,
    output: Path | None,
) -> None:
    """Add what is not yet among the results; with `output`, they are kept there after every row."""
    with tqdm(total=len(protocols) * len(systems), unit="run") as bar:
        for protocol in protocols:
            rows = found.rows.setdefault(protocol, {})
            for begin in systems:
                system = begin()
                known = rows.get(system.name)
                if known is None or known.identity != system.identity:
                    answer = PROTOCOLS[protocol](system, material)
                    rows[system.name] = Row(system.method, system.identity, system.clips_seen, answer)
                    if output is not None:  # what is measured is kept, should the rest be stopped
                        results.save(found, output)
                bar.update()
