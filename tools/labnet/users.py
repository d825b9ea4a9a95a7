"""Who runs a command of the lab, and what the host's users may do.    (edge)

In a user namespace (tools/lab-as-user) there is one user, who looks like
root.  An ordinary user is then that one without any capability.
"""

import os
import pwd
import shutil

from .errors import UsageError

EVERY_GROUP = "0 2147483647"
NO_CAPABILITY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all",
                 "--no-new-privs", "--"]


def command_as(user):
    """What to put before a command to run it as a user; None: as we are."""
    if user is None:
        return []
    entry = _find(user)
    if not is_there(entry.pw_uid):
        return NO_CAPABILITY
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}",
            "--init-groups", "--"]


def give(path, user):
    """Makes a file a user's own."""
    if is_there(_find(user).pw_uid):
        shutil.chown(path, user)


def is_there(number):
    """Whether a user or group of this number exists in our user namespace."""
    return any(first <= number < first + count for first, count in _mapped("uid_map"))


def may_ping(node, closed):
    """Whether users without privilege may ping from a node: where they may
    not, nothing is written, for a namespace begins like that.  Nobody may
    with CATCHWATER_LAB_PING=closed in the environment."""
    return node not in closed and os.environ.get("CATCHWATER_LAB_PING") != "closed"


def ping_groups():
    """The value of ping_group_range that lets all users ping.  It takes
    numbers only that exist in the user namespace."""
    (first, count), *_ = _mapped("gid_map")
    return EVERY_GROUP if count > 1 else f"{first} {first}"


def _find(user):
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise UsageError(f"no user {user!r} on this host") from None


def _mapped(name):
    """[(first, count)] of the numbers inside."""
    with open(f"/proc/self/{name}", encoding="ascii") as file:
        return [(int(line.split()[0]), int(line.split()[2])) for line in file]
