"""The phrase bank: five-second phrases of every instrument, ready to be mixed, with where their energy lies.

Mixing is then a weighted sum, and the targets of the dense and slot heads are sums of stored energies: a loader that
keeps a GPU or two cores busy.
"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.encoder.config import EarConfig
from engine.encoder.mel import LogMel
from engine.errors import EarshotError
from engine.training import phrases
from engine.training.effects import produce
from engine.training.instruments import RATE, Instrument
from engine.training.material import Passage, midi_passages, play, random_passage
from engine.training.note_bank import NoteBank
from engine.training.sources import TAUGHT_ONLY

PITCHED_PHRASES, DRUM_PHRASES, TAUGHT_ONLY_PHRASES = 10, 4, 5
PRODUCED_SHARE = 0.5
REFERENCE_RMS = 0.08
FAMILIES_FILE = "families.json"


@dataclass(frozen=True)
class Phrase:
    """One row of the bank: whose it is, which passage it plays, and the gain that brings it to `REFERENCE_RMS`."""

    instrument: int
    passage: int
    level: float
    produced: bool


class PhraseBank:
    """Phrases of the instruments of one split.

    Attributes
    ----------
    instruments : their numbers are the class numbers; where `guessed`, with the families that `engine.training.guess`
        gave to those whose names tell none.
    sources : the source of each instrument.
    notes : (note bank, number in it) of each instrument, for one-shots.
    phrases : one for each row.
    samples : int16 [rows, window samples].
    energy : float16 [rows, steps, bands], log10 of the mel power in half-cells of time and cells of frequency.

    Raises
    ------
    EarshotError : there is none in the directory.
    """

    def __init__(self, directory: Path, *, guessed: bool = True) -> None:
        if not (directory / "phrases.json").exists():
            raise EarshotError(f"{directory}: no phrases; run 'earshot train data' first")
        manifest = json.loads((directory / "phrases.json").read_text())
        self.instruments = [Instrument(**entry) for entry in manifest["instruments"]]
        if guessed and (directory / FAMILIES_FILE).exists():
            families = json.loads((directory / FAMILIES_FILE).read_text())
            self.instruments = [replace(i, family=families.get(i.key, i.family)) for i in self.instruments]
        opened = {where: NoteBank.load(Path(where)) for where in dict(manifest["notes"])}
        self.notes = [(opened[where], number) for where, number in manifest["notes"]]
        self.sources = [Path(where).name for where, _ in manifest["notes"]]
        self.phrases = [Phrase(**entry) for entry in manifest["phrases"]]
        self.samples = np.load(directory / "phrases.npy", mmap_mode="r")
        self.energy = np.load(directory / "energy.npy")


def passages(midi: Path | None, seed: int, count: int = 96) -> list[Passage]:
    """The music of a bank: two thirds from MIDI songs where there are any, the rest made at random."""
    rng = np.random.default_rng(seed)
    cut = midi_passages(midi, count * 2 // 3, rng) if midi else []
    return cut + [random_passage(rng) for _ in range(count - len(cut))]


_job: tuple


def _start(banks: dict[str, Path], music: list[Passage], seed: int, produced_share: float) -> None:
    global _job
    torch.set_num_threads(1)
    config = EarConfig()
    _job = (
        {name: NoteBank.load(path) for name, path in banks.items()},
        music,
        seed,
        produced_share,
        LogMel(config),
        config,
    )


def _render(task: tuple[int, str, int, int]) -> list[tuple[Phrase, np.ndarray, np.ndarray]]:
    label, bank_name, number, count = task
    banks, music, seed, produced_share, mel, config = _job
    bank = banks[bank_name]
    instrument = bank.instruments[number]
    rng = np.random.default_rng([seed, label])
    rows: list[tuple[Phrase, np.ndarray, np.ndarray]] = []
    for passage in rng.choice(len(music), size=count, replace=False):
        events = play(music[passage], instrument.family, rng)
        samples = phrases.render(bank, number, events, rng)
        produced = bool(rng.random() < produced_share)
        if produced:
            samples = produce(samples, rng)
        peak = float(np.abs(samples).max())
        if peak < 1e-5:
            continue
        samples = samples / peak * 0.98
        power = mel.power(torch.from_numpy(samples)[None])[0].double()
        steps = power.unflatten(0, (-1, config.cell_frames // 2)).unflatten(2, (config.cell_bands, -1)).sum(dim=(1, 3))
        seconds = np.sqrt((samples[: 5 * RATE].reshape(5, -1) ** 2).mean(axis=1))
        level = REFERENCE_RMS / max(float(seconds.max()), 1e-3)
        energy = torch.log10(steps.clamp_min(1e-9)).numpy().astype(np.float16)
        rows.append((Phrase(label, int(passage), level, produced), (samples * 32767).astype(np.int16), energy))
    return rows


def _phrases_of(instrument: Instrument) -> int:
    if instrument.drum:
        return DRUM_PHRASES
    return TAUGHT_ONLY_PHRASES if instrument.source in TAUGHT_ONLY else PITCHED_PHRASES


def build(
    directory: Path,
    chosen: list[tuple[str, int]],
    banks: dict[str, Path],
    music: list[Passage],
    *,
    seed: int,
    workers: int,
    produced_share: float = PRODUCED_SHARE,
    progress: bool = True,
) -> int:
    """Render the phrases of the chosen (bank name, number) instruments into `directory`; returns how many rows."""
    from tqdm import tqdm

    directory.mkdir(parents=True, exist_ok=True)
    opened = {name: NoteBank.load(path) for name, path in banks.items()}
    instruments = [opened[name].instruments[number] for name, number in chosen]
    counts = [_phrases_of(instrument) for instrument in instruments]
    tasks = [(label, name, number, counts[label]) for label, (name, number) in enumerate(chosen)]
    window = phrases.WINDOW_SAMPLES
    samples = np.lib.format.open_memmap(directory / "phrases.npy", "w+", np.int16, (sum(counts), window))
    rows: list[Phrase] = []
    energies: list[np.ndarray] = []
    with multiprocessing.get_context("spawn").Pool(workers, _start, (banks, music, seed, produced_share)) as pool:
        done = pool.imap(_render, tasks, chunksize=8)
        for rendered in tqdm(done, total=len(tasks), unit="instrument", disable=not progress):
            for phrase, audio, energy in rendered:
                samples[len(rows)] = audio
                rows.append(phrase)
                energies.append(energy)
    samples.flush()
    np.save(directory / "energy.npy", np.stack(energies))
    manifest = {
        "instruments": [asdict(instrument) for instrument in instruments],
        "notes": [(str(banks[name].resolve()), number) for name, number in chosen],
        "phrases": [asdict(phrase) for phrase in rows],
    }
    (directory / "phrases.json").write_text(json.dumps(manifest))
    return len(rows)
