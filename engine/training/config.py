"""What a run of training is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Roughness:
    """How often mixtures are what records are and sums of stems are not; each a share of all mixtures.

    Attributes
    ----------
    noise : noise and nothing else, of which no slot is to speak.
    bed : noise beneath the stems, 12 to 40 dB below them.
    mastered : equalised, compressed, limited, and through a lossy codec.
    produced, dry : all stems have effects, or none has; in the others each is drawn by itself. Of a song that was
        produced no stem is dry, which by chance hardly ever is so of seven.
    """

    noise: float = 0.0
    bed: float = 0.0
    mastered: float = 0.0
    produced: float = 0.0
    dry: float = 0.0


CLEAN = Roughness()


@dataclass(frozen=True)
class TrainConfig:
    """One run of one method.

    Attributes
    ----------
    method : its name, a key of `engine.training.stages.STAGES`.
    steps : batches; the learning rate follows a cosine to a hundredth over them.
    singles, mixtures : clips and mixtures in a batch.
    crop_cells : length of clips and mixtures in cells of time; None for whole windows.
    stems : fewest and most instruments of a mixture.
    rough : what else happens to mixtures.
    average_decay : of the running average of the weights, taken every ten batches.
    cells_each : how many cells of each mixture the dense head is asked about.
    """

    method: str = "sounds"
    steps: int = 1200
    singles: int = 48
    mixtures: int = 16
    crop_cells: int | None = 8
    stems: tuple[int, int] = (2, 4)
    rough: Roughness = CLEAN
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 0.02
    average_decay: float = 0.98
    cells_each: int = 16
    seed: int = 1
    checkpoint_seconds: float = 180.0
