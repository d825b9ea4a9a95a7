"""A collector over TLS on loopback, of a benchmark's own.              (edge)

Nobody is limited: the whole load has one address.
"""

import os
import socket
import subprocess
import time

from labnet import certificates
from labnet.errors import LabError

LIMITS = """\
limits {
    requests_per_probe = 0
    requests_per_address = 0
    requests_per_asn = 0
    enrolments_per_address = 0
    enrolments_per_asn = 0
}
"""


class Served:
    """To be used in a `with`; `services`: the rest of the configuration."""

    def __init__(self, bench, folder, services):
        self.folder = folder
        self._catchwater = f"{bench.build}/catchwater"
        os.makedirs(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"https://{self.address}"
        self.ca = f"{folder}/ca.pem"
        self.database = f"{folder}/collector.db"
        self._config = f"{folder}/catchwater.conf"
        self._process = None
        certificates.make_ca(folder)
        certificates.make_server(folder, "server", "collector", ["IP:127.0.0.1"])
        with open(self._config, "w", encoding="ascii") as file:
            file.write(f'listen = "{self.address}"\ndatabase = "{self.database}"\n'
                       f'tls {{ certificate = "{folder}/server.pem" '
                       f'key = "{folder}/server.key" }}\n{services}')

    def __enter__(self):
        # pylint: disable=consider-using-with
        self._process = subprocess.Popen(
            [self._catchwater, "serve", "--config", self._config], stderr=subprocess.DEVNULL)
        for _ in range(300):
            if self.get("/metrics"):
                return self
            time.sleep(0.1)
        self.__exit__()
        raise LabError("the collector does not answer")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self):
        return self._process.pid

    def get(self, path):
        """The page, or "" when nobody answers."""
        return subprocess.run(["curl", "-s", "--cacert", self.ca, self.url + path],
                              capture_output=True, text=True, check=False).stdout

    def number(self, metric):
        """A figure of /metrics; 0 when it is not there."""
        for line in self.get("/metrics").splitlines():
            if line.startswith(f"{metric} "):
                return float(line.split()[1])
        return 0

    def token(self, uses):
        return subprocess.run(
            [self._catchwater, "token", "new", "--config", self._config, "--uses", str(uses)],
            capture_output=True, text=True, check=True).stdout.split()[0]

    def cpu_s(self):
        return process_cpu_s(self.pid)

    def resident(self):
        """Bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def process_cpu_s(pid):
    """CPU seconds of a running process so far, of all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
