"""Every number that shapes the ear; saved with its weights, so that a checkpoint rebuilds itself."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

FORMAT_VERSION = 2
"""Raised when a checkpoint's meaning changes; others are refused with a message."""


@dataclass(frozen=True)
class EarConfig:
    """The ear's features and layers.

    Attributes
    ----------
    rate : Hz, of all audio that enters.
    window_seconds : length of the windows in which a reference is heard.
    fft_size, hop : samples; the hop is 20 ms.
    bands, low_hz, high_hz : of the mel filter bank.
    floor_db : what lies further below the loudest cell of a clip counts as silence.
    stem_width : channels of the stem, which quarters time and frequency.
    widths, blocks : channels and residual blocks of the backbone's stages; each after the first halves both axes.
    layers, heads : of the attention over the backbone's cells.
    dimension : of the embedding.
    slots, slot_layers : how many instruments a window can hold, and the decoder that finds them.
    fine_layers : of that decoder, further ones, which look at the field before the backbone's last stage.
    parts, part_layers : of a piece (drums, bass, keys, guitar, other), and the decoder that describes them.
    families : number of family logits.
    """

    rate: int = 32_000
    window_seconds: float = 5.0
    fft_size: int = 2048
    hop: int = 640
    bands: int = 128
    low_hz: float = 30.0
    high_hz: float = 16_000.0
    floor_db: float = -80.0
    stem_width: int = 16
    widths: tuple[int, ...] = (32, 96, 256)
    blocks: tuple[int, ...] = (1, 2, 3)
    layers: int = 2
    heads: int = 4
    dimension: int = 256
    slots: int = 12
    slot_layers: int = 3
    fine_layers: int = 0
    parts: int = 5
    part_layers: int = 2
    families: int = 19

    @classmethod
    def from_stored(cls, stored: Any) -> EarConfig:
        """The config of which `dataclasses.asdict`, by way of JSON, made `stored`.

        Raises
        ------
        ValueError : settings are unknown or missing.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(stored, dict) or (stored.keys() ^ known) - {"fine_layers"}:  # which older models do not name
            raise ValueError(f"unknown or missing settings: {sorted(set(stored) ^ known)}")
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
        return cls(**settings)

    def grows_from(self, smaller: EarConfig) -> bool:
        """Whether this ear is the smaller one with further layers that can begin by adding nothing, or the same."""
        fewer = smaller.layers <= self.layers and smaller.fine_layers <= self.fine_layers
        return fewer and replace(smaller, layers=self.layers, fine_layers=self.fine_layers) == self

    @property
    def window_samples(self) -> int:
        return round(self.window_seconds * self.rate)

    @property
    def cell_frames(self) -> int:
        """Mel frames per cell of the dense field, and mel bands per cell."""
        return 2 ** (len(self.widths) + 1)

    @property
    def cell_bands(self) -> int:
        """Number of cells along the frequency axis."""
        return self.bands // self.cell_frames

    @property
    def cell_seconds(self) -> float:
        return self.cell_frames * self.hop / self.rate

    @property
    def activity_seconds(self) -> float:
        """Time step of slot activity: half a cell."""
        return self.cell_seconds / 2


LARGE = EarConfig(stem_width=24, widths=(48, 128, 320), blocks=(2, 2, 3), layers=3, heads=8)
"""For training on a GPU: 19 million parameters instead of 12, 1.8 times the arithmetic."""
DEEP = EarConfig(layers=4, fine_layers=3)
"""The standard ear, grown: further attention over the cells, and slots that look at a finer field."""
SIZES = {"standard": EarConfig(), "deep": DEEP, "large": LARGE}
