"""What arrives at a node, before any packet filter.                   (edge)"""

import select
import socket
from dataclasses import dataclass

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86dd
PACKET_OUTGOING = 4


@dataclass
class Packet:
    family: int
    ttl: int
    protocol: int
    source: str
    target: str
    payload: bytes   # after the IP header
    bytes: bytes     # from the IP header on


def listen(interfaces):
    """Sockets that hear from now on what arrives."""
    sockets = []
    for interface in interfaces:
        for kind in (ETH_P_IP, ETH_P_IPV6):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
            sock.bind((interface, kind))
            sockets.append(sock)
    return sockets


def packets(sockets, timeout=None):
    """Yields each packet; ends when none came for so many seconds."""
    while True:
        ready = select.select(sockets, [], [], timeout)[0]
        if not ready:
            return
        for sock in ready:
            data, (_, kind, way, *_) = sock.recvfrom(65535)
            if way != PACKET_OUTGOING:
                yield _read4(data) if kind == ETH_P_IP else _read6(data)


def _read4(data):
    total = int.from_bytes(data[2:4], "big")   # without what Ethernet pads
    return Packet(4, data[8], data[9], socket.inet_ntoa(data[12:16]),
                  socket.inet_ntoa(data[16:20]), data[(data[0] & 15) * 4:total], data[:total])


def _read6(data):
    total = 40 + int.from_bytes(data[4:6], "big")
    return Packet(6, data[7], data[6], socket.inet_ntop(socket.AF_INET6, data[8:24]),
                  socket.inet_ntop(socket.AF_INET6, data[24:40]), data[40:total], data[:total])
