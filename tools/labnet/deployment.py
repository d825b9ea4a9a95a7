"""The real programs in a running lab: a collector, and a probe on every
vantage, enrolled by token over TLS.                                 (wiring)
"""

import contextlib
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from . import certificates, users, webhook
from .errors import LabError

PORT = 8420
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Short enough to watch; the defaults are minutes (catchwater.conf(5)).
PERIODS = {
    "dns_every": "4s", "ping_every": "12s", "trace_every": "60s",
    "confirm_after": '{ "500ms", "1s" }', "retry_after": '{ "500ms", "1s" }',
    "timeout": "2s", "sick_after": "4s", "settle": "20s", "stale_after": "20s",
}
PROGRAMS = ("catchwater", "catchwater-probe", "catchwater-upload")
LEASE_S = 20
ANNOUNCE_EVERY_S = 5
ORDINARY_USER = "nobody"


class Deployment:
    """Files live in `folder`, which must not exist.  The programs are copied
    there from `build`, which may be in a home that ordinary users cannot see."""

    def __init__(self, lab, folder, build=None, periods=None, extra="", upload_every="3s",
                 port=PORT):
        self.lab = lab
        self.port = port
        self.folder = folder
        self.build = os.path.abspath(build or f"{ROOT}/build")
        self.programs = f"{folder}/bin"
        self.periods = {**PERIODS, **(periods or {})}
        self.extra = extra
        self.upload_every = upload_every
        self.address = lab.nodes()["collector"]["v4"]
        self.vantages = [n for n, d in lab.nodes().items() if d["role"] == "vantage"]
        self.sites = [n for n, d in lab.nodes().items() if d["role"] == "site"]
        self.config = f"{folder}/catchwater.conf"
        self.database = f"{folder}/catchwater.db"
        self.collector = None
        self.probes = {}
        self.webhook = None
        self.spoken = set()   # sites whose own program speaks for them
        self._announcer = None
        self._stopping = threading.Event()

    # Life

    def start(self):
        """Everything: the collector, its webhook, all probes, enrolled."""
        os.makedirs(self.programs, mode=0o755)
        copy_programs(self.build, self.programs)
        self._make_certificates()
        self.webhook = webhook.Receiver(self.lab, "collector")
        self._write_config()
        self.start_collector()
        for vantage in self.vantages:
            self.enroll(vantage)
        for vantage in self.vantages:
            self.start_probe(vantage)
        self._announcer = threading.Thread(target=self._announce_all, daemon=True)
        self._announcer.start()

    def stop(self):
        self._stopping.set()
        if self._announcer:
            self._announcer.join()
        for vantage in list(self.probes):
            self.stop_probe(vantage)
        self.stop_collector()
        if self.webhook:
            self.webhook.close()

    def start_collector(self, environment=None):
        """`environment`: variables on top of ours, as for start_probe."""
        self.collector = self._start(
            "collector", f"{self.folder}/collector.log", f"{self.programs}/catchwater",
            "serve", "--config", self.config, environment=environment)
        self.wait("the collector to listen", self._is_listening)

    def stop_collector(self, how=signal.SIGTERM):
        self.collector = _end(self.collector, how)

    def start_probe(self, vantage, environment=None):
        self.probes[vantage] = self._start(
            vantage, f"{self.folder}/{vantage}.log", f"{self.programs}/catchwater-probe",
            "run", "--state", self.state_of(vantage), user=self.user_of(vantage),
            environment=environment)

    def stop_probe(self, vantage, how=signal.SIGTERM):
        _end(self.probes.pop(vantage), how)

    def enroll(self, vantage, **changes):
        node = self.lab.nodes()[vantage]
        options = {"name": vantage, "asn": node["as"], "lat": node["position"][0],
                   "lon": node["position"][1], **changes}
        if "token" not in options:
            options["token"] = self.token()
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        done = self.lab.exec(
            vantage, f"{self.programs}/catchwater-probe", "enroll",
            "--collector", f"https://{self.address}:{self.port}", "--ca", f"{self.folder}/ca.pem",
            "--state", self.state_of(vantage), *words, user=self.user_of(vantage))
        if done.returncode:
            raise LabError(f"enroll {vantage}: {done.stderr.strip()}")

    # Asking

    def catchwater(self, *words, check=True):
        """Runs the collector's CLI; what it prints."""
        done = subprocess.run(
            [f"{self.programs}/catchwater", words[0], "--config", self.config, *words[1:]],
            capture_output=True, text=True, check=False, timeout=60)
        if check and done.returncode:
            raise LabError(f"catchwater {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def catchwater_fails(self, *words):
        """Runs what must be refused; what it says."""
        done = subprocess.run(
            [f"{self.programs}/catchwater", words[0], "--config", self.config, *words[1:]],
            capture_output=True, text=True, check=False, timeout=60)
        if not done.returncode:
            raise LabError(f"catchwater {' '.join(words)} was not refused")
        return done.stderr

    def json(self, *words):
        return json.loads(self.catchwater(*words, "--json"))

    def query(self, sql, *values):
        """Rows of the collector's database, read beside it."""
        with contextlib.closing(sqlite3.connect(
                f"file:{self.database}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(sql, values).fetchall()

    def token(self, *words):
        return self.catchwater("token", "new", *words).split()[0]

    def landings(self):
        """{vantage: {"v4": site or None, "v6": ...}}, to compare with truth."""
        result = {v: {"v4": None, "v6": None} for v in self.vantages}
        for row in self.json("catchment")["landings"]:
            name, family = row["vantage"].split("/")
            if row["state"] == "stable":
                result[name][f"v{family}"] = row["site"]
        return result

    def truth(self):
        return {vantage: {family: landing["site"] for family, landing in both.items()}
                for vantage, both in self.lab.truth().items()}

    def wait_for_truth(self, timeout=60):
        """Waits until every landing equals the truth; how long it took."""
        begun = time.monotonic()
        self.wait("all landings to equal the truth",
                  lambda: self.landings() == self.truth(), timeout, self._difference)
        return time.monotonic() - begun

    def events(self, *words):
        return self.json("events", *words)

    def wait(self, what, condition, timeout=60, explain=lambda: ""):
        """Waits for a condition; LabError says what did not come."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with contextlib.suppress(LabError):
                result = condition()
                if result:
                    return result
            time.sleep(0.2)
        raise LabError(f"waited {timeout} s for {what} {explain()}")

    def state_of(self, vantage):
        return f"{self.folder}/{vantage}"

    def memory_of(self, vantage):
        """Where its probe keeps in memory what it has not uploaded, or None."""
        spool = os.stat(f"{self.state_of(vantage)}/spool")
        found = glob.glob(f"/dev/shm/catchwater-probe-*-{spool.st_dev:x}-{spool.st_ino:x}")
        return found[0] if found else None

    def user_of(self, vantage):
        """Every other probe is an ordinary user's; all of them are the user's
        that the environment's CATCHWATER_LAB_USER names."""
        if vantage not in self.vantages:   # a site: BIRD's socket is root's here
            return None
        return os.environ.get("CATCHWATER_LAB_USER") or (
            ORDINARY_USER if self.vantages.index(vantage) % 2 else None)

    # Inside

    def _start(self, node, log, *words, user=None, environment=None):
        with open(log, "ab") as file:
            return self.lab.popen(node, *words, user=user, stdin=subprocess.DEVNULL,
                                  stdout=file, stderr=file,
                                  env={**os.environ, **(environment or {})})

    def _is_listening(self):
        if self.collector.poll() is not None:
            with open(f"{self.folder}/collector.log", encoding="utf-8") as file:
                raise SystemExit(f"the collector ended: {file.read()[-2000:]}")
        done = self.lab.exec("collector", "curl", "-sf", "--cacert", f"{self.folder}/ca.pem",
                             f"https://{self.address}:{self.port}/healthz")
        return done.returncode == 0

    def _difference(self):
        landings, truth = self.landings(), self.truth()
        return {v: (landings[v], truth[v]) for v in truth if landings[v] != truth[v]}

    def _announce_all(self):
        """Each site's own automation: says whether it announces, with a lease."""
        while not self._stopping.wait(ANNOUNCE_EVERY_S):
            for site in set(self.sites) - self.spoken:
                for family in (4, 6):
                    word = "up" if self.lab.is_announced(site, family) else "down"
                    with contextlib.suppress(LabError):
                        self.catchwater("announce", site, word, "--lease", f"{LEASE_S}s",
                                        "--family", str(family))

    def _write_config(self):
        lines = self.lab.service_config().rstrip().removesuffix("}")
        periods = "".join(f"  {key} = {value}\n" for key, value in self.periods.items())
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f'listen = "[::]:{self.port}"\n'
                       f'database = "{self.database}"\n'
                       f"upload_every = {self.upload_every}\n"
                       f'tls {{ certificate = "{self.folder}/server.pem" '
                       f'key = "{self.folder}/server.key" }}\n'
                       f'alert "ops" {{ webhook = "{self.webhook.url}" }}\n'
                       f"{lines}{periods}}}\n{self.extra}")

    def _make_certificates(self):
        certificates.make_ca(self.folder)
        certificates.make_server(
            self.folder, "server", "collector",
            [f"IP:{self.address}", f"IP:{self.lab.nodes()['collector']['v6']}"])
        for vantage in self.vantages:
            if self.user_of(vantage):
                os.makedirs(self.state_of(vantage), mode=0o700)
                users.give(self.state_of(vantage), self.user_of(vantage))


def copy_programs(build, folder):
    """From a build folder (None: this tree's) to where every user may run them."""
    for name in PROGRAMS:
        shutil.copy(f"{build or ROOT + '/build'}/{name}", folder)


def _end(child, how):
    if child is None:
        return
    child.send_signal(how)
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
