"""ClickHouse on loopback, in a folder, for as long as it is compared. (edge)"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from labnet.errors import LabError

PATIENCE_S = 60
CONFIG = """<yandex>
  <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>268435456</mark_cache_size>
</yandex>
"""
# One thread, as our queries have.
USERS = """<yandex>
  <profiles><default><max_threads>1</max_threads></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
"""


class ClickHouse:
    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/"

    def run(self, sql, rows=b""):
        """The server's answer to a statement, with rows to insert behind it."""
        query = urllib.parse.urlencode({"query": sql})
        try:
            with urllib.request.urlopen(f"{self._url}?{query}", data=rows or b" ",
                                        timeout=600) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise LabError(f"ClickHouse: {error.read(500).decode(errors='replace')}") from error

    def seconds(self, sql):
        """How long the server says that a query took, and its rows."""
        told = json.loads(self.run(sql + " FORMAT JSON"))
        return told["statistics"]["elapsed"], told["data"]


@contextlib.contextmanager
def clickhouse(folder):
    """A server of Debian's package.  LabError: it is not there, or does not start."""
    program = shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise LabError("no clickhouse-server here (Debian: clickhouse-server)")
    for name in "data", "tmp":
        os.makedirs(f"{folder}/{name}")
    http, tcp = _free_port(), _free_port()
    for name, text in ("config.xml", CONFIG), ("users.xml", USERS):
        with open(f"{folder}/{name}", "w", encoding="ascii") as file:
            file.write(text.format(folder=folder, http=http, tcp=tcp))
    with subprocess.Popen([program, f"--config-file={folder}/config.xml"], cwd=folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield _wait(ClickHouse(http), server)
        finally:
            server.kill()


def _wait(peer, server):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            peer.run("SELECT 1")
            return peer
        except OSError:
            time.sleep(0.1)
    raise LabError("clickhouse-server does not start here")


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
