"""A sweep over all test windows, as the test loop of Time-Series-Library does it: batches of a
tensor of all windows, and the errors of every forecast. The table is that of `step/table.rs`."""

from datetime import datetime, timedelta

import torch

from dataset import Windows, time_features


class Sweep:
    """`count` test windows, in the host's memory as a data loader has them."""

    def __init__(self, cfg, count):
        lookback, horizon, channels = cfg["lookback"], cfg["horizon"], cfg["channels"]
        train = lookback + horizon + cfg["batch"]
        before = train + horizon
        rows = before + horizon + count - 1
        place = torch.arange(rows * channels)
        values = ((place * 7919 % 1009).float() / 500 - 1).view(rows, channels)
        values = (values - values[:train].mean(0)) / values[:train].std(0, unbiased=False)
        hours = [datetime(1970, 1, 1) + timedelta(hours=row) for row in range(rows)]
        marks = torch.tensor(time_features(hours), dtype=torch.float32)
        part = slice(before - lookback, rows)
        windows = Windows(values[part], marks[part], lookback, horizon)
        self.x, self.y, self.mark = next(windows.batches(len(windows), False))
        if not cfg.get("marks", 0):
            self.mark = None

    def __len__(self):
        return len(self.x)

    @torch.inference_mode()
    def errors(self, forecast, batch, device):
        """Mean squared and mean absolute error over every window; the last batch may be short."""
        square = torch.zeros((), dtype=torch.float64, device=device)
        absolute = torch.zeros_like(square)
        for first in range(0, len(self), batch):
            part = slice(first, first + batch)
            mark = None if self.mark is None else self.mark[part].to(device)
            error = forecast(self.x[part].to(device), mark) - self.y[part].to(device)
            square += error.square().sum()
            absolute += error.abs().sum()
        return square.item() / self.y.numel(), absolute.item() / self.y.numel()
