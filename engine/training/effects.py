"""Produced sound: the random effect chain of a stem, the chain of the bus, and a lossy codec."""

from __future__ import annotations

import io

import numpy as np
import pedalboard as pb
from pedalboard.io import AudioFile

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


def master(mix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mixture [samples] as it is published: equalised, compressed, limited, and through MP3 at 128 kbit/s."""
    chain = pb.Pedalboard(
        [
            pb.LowShelfFilter(float(rng.uniform(60, 200)), float(rng.uniform(-3, 3))),
            pb.HighShelfFilter(float(rng.uniform(4000, 10_000)), float(rng.uniform(-3, 3))),
            pb.Compressor(float(rng.uniform(-24, -12)), float(rng.uniform(1.5, 4)), float(rng.uniform(5, 30)), 150),
            pb.Limiter(-1.0, 100),
        ]
    )
    level = 10 ** (-9 / 20) / max(float(np.abs(mix).max()), 1e-6)
    return _through_mp3(np.nan_to_num(chain((mix * level).astype(np.float32), RATE)[: len(mix)]))


def _through_mp3(samples: np.ndarray) -> np.ndarray:
    encoded = io.BytesIO()
    with AudioFile(encoded, "w", samplerate=RATE, num_channels=1, format="mp3", quality=128) as file:
        file.write(samples[None])
    encoded.seek(0)
    with AudioFile(encoded) as file:
        decoded = file.read(file.frames)[0]
    out = np.zeros_like(samples)
    length = min(len(out), len(decoded))
    out[:length] = decoded[:length]
    return out
