"""Whoever is told by an alert's channels, started for a test on loopback:       (edge)
Debian's Prometheus, Alertmanager, Exim and rsyslogd, and a web server of ours.

Used by tests/unit/test_channels.py.  Nothing runs as a service of the system, and
each is ended with its test.
"""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socketserver
import ssl
import subprocess
import tempfile
import threading
import urllib.request

import pytest

from served import ROOT, free_port, wait_until

EXIM = """
{user}
primary_hostname = mx.example.net
spool_directory = {folder}/spool
log_file_path = {folder}/exim-%slog
deliver_drop_privilege = true
message_logs = false
keep_environment =
tls_advertise_hosts =
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = example.net
  deny message = not here
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/mail
"""
RSYSLOG = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log.socket" CreatePath="off")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{port}")
template(name="fields" type="list" option.jsonf="on") {{
  property(outname="app" name="app-name" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="what" name="msgid" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
action(type="omfile" file="{folder}/lines" template="fields")
"""
ALERTMANAGER = """
route: {{ receiver: hook, group_by: [service], group_wait: 1s, group_interval: 1s }}
receivers: [{{ name: hook, webhook_configs: [{{ url: "{hook}" }}] }}]
"""
PROMETHEUS = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: ["{rules}"]
alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ["{manager}"] }}] }}] }}
scrape_configs: [{{ job_name: catchwater, static_configs: [{{ targets: ["{collector}"] }}] }}]
"""


def program(name, package):
    """Its path; the test is skipped where Debian's package is not installed."""
    path = shutil.which(name, path="/usr/bin:/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return path


@contextlib.contextmanager
def running(*words, log):
    """A program until the end of the block."""
    with open(log, "wb") as output, subprocess.Popen(
            [str(word) for word in words], stdout=output, stderr=output,
            stdin=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def fetch(url):
    """JSON from there, or None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())
    except OSError:
        return None


class Hook:
    """A web server that answers what `judge(key, nth time)` says: a status, or None
    for a connection that is closed without a word."""

    def __init__(self, judge=lambda key, n: 204):
        self.judge, self.came = judge, []
        self._seen, self._lock = {}, threading.Lock()

    def take(self, key, body):
        with self._lock:
            self._seen[key] = n = self._seen.get(key, 0) + 1
            self.came.append((key, json.loads(body)))
        return self.judge(key, n)

    @contextlib.contextmanager
    def serving(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.take(self.headers["Idempotency-Key"], body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/hook"
            finally:
                server.shutdown()


def _pump(read, write, close):
    with contextlib.suppress(OSError, ValueError):  # one of the two was closed
        while bytes_ := read(65536):
            write(bytes_)
    with contextlib.suppress(OSError):
        close()


@contextlib.contextmanager
def exim():
    """Exim's address, and the path of the mailbox it delivers to.  Who is not root may
    not have it listen: each connection is handed to an `exim -bs` of its own."""
    path = program("exim4", "exim4-daemon-light")
    with tempfile.TemporaryDirectory(prefix="exim.") as folder:
        with _exim(path, pathlib.Path(folder)) as server:
            yield server, pathlib.Path(folder) / "mail"


@contextlib.contextmanager
def _exim(path, folder):
    folder.chmod(0o777)  # started by root it becomes a user of its own
    user = f"exim_user = {os.getuid()}\nexim_group = {os.getgid()}" if os.getuid() else ""
    (folder / "exim.conf").write_text(EXIM.format(folder=folder, user=user))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with subprocess.Popen(
                    [path, "-C", folder / "exim.conf", "-odi", "-bs"], bufsize=0,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
                threading.Thread(target=_pump, daemon=True, args=(
                    self.request.recv, child.stdin.write, child.stdin.close)).start()
                _pump(child.stdout.read, self.request.sendall, child.stdout.close)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def rsyslog(folder):
    """The paths of its socket and its UDP port; its lines are JSON in `folder`/lines."""
    path, port = program("rsyslogd", "rsyslog"), free_port()
    (folder / "rsyslog.conf").write_text(RSYSLOG.format(folder=folder, port=port))
    with running(path, "-n", "-f", folder / "rsyslog.conf", "-i", folder / "rsyslog.pid",
                 log=folder / "rsyslog.log"):
        wait_until((folder / "log.socket").exists, "rsyslogd's socket")
        yield folder / "log.socket", f"udp://127.0.0.1:{port}"


@contextlib.contextmanager
def alertmanager(folder, hook):
    """Its address; what it tells, it tells the hook."""
    path, port = program("prometheus-alertmanager", "prometheus-alertmanager"), free_port()
    (folder / "alertmanager.yml").write_text(ALERTMANAGER.format(hook=hook))
    with running(path, f"--config.file={folder}/alertmanager.yml",
                 f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                 f"--storage.path={folder}/alertmanager", log=folder / "alertmanager.log"):
        wait_until(lambda: fetch(f"http://127.0.0.1:{port}/api/v2/status"), "Alertmanager")
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def prometheus(folder, collector, manager):
    """Its address; it scrapes the collector by our rules and tells the manager."""
    path, port = program("prometheus", "prometheus"), free_port()
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(
        rules=ROOT / "tools/prometheus/catchwater.rules.yml", collector=collector,
        manager=manager))
    with running(path, f"--config.file={folder}/prometheus.yml",
                 f"--web.listen-address=127.0.0.1:{port}",
                 f"--storage.tsdb.path={folder}/tsdb", log=folder / "prometheus.log"):
        wait_until(lambda: fetch(f"http://127.0.0.1:{port}/api/v1/status/config"), "Prometheus")
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def quiet_tls(folder):
    """The port of a server that shows `folder`/server.pem and says nothing more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                context.wrap_socket(self.request, server_side=True).recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
