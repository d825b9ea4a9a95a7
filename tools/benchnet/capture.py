"""What passed the prober's device, with the kernel's times.           (edge)"""

import contextlib
import signal
import socket
import struct
import subprocess
import time
import types

from labnet.errors import LabError

NANOSECOND_MAGIC = 0xa1b23c4d
BUFFER_KB = 32768
SNAP = 200
BLOCK_S = 1.2   # tcpdump gets a block of packets after a second at the latest
ETHERNET, IPV4_LEAST = 14, 20
ICMP, UDP = 1, 17


@contextlib.contextmanager
def capture(world, device, what):
    """Captures on a device of the prober.  The list that it gives is filled
    when the block ends: packets with at_ns, is_out, source, target, protocol
    and payload (what follows the header of IP)."""
    base = f"{world.folder}/capture-{device}"
    packets = []
    with open(f"{base}.err", "wb") as complaints:
        child = world.popen("prober", "tcpdump", "-n", "-i", device, "-j", "host",
                            "--time-stamp-precision=nano", "-B", str(BUFFER_KB), "-s", str(SNAP),
                            "-w", f"{base}.pcap", what, stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
        # It listens only after it has said so.
        said = child.stderr.readline()
        while said and b"listening on" not in said:
            said = child.stderr.readline()
        complaints.write(said)
    try:
        yield packets
        time.sleep(BLOCK_S)
    finally:
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[1].decode()
    if "0 packets dropped by kernel" not in said:
        raise LabError(f"tcpdump: {said.strip()}")
    packets += _read(f"{base}.pcap", _addresses(world, device))


def _addresses(world, device):
    shown = world.exec("prober", "ip", "-br", "-4", "address", "show", "dev", device).stdout
    return {word.split("/")[0] for word in shown.split()[2:]}


def _read(path, own):
    with open(path, "rb") as file:
        magic = struct.unpack("=I20x", file.read(24))[0]
        if magic != NANOSECOND_MAGIC:
            raise LabError(f"{path}: not a capture in nanoseconds")
        while head := file.read(16):
            seconds, ns, length, _ = struct.unpack("=IIII", head)
            packet = _decode(file.read(length), own)
            if packet:
                packet.at_ns = seconds * 1_000_000_000 + ns
                yield packet


def _decode(frame, own):
    """An IPv4 packet; None for anything else."""
    if len(frame) < ETHERNET + IPV4_LEAST or frame[12:14] != b"\x08\x00":
        return None
    head = (frame[ETHERNET] & 15) * 4
    source = socket.inet_ntoa(frame[ETHERNET + 12:ETHERNET + 16])
    return types.SimpleNamespace(
        source=source, target=socket.inet_ntoa(frame[ETHERNET + 16:ETHERNET + 20]),
        protocol=frame[ETHERNET + 9], is_out=source in own,
        payload=frame[ETHERNET + head:])
