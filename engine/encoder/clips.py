"""Single sounds of any length, prepared for the network: cut to their loudest seconds and batched by length."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from engine.encoder.config import EarConfig

LONGEST_SOUND_SECONDS = 10.0
BATCH_SECONDS = 80.0
"""Audio in one pass through the network: enough to keep it busy, little enough to stay in the processor's cache."""


def through(
    sounds: Sequence[np.ndarray], config: EarConfig, network: Callable[[np.ndarray], Sequence[np.ndarray]]
) -> list[np.ndarray]:
    """What a network answers for single sounds: for each array it returns one float32 array [sounds, ...].

    Parameters
    ----------
    sounds : mono float32 at `config.rate`, at least one, any lengths; of what is longer than 10 s the loudest 10 s
        count.
    network : takes waveforms float32 [batch, samples], returns arrays [batch, ...].
    """
    clips = [_loudest(np.asarray(sound, np.float32), config.rate) for sound in sounds]
    answers: list[np.ndarray] = []
    for members, length in _buckets([len(clip) for clip in clips], config):
        batch = np.zeros((len(members), length), np.float32)
        for row, member in enumerate(members):
            batch[row, : len(clips[member])] = clips[member]
        found = network(batch)
        answers = answers or [np.zeros((len(clips), *value.shape[1:]), np.float32) for value in found]
        for answer, value in zip(answers, found, strict=True):
            answer[members] = value
    return answers


class Loudest:
    """Keeps of a sound that comes second by second what `through` would hear of the whole; its memory does not grow."""

    def __init__(self) -> None:
        self._last: deque[tuple[float, np.ndarray]] = deque(maxlen=int(LONGEST_SOUND_SECONDS))
        self._best: list[np.ndarray] = []
        self._energy = -1.0

    def add(self, second: np.ndarray) -> None:
        """The next second, float32 [n], the last one perhaps shorter."""
        self._last.append((float(np.square(second).sum(dtype=np.float64)), second))
        is_whole = len(self._last) == self._last.maxlen
        energy = sum(energy for energy, _ in self._last)
        if not is_whole or energy > self._energy:
            self._best = [samples for _, samples in self._last]
            self._energy = energy if is_whole else -1.0

    def samples(self) -> np.ndarray:
        """float32 [n], ten seconds at most."""
        return np.concatenate(self._best)


def _loudest(sound: np.ndarray, rate: int) -> np.ndarray:
    """The loudest ten seconds, to a second, of a longer sound."""
    longest = int(LONGEST_SOUND_SECONDS * rate)
    if len(sound) <= longest:
        return sound
    energy = np.add.reduceat(np.square(sound), np.arange(0, len(sound), rate))
    sums = np.convolve(energy, np.ones(longest // rate), "valid")
    start = int(sums.argmax()) * rate
    return sound[start : start + longest]


def _buckets(lengths: list[int], config: EarConfig) -> list[tuple[list[int], int]]:
    """Groups of clips with the length in samples to which each group is padded.

    A clip is always padded to the same length, whole cells with a silent one behind, whatever company it keeps: what a
    convolution sees past a sound's end would change its vector.
    """
    cell = config.cell_frames * config.hop
    cells = [-(-length // cell) + 1 for length in lengths]
    groups: list[tuple[list[int], int]] = []
    for number in sorted(range(len(lengths)), key=cells.__getitem__):
        length = cells[number] * cell
        full = not groups or (len(groups[-1][0]) + 1) * length > BATCH_SECONDS * config.rate
        if full or groups[-1][1] != length:
            groups.append(([], length))
        groups[-1][0].append(number)
    return groups
