"""Produced sound: the random effect chain of a stem."""

from __future__ import annotations

import numpy as np
import pedalboard as pb

from engine.training.instruments import RATE


def random_chain(rng: np.random.Generator) -> pb.Pedalboard:
    """One to four effects in the order a channel strip has them, at settings of ordinary mixes."""
    options = [
        lambda: pb.HighpassFilter(float(rng.uniform(30, 250))),
        lambda: pb.LowShelfFilter(float(rng.uniform(80, 400)), float(rng.uniform(-8, 6))),
        lambda: pb.PeakFilter(float(np.exp(rng.uniform(np.log(200), np.log(6000)))), float(rng.uniform(-8, 8)), 0.9),
        lambda: pb.HighShelfFilter(float(rng.uniform(2000, 8000)), float(rng.uniform(-10, 8))),
        lambda: pb.Compressor(float(rng.uniform(-30, -12)), float(rng.uniform(2, 6)), float(rng.uniform(1, 20)), 120),
        lambda: pb.Distortion(float(rng.uniform(3, 14))),
        lambda: pb.Chorus(
            float(rng.uniform(0.3, 2.0)), float(rng.uniform(0.1, 0.35)), mix=float(rng.uniform(0.2, 0.5))
        ),
        lambda: pb.Delay(float(rng.uniform(0.1, 0.45)), float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.1, 0.3))),
        lambda: pb.Reverb(float(rng.uniform(0.1, 0.8)), wet_level=float(rng.uniform(0.05, 0.35)), dry_level=0.7),
    ]
    chosen = np.sort(rng.choice(len(options), size=int(rng.integers(1, 5)), replace=False))
    return pb.Pedalboard([options[number]() for number in chosen])


def produce(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stem [samples] through a random chain; same length, finite."""
    return np.nan_to_num(random_chain(rng)(samples.astype(np.float32), RATE)[: len(samples)])
