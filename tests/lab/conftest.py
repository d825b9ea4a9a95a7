"""Brings a laboratory up once for all tests of this folder.

The fixture `lab` is a labnet.lab.Lab: .event(name, *args), .truth(),
.settle(), .nodes(), .exec(node, *command, user=None), .popen(...), .check().
Whatever a test breaks is mended after it.  The lab has a name of its own, so
tests run beside a `make demo` and beside each other.

The fixture `world` has the real programs running in it: a collector, and a
probe on every vantage.
"""

import glob
import os
import re
import shutil
import sys
import tempfile

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from labnet import lab as labnet  # noqa: E402
from labnet import netns  # noqa: E402
from labnet.deployment import Deployment  # noqa: E402


@pytest.fixture(scope="session")
def lab():
    if os.geteuid() != 0:
        pytest.skip("the lab needs root, or tools/lab-as-user")
    result = labnet.Lab(prefix=f"cwt{os.getpid()}-")
    missing = result.missing_tools() + [tool for tool in ("dig",) if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make deps`")
    remove_labs_of_the_dead()
    result.up(wanted_delay=os.environ.get("CATCHWATER_LAB_DELAY"))
    yield result
    result.down()


@pytest.fixture(scope="session")
def world(lab):
    """A labnet.deployment.Deployment: collector and probes at work.  Its files
    are not in pytest's own folder: ordinary users' probes must reach them."""
    folder = tempfile.mkdtemp(prefix="catchwater-test-")
    os.chmod(folder, 0o755)
    result = Deployment(lab, f"{folder}/world", build=os.environ.get("CATCHWATER_BUILD"))
    try:
        result.start()
        yield result
    finally:
        result.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def mended(request):
    """After each test the lab is whole again, and at rest."""
    yield
    if "lab" in request.fixturenames:
        the_lab = request.getfixturevalue("lab")
        if the_lab.is_broken():
            the_lab.event("restore")
            the_lab.settle()


def remove_labs_of_the_dead():
    """Labs of test runs that were killed carry the number of a process
    that is no more."""
    states = glob.glob(f"{labnet.DEFAULT_STATE}.cwt*")
    names = netns.existing("cwt") + [path.rsplit(".", 1)[1] for path in states]
    for stem, pid in {(m.group(0), m.group(1)) for m in
                      (re.match(r"cwt(\d+)[a-z]*", name) for name in names) if m}:
        if not os.path.exists(f"/proc/{pid}"):
            labnet.Lab(prefix=f"{stem}-").down()
