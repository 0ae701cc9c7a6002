"""HyperQueue's server and two workers in one process. Its folder is the argument.

On the line `lose`, one worker loses its connection to the server, as that of a machine without power does: the server
gives its tasks to the other worker, and the worker ends its own.
"""

import json
import os
import socket
import sys
from pathlib import Path

from hyperqueue import LocalCluster
from hyperqueue.cluster import WorkerConfig


def connections():
    """The TCP connections of this process: file numbers and the port at the other end."""
    for name in os.listdir("/proc/self/fd"):
        try:
            connection = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        with connection:
            if connection.family == socket.AF_INET:
                try:
                    yield int(name), connection.getpeername()[1]
                except OSError:
                    pass


def lose_worker(folder):
    access = json.loads((folder / "hq-current" / "access.json").read_text())
    port = access["worker"]["port"]
    number = next(number for number, peer in connections() if peer == port)
    with socket.socket(fileno=os.dup(number)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def main():
    folder = Path(sys.argv[1])
    # Tasks inherit the variables of the workers' process.
    os.environ["HQ_SERVER_DIR"] = str(folder)
    cluster = LocalCluster(str(folder))
    for _ in range(2):
        cluster.start_worker(WorkerConfig(cores=1))
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "lose":
            lose_worker(folder)
            print("lost", flush=True)


main()
