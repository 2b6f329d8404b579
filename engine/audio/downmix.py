"""All channels as one, with nothing lost where they are of opposite signs."""

from __future__ import annotations

import numpy as np

_CANCELLED = 0.05
"""Mean power, relative to the loudest channel's, below which the mean has lost the sound (-13 dB)."""

_STEP_SECONDS = 0.05
_KEPT = 0.5
"""Of the energy up to one step in the next one: the mean is given up a quarter of a second after it fell silent, and
taken back at once."""

_MEAN = -1


class Downmix:
    """Mixes a sound to mono, block after block: to the mean of its channels, or to one of the loudest in passages in
    which they cancel each other. How it comes in blocks changes nothing."""

    def __init__(self, rate: int) -> None:
        self._step = max(1, round(_STEP_SECONDS * rate))
        self._waiting = np.zeros((0, 0), np.float32)
        self._levels: np.ndarray | float = 0.0
        self._choice: int | None = None
        """What the last step was: a channel, or `_MEAN`."""

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """float32 [channels, n] -> what is known so far, float32 [about n]."""
        if samples.shape[0] == 1:
            return samples[0]
        if self._waiting.size:
            samples = np.concatenate([self._waiting, samples], axis=1)
        whole = samples.shape[1] - samples.shape[1] % self._step
        self._waiting = samples[:, whole:]
        return self._mixed(samples[:, :whole])

    def rest(self) -> np.ndarray:
        """What was waiting for more, float32 [less than a step]."""
        waiting, self._waiting = self._waiting, np.zeros((0, 0), np.float32)
        return self._mixed(waiting)

    def _mixed(self, samples: np.ndarray) -> np.ndarray:
        if not samples.size:
            return np.zeros(0, np.float32)
        mean = samples.mean(axis=0)
        step = min(self._step, len(mean))
        choices = self._choices(np.stack([_energy(channel, step) for channel in (*samples, mean)]))
        before = int(choices[0]) if self._choice is None else self._choice
        self._choice = int(choices[-1])
        if before == _MEAN and not (choices != _MEAN).any():
            return mean
        mono = mean.copy()
        for number, choice in enumerate(choices.tolist()):
            part = slice(number * step, (number + 1) * step)
            now, was = (mean[part] if taken == _MEAN else samples[taken, part] for taken in (choice, before))
            ramp = np.linspace(0.0, 1.0, len(now), dtype=np.float32)
            mono[part] = now if choice == before else was + ramp * (now - was)
            before = choice
        return mono

    def _choices(self, energies: np.ndarray) -> np.ndarray:
        """What is taken in each step; energies : those of the channels, and of their mean, [channels + 1, steps]."""
        levels = np.empty(energies.shape)
        for step, energy in enumerate(energies.T):
            levels[:, step] = self._levels = _KEPT * self._levels + energy
        channels, mean = levels[:-1], levels[-1]
        loudest = np.max(channels, axis=0)
        # The first of those that are as good as the loudest: equal channels must not take turns.
        return np.where(mean < _CANCELLED * loudest, np.argmax(channels >= 0.5 * loudest, axis=0), _MEAN)


def _energy(samples: np.ndarray, step: int) -> np.ndarray:
    """Of each step of float32 [n], n a multiple of it: float [n / step]."""
    steps = samples.reshape(-1, step)
    return np.einsum("ns,ns->n", steps, steps)
