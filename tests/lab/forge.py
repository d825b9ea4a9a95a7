"""Requests as a probe would sign them, or as an attacker would.

Independent of the C code: JSON by json, ed25519 by openssl(1), HTTP by curl(1).
"""

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import time

PKCS8_ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410
COMPONENTS = '("@method" "@path" "content-digest" "catchwater-seq")'


class Key:
    """An ed25519 key as openssl wants it."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        der = self._openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                            text=PKCS8_ED25519 + self.seed)
        self.public = der[-32:]
        self.probe = hashlib.blake2b(self.public, digest_size=32).hexdigest()[:16]

    @classmethod
    def of_probe(cls, state):
        """The key in a probe's state directory: 64 bytes, the seed first."""
        with open(f"{state}/key", "rb") as file:
            raw = file.read()
        if len(raw) != 64:
            raw = bytes.fromhex(raw.decode().split()[0])
        return cls(raw[:32])

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:
            key.write(PKCS8_ED25519 + self.seed)
            key.flush()
            text.write(message)
            text.flush()
            return self._openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER",
                                 "-inkey", key.name, "-in", text.name)

    @staticmethod
    def _openssl(*words, text=b""):
        return subprocess.run(["openssl", *words], input=text, check=True,
                              stdout=subprocess.PIPE).stdout


def headers(key, method, path, body, seq=0, probe=None):
    """The headers of a signed request, as a dictionary."""
    digest = "sha-512=:" + base64.b64encode(hashlib.sha512(body).digest()).decode() + ":"
    parameters = f'{COMPONENTS};keyid="{probe or key.probe}";alg="ed25519"'
    base = (f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n'
            f'"catchwater-seq": {seq}\n"@signature-params": {parameters}')
    return {
        "Content-Digest": digest, "Catchwater-Seq": str(seq),
        "Signature-Input": f"sig1={parameters}",
        "Signature": "sig1=:" + base64.b64encode(key.sign(base.encode())).decode() + ":",
    }


def observation(seq, target="192.0.2.53", nsid="ns1.ams.anycast.example", at_us=None):
    """A DNS observation as the wire has it."""
    return {"seq": seq, "at_us": at_us or time.time_ns() // 1000, "kind": "dns",
            "why": "round", "proto": "udp", "stamp": "kernel", "outcome": "ok",
            "target": target, "port": 53, "source": "203.0.113.9", "source_port": 33000,
            "rcode": 0, "rtt_us": 20000, "size_bytes": 100, "aa": True, "serial": 1,
            "late": 0, "duplicate": 0, "nsid": nsid.encode().hex()}


def batch(probe, observations, sent_at_us=None):
    """The body of a batch: a header line, then the observations."""
    now = sent_at_us or time.time_ns() // 1000
    header = {"probe": probe, "version": "forged", "first_seq": observations[0]["seq"],
              "last_seq": observations[-1]["seq"], "sent_at_us": now, "anchor_at_us": now,
              "anchor_mono_us": 1, "clock": "unknown", "lost": 0}
    return "".join(json.dumps(line, separators=(",", ":")) + "\n"
                   for line in [header, *observations]).encode()


def post(world, path, body, wanted, method="POST", node="berlin"):
    """Sends it from a node; (status, answer)."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        done = world.lab.exec(
            node, "curl", "-s", "--cacert", f"{world.folder}/ca.pem", "-X", method,
            "--data-binary", f"@{file.name}", "-w", "\n%{http_code}",
            *[word for name, value in wanted.items() for word in ("-H", f"{name}: {value}")],
            f"https://{world.address}:8420{path}")
    answer, status = done.stdout.rsplit("\n", 1)
    return int(status), answer
