"""Writes the first inputs of the fuzz targets to `fuzz/corpus`: `python3 fuzz/seeds.py`.

An input of `read_table` is four bytes of options (little-endian, see the target) and a file.
"""

import gzip
import io
import json
import math
import pathlib
import struct
import zipfile

FUZZ = pathlib.Path(__file__).parent
TESTS = FUZZ.parent / "crates" / "spat-series" / "tests"

SHAPE, ROWS, TRANSPOSED, MONTHS, LONG = 1 << 21, 0, 5, 6, 7


def series(time, rows=40, delimiter=",", comma=False, names=("time", "y", "x")):
    """A table with a row for each time."""
    lines = [delimiter.join(names)]
    for row in range(rows):
        cells = [f"{math.sin(row / 4):.3f}", str(row * 7 % 11 + 0.5)]
        if comma:
            cells = [cell.replace(".", ",") for cell in cells]
        lines.append(delimiter.join([time(row), *cells]))
    return "\n".join(lines) + "\n"


def hour(row):
    return f"2024-01-{1 + row // 24:02} {row % 24:02}:00:00"


def business_day(row):
    return f"2024-01-{1 + row // 5 * 7 + row % 5:02}" if row < 23 else f"2024-02-{1 + row - 23:02}"


def seeds():
    """Options, name and bytes of each input of `read_table`."""
    for folder in ["cases", "containers"]:
        for path in sorted((TESTS / folder).iterdir()):
            yield 0, path.name, path.read_bytes()
    plain = series(hour)
    for encoding in ["utf-16", "utf-16-be", "latin-1", "shift-jis"]:
        yield 0, encoding, plain.replace("time", "Größe" if "latin" in encoding else "time").encode(encoding)
    yield 0, "gzip", gzip.compress(plain.encode(), mtime=0)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("table.csv"), plain)
    yield 0, "zip", archive.getvalue()
    records = [{"time": hour(row), "y": row / 2, "x": None} for row in range(30)]
    yield 0, "json-records", json.dumps(records).encode()
    yield 0, "json-columns", json.dumps({"time": [hour(row) for row in range(9)], "y": list(range(9))}).encode()
    long = "unique_id,ds,y,x\n" + "".join(
        f"{name},{hour(row)},{row},{row / 8}\n" for name in "AB" for row in range(20)
    )
    for options in [LONG * SHAPE, LONG * SHAPE | 1 << 24]:
        yield options, f"long-{options:x}", long.encode()
    yield TRANSPOSED * SHAPE, "transposed", b"name,2020,2021,2022,2023\nA,1,2,3,4\nB,5,6,7,8\n"
    months = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
    years = "".join(f"{1990 + y},{','.join(str(y * m) for m in range(12))}\n" for y in range(5))
    yield MONTHS * SHAPE, "months-across", f"Year,{months}\n{years}".encode()
    yield 0, "business-days", series(business_day).encode()
    yield 0, "sessions", series(lambda row: f"2024-01-{8 + row // 8:02} {9 + row % 8:02}:30").encode()
    yield 0, "tenths", series(lambda row: f"2024-01-01T00:00:{row // 10:02}.{row % 10}00Z").encode()
    yield 0, "epoch-fraction", series(lambda row: f"{1664400000 + row / 100:.2f}").encode()
    yield 0, "offset", series(lambda row: hour(row).replace(" ", "T") + "+02:00").encode()
    yield 1 << 19, "named-zone", series(hour).encode()
    yield 0, "beyond-f32", plain.replace(",0.", ",123456789.").encode()
    yield 0b11000, "decimal-comma", series(hour, delimiter=";", comma=True).encode()
    yield 1 << 16, "pattern", series(lambda row: f"{1 + row // 24:02}.01.2024 {row % 24:02}:00:00.5").encode()
    yield 3 << 7, "parts", series(lambda row: f"{2000 + row // 12},{row % 12 + 1}", names=("year", "month", "y", "x")).encode()


def main():
    corpus = FUZZ / "corpus" / "read_table"
    corpus.mkdir(parents=True, exist_ok=True)
    for options, name, content in seeds():
        (corpus / f"seed-{name}").write_bytes(struct.pack("<I", options) + content)
    checkpoints = FUZZ / "corpus" / "read_checkpoint"
    checkpoints.mkdir(parents=True, exist_ok=True)
    saved = FUZZ.parent / "crates" / "spat-cli" / "tests" / "saved"
    for path in saved.rglob("*.safetensors"):
        (checkpoints / f"seed-{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    experiments = {path.parent.name: path.read_bytes() for path in saved.rglob("experiment.json")}
    write("read_experiment", experiments)
    write("read_protocol", dict(messages(json.loads(experiments["itransformer"]))))
    references = FUZZ.parent / "tests" / "references"
    hostile = FUZZ.parent / "crates" / "spat-model" / "tests" / "hostile"
    write("read_pytorch", {path.name: path.read_bytes() for folder in (references, hostile) for path in folder.glob("*.pth")})


def messages(experiment):
    """Names and bytes of inputs of `read_protocol`: JSON, frames, and a stream of frames."""
    open_run = {"open": {"run": "a", "table": "a.csv", "engine": "cpu"}}
    train = {"command": {"train": {"experiment": experiment}}}
    stream = b""
    for name, request in [("open", open_run), ("train", train), ("step", {"command": {"step": {"steps": 3}}})]:
        yield f"{name}-envelope", json.dumps({"number": 1, "bytes": 8, "request": request}).encode()
        text = json.dumps(request).encode()
        frame = struct.pack("<I", len(text)) + text + b"a,b\n1,2\n"
        yield f"{name}-frame", frame
        stream += struct.pack("<Q", len(frame)) + frame
    yield "stream", stream
    yield "hello", json.dumps({"protocol": 4, "session": "a", "continued": False, "received": 0}).encode()
    yield "message", json.dumps({"number": 1, "received": 0, "message": {"event": {"warning": {"message": "a"}}}}).encode()


def write(target, inputs):
    """Writes the inputs of a target, by name."""
    corpus = FUZZ / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for name, content in inputs.items():
        (corpus / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
