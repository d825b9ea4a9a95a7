"""Holds queued packets for as long as their link is long.          (program)

    delayd.py PLAN      where PLAN is a JSON list of
                        {"netns": PATH, "delays_us": [delay of queue 0, ...]}

The kernel keeps the packets; only their numbers come here (nfnetlink_queue,
copy mode META) and go back as verdicts.  Prints "ready" when the queues are
served; ends when the first namespace is gone.
"""

import ctypes
import gc
import heapq
import json
import os
import select
import socket
import struct
import sys
import time

NETLINK_NETFILTER = 12
SOL_NETLINK, NETLINK_NO_ENOBUFS = 270, 5
SO_RCVBUFFORCE = 33   # for root of the host only
BUFFER_BYTES = 8 << 20
CLONE_NEWNET = 0x40000000
SUBSYS_QUEUE = 3 << 8
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = SUBSYS_QUEUE, SUBSYS_QUEUE | 1, SUBSYS_QUEUE | 2
NLMSG_ERROR = 2
NLM_F_REQUEST, NLM_F_ACK = 1, 4
CFG_CMD, CFG_PARAMS, CFG_MAXLEN = 1, 2, 3
CMD_BIND, COPY_META = 1, 1
VERDICT_HDR, NF_ACCEPT = 2, 1
QUEUE_LENGTH = 65536
CHECK_S = 1.0
OVERHEAD_NS = 80_000   # waking up and the verdict take time as well; measured


def main(plan_path):
    with open(plan_path, encoding="ascii") as file:
        plan = json.load(file)
    sockets = {}
    for part in plan:
        sock = open_in(part["netns"])
        for number in range(len(part["delays_us"])):
            bind_queue(sock, number)
        sock.setblocking(False)
        sockets[sock] = [d * 1000 - OVERHEAD_NS for d in part["delays_us"]]
    hurry()
    print("ready", flush=True)
    serve(sockets, plan[0]["netns"])


def open_in(netns):
    """A netfilter socket of another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as home, open(netns, "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {netns}")
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        libc.setns(home.fileno(), CLONE_NEWNET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    sock.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
    return sock


def bind_queue(sock, number):
    for attribute in (
            struct.pack("=HHBBH", 8, CFG_CMD, CMD_BIND, 0, 0),
            struct.pack("=HH", 9, CFG_PARAMS) + struct.pack("!IB3x", 0, COPY_META),
            struct.pack("=HH", 8, CFG_MAXLEN) + struct.pack("!I", QUEUE_LENGTH)):
        sock.send(message(MSG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, number, attribute))
        error = read_ack(sock)
        if error:
            raise OSError(-error, f"queue {number}: {os.strerror(-error)}")


def read_ack(sock):
    while True:
        data = sock.recv(8192)
        if struct.unpack_from("=IH", data)[1] == NLMSG_ERROR:
            return struct.unpack_from("=i", data, 16)[0]


def message(kind, flags, queue, attribute):
    """nlmsghdr, nfgenmsg, one attribute."""
    return struct.pack("=IHHIIBBH", 20 + len(attribute), kind, flags, 0, 0, 0, 0,
                       socket.htons(queue)) + attribute


def hurry():
    """A late verdict is a wrong delay."""
    gc.disable()
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


def serve(sockets, netns):
    held = []
    check_at = 0
    while True:
        now = time.monotonic_ns()
        release(held, now)
        if now >= check_at:
            if not os.path.exists(netns):
                return
            check_at = now + int(CHECK_S * 1e9)
        until = min(held[0][0] if held else check_at, check_at)
        wait = max(0, until - time.monotonic_ns()) / 1e9
        for sock in select.select(list(sockets), [], [], wait)[0]:
            take(sock, sockets[sock], held)


def take(sock, delays_ns, held):
    """Notes every packet that waits in the queues of one namespace."""
    while True:
        try:
            data = sock.recv(8192)
        except BlockingIOError:
            return
        kind = struct.unpack_from("=IH", data)[1]
        if kind != MSG_PACKET:
            continue
        # The header attribute, with the packet's number, always comes first.
        queue, number = struct.unpack_from("!H4xI", data, 18)
        due = time.monotonic_ns() + delays_ns[queue]
        heapq.heappush(held, (due, sock.fileno(), queue, number, sock))


def release(held, now):
    while held and held[0][0] <= now:
        _, _, queue, number, sock = heapq.heappop(held)
        verdict = struct.pack("=HH", 12, VERDICT_HDR) + struct.pack(
            "!II", NF_ACCEPT, number)
        try:
            sock.send(message(MSG_VERDICT, NLM_F_REQUEST, queue, verdict))
        except OSError:
            pass   # the kernel has dropped the packet with its interface


if __name__ == "__main__":
    main(sys.argv[1])
