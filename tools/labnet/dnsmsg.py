"""One DNS question, SOA with NSID, and what its answer says.          (pure)"""

import struct

TYPE_SOA = 6
TYPE_OPT = 41
CLASS_IN = 1
OPTION_NSID = 3


def question(name, ident):
    """An SOA question with an empty NSID option (RFC 5001)."""
    head = struct.pack("!6H", ident, 0, 1, 0, 0, 1)
    option = struct.pack("!HH", OPTION_NSID, 0)
    opt = b"\0" + struct.pack("!HHIH", TYPE_OPT, 1232, 0, len(option)) + option
    return head + _name(name) + struct.pack("!HH", TYPE_SOA, CLASS_IN) + opt


def nsid(message, ident):
    """The NSID text of a good answer; None if it is anything else."""
    try:
        got, flags, questions, *counts = struct.unpack_from("!6H", message)
        if got != ident or not flags & 0x8000 or flags & 0xf or not counts[0]:
            return None
        at = 12
        for _ in range(questions):
            at = _skip_name(message, at) + 4
        for _ in range(sum(counts)):
            at = _skip_name(message, at)
            kind, _, _, length = struct.unpack_from("!HHIH", message, at)
            at += 10
            if kind == TYPE_OPT:
                return _find_nsid(message[at:at + length])
            at += length
    except (struct.error, IndexError):
        pass
    return None


def _name(text):
    labels = [label.encode() for label in text.strip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _skip_name(message, at):
    while message[at]:
        if message[at] & 0xc0:
            return at + 2
        at += message[at] + 1
    return at + 1


def _find_nsid(options):
    at = 0
    while at < len(options):
        code, length = struct.unpack_from("!HH", options, at)
        if code == OPTION_NSID:
            return options[at + 4:at + 4 + length].decode("ascii", "replace")
        at += 4 + length
    return None
