"""What every worker does: one JSON request per line in, one JSON answer per line out."""

import argparse
import json
import sys

import torch


def serve(answer):
    """Answers with `answer(request, threads)` until "exit" or the end of input; an exception is
    answered by `{"id", "error"}`, and the driver decides what that means."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    threads = parser.parse_args().threads
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    for line in sys.stdin:
        if line.strip() in ("exit", '"exit"'):
            break
        request = {}
        try:
            request = json.loads(line)
            reply = answer(request, threads)
        except Exception as error:
            known = request.get("id") if isinstance(request, dict) else None
            reply = {"id": known, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
