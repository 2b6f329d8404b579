"""What the ear is trained for: proxies, dense cells, and slots matched to stems."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional as F

SCALE, MARGIN = 24.0, 0.15
TEMPERATURE = 0.07
AUDIBLE_SHARE = 10 ** (-35 / 10)
"""A stem below this share of a mixture's energy is not asked for."""


class Proxies(nn.Module):
    """One unit vector for each training instrument, shared by all heads: what keeps their spaces one."""

    def __init__(self, instruments: int, dimension: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(instruments, dimension) * 0.1)

    def cosines(self, vectors: Tensor) -> Tensor:
        """Cosine of unit vectors [n, dimension] with every proxy: [n, instruments]."""
        return F.linear(vectors, F.normalize(self.weight, dim=-1))

    def hard(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Large-margin cosine softmax loss (Wang et al., 'CosFace', 2018, eq. 4)."""
        cosines = self.cosines(vectors).float()
        margin = F.one_hot(labels, cosines.shape[1]) * MARGIN
        return F.cross_entropy(SCALE * (cosines - margin), labels)

    def soft(self, vectors: Tensor, labels: Tensor, share: Tensor) -> Tensor:
        """Cross-entropy with several owners: labels, share [n, stems]; share sums to 1 or 0, label -1 has share 0.

        The owners' own logits come from a weighted sum of their proxies, so that nothing but a log-sum-exp runs over
        all instruments: the log-softmax of every cell used to take a third of a training step.
        """
        weight, scaled = F.normalize(self.weight, dim=-1), SCALE * vectors
        everyone = F.linear(scaled, weight).logsumexp(dim=1)
        owners = F.embedding_bag(labels.clamp_min(0), weight, mode="sum", per_sample_weights=share)
        return (everyone * share.sum(dim=1) - (scaled * owners).sum(dim=1)).sum() / max(1, len(vectors))


def cell_energy(energy: Tensor) -> Tensor:
    """Stem energy in half-cells of time [batch, stems, steps, bands] -> in cells [batch, stems, cells]."""
    return energy.unflatten(2, (-1, 2)).sum(dim=3).flatten(2)


def loudness_weight(total: Tensor) -> Tensor:
    """0..1 weight of each cell [batch, cells]: falls to nothing 50 dB below the loudest."""
    level = 10 * torch.log10(total.clamp_min(1e-12))
    return (1 + (level - level.amax(dim=1, keepdim=True)) / 50).clamp(0, 1)


def cell_shares(energy: Tensor) -> tuple[Tensor, Tensor]:
    """Each stem's share of every cell [batch, stems, cells], and the `loudness_weight` of the cells [batch, cells].

    energy : [batch, stems, steps, bands], in half-cells of time.
    """
    owned = cell_energy(energy)
    total = owned.sum(dim=1)
    return owned / total.clamp_min(1e-12)[:, None], loudness_weight(total)


def audible(labels: Tensor, energy: Tensor) -> Tensor:
    """Which stems are there and are to be heard: bool [batch, stems].

    labels : [batch, stems], -1 where there is none; energy : [batch, stems, steps, bands].
    """
    loudness = energy.sum(dim=(2, 3))
    return (labels >= 0) & (loudness > AUDIBLE_SHARE * loudness.sum(dim=1, keepdim=True))


def dense_loss(
    dense: Tensor,
    dominance: Tensor,
    labels: Tensor,
    energy: Tensor,
    proxies: Proxies,
    cells_each: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Soft proxy loss of `cells_each` loud cells a mixture, and binary cross-entropy of their dominance.

    Parameters
    ----------
    dense : [batch, cells, dimension]; dominance : [batch, cells] logits.
    labels : [batch, stems]; energy : [batch, stems, steps, bands].
    """
    share, weight = cell_shares(energy)
    chosen = torch.multinomial(weight.square().cpu() + 1e-6, cells_each, generator=generator).to(weight.device)
    vectors = dense.gather(1, chosen[..., None].expand(-1, -1, dense.shape[-1]))
    picked = share.gather(2, chosen[:, None].expand(-1, share.shape[1], -1)).transpose(1, 2)
    owners = labels[:, None].expand(-1, cells_each, -1)
    classification = proxies.soft(vectors.flatten(0, 1), owners.flatten(0, 1), picked.flatten(0, 1))
    target = (share.amax(dim=1) * (weight > 0)).detach()
    separation = F.binary_cross_entropy_with_logits(dominance.float(), target)
    return classification, separation


@torch.no_grad()
def match(slots: dict[str, Tensor], labels: Tensor, energy: Tensor, proxies: Proxies) -> list[tuple[Tensor, Tensor]]:
    """For each mixture the slots and the stems of the best injective assignment (Hungarian; SMTI, section 3.2).

    The cost weighs how near the slot's vector is to the stem's proxy, whether it claims to be present, and whether it
    took the cells in which the stem sounds.
    """
    share, weight = cell_shares(energy)
    weighted = share * weight[:, None]
    log_share = slots["share"].log_softmax(dim=1)
    cover = torch.einsum("bkc,bmc->bmk", weighted, log_share) / weighted.sum(-1).clamp_min(1e-6)[:, None]
    near = torch.einsum("bmd,bkd->bmk", slots["vectors"], F.normalize(proxies.weight, dim=-1)[labels.clamp_min(0)])
    cost = -4 * near - 0.5 * cover - F.logsigmoid(slots["presence"])[:, :, None]
    pairs = []
    for row, present in zip(cost.cpu(), audible(labels, energy).cpu(), strict=True):
        stems = torch.nonzero(present).flatten()
        slot, stem = linear_sum_assignment(row[:, stems].numpy())
        pairs.append((torch.from_numpy(slot), stems[torch.from_numpy(stem)]))
    return pairs


def matched(pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """The answer of `match` as indices of mixtures, slots and stems, each [pairs]."""
    batch = torch.cat([torch.full_like(slot, row) for row, (slot, _) in enumerate(pairs)])
    return batch, torch.cat([slot for slot, _ in pairs]), torch.cat([stem for _, stem in pairs])


def slot_losses(
    slots: dict[str, Tensor],
    labels: Tensor,
    energy: Tensor,
    families: Tensor,
    proxies: Proxies,
    pairs: list[tuple[Tensor, Tensor]],
) -> dict[str, Tensor]:
    """Losses of matched slots; unmatched ones learn to be silent.

    Parameters
    ----------
    families : [instruments], family number of each instrument, -1 where unknown.
    """
    batch, slot, stem = matched(pairs)
    owner = labels[batch, stem]
    present = torch.zeros_like(slots["presence"])
    present[batch, slot] = 1.0

    share, weight = cell_shares(energy)
    weight = weight * slots["sounding"]
    log_share = slots["share"].log_softmax(dim=1)
    cover = -(log_share[batch, slot] * share[batch, stem] * weight[batch]).sum() / weight.sum().clamp_min(1e-6)

    steps = energy.sum(dim=3)
    loudest = steps.amax(dim=2, keepdim=True)
    heard = (steps > loudest * 10**-3) & (steps > steps.sum(dim=1, keepdim=True) * 10**-3.5)
    return {
        "slot": proxies.hard(slots["vectors"][batch, slot], owner),
        "presence": F.binary_cross_entropy_with_logits(slots["presence"], present),
        "family": family_loss(slots["family"][batch, slot], families[owner]),
        "cover": cover,
        "activity": F.binary_cross_entropy_with_logits(slots["activity"][batch, slot], heard[batch, stem].float()),
    }


def part_loss(parts: Tensor, labels: Tensor, energy: Tensor, part_of: Tensor, proxies: Proxies) -> Tensor:
    """Soft proxy loss of the parts that are to be heard: a part is all of its stems, each as much as the next.

    Parameters
    ----------
    parts : unit [batch, parts, dimension]; labels : [batch, stems]; energy : [batch, stems, steps, bands].
    part_of : [instruments], number of the part that each instrument plays, -1 for none.
    """
    playing = torch.where(audible(labels, energy), part_of[labels.clamp_min(0)], -1)
    share = (playing[:, None] == torch.arange(parts.shape[1], device=parts.device)[:, None]).float()
    count = share.sum(dim=2)
    share = share / count.clamp_min(1)[..., None]
    owners = labels[:, None].expand(-1, parts.shape[1], -1)
    heard = count > 0
    return proxies.soft(parts[heard], owners[heard], share[heard])


def info_nce(queries: Tensor, targets: Tensor, query_labels: Tensor, target_labels: Tensor) -> Tensor:
    """InfoNCE of unit vectors (van den Oord et al. 2018): each query against all targets, positives of equal label.

    A query without a positive is left out. Both directions would repeat the positives, so it runs from targets (the
    clean sounds) to queries (the slots) and back, and is averaged.
    """
    similarity = queries @ targets.T / TEMPERATURE
    same = query_labels[:, None] == target_labels[None]
    losses = []
    for logits, positive in ((similarity, same), (similarity.T, same.T)):
        has = positive.any(dim=1)
        log_odds = logits[has].log_softmax(dim=1)
        losses.append(-log_odds.masked_fill(~positive[has], -torch.inf).logsumexp(dim=1).mean())
    return (losses[0] + losses[1]) / 2


def family_loss(logits: Tensor, families: Tensor) -> Tensor:
    """Cross-entropy of family logits [n, families]; instruments of unknown family (-1) do not count."""
    known = (families >= 0).sum().clamp_min(1)
    return F.cross_entropy(logits.float(), families, ignore_index=-1, reduction="sum") / known
