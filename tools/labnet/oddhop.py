"""A router's own ICMP errors, made by hand.                        (program)

    python3 -m labnet.oddhop INTERFACE SOURCE4 SOURCE6 [EXTENSION]

For each packet that comes in on the interface and expires, sends a "time
exceeded" from the source address, with an extension (RFC 4884; hexadecimal)
or without.  Prints "ready" when it listens.
"""

import socket
import struct
import sys

from . import sniff

QUOTE_BYTES = 128          # exactly, before an extension
EXCEEDED = {4: 11, 6: 3}   # ICMP and ICMPv6 types
ECHO = {4: (1, 8), 6: (58, 128)}   # protocol, type of a request
LENGTH_UNIT = {4: 4, 6: 8}


def main(interface, source4, source6, extension=""):
    extension = bytes.fromhex(extension)
    sockets = {4: _open(socket.AF_INET, socket.IPPROTO_ICMP, source4),
               6: _open(socket.AF_INET6, socket.IPPROTO_ICMPV6, source6)}
    listening = sniff.listen([interface])
    print("ready", flush=True)
    for packet in sniff.packets(listening):
        if packet.ttl == 1 and not _is_error(packet):
            try:
                sockets[packet.family].sendto(
                    error_about(packet.family, packet.bytes, extension), (packet.source, 0))
            except OSError:
                pass   # the link is down: no answer, as of any router


def error_about(family, quoted, extension):
    """The ICMP message; the kernel fills in ICMPv6's checksum."""
    quote = quoted[:QUOTE_BYTES].ljust(QUOTE_BYTES if extension else 0, b"\0")
    length = QUOTE_BYTES // LENGTH_UNIT[family] if extension else 0
    unused = bytes([0, length, 0, 0]) if family == 4 else bytes([length, 0, 0, 0])
    head = bytes([EXCEEDED[family], 0])
    rest = unused + quote + extension
    checksum = _checksum(head + b"\0\0" + rest) if family == 4 else 0
    return head + struct.pack("!H", checksum) + rest


def mpls(labels):
    """The extension of a router inside MPLS (RFC 4950): (label, TC, TTL)..."""
    stack = b"".join(
        struct.pack("!I", label << 12 | tc << 9 | (n == len(labels)) << 8 | ttl)
        for n, (label, tc, ttl) in enumerate(labels, 1))
    objects = struct.pack("!HBB", 4 + len(stack), 1, 1) + stack
    return struct.pack("!BBH", 2 << 4, 0, _checksum(b"\x20\0\0\0" + objects)) + objects


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2 + len(data) % 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _is_error(packet):
    protocol, request = ECHO[packet.family]
    return packet.protocol == protocol and packet.payload[:1] != bytes([request])


def _open(family, protocol, source):
    sock = socket.socket(family, socket.SOCK_RAW, protocol)
    sock.bind((source, 0))
    return sock


if __name__ == "__main__":
    main(*sys.argv[1:])
