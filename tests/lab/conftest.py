"""Brings laboratories up once for all tests of this folder.

The fixture `lab` is a labnet.lab.Lab: .event(name, *args), .truth(),
.settle(), .nodes(), .exec(node, *command, user=None), .popen(...), .check().
`paths` is a labnet.pathlab.PathLab, of the same shape.  Whatever a test breaks
is mended after it.  Labs have a name of their own, so tests run beside a
`make demo` and beside each other.

The fixture `world` has the real programs running in `lab`: a collector, and a
probe on every vantage.  `probe` is the measuring program where every user may
run it.  A test with an argument `user` runs once for root and once for an
ordinary user; CATCHWATER_LAB_USER=nobody leaves root out, there and in
`world`, and CATCHWATER_LAB_PING=closed lets nobody ping without privilege.
Marked `privileged` is what root should see too where that is the rule.
"""

import glob
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from labnet import base, netns, pathmap, users  # noqa: E402
from labnet.deployment import Deployment, copy_programs  # noqa: E402
from labnet.lab import Lab  # noqa: E402
from labnet.pathlab import PathLab  # noqa: E402

BUILD = os.environ.get("CATCHWATER_BUILD")
ONLY_USER = os.environ.get("CATCHWATER_LAB_USER")


def pytest_configure(config):
    config.addinivalue_line("markers", "privileged: root's probes are not like others here")
    if is_alone():   # and is not the root whose files pytest has in /tmp
        folder = tempfile.TemporaryDirectory(prefix="catchwater-test-")
        config.add_cleanup(folder.cleanup)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder.name


def pytest_generate_tests(metafunc):
    if "user" not in metafunc.fixturenames:
        return
    root = pytest.param(None, id="root", marks=[pytest.mark.privileged, pytest.mark.skipif(
        bool(ONLY_USER), reason=f"privilege left out: CATCHWATER_LAB_USER={ONLY_USER}")])
    metafunc.parametrize("user", [root, ONLY_USER or "nobody"])


@pytest.fixture(scope="session")
def lab():
    yield from laboratory(Lab, "dig")


@pytest.fixture(scope="session")
def paths():
    yield from laboratory(PathLab)


@pytest.fixture(scope="session")
def world(lab):
    """A labnet.deployment.Deployment: collector and probes at work."""
    yield from deployment(lab)


@pytest.fixture(scope="module")
def chaos_world(lab):
    """Another one, that goes by CHAOS alone."""
    yield from deployment(lab, periods={"method": '{ "chaos" }'}, port=8421)


@pytest.fixture(scope="session")
def path_world(paths):
    """The same in the laboratory of paths."""
    decoys = ", ".join(f'"{address}"' for address in pathmap.DECOY.values())
    yield from deployment(paths, f"decoy = {{ {decoys} }}\ndecoy_every = 60s\n")


@pytest.fixture(scope="session")
def probe():
    """Path of catchwater-probe."""
    with public_folder() as folder:
        copy_programs(BUILD, folder)
        yield f"{folder}/catchwater-probe"


@pytest.fixture(autouse=True)
def mended(request):
    """After each test the labs are whole again, and at rest."""
    yield
    for name in {"lab", "paths"} & set(request.fixturenames):
        the_lab = request.getfixturevalue(name)
        if the_lab.is_broken():
            the_lab.event("restore")
            the_lab.settle()


def laboratory(kind, *more_tools):
    """Up, for as long as a fixture lives."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root, or tools/lab-as-user")
    missing = kind.missing_tools() + [t for t in more_tools if not shutil.which(t)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make deps`")
    remove_labs_of_the_dead(kind)
    result = kind(prefix=f"cwt{os.getpid()}{kind.DEFAULT_PREFIX[2:]}")
    result.up(wanted_delay=os.environ.get("CATCHWATER_LAB_DELAY"))
    yield result
    result.down()


def deployment(lab, extra="", **more):
    with public_folder() as folder:
        result = Deployment(lab, f"{folder}/world", build=BUILD, extra=extra, **more)
        try:
            result.start()
            yield result
        finally:
            result.stop()


class public_folder(tempfile.TemporaryDirectory):  # pylint: disable=invalid-name
    """Not in pytest's own folder: ordinary users' probes must reach it."""

    def __enter__(self):
        os.chmod(self.name, 0o755)
        return super().__enter__()


def is_alone():
    """Are we in a user namespace that has root only?"""
    return not users.is_there(pwd.getpwnam("nobody").pw_uid)


def read_capture(path, *options):
    """What tcpdump prints of a file.  It wants to stop being root, which is
    possible only where there is another user."""
    command = ["unshare", "--user", "--", "tcpdump"] if is_alone() else [
        "tcpdump", "-Z", "root"]
    done = subprocess.run([*command, "-nn", *options, "-r", path], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def remove_labs_of_the_dead(kind):
    """Labs of test runs that were killed carry the number of a process
    that is no more."""
    states = glob.glob(f"{base.DEFAULT_STATE}.cwt*")
    names = netns.existing("cwt") + [path.rsplit(".", 1)[1] for path in states]
    for stem, pid in {(m.group(0), m.group(1)) for m in
                      (re.match(r"cwt(\d+)[a-z]*", name) for name in names) if m}:
        if not os.path.exists(f"/proc/{pid}"):
            kind(prefix=f"{stem}-").down()
