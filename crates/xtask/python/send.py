"""SEND scores of one model from its sensitivities, in float64.

A reconstruction from the abstract and public digests of arXiv 2505.08768, with the
open choices as arguments. Order of operations: sign, then scaling, then softmax over
keys, then standard deviation over keys, then mean over rows (and batch).
"""

import torch

MASKS = ("shared", "per_sample")
SIGNS = ("signed", "abs")
STDS = ("population", "unbiased")
SCALINGS = ("none", "sum_loss", "standardise", "temperature")
TEMPERATURE = 0.1


def send(s, sign, std, scaling, loss_elements, causal=False):
    """Score of every head, [H], from one module's S: [H, L, L] or [B, H, L, L].

    Row i of a causal map has the keys 0 to i only; row 0, which has a single key, is left out. With
    `standardise`, which makes short rows spread more, a row counts by its share of the keys.
    """
    s = s.double()
    keys = s.shape[-1]
    if sign == "abs":
        s = s.abs()
    if scaling == "sum_loss":
        s = s * loss_elements
    elif scaling == "standardise":
        permitted = torch.ones(s.shape[-2:], dtype=torch.bool)
        s = s / (s[..., permitted.tril()] if causal else s).std(unbiased=False)
    elif scaling == "temperature":
        s = s / TEMPERATURE
    if causal:
        deviation = lambda row: torch.softmax(row, -1).std(-1, unbiased=std == "unbiased")
        share = lambda size: size / keys if scaling == "standardise" else 1.0
        spread = torch.stack([deviation(s[..., i, :i + 1]) * share(i + 1) for i in range(1, keys)], -1)
    else:
        spread = torch.softmax(s, dim=-1).std(dim=-1, unbiased=std == "unbiased")
    rows = spread.mean(dim=-1)
    return rows.mean(dim=0) if rows.dim() == 2 else rows


def all_scores(sensitivity, loss_elements, causal):
    """`send.<mask>.<sign>.<std>.<scaling>` -> [maps, H] for every combination.

    `causal` states of each map whether it is.
    """
    return {
        f"send.{mask}.{sign}.{std}.{scaling}": torch.stack(
            [send(s, sign, std, scaling, loss_elements, is_causal)
             for s, is_causal in zip(sensitivity[mask], causal)])
        for mask in MASKS for sign in SIGNS for std in STDS for scaling in SCALINGS
    }
