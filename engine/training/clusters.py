"""Near-duplicates and splits.

General-MIDI fonts share samples and synthesizer banks repeat presets, so instruments that sound alike are one cluster:
one label in training, one side of every split.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from engine.encoder.config import EarConfig
from engine.encoder.mel import LogMel
from engine.training.instruments import RATE
from engine.training.note_bank import NoteBank

SAME_DB = 3.0
"""Mean distance between the log-mel pictures of the same notes below which two instruments are one."""
_BANDS, _STEPS, _SECONDS = 40, 10, 1.0
_FLOOR_DB = -60.0
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.1


def pictures(bank: NoteBank) -> np.ndarray:
    """Level-free log-mel picture of each instrument's first two notes, float32 [instruments, features] in dB."""
    mel = LogMel(EarConfig())
    return np.stack([_picture(mel, bank, number) for number in range(len(bank.instruments))])


def _picture(mel: torch.nn.Module, bank: NoteBank, number: int) -> np.ndarray:
    parts = []
    for note in (bank.notes[number] * 2)[:2]:
        samples = np.zeros(int(_SECONDS * RATE), np.float32)
        sound = bank.read(note)[: len(samples)]
        samples[: len(sound)] = sound
        log_mel = mel(torch.from_numpy(samples)[None])[0, : 5 * _STEPS] * 40 - 40
        coarse = torch.nn.functional.adaptive_avg_pool2d(log_mel[None], (_STEPS, _BANDS))[0]
        parts.append(coarse.clamp_min(_FLOOR_DB).flatten().numpy())
    return np.concatenate(parts)


def cluster(features: np.ndarray, keys: list[tuple]) -> np.ndarray:
    """Number of each instrument's cluster leader [instruments]; a leader is its own.

    Instruments are taken in order and join the first leader nearer than `SAME_DB`; chains of neighbours, which would
    run from one end of a bank to the other, cannot form.

    Parameters
    ----------
    features : [instruments, features] from `pictures`.
    keys : only instruments with equal keys (the notes that were played) are comparable.
    """
    leader_of = np.arange(len(keys))
    for key in dict.fromkeys(keys):
        members = [number for number, other in enumerate(keys) if other == key]
        block = torch.from_numpy(features[members])
        near = _distances(block) < SAME_DB
        free = torch.ones(len(members), dtype=torch.bool)
        for position, member in enumerate(members):
            if free[position]:
                joined = near[position] & free
                leader_of[np.array(members)[joined.numpy()]] = member
                free &= ~joined
    return leader_of


def _distances(block: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference in dB of every pair, over the places where either sounds."""
    sounding = (block > _FLOOR_DB).float()
    union = sounding.sum(1)[:, None] + sounding.sum(1)[None] - sounding @ sounding.T
    return torch.cdist(block, block, p=1.0) / union.clamp_min(1.0)


def split_of(cluster_key: str) -> str:
    """'train', 'validation' or 'test', from a hash of the cluster's first instrument key."""
    share = int.from_bytes(hashlib.sha256(cluster_key.encode()).digest()[:4], "big") / 2**32
    if share < TEST_SHARE:
        return "test"
    return "validation" if share < TEST_SHARE + VALIDATION_SHARE else "train"
