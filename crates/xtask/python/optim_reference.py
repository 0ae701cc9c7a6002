"""Optimiser reference: five steps of Adam and AdamW on gradients that are given.

The gradients do not depend on the parameters, so an error in one step cannot hide in
the next one. `grad.<step>.<param>` is shared by all variants.
"""

import json

import torch
from safetensors.torch import save_file

LR, WEIGHT_DECAY, MAX_NORM, STEPS = 1e-2, 0.01, 0.5, 5
SHAPES = {"a": (3, 4), "b": (5,)}
# The global norm is below MAX_NORM in some steps and above in others.
SCALES = (1.0, 0.05, 3.0, 1e-3, 0.3)


def variants():
    def adam(p):
        return torch.optim.Adam(p, lr=LR)

    def adamw(p):
        return torch.optim.AdamW(p, lr=LR, weight_decay=WEIGHT_DECAY)

    return {"adam": (adam, False), "adamw": (adamw, False),
            "adam_clip": (adam, True), "adamw_clip": (adamw, True)}


def write(path):
    torch.manual_seed(100)
    init = {k: torch.randn(s) for k, s in SHAPES.items()}
    grads = [{k: scale * torch.randn(s) for k, s in SHAPES.items()} for scale in SCALES]
    for g in grads:
        g["a"][0, 0] = 0.0  # an entry that never gets a gradient: only decay may move it
    out = {f"init.{k}": v for k, v in init.items()}
    out |= {f"grad.{i}.{k}": v for i, g in enumerate(grads) for k, v in g.items()}
    for name, (make, clip) in variants().items():
        params = {k: torch.nn.Parameter(v.clone()) for k, v in init.items()}
        optimiser = make(list(params.values()))
        for i, g in enumerate(grads):
            for k, p in params.items():
                p.grad = g[k].clone()
            if clip:
                norm = torch.nn.utils.clip_grad_norm_(list(params.values()), MAX_NORM)
                out[f"norm.{i}"] = norm.reshape(1)
                out |= {f"clipped.{i}.{k}": p.grad.clone() for k, p in params.items()}
            optimiser.step()
            out |= {f"{name}.{i}.{k}": p.detach().clone() for k, p in params.items()}
    config = {"lr": LR, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": WEIGHT_DECAY,
              "max_norm": MAX_NORM, "steps": STEPS, "torch": torch.__version__.split("+")[0]}
    save_file(out, path, metadata={"config": json.dumps(config)})
