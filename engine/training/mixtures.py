"""Batches of single sounds and mixtures, drawn from the phrase bank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.encoder.config import EarConfig
from engine.families import DRUM_FAMILIES, FAMILY_INDEX
from engine.training.config import CLEAN, Roughness
from engine.training.effects import master
from engine.training.instruments import RATE
from engine.training.phrase_bank import PhraseBank

NO_FAMILY = -1
STEM_GAIN_DB, DRUM_GAIN_DB = (-10.0, 4.0), (-16.0, 4.0)
"""Against the loudness that all phrases share. In records a drum that is as loud at its peaks as what else plays is
quieter by this measure, which takes the loudest second."""


@dataclass(frozen=True)
class Mixtures:
    """A batch of mixtures.

    Attributes
    ----------
    waveform : float32 [batch, samples].
    labels : int64 [batch, stems], instrument numbers, -1 where a mixture has fewer stems.
    rows : int64 [batch, stems], rows of the phrase bank, -1 where there is no stem.
    energy : float32 [batch, stems, steps, bands], mel power of each stem as mixed, in half-cells of time.
    """

    waveform: Tensor
    labels: Tensor
    rows: Tensor
    energy: Tensor


class BatchSource:
    """Draws batches from a phrase bank."""

    def __init__(self, bank: PhraseBank, config: EarConfig) -> None:
        self._bank = bank
        self._config = config
        self.families = np.array([FAMILY_INDEX.get(i.family or "", NO_FAMILY) for i in bank.instruments])
        owners = np.array([phrase.instrument for phrase in bank.phrases])
        played = np.array([phrase.passage for phrase in bank.phrases])
        self._levels = np.array([phrase.level for phrase in bank.phrases], np.float32)
        self._produced = np.array([phrase.produced for phrase in bank.phrases])
        self._rows_of = [np.flatnonzero(owners == number) for number in range(len(bank.instruments))]
        self.sounding = [number for number, rows in enumerate(self._rows_of) if len(rows)]
        self._is_drum = np.array([(i.family in DRUM_FAMILIES) for i in bank.instruments])
        self._phrases = np.array([len(rows) for rows in self._rows_of])
        self._groups = {drum: [n for n in self.sounding if self._is_drum[n] == drum] for drum in (False, True)}
        self._on_passage = [
            {drum: rows[self._is_drum[owners[rows]] == drum] for drum in (False, True)}
            for rows in (np.flatnonzero(played == number) for number in range(int(played.max()) + 1))
        ]
        self._owners = owners

    def samples(self, steps: int | None) -> int:
        """Length of `steps` cells of time, or of a whole window."""
        cell = self._config.cell_frames * self._config.hop
        return self._config.window_samples if steps is None else steps * cell

    def singles(self, labels: np.ndarray, samples: int, rng: np.random.Generator) -> Tensor:
        """One clip of each labelled instrument, a phrase's crop or a one-shot: float32 [batch, samples]."""
        out = np.zeros((len(labels), samples), np.float32)
        for row, label in enumerate(labels):
            if rng.random() < 0.5:
                phrase = self._bank.samples[rng.choice(self._rows_of[label])]
                start = int(rng.integers(0, max(1, len(phrase) - samples)))
                out[row] = phrase[start : start + samples]
                if np.abs(out[row]).max() > 300:
                    continue
            out[row] = self._one_shot(int(label), samples, rng)
        return torch.from_numpy(out / 32767.0)

    def _one_shot(self, label: int, samples: int, rng: np.random.Generator) -> np.ndarray:
        bank, number = self._bank.notes[label]
        notes = bank.notes[number]
        sound = bank.read(notes[rng.integers(len(notes))]) * 32767.0
        out = np.zeros(samples, np.float32)
        start = int(rng.integers(0, int(0.05 * RATE)))
        length = min(len(sound), samples - start)
        if rng.random() < 0.3:  # sample packs often cut their one-shots short
            length = min(length, int(rng.uniform(0.25, 1.5) * RATE))
        out[start : start + length] = sound[:length]
        fade = min(length, 320)
        out[start + length - fade : start + length] *= np.linspace(1, 0, fade, dtype=np.float32)
        return out

    def random_labels(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Instrument numbers [count], each at most once where there are enough."""
        return rng.choice(self.sounding, size=count, replace=count > len(self.sounding))

    def mixtures(
        self,
        count: int,
        stems: tuple[int, int],
        rng: np.random.Generator,
        steps: int | None = None,
        rough: Roughness = CLEAN,
    ) -> Mixtures:
        """`count` mixtures of `stems` (fewest, most) instruments; with `steps`, cropped to so many cells of time.

        What is noise alone has neither labels nor energy; noise beneath and mastering leave the stems' energy as it is.
        """
        most = stems[1]
        cell = self._config.cell_frames * self._config.hop
        length = self.samples(steps)
        half_cells = self._bank.energy.shape[1] if steps is None else 2 * steps
        waveform = np.zeros((count, length), np.float32)
        labels = np.full((count, most), -1, np.int64)
        rows = np.full((count, most), -1, np.int64)
        energy = np.zeros((count, most, half_cells, self._bank.energy.shape[2]), np.float32)
        for row in range(count):
            noise, bed, mastered = rng.random(3) < (rough.noise, rough.bed, rough.mastered)
            if noise:
                waveform[row] = _noise(length, rng)
                continue
            first = 0 if steps is None else int(rng.integers(0, self._config.window_samples // cell - steps + 1))
            drawn = rng.random()
            produced = True if drawn < rough.produced else False if drawn < rough.produced + rough.dry else None
            for stem, phrase in enumerate(self._stems(int(rng.integers(stems[0], most + 1)), produced, rng)):
                gain_db = DRUM_GAIN_DB if self._is_drum[self._owners[phrase]] else STEM_GAIN_DB
                gain = self._levels[phrase] * 10 ** (rng.uniform(*gain_db) / 20)
                samples = self._bank.samples[phrase, first * cell : first * cell + length]
                waveform[row] += samples * np.float32(gain / 32767.0)
                labels[row, stem], rows[row, stem] = self._owners[phrase], phrase
                power = 10 ** self._bank.energy[phrase, 2 * first : 2 * first + half_cells].astype(np.float32)
                energy[row, stem] = power * gain**2
            if bed:
                waveform[row] += _noise(length, rng) * waveform[row].std()
            if mastered:
                waveform[row] = master(waveform[row], rng)
        return Mixtures(*map(torch.from_numpy, (waveform, labels, rows, energy)))

    def _stems(self, count: int, produced: bool | None, rng: np.random.Generator) -> list[int]:
        """Rows of distinct instruments: on one passage more often than not, with a few drums more often than not; an
        instrument of fewer phrases comes less often.

        produced : whether phrases with effects are drawn, where there are any, or without; None for either.
        """

        def fitting(rows: np.ndarray) -> np.ndarray:
            return rows if produced is None else rows[self._produced[rows] == produced]

        drums = min(count - 1, int(rng.integers(1, 4))) if count > 1 and rng.random() < 0.6 else 0
        rows: dict[int, int] = {}
        passage = self._on_passage[rng.integers(len(self._on_passage))] if rng.random() < 0.6 else None
        for drum, wanted in ((True, drums), (False, count - drums)):
            together = fitting(passage[drum]) if passage is not None else np.empty(0, int)
            if passage is not None and len(together) >= wanted:
                chosen = rng.choice(together, size=wanted, replace=False)
            else:
                group = self._groups[drum] or self.sounding
                phrases = self._phrases[group]
                numbers = rng.choice(group, size=min(wanted, len(group)), replace=False, p=phrases / phrases.sum())
                rows_of = [self._rows_of[number] for number in numbers]
                chosen = np.array([rng.choice(some if len(some := fitting(all_)) else all_) for all_ in rows_of], int)
            rows |= {int(self._owners[row]): int(row) for row in chosen}
        return list(rows.values())


def _noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise between white and brown, of an RMS level of -40 to -12 dB: float32 [samples]."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 20.0)
    noise = np.fft.irfft(spectrum / frequencies ** rng.uniform(0.0, 1.0), samples)
    return (noise / noise.std() * 10 ** (rng.uniform(-40, -12) / 20)).astype(np.float32)
