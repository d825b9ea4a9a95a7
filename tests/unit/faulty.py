"""A collector whose disk, clock and end go wrong, and probes that send to it.

Used by test_faults.py, test_faults_disk.py, tools/torture.  The collector is the
unmodified program under tests/unit/faulty.c; the probes are threads of ours that
send signed batches as probes do: the next one after a 200 alone.
"""

import ctypes
import ctypes.util
import hashlib
import http.client
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import threading
import time

from attacked import BUILD, WAIT_S, Attacked, Key, batch, headers, observation

FAULTY = BUILD / "tests/unit/faulty.so"
ASK = BUILD / "tests/unit/ask"
POINTS = ("none", "verify", "verified", "step", "write", "sync", "synced", "answer", "answered")
WORDS = ("die_at", "die_in", "is_power", "delay_us", "offset_us", "write_errno")
# One address, many probes.
LIMITS = ("limits { requests_per_address = 0 requests_per_asn = 0"
          " enrolments_per_address = 0 enrolments_per_asn = 0 }\n")
SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium"))


class QuickKey(Key):
    """Signs in this process."""

    def __init__(self, seed=None):   # pylint: disable=super-init-not-called
        self.seed = seed or os.urandom(32)
        public = ctypes.create_string_buffer(32)
        SODIUM.crypto_sign_seed_keypair(public, ctypes.create_string_buffer(64), self.seed)
        self.public = public.raw
        self.probe = hashlib.blake2b(self.public, digest_size=32).hexdigest()[:16]

    def sign(self, message):
        out = ctypes.create_string_buffer(64)
        SODIUM.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)),
                                    self.seed + self.public)
        return out.raw


class Words:
    """What tests/unit/faulty.c is told: attributes are its words."""

    def __init__(self, path):
        n = len(WORDS) + len(POINTS)
        path.write_bytes(bytes(8 * n))
        with path.open("r+b") as file:
            super().__setattr__("_map", mmap.mmap(file.fileno(), 8 * n))

    def __getattr__(self, name):
        return struct.unpack_from("=q", self._map, 8 * WORDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("=q", self._map, 8 * WORDS.index(name), value)

    def passed(self, point):
        """How often the collector, of all starts, came by."""
        return struct.unpack_from("=q", self._map,
                                  8 * (len(WORDS) + POINTS.index(point)))[0]

    def die(self, point, n=1):
        """Lets it be killed at the nth pass from now on."""
        self.die_at = 0
        self.die_in = n
        self.die_at = POINTS.index(point)


class Faulty(Attacked):
    """`catchwater serve` under tests/unit/faulty.c."""

    def __init__(self, folder, more="", database=None):
        assert FAULTY.is_file(), f"{FAULTY} is not built: make tests"
        super().__init__(folder, LIMITS + more, database)
        self.tokens = None
        self.words = Words(folder / "words")
        self.environment = {"LD_PRELOAD": str(FAULTY),
                            "CATCHWATER_FAULTY": str(folder / "words")}

    def now_us(self):
        """Its wall clock."""
        return time.time_ns() // 1000 + self.words.offset_us

    def __exit__(self, *why):
        if self.process.poll() is None:   # else a test has killed it, and failed
            super().__exit__(*why)

    def try_start(self):
        """It may die on its way, where it was told to: does it listen?"""
        try:
            self.start()
        except AssertionError:
            assert self.process.wait(WAIT_S) == -signal.SIGKILL, self.log()
            return False
        return True

    def kill(self):
        """Returns when it is dead."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT_S)

    def wait_dead(self):
        """Until it has been killed at the point it was told."""
        assert self.process.wait(WAIT_S) == -signal.SIGKILL, self.log()
        self.words.die_at = 0

    def log(self):
        """Of all starts."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def verify(self, *words):
        """Asserts that `catchwater verify` finds nothing."""
        self.catchwater("verify", *words, "--config", self.config)

    def new_key(self):
        """Of a probe that has enrolled."""
        key = QuickKey()
        self.enrol_key(key)
        return key

    def enrol_key(self, key):
        """From now on it is a probe's."""
        self.tokens = self.tokens or self.token("--uses", "1000")
        said = {"token": self.tokens, "public_key": key.public.hex(), "name": f"p-{key.probe}",
                "version": "0", "asn": random.randrange(64512, 65000)}
        body = json.dumps(said).encode()
        status, answer = self.ask("POST", "/v1/enroll",
                                  headers(key, "POST", "/v1/enroll", body), body)
        assert status == 200, answer


class Sender(threading.Thread):
    """A probe: sends batches of n observations until it is told to stop, and keeps
    what was acknowledged.  `identity()` is who answers it."""

    def __init__(self, collector, identity=lambda: "ns1.ams", n=20, pause_s=0.01):
        super().__init__(daemon=True)
        self.collector = collector
        self.key = collector.new_key()
        self.identity = identity
        self.n, self.pause_s = n, pause_s
        self.acked = 0
        self.made = []      # (first seq of a batch, when by the collector's clock)
        self.refused = []   # statuses, with Retry-After, that were no 200
        self._stopping = threading.Event()
        self._connection = None

    def stop(self):
        """Returns when nothing is under way any more."""
        self._stopping.set()
        self.join()

    def hang_up(self):
        """The next batch goes by a connection of its own."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def run(self):
        while not self._stopping.is_set():
            post = self.sign()
            while not self.send(*post):
                if self._stopping.wait(0.05):
                    return
            self._stopping.wait(self.pause_s)

    def at_us(self, i):
        """When the next batch's ith observation was made."""
        return self.collector.now_us() - (self.n - i) * 1000

    def sign(self):
        """What comes after what was acknowledged: (body, headers)."""
        now_us = self.collector.now_us()
        self.made.append((self.acked + 1, now_us))
        body = batch(self.key.probe, [
            observation(self.acked + 1 + i, nsid=self.identity(),
                        at_us=self.at_us(i)) for i in range(self.n)],
            sent_at_us=now_us)
        return body, headers(self.key, "POST", "/v1/batches", body, self.acked + 1)

    def send(self, body, wanted):
        """Was it acknowledged?"""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPSConnection(
                    "127.0.0.1", self.collector.port, timeout=WAIT_S,
                    context=self.collector.context)
            self._connection.request("POST", "/v1/batches", body, wanted)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            return False
        if answer.status != 200:
            self.refused.append((answer.status, answer.headers["Retry-After"]))
            return False
        self.acked = json.loads(said)["acked"]
        return True


def stored(collector):
    """{probe: (rows, distinct seqs, first seq, last seq, acked)} of all observations,
    packed ones too."""
    done = subprocess.run(
        [ASK, collector.database,
         "SELECT p.id, count(o.seq), count(DISTINCT o.seq), coalesce(min(o.seq), 1),"
         " coalesce(max(o.seq), 0), p.acked_seq FROM probe p"
         " LEFT JOIN (SELECT v.probe_id, b.seq FROM observed b JOIN vantage v"
         " ON v.id = b.vantage_id) o ON o.probe_id = p.id GROUP BY p.id"],
        capture_output=True, text=True, check=False, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {row[0]: tuple(map(int, row[1:])) for row in rows}


def check_stored(collector, sender, keep_us=None, there=None):
    """Asserts that all that was acknowledged is there once, but for what came
    longer ago than keep_us.  How many there are."""
    n, n_seqs, first, last, told = (there or stored(collector))[sender.key.probe]
    what = f"{sender.key.probe}: {sender.acked} acknowledged; {n} stored, {first} to {last}"
    assert n_seqs == n == last - first + 1, f"{what}: a gap or a double"
    assert last >= sender.acked, f"{what}: lost"
    assert told >= last, what
    gone_us = 0 if keep_us is None else collector.now_us() - keep_us
    may_be_first = min((seq for seq, at_us in sender.made if at_us >= gone_us), default=last)
    assert first <= may_be_first, f"{what}: lost"
    return n
