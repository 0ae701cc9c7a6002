"""Stands for HyperQueue's program, which its Python package lacks: `hq submit --wait --from-json FILE …`."""

import argparse
import json
import os

from hyperqueue import Client, Job
from hyperqueue.job import ResourceRequest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["submit"])
    parser.add_argument("--wait", action="store_true", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--from-json", required=True)
    parser.add_argument("--cpus", type=int, required=True)
    parser.add_argument("--crash-limit", type=int, required=True)
    parser.add_argument("--stdout", choices=["none"], required=True)
    parser.add_argument("--stderr", required=True)
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    with open(arguments.from_json) as file:
        entries = json.load(file)
    job = Job(name=arguments.name, max_fails=None)
    for number, entry in enumerate(entries):
        job.program(
            arguments.program,
            # HyperQueue sets the first; the second is for the test.
            env={"HQ_ENTRY": json.dumps(entry), "SPAT_TASK": "1"},
            stdout=None,
            stderr=arguments.stderr.replace("%{TASK_ID}", str(number)),
            resources=ResourceRequest(cpus=arguments.cpus),
            crash_limit=arguments.crash_limit,
        )
    client = Client(os.environ["HQ_SERVER_DIR"])
    # `hq submit --wait` also waits for all tasks if some fail.
    client.wait_for_jobs([client.submit(job)], raise_on_error=False)


main()
