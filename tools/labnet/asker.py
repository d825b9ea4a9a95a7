"""Asks DNS servers from inside the namespaces, all at once.           (edge)"""

import contextlib
import random
import select
import socket
import time

from . import dnsmsg, netns
from .topology import ZONE

SOCKET_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
RESEND_S = 1.0


def ask(questions, timeout_s):
    """questions: {key: (namespace, family, address)}.  The NSID of each
    answer by key; a key without an answer is left out."""
    sockets = {key: _open(*question) for key, question in questions.items()}
    sockets = {key: sock for key, sock in sockets.items() if sock}
    try:
        return _ask(sockets, time.monotonic() + timeout_s)
    finally:
        for sock in sockets.values():
            sock.close()


def _open(namespace, family, address):
    """None if there is no route, hence no answer."""
    with netns.entered(namespace):
        sock = socket.socket(SOCKET_FAMILY[family], socket.SOCK_DGRAM)
    sock.setblocking(False)
    try:
        sock.connect((address, 53))
    except OSError:
        sock.close()
        return None
    return sock


def _ask(sockets, deadline):
    answers, ident, resend_at = {}, random.getrandbits(16), 0
    while len(answers) < len(sockets) and time.monotonic() < deadline:
        open_ones = {s: k for k, s in sockets.items() if k not in answers}
        if time.monotonic() >= resend_at:
            _send(open_ones, dnsmsg.question(ZONE, ident))
            resend_at = time.monotonic() + RESEND_S
        wait = max(0, min(resend_at, deadline) - time.monotonic())
        for sock in select.select(list(open_ones), [], [], wait)[0]:
            with contextlib.suppress(OSError):
                nsid = dnsmsg.nsid(sock.recv(4096), ident)
                if nsid is not None:
                    answers[open_ones[sock]] = nsid
    return answers


def _send(sockets, message):
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.send(message)
