"""The filter for machines that this one is not: read, and run step by step.

Asks the built generator: CATCHWATER_BUILD, else build/.
"""

import os
import pathlib
import re
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
ALLOW, KILL, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050000 | 38
AF_INET, AF_PACKET, SOCK_DGRAM, SOCK_RAW = 2, 17, 2, 3
SIGCHLD, CLONE_NEWUSER, TIOCSTI, FIONBIO = 17, 0x10000000, 0x5412, 0x5421
AUDIT_ARCH = {"x86_64-linux-gnu": 0xC000003E, "aarch64-linux-gnu": 0xC00000B7}

# Call, its number on either machine, arguments, answer.
CASES = [
    ("openat", 257, 56, (), ALLOW),
    ("execve", 59, 221, (), ALLOW),
    ("epoll_pwait", 281, 22, (), ALLOW),
    ("ppoll", 271, 73, (), ALLOW),
    ("sendmmsg", 307, 269, (), ALLOW),
    ("recvmmsg", 299, 243, (), ALLOW),
    ("pipe2", 293, 59, (), ALLOW),
    ("dup3", 292, 24, (), ALLOW),
    ("newfstatat", 262, 79, (), ALLOW),
    ("faccessat", 269, 48, (), ALLOW),
    ("readlinkat", 267, 78, (), ALLOW),
    ("unlinkat", 263, 35, (), ALLOW),
    ("fdatasync", 75, 83, (), ALLOW),
    ("getrandom", 318, 278, (), ALLOW),
    ("rseq", 334, 293, (), ALLOW),
    ("fork", 56, 220, (SIGCHLD,), ALLOW),
    ("ioctl FIONBIO", 16, 29, (0, FIONBIO), ALLOW),
    ("ioctl TIOCSTI", 16, 29, (0, TIOCSTI), ENOSYS),
    ("socket inet", 41, 198, (AF_INET, SOCK_DGRAM), ALLOW),
    ("socket raw", 41, 198, (AF_INET, SOCK_RAW), ENOSYS),
    ("socket packet", 41, 198, (AF_PACKET, SOCK_DGRAM), ENOSYS),
    ("clone newuser", 56, 220, (CLONE_NEWUSER | SIGCHLD,), ENOSYS),
    ("clone3", 435, 435, (), ENOSYS),
    ("io_uring_setup", 425, 425, (), ENOSYS),
    ("a call of the future", 9999, 9999, (), ENOSYS),
    ("ptrace", 101, 117, (), KILL),
    ("mount", 165, 40, (), KILL),
    ("bpf", 321, 280, (), KILL),
    ("unshare", 272, 97, (), KILL),
    ("perf_event_open", 298, 241, (), KILL),
    ("kexec_load", 246, 104, (), KILL),
]


# The same for the collector, where it has another answer.
COLLECTOR = {"execve": ENOSYS, "clone3": ENOSYS, "a call of the future": ALLOW,
             "socket packet": ENOSYS, "socket raw": ENOSYS}


def program_for(machine, kind="sandbox"):
    text = subprocess.run([BUILD / "tools/seccomp-filter", machine, kind],
                          capture_output=True, text=True, check=True).stdout
    steps = re.findall(r"\{ (0x\w+), (\d+), (\d+), (0x\w+) \}", text)
    return [tuple(int(word, 0) for word in step) for step in steps]


def run(program, arch, number, args):
    """The answer of a classic BPF program to one system call."""
    data = struct.pack("<IIQ6Q", number, arch, 0, *(list(args) + [0] * 6)[:6])
    value, at = 0, 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        if code == 0x20:  # load
            value = struct.unpack_from("<I", data, k)[0]
        elif code == 0x54:  # and
            value &= k
        elif code == 0x05:  # jump
            at += k
        elif code == 0x06:  # return
            return k
        else:
            tests = {0x15: value == k, 0x25: value > k, 0x35: value >= k, 0x45: value & k}
            at += if_true if tests[code] else if_false


@pytest.mark.parametrize("machine", AUDIT_ARCH)
def test_each_call_has_its_answer(machine):
    program = program_for(machine)
    for name, x86_64, aarch64, args, answer in CASES:
        number = x86_64 if machine.startswith("x86_64") else aarch64
        assert run(program, AUDIT_ARCH[machine], number, args) == answer, name


@pytest.mark.parametrize("machine", AUDIT_ARCH)
def test_each_call_of_a_collector_has_its_answer(machine):
    program = program_for(machine, "confine")
    for name, x86_64, aarch64, args, answer in CASES:
        number = x86_64 if machine.startswith("x86_64") else aarch64
        assert run(program, AUDIT_ARCH[machine], number, args) == \
            COLLECTOR.get(name, answer), name


@pytest.mark.parametrize("kind", ["sandbox", "confine"])
@pytest.mark.parametrize("machine", AUDIT_ARCH)
def test_the_calls_of_another_machine_are_deadly(machine, kind):
    i386 = 0x40000003
    assert run(program_for(machine, kind), i386, 4, ()) == KILL


def test_a_machine_without_a_filter_is_built_all_the_same():
    assert program_for("mips-linux-gnu") == [(0x06, 0, 0, ALLOW)]
