"""Speaks with a BIRD over its control socket.                         (edge)"""

import socket

from .errors import LabError

TIMEOUT_S = 5


def ask(path, command):
    """Sends one command; its answer as lines without reply codes."""
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.connect(path)
            with sock.makefile("rw", encoding="utf-8") as stream:
                _read_reply(stream)
                stream.write(command + "\n")
                stream.flush()
                return _read_reply(stream)
    except OSError as error:
        raise LabError(f"BIRD at {path}: {error}") from None


def established(path):
    """Names of the BGP sessions that are up; none while BIRD starts."""
    try:
        lines = ask(path, "show protocols")
    except LabError:
        return set()
    return {line.split()[0] for line in lines
            if " BGP " in line and line.rstrip().endswith("Established")}


def configure(path):
    """Makes BIRD read its file again."""
    lines = ask(path, "configure")
    if not any("econfigur" in line for line in lines):
        raise LabError(f"BIRD at {path}: {lines[-1]}")


def _read_reply(stream):
    """Lines are `NNNN-text`, the last `NNNN text`; a leading blank or plus
    continues the code above."""
    lines = []
    for line in stream:
        line = line.rstrip("\n")
        if line[:1] in (" ", "+"):
            lines.append(line[1:])
            continue
        lines.append(line[5:])
        if line[4:5] == " ":
            return lines
    raise LabError("BIRD closed its control socket")
