"""Daemons of the lab and their pid files.                             (edge)

A pid file holds the pid and the time at which that process started, so that
a number which the kernel has given to somebody else is never killed.
"""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import time

from . import netns
from .errors import LabError

KILL_WAIT_S = 5
TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_children = []   # so that Python reaps what this very process has started


def start(state, name, argv, inside, stdout=None):
    """Starts a daemon in namespace `inside`, in a session of its own; what
    it says goes to a log file, never to our own output."""
    with open(f"{state}/{name}.log", "ab") as log:
        child = subprocess.Popen(
            netns.prefix_command(inside) + _unconfined() + argv, stdin=subprocess.DEVNULL,
            stdout=stdout or log, stderr=log, start_new_session=True,
            cwd=state, env={**os.environ, "PYTHONPATH": TOOLS})
    _children.append(child)
    with open(f"{state}/{name}.pid", "w", encoding="ascii") as file:
        file.write(f"{child.pid} {_started(child.pid)}\n")
    return child


def start_ready(state, name, argv, inside):
    """Starts a program of ours and waits until it says "ready"."""
    child = start(state, name, argv, inside, stdout=subprocess.PIPE)
    with child.stdout:
        if child.stdout.readline() != b"ready\n":
            raise LabError(f"{name} did not start: see {state}/{name}.log")


def find(state, name):
    """The pid of a daemon; None if it does not run."""
    for child in _children:
        child.poll()
    try:
        with open(f"{state}/{name}.pid", encoding="ascii") as file:
            pid, started = file.read().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _started(int(pid)) == started else None


def send_signal(state, name, number):
    """Signals a daemon and its children; False if it does not run."""
    pid = find(state, name)
    if pid is None:
        return False
    os.killpg(pid, number)
    return True


def stop(state, name):
    """Kills a daemon and waits until it is gone."""
    send_signal(state, name, signal.SIGKILL)
    _wait(lambda: find(state, name) is None, name)


def stop_all(state):
    """Kills every daemon that has a pid file."""
    for file in glob.glob(f"{state}/*.pid"):
        with contextlib.suppress(ProcessLookupError):
            stop(state, os.path.basename(file)[:-len(".pid")])


def stop_inside(namespaces):
    """Kills whatever runs in the given namespaces."""
    inodes = {os.stat(netns.path(n)).st_ino for n in namespaces}

    def is_empty():
        pids = _inside(inodes)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    _wait(is_empty, "processes in the namespaces")


def _unconfined():
    """AppArmor profiles of distributions allow daemons their usual paths
    only, not a state directory of ours."""
    with contextlib.suppress(OSError):
        with open("/sys/module/apparmor/parameters/enabled", encoding="ascii") as file:
            if file.read().strip() == "Y" and shutil.which("aa-exec"):
                return ["aa-exec", "-p", "unconfined", "--"]
    return []


def _inside(inodes):
    pids = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{entry.name}/ns/net").st_ino in inodes:
                    pids.append(int(entry.name))
    return pids


def _started(pid):
    """Start time in clock ticks since boot, as text; None for the dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _wait(is_done, what):
    deadline = time.monotonic() + KILL_WAIT_S
    while not is_done():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: still there {KILL_WAIT_S} s after SIGKILL")
        time.sleep(0.005)
