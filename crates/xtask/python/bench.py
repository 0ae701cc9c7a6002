"""PyTorch worker of the bench: one JSON request per line in, one JSON answer per line out.

Usage: python bench.py --threads N

Request: {"id", "model", "mode": "train"|"infer"|"sweep"|"memory", "channels", "marks", "lookback",
"horizon", "removed", "batch", "dropout", "warmup", "steps"} and the model's settings; optional,
fastest by default so that PyTorch is not held back: "attention": "sdpa"|"explicit",
"ffn": "linear"|"conv", "adam": "fused"|"default", "device": "cpu"|"cuda", "compile": true|false.
Mode "sweep" takes "windows" and "evaluation_batch" too: a step is a sweep over that many test
windows in such batches, and its answer has "windows" and "errors" [MSE, MAE].
Mode "memory" answers {"id", "peak_mb"}: the peak resident memory of the first steps beyond what
stood before them (Linux).
Answer: {"id", "ms": [per step], "parameters", "torch", "threads", "peak_rss_mb",
"options"} or {"id", "error"}. "exit" or end of input stops the worker.
"""

import json
import resource
import time
from collections import OrderedDict

import torch
import torch.nn.functional as F

from models import build, parameter_count
from sweep import Sweep
from worker import serve

# What may differ between two requests that share a built model.
PER_REQUEST = ("id", "mode", "warmup", "steps", "windows", "evaluation_batch")
OPTIONS = {"attention": "sdpa", "ffn": "linear", "adam": "fused", "device": "cpu",
           "compile": False}
KEPT = 16


class Session:
    """A model, its optimiser and one fixed batch of random data."""

    def __init__(self, cfg):
        torch.manual_seed(0)
        device, b = cfg["device"], cfg["batch"]
        self.model = build(cfg).to(device)
        # train() switches BatchNorm and dropout, so both modes can share the weights.
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=1e-4, fused=True if cfg["adam"] == "fused" else None)
        self.forward = torch.compile(self.model) if cfg["compile"] else self.model
        self.x = torch.randn(b, cfg["lookback"], cfg["channels"], device=device)
        self.y = torch.randn(b, cfg["horizon"], cfg["channels"], device=device)
        marks = cfg.get("marks", 0)
        rows = cfg["lookback"] + (cfg["horizon"] if cfg.get("future_marks") else 0)
        self.mark = torch.rand(b, rows, marks, device=device) - 0.5 if marks else None
        self.cfg, self.sweep = cfg, None

    def train_step(self):
        self.optimiser.zero_grad(set_to_none=True)
        F.mse_loss(self.forward(self.x, self.mark), self.y).backward()
        self.optimiser.step()

    def infer_step(self):
        with torch.no_grad():
            self.forward(self.x, self.mark)

    def windows(self, count):
        if self.sweep is None or len(self.sweep) != count:
            self.sweep = Sweep(self.cfg, count)
        return self.sweep


def sweep(session, request):
    session.model.eval()
    windows = session.windows(request["windows"])
    errors = None

    def step():
        nonlocal errors
        errors = windows.errors(session.forward, request["evaluation_batch"],
                                session.cfg["device"])

    # Reading the errors waits for the device.
    timed(step, request["warmup"], lambda: None)
    return {"id": request["id"], "ms": timed(step, request["steps"], lambda: None),
            "windows": len(windows), "errors": errors}


def timed(step, count, sync):
    ms = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        sync()
        ms.append((time.perf_counter() - start) * 1e3)
    return ms


def peak_rss_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb(name):
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(name))
    return int(line.split()[1]) / 1024


def step_memory(session, steps):
    session.model.train(True)
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")  # the peak starts anew
    before = resident_mb("VmRSS")
    for _ in range(steps):
        session.train_step()
    return resident_mb("VmHWM") - before


SESSIONS = OrderedDict()


def answer(request, threads, sessions=SESSIONS):
    cfg = {**OPTIONS, **{k: v for k, v in request.items() if k not in PER_REQUEST}}
    key = json.dumps(cfg, sort_keys=True)
    if key not in sessions:
        sessions[key] = Session(cfg)
    sessions.move_to_end(key)
    while len(sessions) > KEPT:
        sessions.popitem(last=False)
    session = sessions[key]
    if request["mode"] == "sweep":
        return sweep(session, request)
    if request["mode"] == "memory":
        return {"id": request["id"], "peak_mb": step_memory(session, request["steps"])}
    train = {"train": True, "infer": False}[request["mode"]]
    session.model.train(train)
    step = session.train_step if train else session.infer_step
    # A GPU runs behind the host: without a barrier only the launch would be timed.
    sync = torch.cuda.synchronize if cfg["device"] == "cuda" else lambda: None
    timed(step, request.get("warmup", 3), sync)
    return {"id": request["id"], "ms": timed(step, request["steps"], sync),
            "parameters": parameter_count(session.model), "torch": torch.__version__,
            "threads": threads, "peak_rss_mb": peak_rss_mb(),
            "options": {k: cfg[k] for k in OPTIONS}}


if __name__ == "__main__":
    serve(answer)
