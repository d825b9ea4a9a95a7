"""What the collector's HTTP over TLS costs, beside libmicrohttpd alone. (wiring)

Goal C8.  The requests are refused for want of a signature, once their bodies
have come: what is left is the server's own work.
"""

import contextlib
import itertools
import os
import socket
import subprocess
import time

from labnet.errors import LabError

from .collector import SERVICES
from .figure import figure
from .runner import in_turn
from .served import Served, process_cpu_s

CONNECTIONS, REQUESTS, BYTES = 32, 500, 10_000
MANY = 1000

_numbers = itertools.count()


def tls(bench):
    ours, theirs = in_turn(bench.runs, lambda: _ours(bench), lambda: _sink(bench))
    yield figure("collector.c8.request", "us", ours, "MHD sink", theirs, "<=1.2")
    with Served(bench, f"{bench.folder}/tls{next(_numbers)}", SERVICES) as served:
        before = served.resident()
        with _knock(bench, served, "/nothing", MANY, 1, 0):
            if len(os.listdir(f"/proc/{served.pid}/fd")) < MANY:
                raise LabError("the machine is too slow to open 1000 connections in time")
            memory = served.resident() - before
    yield figure("collector.c8.memory", "MB", [memory / 1e6], goal="<=64 MB")


def _ours(bench):
    """CPU microseconds of a request."""
    with Served(bench, f"{bench.folder}/tls{next(_numbers)}", SERVICES) as served:
        return _cost_us(bench, served, served.pid)


def _sink(bench):
    with Served(bench, f"{bench.folder}/tls{next(_numbers)}", SERVICES) as place:
        pass   # its certificate and its port
    port = place.address.rsplit(":", 1)[1]
    with subprocess.Popen([f"{bench.build}/tools/bench.d/sink", port,
                           f"{place.folder}/server.pem", f"{place.folder}/server.key"]) as sink:
        try:
            _wait_for(int(port))
            return _cost_us(bench, place, sink.pid)
        finally:
            sink.terminate()


def _cost_us(bench, server, pid):
    """Of a request on a connection that is there."""
    def spent(requests):
        begun = process_cpu_s(pid)
        with _knock(bench, server, "/v1/batches", CONNECTIONS, requests, BYTES):
            return process_cpu_s(pid) - begun
    return 1e6 * (spent(1 + REQUESTS) - spent(1)) / CONNECTIONS / REQUESTS


@contextlib.contextmanager
def _knock(bench, server, path, connections, requests, size):
    """Within, all requests are answered and their connections still open."""
    with subprocess.Popen(
            [f"{bench.build}/tools/bench.d/knock", server.url + path, server.ca,
             str(connections), str(requests), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as knock:
        made = knock.stdout.readline()
        if not made:
            raise LabError("the requests are not answered")
        if int(made) != connections:
            raise LabError(f"{made.strip()} connections were made for {connections}")
        yield
        knock.communicate()


def _wait_for(port):
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    raise LabError("the sink does not answer")
