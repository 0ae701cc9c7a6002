"""Trains a reference model on a CSV by the official protocol and prints test MSE/MAE.

Examples:
python train.py --csv ETTh1.csv --model itransformer --d-model 256 --d-ff 256
python train.py --csv ETTh1.csv --model lightts --settings '{"width": 512, "chunk": 24}'

Protocol of the public run.py defaults: Adam, shuffled batches, learning rate
lr * 0.5^(epoch - 1) set after each epoch (so the first two epochs run at lr), early
stopping on the mean of the per-batch validation losses, best checkpoint reloaded.
Every window counts: no last batch is dropped.

With --finetune E, the dense model, each single removal and the removal of all attention
modules are then trained E epochs from the dense weights, by the same protocol.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from dataset import load
from models import build, parameter_count


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--csv", required=True, type=Path)
    p.add_argument("--model", default="itransformer")
    for name, default in (("lookback", 96), ("horizon", 96), ("d-model", 256), ("d-ff", 256),
                          ("heads", 8), ("layers", 2), ("patch-len", 16), ("stride", 8),
                          ("batch", 32), ("epochs", 10), ("patience", 3), ("seed", 2023),
                          ("finetune", 0), ("threads", 1)):
        p.add_argument(f"--{name}", type=int, default=default)
    p.add_argument("--lr", type=float, default=1e-4)
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--no-marks", action="store_true")
    p.add_argument("--save", type=Path, metavar="FILE", help="state dict of the dense model, for `spat import`")
    p.add_argument("--settings", type=json.loads, default={}, metavar="JSON",
                   help="settings of the model beyond those above, as models.py names them")
    return p.parse_args()


def forecast(model, x, mark, args):
    return model(x, None if args.no_marks else mark)


@torch.no_grad()
def validation_loss(model, windows, args):
    # A shuffled loader decides which windows share the short last batch, hence the order.
    losses = [F.mse_loss(forecast(model.eval(), x, mark, args), y).item()
              for x, y, mark in windows.batches(args.batch, True)]
    return sum(losses) / len(losses)


@torch.no_grad()
def test_errors(model, windows, args):
    square = absolute = count = 0.0
    for x, y, mark in windows.batches(args.batch, False):
        error = (forecast(model.eval(), x, mark, args) - y).double()
        square += error.square().sum().item()
        absolute += error.abs().sum().item()
        count += error.numel()
    return square / count, absolute / count


def fit(model, splits, args, epochs):
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=args.lr)
    best, kept, waited = float("inf"), None, 0
    for epoch in range(1, epochs + 1):
        start, total, steps = time.perf_counter(), 0.0, 0
        model.train()
        for x, y, mark in splits[0].batches(args.batch, True):
            optimiser.zero_grad(set_to_none=True)
            loss = F.mse_loss(forecast(model, x, mark, args), y)
            loss.backward()
            optimiser.step()
            total, steps = total + loss.item(), steps + 1
        loss = validation_loss(model, splits[1], args)
        print(json.dumps({"epoch": epoch, "train": round(total / steps, 4),
                          "validation": round(loss, 4), "lr": optimiser.param_groups[0]["lr"],
                          "seconds": round(time.perf_counter() - start, 1)}), flush=True)
        if loss <= best:
            best, kept, waited = loss, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited >= args.patience:
                break
        for group in optimiser.param_groups:
            group["lr"] = args.lr * 0.5 ** (epoch - 1)
    model.load_state_dict(kept)


def report(run, model, splits, args):
    mse, mae = test_errors(model, splits[2], args)
    print(json.dumps({"run": run, "seed": args.seed, "parameters": parameter_count(model),
                      "test_mse": round(mse, 4), "test_mae": round(mae, 4)}), flush=True)


def main():
    args = parse()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    splits = load(args.csv, args.csv.stem, args.lookback, args.horizon,
                  args.settings.get("future_marks", False))
    print(json.dumps({"windows": [len(s) for s in splits], "torch": torch.__version__}))
    cfg = {**vars(args), "channels": splits[0].values.shape[1], "time_stamps": not args.no_marks,
           "attention": "sdpa", "ffn": "linear", **args.settings}
    dense = build(cfg)
    for name, module in dense.named_modules():
        # Time-Series-Library's initial weights of the embedding; reference.py needs none.
        if name.endswith("tokenConv"):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="leaky_relu")
    fit(dense, splits, args, args.epochs)
    report("dense", dense, splits, args)
    if args.save:
        torch.save(dense.state_dict(), args.save)
    if not args.finetune:
        return
    every = list(range(args.layers))
    for removed in [[], *([i] for i in every), every]:
        torch.manual_seed(args.seed)
        model = build({**cfg, "removed": removed})
        # The dense weights of the removed modules have no place to go.
        left = model.load_state_dict(dense.state_dict(), strict=False)
        assert not left.missing_keys
        fit(model, splits, args, args.finetune)
        report(f"finetuned, removed {removed}", model, splits, args)


if __name__ == "__main__":
    main()
