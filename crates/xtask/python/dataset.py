"""CSV series and their windows, by the protocol of Time-Series-Library's data_loader.

ETT files use 12/4/4 months of 30 days, others 70/10/20 %; scaling is fitted on the
training rows; validation and test windows reach back into the previous split.
"""

import csv
from datetime import datetime

import numpy as np
import torch

ETT_MONTH = {"h": 30 * 24, "m": 30 * 24 * 4}


def read_csv(path):
    """Values [rows, C] with `OT` last where the file has it, and the time stamps."""
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    header, rows = rows[0], [r for r in rows[1:] if r]
    columns = [i for i in range(1, len(header)) if header[i] != "OT"]
    if "OT" in header:
        columns.append(header.index("OT"))
    values = np.array([[float(r[i]) for i in columns] for r in rows])
    return values, [datetime.fromisoformat(r[0].replace("/", "-")) for r in rows]


def time_features(stamps):
    """The four hourly features of GluonTS, each in [-0.5, 0.5]."""
    return np.array([
        (t.hour / 23, t.weekday() / 6, (t.day - 1) / 30, (t.timetuple().tm_yday - 1) / 365)
        for t in stamps]) - 0.5


def borders(name, rows, lookback):
    """[(start, end)] of train, validation and test."""
    if name.startswith("ETT"):
        month = ETT_MONTH[name[3]]
        ends = [12 * month, 16 * month, 20 * month]
    else:
        test = int(rows * 0.2)
        ends = [int(rows * 0.7), rows - test, rows]
    return [(0, ends[0]), (ends[0] - lookback, ends[1]), (ends[1] - lookback, ends[2])]


class Windows:
    """All windows of one split; a batch is gathered on demand."""

    def __init__(self, values, marks, lookback, horizon, future_marks=False):
        self.values, self.marks = values, marks
        self.lookback, self.horizon = lookback, horizon
        self.marked_rows = lookback + (horizon if future_marks else 0)

    def __len__(self):
        return len(self.values) - self.lookback - self.horizon + 1

    def batches(self, size, shuffle):
        order = torch.randperm(len(self)) if shuffle else torch.arange(len(self))
        past, ahead = torch.arange(self.lookback), torch.arange(self.horizon)
        marked = torch.arange(self.marked_rows)
        for start in order.split(size):  # the last batch may be short: nothing is dropped
            i = start[:, None]
            yield (self.values[i + past], self.values[i + self.lookback + ahead],
                   self.marks[i + marked])


def load(path, name, lookback, horizon, future_marks=False):
    values, stamps = read_csv(path)
    splits = borders(name, len(values), lookback)
    train = values[slice(*splits[0])]
    values = (values - train.mean(0)) / train.std(0)
    values = torch.tensor(values, dtype=torch.float32)
    marks = torch.tensor(time_features(stamps), dtype=torch.float32)
    return [Windows(values[a:b], marks[a:b], lookback, horizon, future_marks) for a, b in splits]
