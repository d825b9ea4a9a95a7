"""measure --pcap: our packets, both ways, and nobody else's."""

import json
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest

from conftest import read_capture
from labnet.topology import ANYCAST, ZONE

NODE = "berlin"
pytestmark = pytest.mark.privileged   # it takes CAP_NET_RAW


@pytest.fixture(name="measure", scope="module")
def _measure(world):
    return [f"{world.programs}/catchwater-probe", "measure", "--zone", ZONE]


@pytest.fixture(name="folder")
def _folder():
    with tempfile.TemporaryDirectory(prefix="catchwater-test-") as name:
        yield pathlib.Path(name)


def packets(path):
    """tcpdump's line of each packet in a file."""
    return read_capture(path).splitlines()


def test_every_question_and_answer_is_kept_and_no_neighbour(lab, measure, folder):
    path = folder / "ours.pcap"
    other = lab.nodes()["sin"]["v4"]
    noise = lab.popen(NODE, "ping", "-q", "-i", "0.05", other, stdout=subprocess.DEVNULL)
    done = lab.exec(NODE, *measure, "--count", "3", "--json", "--pcap", path,
                    ANYCAST[4], ANYCAST[6])
    noise.send_signal(signal.SIGINT)
    noise.wait(timeout=30)
    assert done.returncode == 0, done.stderr
    rows = packets(path)
    assert re.search(rf"ours.pcap: {len(rows)} packets, 0 dropped", done.stderr)
    assert not [row for row in rows if f"{other}" in row]
    for record in map(json.loads, done.stdout.splitlines()):
        if record["kind"] == "dns":
            here = f"{record['source']}.{record['source_port']}"
            there = f"{record['target']}.53"
            asked = [row for row in rows if f"{here} > {there}" in row and "SOA?" in row]
            told = [row for row in rows if f"{there} > {here}" in row]
            assert len(asked) >= 3 and len(told) >= 3
        if record["kind"] == "ping":
            target = record["target"]
            assert [row for row in rows if f"> {target}: ICMP" in row and "request" in row]
            assert [row for row in rows if f" {target} > " in row and "reply" in row]
        if record["kind"] == "trace":
            routers = [hop["address"] for hop in record["hops"] if not hop.get("target")]
            assert routers
            for router in routers:
                assert [row for row in rows if f" {router} > " in row and
                        "time exceeded" in row]


def test_stamps_are_in_nanoseconds_and_the_interface_is_named(lab, measure, folder):
    path = folder / "ours.pcap"
    done = lab.exec(NODE, *measure, "--dns", "--count", "1", "--pcap", path, ANYCAST[4])
    assert done.returncode == 0, done.stderr
    head = path.read_bytes()[:24]
    assert int.from_bytes(head[:4], "little") == 0xA1B23C4D
    assert int.from_bytes(head[20:24], "little") == 276     # LINUX_SLL2
    assert oct(path.stat().st_mode)[-3:] == "644"


def test_an_interrupted_capture_can_be_read(lab, measure, folder):
    path = folder / "ours.pcap"
    child = lab.popen(NODE, *measure, "--dns", "--count", "1000", "--interval", "0.05",
                      "--json", "--pcap", path, ANYCAST[4], stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE, text=True)
    for _ in range(10):
        assert child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    rows = packets(path)
    assert len(rows) >= 20
    assert f"{len(rows)} packets" in told


def test_more_targets_than_a_filter_can_name(lab, measure, folder):
    path = folder / "ours.pcap"
    silent = [f"192.0.2.{i}" for i in range(100, 140)]
    done = lab.exec(NODE, *measure, "--dns", "--count", "1", "--timeout", "1", "--pcap", path,
                    *silent, ANYCAST[4])
    assert done.returncode == 1     # not all answered
    rows = packets(path)
    for target in [*silent, ANYCAST[4]]:
        assert [row for row in rows if f"> {target}.53:" in row], target


def test_a_file_that_cannot_be_made_is_an_error(lab, measure):
    done = lab.exec(NODE, *measure, "--dns", "--count", "1", "--pcap", "/nonexistent/x",
                    ANYCAST[4])
    assert done.returncode != 0
    assert "/nonexistent/x" in done.stderr
    assert done.stdout == ""
