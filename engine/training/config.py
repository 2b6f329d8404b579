"""What a run of training is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainConfig:
    """One run of one method.

    Attributes
    ----------
    method : its name, a key of `engine.training.stages.STAGES`.
    steps : batches; the learning rate follows a cosine to zero over them.
    singles, mixtures : clips and mixtures in a batch.
    crop_cells : length of clips and mixtures in cells of time; None for whole windows.
    stems : fewest and most instruments of a mixture.
    noise_share : share of mixtures that are noise alone, of which no slot is to speak.
    average_decay : of the running average of the weights, taken every ten batches.
    cells_each : how many cells of each mixture the dense head is asked about.
    """

    method: str = "sounds"
    steps: int = 1200
    singles: int = 48
    mixtures: int = 16
    crop_cells: int | None = 8
    stems: tuple[int, int] = (2, 4)
    noise_share: float = 0.0
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 0.02
    average_decay: float = 0.98
    cells_each: int = 16
    seed: int = 1
    checkpoint_seconds: float = 180.0
