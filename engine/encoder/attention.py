"""Attention, as the backbone and the heads use it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend(query: Tensor, key: Tensor, value: Tensor, heard: Tensor | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al., 'Attention is all you need', 2017, eq. 1).

    Parameters
    ----------
    query : [batch, heads, queries, width]; key, value : [batch, heads, keys, width].
    heard : bool [batch, keys], False for keys that are not attended to; None for all.

    Returns
    -------
    [batch, queries, heads * width].
    """
    if torch.is_grad_enabled() and query.device.type == "cpu":
        # On processors the gradient of the fused kernel takes three to eight times as long as this.
        score = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        if heard is not None:
            score = score.masked_fill(~heard[:, None, None, :], torch.finfo(score.dtype).min)
        attended = score.softmax(-1) @ value
    else:
        mask = None if heard is None else heard[:, None, None, :]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return attended.transpose(1, 2).flatten(2)


def silence(*layers: nn.Module) -> None:
    """Make layers answer zero: those that end a residual branch, so that it adds nothing until it has learned."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
