"""A resident probe at work, with a collector of its own.            (wiring)"""

import contextlib
import itertools
import subprocess

from labnet.deployment import Deployment

from .world import ZONE

NODE = "prober"
DEFAULTS = {"dns_every": "60s", "ping_every": "60s", "trace_every": "15m"}
UPLOAD_EVERY = "30s"

_numbers = itertools.count()


@contextlib.contextmanager
def deployed(bench, addresses, periods=None):
    """The real programs; the one probe has the addresses to measure, with
    the periods that an operator gets who sets none.  Gives the deployment."""
    deployment = Deployment(
        _TwoNodes(bench.world, addresses), f"{bench.folder}/resident{next(_numbers)}",
        periods={**DEFAULTS, **(periods or {})}, upload_every=UPLOAD_EVERY)
    try:
        deployment.start()
        deployment.wait("the probe's first measurement", lambda: deployment.query(
            "SELECT 1 FROM observation LIMIT 1"), timeout=120)
        yield deployment
    finally:
        deployment.stop()


def pid_of(deployment):
    return deployment.probes[NODE].pid


class _TwoNodes:
    """What labnet's Deployment wants of a lab, made of the benchmarks' world:
    the collector stands on the near side, where nothing is delayed."""

    def __init__(self, world, addresses):
        self._world = world
        self._addresses = addresses
        self._nodes = {"collector": "near", NODE: NODE}
        self.names = {name: world.names[node] for name, node in self._nodes.items()}

    def nodes(self):
        return {
            "collector": {"role": "collector", "v4": "10.0.1.2", "v6": "::1"},
            NODE: {"role": "vantage", "as": 64500, "position": [52.0, 5.0],
                   "v4": "10.0.1.1", "v6": "::1"},
        }

    def exec(self, node, *words, user=None, **more):
        assert user is None, "the world has no users"
        return self._world.exec(self._nodes[node], *words, **more)

    def popen(self, node, *words, user=None, **more):
        assert user is None, "the world has no users"
        return subprocess.Popen(self._world.command(self._nodes[node], *words), **more)

    def service_config(self):
        addresses = ", ".join(f'"{address}"' for address in self._addresses)
        return (f'service "bench" {{\n'
                f"  addresses = {{ {addresses} }}\n"
                f'  zone = "{ZONE}"\n'
                f'  identity = {{ "ns{{instance}}.{{site}}.{ZONE.rstrip(".")}" }}\n'
                '  site "far" { position = "52.00,5.00" unicast = { "10.102.0.1" } }\n}\n')
