"""PyTorch worker of `cargo xtask bench --reduce`: sensitivities of one module reduced to SEND.

Usage: python reduce.py --threads N

Request: {"id", "shape": [B, H, Lq, Lk], "scaling": "none"|"standardise",
"form": "softmax"|"expm1"|"reference", "device": "cpu"|"cuda", "compile": true|false, "batches",
"warmup", "steps"}. A step is `batches` reductions in a row and one wait for the device; nothing is
accumulated over them. Form "reference" is `send.py` in float64, untimed.
Answer: {"id", "ms": [per reduction], "heads": [H], "on"} or {"id", "error"}.
"""

import time

import torch

from send import send
from worker import serve


def scaled(s, scaling):
    return s / s.std(unbiased=False) if scaling == "standardise" else s


def by_softmax(s, scaling):
    """As the formula reads. In float32 a softmax of tiny S is 1/L with few digits of the rest."""
    return torch.softmax(scaled(s, scaling), -1).std(-1, unbiased=False).mean(dim=(0, 2))


def by_expm1(s, scaling):
    """Without that loss: the softmax's deviation from 1/L is (d - mean d) / (L + sum d)."""
    s = scaled(s, scaling)
    d = torch.expm1(s - s.mean(-1, keepdim=True))
    return (d.std(-1, unbiased=False) / (s.shape[-1] + d.sum(-1))).mean(dim=(0, 2))


FORMS = {"softmax": by_softmax, "expm1": by_expm1}


def sensitivities(shape, device):
    """The numbers of `reduce/requests.rs`: another spread for every head."""
    heads = shape[1]
    place = torch.arange(torch.Size(shape).numel(), device=device)
    values = ((place * 7919 % 10007).float() - 5003).mul_(1e-9).view(shape)
    return values.mul_(torch.arange(1, heads + 1, device=device).float().view(1, heads, 1, 1))


class Bench:
    """The last sensitivities, of which only one fits in memory, and compiled forms."""

    def __init__(self):
        self.of, self.s = None, None
        self.compiled = {}

    def form(self, name, shape, compiled):
        if not compiled:
            return FORMS[name]
        key = (name, *shape)
        if key not in self.compiled:
            # Sizes stay as they are: each has kernels of its own.
            self.compiled[key] = torch.compile(FORMS[name], dynamic=False)
        return self.compiled[key]

    def answer(self, request, _threads):
        shape, device = tuple(request["shape"]), request["device"]
        if self.of != (shape, device):
            self.of = self.s = None
            self.s = sensitivities(shape, device)
            self.of = (shape, device)
        scaling = request["scaling"]
        if request["form"] == "reference":
            heads = send(self.s, "signed", "population", scaling, 1)
            return {"id": request["id"], "heads": heads.tolist()}
        reduce = self.form(request["form"], shape, request["compile"])
        on_card = device == "cuda"
        ms = []
        with torch.inference_mode():
            for step in range(request["warmup"] + request["steps"]):
                start = time.perf_counter()
                for _ in range(request["batches"]):
                    heads = reduce(self.s, scaling)
                if on_card:
                    torch.cuda.synchronize()
                if step >= request["warmup"]:
                    ms.append((time.perf_counter() - start) * 1e3 / request["batches"])
        return {"id": request["id"], "ms": ms, "heads": heads.tolist(),
                "on": torch.cuda.get_device_name() if on_card else "the CPU"}


if __name__ == "__main__":
    serve(Bench().answer)
