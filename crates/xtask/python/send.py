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


def send(s, sign, std, scaling, loss_elements):
    """Score of every head, [H], from one module's S: [H, L, L] or [B, H, L, L]."""
    s = s.double()
    if sign == "abs":
        s = s.abs()
    if scaling == "sum_loss":
        s = s * loss_elements
    elif scaling == "standardise":
        s = s / s.std(unbiased=False)
    elif scaling == "temperature":
        s = s / TEMPERATURE
    spread = torch.softmax(s, dim=-1).std(dim=-1, unbiased=std == "unbiased")
    rows = spread.mean(dim=-1)
    return rows.mean(dim=0) if rows.dim() == 2 else rows


def all_scores(sensitivity, loss_elements):
    """`send.<mask>.<sign>.<std>.<scaling>` -> [layers, H] for every combination."""
    return {
        f"send.{mask}.{sign}.{std}.{scaling}": torch.stack(
            [send(s, sign, std, scaling, loss_elements) for s in sensitivity[mask]])
        for mask in MASKS for sign in SIGNS for std in STDS for scaling in SCALINGS
    }
