"""A fresh Debian tree, and systemd in it as process 1.                (edge)

Used by tests/package/test_package.py.  The tree comes by debootstrap from where
apt gets this machine's packages; what runs in it has a network of its own, with
nothing but loopback.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

PATIENCE_S = 120
# The collector confines itself by Landlock, which nspawn's own filter knows not.
ALSO = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
NEEDED = ("debootstrap", "systemd-nspawn", "nsenter", "dh", "lintian", "knotd")


def run(*words, check=True, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, timeout=600, **more)
    assert not check or done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


def missing():
    """Why a tree cannot be made here, or None."""
    if os.geteuid() != 0:
        return "needs root, for debootstrap and systemd-nspawn"
    lacking = [name for name in NEEDED if not shutil.which(name)]
    return f"not installed: {', '.join(lacking)}; tools/install-deps package" if lacking else None


def mirror():
    """(release, where it is) of this machine's own Debian."""
    told = run("apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)",
               "Created-By: Packages", "Component: main").stdout
    release = re.search(r"^VERSION_CODENAME=(\w+)$", pathlib.Path("/etc/os-release").read_text(
        encoding="utf-8"), re.M)[1]
    return release, next(line.split()[2] for line in told.splitlines()
                         if line.split()[:2] == ["Debian", release])


def needs_of(packages):
    """Names of what the packages depend on: of choices the first."""
    depends = ",".join(run("dpkg-deb", "-f", path, "Depends").stdout for path in packages)
    return sorted({re.split(r"[ (|\n]", name.strip())[0] for name in depends.split(",")})


def make_tree(folder, packages):
    release, where = mirror()
    more = ["systemd-sysv", "dbus", *needs_of(packages)]
    run("debootstrap", "--variant=minbase", f"--include={','.join(more)}", release, folder, where)
    (folder / "etc/machine-id").write_text("", encoding="ascii")


class Machine:
    """A tree that is booted: `with Machine(tree) as machine`."""

    def __init__(self, tree):
        self.tree = tree
        self._nspawn = None
        self.leader = None

    def __enter__(self):
        with open(f"{self.tree}.log", "wb") as log:
            self._nspawn = subprocess.Popen(
                ["systemd-nspawn", "-D", self.tree, "--boot", "--private-network", "--register=no",
                 "--keep-unit", f"--machine=cwpkg-{os.getpid()}", f"--system-call-filter={ALSO}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait("process 1", self._find_leader)
        self.wait("the system to be up", lambda: self.run(
            "systemctl", "is-system-running", check=False).stdout.strip() == "running")
        return self

    def __exit__(self, *_):
        self._nspawn.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._nspawn.wait(PATIENCE_S)
        self._nspawn.kill()

    def run(self, *words, check=True):
        return run("nsenter", "-t", self.leader, "-a", *words, check=check)

    def run_as(self, user, *words):
        return self.run("runuser", "-u", user, "--", *words).stdout

    def beside(self, *words, **more):
        """A program of this machine in the network of that one."""
        return subprocess.Popen(["nsenter", "-t", str(self.leader), "-n", "--", *words], **more)

    def active(self, unit):
        return self.run("systemctl", "is-active", unit, check=False).stdout.strip()

    def show(self, unit, what):
        return self.run("systemctl", "show", "-P", what, unit).stdout.strip()

    def journal(self, unit):
        return self.run("journalctl", "-q", "--no-pager", "-o", "cat", "-u", unit).stdout

    @staticmethod
    def wait(what, condition):
        """What the condition gives, once that is something."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.2)
        raise AssertionError(f"not within {PATIENCE_S} s: {what}")

    def files(self):
        """Every file of the tree that a package has to account for."""
        known = ("var/log/", "var/cache/", "var/lib/dpkg/", "var/lib/systemd/", "run/", "tmp/",
                 "proc/", "sys/", "dev/", "var/tmp/", "root/")
        found = set()
        for folder, _, names in os.walk(self.tree):
            here = os.path.relpath(folder, self.tree) + "/"
            found |= {here + name for name in ("", *names)
                      if not (here + name).startswith(known)}
        return found

    def _find_leader(self):
        assert self._nspawn.poll() is None, pathlib.Path(f"{self.tree}.log").read_text(
            encoding="utf-8", errors="replace")[-2000:]
        pid = self._nspawn.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                if pathlib.Path(f"/proc/{child}/comm").read_text(
                        encoding="ascii").strip() == "systemd":
                    self.leader = int(child)
        return self.leader
