"""Writes the reference files of the Rust tests.

Usage: python reference.py OUT_DIR

Seeded, one thread, dropout 0. Every f32 result is compared with the same computation
in float64, and weight and mask gradients with finite differences, before it is written.
"""

import copy
import hashlib
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import optim_reference
from models import Gpt2, build, parameter_count
from send import all_scores

TORCH = torch.__version__.split("+")[0]
COMMON = {"d_model": 16, "heads": 4, "d_ff": 32, "layers": 2, "dropout": 0.0}
INVERTED = {"model": "itransformer", "normalise": True, "batch": 3, "lookback": 24, "horizon": 12, "channels": 3,
            **COMMON}
PATCHED = {"model": "patchtst", "layout": "library", "head_dropout": 0.0, "batch": 2, "lookback": 32, "horizon": 8, "channels": 2, "patch_len": 8, "stride": 4,
           **COMMON}
TIDE = {"model": "tide", "batch": 2, "lookback": 12, "horizon": 6, "channels": 3, "width": 8, "layers": 3,
        "decoder_width": 4, "row_width": 6, "dropout": 0.0, "marks": 4, "future_marks": True}
LINEAR = {"batch": 2, "lookback": 32, "horizon": 8, "channels": 3}
MIXER = {"model": "tsmixer", "batch": 4, "lookback": 16, "horizon": 8, "channels": 3, "hidden": 6,
         "layers": 2, "dropout": 0.0}
# Odd numbers of segments; look-back and horizon do not fill their last segments.
CROSSED = {"model": "crossformer", "batch": 2, "lookback": 28, "horizon": 10, "channels": 3, "segment": 6, "routers": 2,
           "d_model": 8, "d_ff": 12, "heads": 2, "layers": 2, "dropout": 0.0}
DECODED = {"model": "transformer", "batch": 2, "lookback": 10, "horizon": 6, "channels": 3, "label_rows": 4,
           "d_model": 8, "d_ff": 12, "heads": 2, "layers": 2, "decoder_layers": 2, "dropout": 0.0, "marks": 4,
           "future_marks": True, "time_stamps": True}
# An odd and an even number of rows. The public code's heads have no effect, so the reference has two.
LAGGED = {"model": "autoformer", "batch": 3, "lookback": 13, "horizon": 6, "channels": 3, "label_rows": 4,
          "d_model": 8, "d_ff": 12, "layers": 2, "decoder_layers": 2, "lag_factor": 2, "kernel": 5,
          "reference_heads": 2, "dropout": 0.0, "marks": 4, "future_marks": True, "time_stamps": True}
# Of the backbone's three blocks two are used; it has more positions than there are patches.
GPT2 = {"n_embd": 8, "n_head": 2, "n_layer": 3, "n_positions": 9, "vocab_size": 257, "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new"}
FROZEN = {"model": "gpt4ts", "batch": 2, "lookback": 20, "horizon": 6, "channels": 2, "patch_len": 6, "stride": 3,
          "d_model": 8, "heads": 2, "layers": 2, "positions": 9, "dropout": 0.0, "backbone_seed": 1}
SPARSE = {**DECODED, "model": "informer", "lookback": 12, "horizon": 6, "label_rows": 6, "factor": 1,
          "sparse_cross": False, "mixed_decoder": False, "mixed_others": False, "padding": 1}
# Three tokens of a prompt and six patches.
PROMPTED = {"model": "time-llm", "batch": 2, "lookback": 20, "horizon": 5, "channels": 2, "patch_len": 6, "stride": 3,
            "d_model": 4, "d_ff": 5, "reprogramming_heads": 2, "prototypes": 7, "words": 257, "prompt_tokens": 3,
            "dropout": 0.0, "prune_backbone": True, "backbone_width": 8, "backbone_heads": 2, "layers": 2,
            "positions": 9, "vocabulary": 257, "backbone_seed": 1}
# The settings are those of the Rust configuration, which reads them from the metadata.
# Removed modules are tested too, hence the pruned variants; `removed` counts modules from input to output.
CASES = {
    "itransformer": {**INVERTED, "marks": 4, "time_stamps": True},
    "itransformer_nomark": {**INVERTED, "marks": 0, "time_stamps": False},
    "itransformer_pruned": {**INVERTED, "marks": 4, "time_stamps": True, "removed": [1]},
    "patchtst": {**PATCHED, "positions": 16},
    "patchtst_official": {**PATCHED, "layout": "authors", "layers": 3},
    "patchtst_official_pruned": {**PATCHED, "layout": "authors", "layers": 3,
                                 "removed": [1]},
    "dlinear": {**LINEAR, "model": "dlinear", "kernel": 25},
    "rlinear": {**LINEAR, "model": "rlinear"},
    "tsmixer": {**MIXER, "layout": "authors"},
    "tsmixer_library": {**MIXER, "layout": "library"},
    # The last chunk is filled up with zeros.
    "lightts": {"model": "lightts", "batch": 2, "lookback": 22, "horizon": 8, "channels": 3, "width": 32,
                "chunk": 6},
    # All frequencies are kept; an even and an odd number of rows in look-back and horizon together.
    "fits": {"model": "fits", "batch": 2, "lookback": 24, "horizon": 12, "channels": 3, "period": 8,
             "harmonics": 1, "individual": False},
    "fits_individual": {"model": "fits", "batch": 2, "lookback": 20, "horizon": 9, "channels": 3,
                        "period": 20, "harmonics": 1, "individual": True},
    "tide": {**TIDE, "narrow_norms": False, "time_stamps": True},
    # A norm over one number multiplies the rounding errors of a gradient that is 0 by 1 / sqrt(epsilon).
    "tide_library": {**TIDE, "narrow_norms": True, "time_stamps": True, "precision": 5e-5},
    "tide_nomark": {**TIDE, "narrow_norms": False, "marks": 0, "time_stamps": False},
    # The second scale has an odd number of rows.
    "timemixer": {"model": "timemixer", "batch": 2, "lookback": 18, "horizon": 6, "channels": 3, "d_model": 4,
                  "d_ff": 6, "layers": 2, "halvings": 2, "kernel": 7, "dropout": 0.0, "marks": 4,
                  "time_stamps": True},
    "crossformer": CROSSED,
    # Without the first cross-attention, the second decoder layer too starts the same for all windows.
    "crossformer_pruned": {**CROSSED, "removed": [0, 3, 6]},
    "transformer": DECODED,
    "transformer_pruned": {**DECODED, "removed": [0, 2, 3]},
    # A rank of 2 of the step sizes.
    "smamba": {"model": "s-mamba", "normalise": True, "batch": 2, "lookback": 12, "horizon": 6, "channels": 3,
               "d_model": 20, "d_ff": 12, "states": 3, "layers": 2, "dropout": 0.0, "marks": 4,
               "time_stamps": True},
    "autoformer": LAGGED,
    "autoformer_pruned": {**LAGGED, "removed": [0, 2, 3]},
    "gpt4ts": FROZEN,
    "gpt4ts_pruned": {**FROZEN, "removed": [1]},
    "informer": SPARSE,
    "informer_library": {**SPARSE, "sparse_cross": True, "mixed_decoder": True, "mixed_others": True, "padding": 2},
    "informer_pruned": {**SPARSE, "removed": [0, 2, 3]},
    "time_llm": PROMPTED,
    "time_llm_pruned": {**PROMPTED, "removed": [2]},
}


def randomise(model):
    """Leaves no weight at 0 or 1, where a forgotten affine or bias would go unnoticed."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if not p.requires_grad:
                continue
            if ("norm" in name or ".ln." in name or "ln_" in name) and name.endswith("weight"):
                p.copy_(1 + 0.3 * torch.randn_like(p))
            elif name.endswith("bias"):
                p.copy_(0.2 * torch.randn_like(p))
            elif name.endswith("W_pos"):
                p.copy_(0.3 * torch.randn_like(p))
            elif "Linear" in name or "freq_upsampler" in name:
                p.copy_(0.2 * torch.randn_like(p))
            elif name.endswith(".D"):
                p.copy_(1 + 0.3 * torch.randn_like(p))
            elif name.endswith(".A_log"):
                p.add_(0.3 * torch.randn_like(p))
            elif "channel_proj" in name:
                p.add_(0.3 * torch.randn_like(p))  # no longer the identity
            elif any(k in name for k in ("query", "key", "W_Q", "W_K")):
                p.mul_(2.5)  # sharper attention than at initialisation
        for name, b in model.named_buffers():
            if name.endswith("running_mean"):
                b.copy_(0.3 * torch.randn_like(b))
            elif name.endswith("running_var"):
                b.copy_(0.5 + torch.rand_like(b))
            elif name.endswith("num_batches_tracked"):
                b.fill_(7)


def write_backbone(folder):
    """A small GPT-2 with Hugging Face's names, and the reference that models have to it."""
    torch.manual_seed(0)
    d, positions = GPT2["n_embd"], GPT2["n_positions"]
    model = Gpt2(d, GPT2["n_head"], GPT2["n_layer"], positions)
    with torch.no_grad():
        for name, p in model.named_parameters():
            is_gain = "ln_" in name and name.endswith("weight")
            p.copy_(0.4 * torch.randn_like(p) + (1 if is_gain else 0))
    weights = {f"transformer.{k}": v for k, v in model.state_dict().items()}
    tokens = torch.randn(GPT2["vocab_size"], d)
    # The token table, and what the file of a language model has besides and no forecaster reads.
    weights |= {"transformer.wte.weight": tokens, "lm_head.weight": tokens.clone(),
                "transformer.h.0.attn.bias": torch.ones(1, 1, positions, positions).tril(),
                "transformer.h.0.attn.masked_bias": torch.tensor(-1e4)}
    folder.mkdir(exist_ok=True)
    file = folder / "model.safetensors"
    save_file(weights, file)
    (folder / "config.json").write_text(json.dumps(GPT2))
    for path in folder.iterdir():
        path.chmod(0o644)
    reference = {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    return {**model.state_dict(), "wte.weight": tokens}, reference


def inputs(cfg):
    b, lookback, horizon, c = (cfg[k] for k in ("batch", "lookback", "horizon", "channels"))
    # A walk with a level and a scale per channel, so that the normalisation matters.
    series = torch.randn(b, lookback + horizon, c).cumsum(1)
    series = series * 0.3 * (0.5 + torch.arange(c)) + torch.randn(b, 1, c)
    x, y = series[:, :lookback].contiguous(), series[:, lookback:].contiguous()
    marks = cfg.get("marks", 0)
    rows = lookback + (horizon if cfg.get("future_marks") else 0)
    return x, y, torch.rand(b, rows, marks) - 0.5 if marks else None


def mask_shapes(model, x, mark):
    tap = []
    with torch.no_grad():
        model.eval()(x, mark, tap=tap)
    return [None if a is None else a.shape for a in tap]


def run(model, x, y, mark, train):
    """Forecast, loss, gradients, attention and sensitivities, on a copy of the model."""
    model = copy.deepcopy(model)
    shapes = mask_shapes(model, x, mark)
    model.train(train)
    x = x.clone().requires_grad_()
    tap, out = [], {}
    forecast = model(x, mark, tap=tap)
    loss = F.mse_loss(forecast, y)
    loss.backward()
    out["forecast"], out["loss"] = forecast.detach(), loss.detach().reshape(1)
    out["input_grad"] = x.grad
    # Copies: the backward passes below add to the same `.grad` tensors.
    out["grad"] = {k: p.grad.clone() for k, p in model.named_parameters() if p.requires_grad}
    out["buffers"] = {k: v.clone() for k, v in model.named_buffers() if "running" in k}
    out["attention"] = [None if a is None else a.detach() for a in tap]
    for kind in ("shared", "per_sample"):
        masks = [None if s is None else
                 torch.ones(s[1:] if kind == "shared" else s, dtype=x.dtype).requires_grad_()
                 for s in shapes]
        if all(m is None for m in masks):
            continue
        F.mse_loss(model(x.detach(), mark, masks=masks), y).backward()
        out[kind] = [None if m is None else m.grad for m in masks]
    return out


def flat(out):
    for key, value in out.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{k}", v) for k, v in value.items())
        elif isinstance(value, list):
            yield from ((f"{key}.{i}", v) for i, v in enumerate(value) if v is not None)
        else:
            yield key, value


def vanishing(exact):
    """Parameters whose true gradient is (almost) 0 because what follows cancels them:
    key biases in the softmax; before a BatchNorm, a bias or a scale per feature.

    Their f32 gradient is mostly rounding, to be compared on the scale of the others.
    """
    largest = max(g.abs().max() for g in exact["grad"].values())
    return sorted(k for k, g in exact["grad"].items() if g.abs().max() < 1e-4 * largest)


def check_precision(out, exact, limit):
    """Largest difference to float64, relative to each tensor's largest entry."""
    zero = {f"grad.{k}" for k in vanishing(exact)}
    exact = dict(flat(exact))
    largest = max(v.abs().max() for k, v in exact.items() if k.startswith("grad."))
    worst = (0.0, "")
    for key, value in flat(out):
        scale = largest if key in zero else exact[key].abs().max()
        error = ((value.double() - exact[key]).abs().max() / scale).item()
        worst = max(worst, (error, key))
    assert worst[0] < limit, worst
    return worst


def slope(loss, values, index, step=1e-5):
    """Central difference of `loss()` in one entry of `values`, which is put back."""
    values, losses = values.view(-1), []
    kept = values[index].item()
    with torch.no_grad():
        for value in (kept + step, kept - step):
            values[index] = value
            losses.append(loss())
        values[index] = kept
    return (losses[0] - losses[1]) / (2 * step)


def check_slopes(model, x, y, mark, out):
    """Finite differences in float64 of some entries of every weight and mask."""
    def agree(name, want, loss, values):
        for index in {0, want.numel() // 2, want.numel() - 1}:
            got, expected = slope(loss, values, index), want.view(-1)[index]
            assert abs(got - expected) < 1e-7 + 1e-5 * want.abs().max(), (name, got, expected)

    model = copy.deepcopy(model).train()
    for name, p in model.named_parameters():
        if p.requires_grad:
            agree(name, out["grad"][name], lambda: F.mse_loss(model(x, mark), y), p.data)
    for kind in ("shared", "per_sample"):
        for layer, s in enumerate(out.get(kind, ())):
            if s is None:
                continue
            masks = [None] * len(out[kind])
            masks[layer] = torch.ones_like(s)
            agree(f"{kind}.{layer}", s, lambda: F.mse_loss(model(x, mark, masks=masks), y),
                  masks[layer])


def tensors(model, x, y, mark, train, evaluated):
    out = {f"weight.{k}": v for k, v in model.state_dict().items()}
    out |= {f"grad.{k}": v for k, v in train["grad"].items()}
    out |= {"input.x": x, "input.y": y, "input_grad.x": train["input_grad"]}
    if mark is not None:
        out["input.mark"] = mark
    if hasattr(model, "prompt"):
        out["input.prompt"] = model.prompt.float()
    out["output.forecast"] = train["forecast"]
    out["output.forecast_eval"] = evaluated["forecast"]
    out["output.loss"] = train["loss"]
    out["output.loss_eval"] = evaluated["loss"]
    # Running statistics after one training forward, for models with BatchNorm.
    out |= {f"after.{k}": v for k, v in train["buffers"].items()}
    out |= {f"attention.{i}": a for i, a in enumerate(train["attention"]) if a is not None}
    results = [("", train)]
    if train["buffers"]:  # without BatchNorm both modes agree at dropout 0
        results.append(("_eval", evaluated))
    for suffix, result in results:
        for kind in ("shared", "per_sample"):
            for i, s in enumerate(result.get(kind, ())):
                if s is not None:
                    out[f"sensitivity{suffix}.{kind}.{i}"] = s
    if "shared" in train:
        kept = {k: [s for s in train[k] if s is not None] for k in ("shared", "per_sample")}
        causal = [i in getattr(model, "causal_maps", ())
                  for i, s in enumerate(train["shared"]) if s is not None]
        out |= all_scores(kept, y.numel(), causal)
    return {k: v.detach().contiguous().clone() for k, v in out.items()}


def write_case(name, cfg, seed, out_dir, backbone):
    torch.manual_seed(seed)
    model = build(cfg)
    frozen = getattr(model, "gpt2", getattr(model, "llm_model", None))
    if frozen is not None:
        weights, reference = backbone
        cfg = {**cfg, "backbone": reference}
        frozen.load_state_dict({k: weights[k] for k in frozen.state_dict()})
    randomise(model)
    x, y, mark = inputs(cfg)
    double = copy.deepcopy(model).double()
    wide = [None if t is None else t.double() for t in (x, y, mark)]
    results, worst = [], []
    for train in (True, False):
        got, exact = run(model, x, y, mark, train), run(double, *wide, train)
        worst.append(check_precision(got, exact, cfg.get("precision", 2e-5)))
        if train:
            check_slopes(double, *wide, exact)
            zero = vanishing(exact)
        results.append(got)
    again = run(model, x, y, mark, True)
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(flat(results[0]), flat(again)))
    full = {**cfg, "parameters": parameter_count(model), "torch": TORCH, "seed": seed,
            "vanishing_gradients": zero}
    data = tensors(model, x, y, mark, *results)
    save_file(data, out_dir / f"{name}.safetensors", metadata={"config": json.dumps(full)})
    error, key = max(worst)
    print(f"{name}: {len(data)} tensors, worst f32 error {error:.1e} ({key})")
    return model


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    out_dir = Path(sys.argv[1])
    out_dir.mkdir(parents=True, exist_ok=True)
    backbone = write_backbone(out_dir / "gpt2")
    for seed, (name, cfg) in enumerate(CASES.items(), start=1):
        model = write_case(name, cfg, seed, out_dir, backbone)
        if name == "itransformer":
            state = model.state_dict()
            torch.save(state, out_dir / "itransformer.pth")
            # nn.DataParallel puts this prefix on every key.
            wrapped = {f"module.{k}": v for k, v in state.items()}
            torch.save(wrapped, out_dir / "itransformer_dataparallel.pth")
    optim_reference.write(out_dir / "adam.safetensors")
    files = sorted(path for path in out_dir.rglob("*") if path.is_file())
    for f in files:
        f.chmod(0o644)
    print(f"{sum(f.stat().st_size for f in files) / 1024:.0f} KiB in {len(files)} files")


if __name__ == "__main__":
    main()
