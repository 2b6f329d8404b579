"""The heads: one vector for a single sound, one for every cell, a set of slots for a mixture, all in one space; and one
vector for each part of a piece."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.encoder.attention import attend, silence
from engine.encoder.config import EarConfig


def unit(x: Tensor) -> Tensor:
    """Scale the last axis to length 1, in float32."""
    return nn.functional.normalize(x.float(), dim=-1)


def _perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


class SingleHead(nn.Module):
    """Cells of one sound -> its unit vector [batch, dimension] and family logits, by attention and maximum pooling."""

    def __init__(self, config: EarConfig, dimension: int | None = None) -> None:
        super().__init__()
        width = config.widths[-1]
        dimension = dimension or config.dimension
        self.heads = config.heads
        self.weigh = nn.Linear(width, config.heads)
        self.value = nn.Linear(width, 2 * width)
        self.project = _perceptron(3 * width, 2 * width, dimension)
        self.family = nn.Linear(dimension, config.families)

    def forward(self, cells: Tensor, sounding: Tensor) -> tuple[Tensor, Tensor]:
        vectors = self.pool(cells, sounding)
        return unit(vectors), self.family(vectors)

    def pool(self, cells: Tensor, sounding: Tensor) -> Tensor:
        """The vector before it is scaled to length 1: [batch, dimension]."""
        silent = ~sounding[..., None]
        weights = self.weigh(cells).masked_fill(silent, -1e4).softmax(dim=1)
        values = self.value(cells).unflatten(-1, (self.heads, -1))
        pooled = torch.einsum("bch,bchv->bhv", weights, values).flatten(1)
        loudest = cells.masked_fill(silent, -1e4).amax(dim=1)
        return self.project(torch.cat([pooled, loudest], dim=-1))


class DenseHead(nn.Module):
    """Every cell -> a unit vector in the same space, and how far one instrument dominates it (logit)."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.project = _perceptron(width, 2 * width, config.dimension)
        self.dominance = nn.Linear(width, 1)

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        return unit(self.project(cells)), self.dominance(cells).squeeze(-1)


class SlotLayer(nn.Module):
    """Queries look at a field, `seen` wide, then at one another, so that no two claim the same instrument."""

    def __init__(self, width: int, heads: int, seen: int | None = None) -> None:
        super().__init__()
        seen = seen or width
        self.heads = heads
        self.cross_norm = nn.LayerNorm(width)
        self.cross_query = nn.Linear(width, seen)
        self.cross_key_value = nn.Linear(seen, 2 * seen)
        self.cross_out = nn.Linear(seen, width)
        self.self_norm = nn.LayerNorm(width)
        self.self_qkv = nn.Linear(width, 3 * width)
        self.self_out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def begin_silent(self) -> None:
        """Add nothing at first, so that a decoder that grows by this layer answers as before."""
        silence(self.cross_out, self.self_out, self.feed[-1])

    def forward(self, queries: Tensor, field: Tensor, sounding: Tensor) -> Tensor:
        query = self._split(self.cross_query(self.cross_norm(queries)), 1)[0]
        key, value = self._split(self.cross_key_value(field), 2)
        queries = queries + self.cross_out(attend(query, key, value, sounding))
        query, key, value = self._split(self.self_qkv(self.self_norm(queries)), 3)
        queries = queries + self.self_out(attend(query, key, value, None))
        return queries + self.feed(self.feed_norm(queries))

    def _split(self, x: Tensor, parts: int) -> Tensor:
        return x.unflatten(-1, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)


class SlotHead(nn.Module):
    """Cells of a mixture -> a set of slots.

    Each slot takes a share of every cell (a softmax over slots, as mask-transformers do: Cheng et al., 'Per-pixel
    classification is not all you need', 2021), and its vector is pooled from the dense vectors of the cells it took,
    corrected by what its query learned.
    """

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.queries = nn.Parameter(torch.randn(config.slots, width))
        self.layers = nn.ModuleList(SlotLayer(width, config.heads) for _ in range(config.slot_layers))
        self.fine_norm = nn.LayerNorm(config.widths[-2]) if config.fine_layers else nn.Identity()
        self.fine_layers = nn.ModuleList(
            SlotLayer(width, config.heads, config.widths[-2]) for _ in range(config.fine_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.mask_query = _perceptron(width, width, width)
        self.mask_key = nn.Linear(width, width)
        self.correct = _perceptron(2 * width, 2 * width, config.dimension)
        self.presence = nn.Linear(2 * width, 1)
        self.family = _perceptron(2 * width, width, config.families)
        self.activity_query = nn.Linear(width, config.widths[-2])
        self.activity_detail = nn.Linear(config.widths[-2], config.widths[-2])
        self.activity_cells = nn.Linear(width, config.widths[-2])

    def forward(
        self, cells: Tensor, detail: Tensor, sounding: Tensor, dense: Tensor, dominance: Tensor
    ) -> dict[str, Tensor]:
        """Slots of each window.

        Returns
        -------
        vectors [batch, slots, dimension] unit; presence logits [batch, slots]; family logits
        [batch, slots, families]; share logits [batch, slots, cells]; activity logits [batch, slots, 2 * steps].
        """
        queries = self.queries.expand(cells.shape[0], -1, -1)
        for layer in self.layers:
            queries = layer(queries, cells, sounding)
        field = self._field(cells, detail)
        if len(self.fine_layers):
            fine, heard = self.fine_norm(field.flatten(1, 2)), _finer(sounding, detail)
            for layer in self.fine_layers:
                queries = layer(queries, fine, heard)
        queries = self.norm(queries)
        share = self.mask_query(queries) @ self.mask_key(cells).transpose(1, 2) / cells.shape[-1] ** 0.5
        weight = share.float().softmax(dim=1) * dominance.float().sigmoid()[:, None] * sounding[:, None]
        weight = weight / weight.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        pooled_dense = weight @ dense
        pooled_cells = weight @ cells.float()
        known = torch.cat([queries, pooled_cells.to(queries.dtype)], dim=-1)
        return {
            "vectors": unit(pooled_dense + 0.3 * self.correct(known).float()),
            "presence": self.presence(known).squeeze(-1).float(),
            "family": self.family(known).float(),
            "share": share.float(),
            "activity": self._activity(queries, field).float(),
        }

    def _field(self, cells: Tensor, detail: Tensor) -> Tensor:
        """What the cells know, at the resolution of the detail and of its shape: [batch, steps, bands, width]."""
        batch, steps, bands, width = detail.shape
        # Each cell lies over two steps and two bands of the detail.
        coarse = self.activity_cells(cells).view(batch, steps // 2, 1, bands // 2, 1, width)
        fine = self.activity_detail(detail).view(batch, steps // 2, 2, bands // 2, 2, width)
        return torch.relu(fine + coarse).view(batch, steps, bands, width)

    def _activity(self, queries: Tensor, field: Tensor) -> Tensor:
        _, steps, bands, width = field.shape
        logits = self.activity_query(queries) @ field.flatten(1, 2).transpose(1, 2) / width**0.5
        return logits.unflatten(-1, (steps, bands)).logsumexp(dim=-1) - 2.0


def _finer(sounding: Tensor, detail: Tensor) -> Tensor:
    """Which cells sound [batch, cells], at the resolution of the detail: [batch, steps * bands]."""
    batch, steps, bands, _ = detail.shape
    coarse = sounding.view(batch, steps // 2, 1, bands // 2, 1)
    return coarse.expand(-1, -1, 2, -1, 2).reshape(batch, steps * bands)


class PartHead(nn.Module):
    """Cells of a mixture -> a unit vector for each part [batch, parts, dimension], in the space of all heads: a part is
    near the sounds that play it, and near the same part of pieces in which it sounds alike."""

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.queries = nn.Parameter(torch.randn(config.parts, width))
        self.layers = nn.ModuleList(SlotLayer(width, config.heads) for _ in range(config.part_layers))
        self.norm = nn.LayerNorm(width)
        self.project = _perceptron(width, 2 * width, config.dimension)

    def forward(self, cells: Tensor, sounding: Tensor) -> Tensor:
        queries = self.queries.expand(cells.shape[0], -1, -1)
        for layer in self.layers:
            queries = layer(queries, cells, sounding)
        return unit(self.project(self.norm(queries)))
