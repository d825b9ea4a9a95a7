"""What `make install` puts where, and that each of it is in one Debian package.

The packages themselves: tools/check package.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from served import BUILD, ROOT

DEBIAN = ROOT / "tools/debian"
# As tools/debian/rules says.
WORDS = ("PREFIX=/usr", "UNITS=/lib/systemd/system")


def make(target, folder):
    subprocess.run(["make", "-s", "-C", ROOT, target, f"DESTDIR={folder}", *WORDS, f"B={BUILD}"],
                   check=True, capture_output=True, timeout=600)


def files(folder):
    return {os.path.relpath(path, folder) for path in folder.rglob("*") if path.is_file()}


def patterns(name):
    return (DEBIAN / name).read_text(encoding="ascii").split()


@pytest.fixture(scope="module", name="installed")
def _installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    make("install", folder)
    return folder


def test_each_file_is_in_one_package_or_left_out_on_purpose(installed):
    for name in files(installed):
        path = pathlib.PurePath(name)
        takers = [taker for taker in ("catchwater.install", "catchwater-probe.install",
                                      "not-installed")
                  if any(path.match(pattern) or pattern in map(str, path.parents)
                         for pattern in patterns(taker))]
        assert len(takers) == 1, (name, takers)


def test_all_that_a_package_takes_is_there(installed):
    own = {"etc/catchwater"}   # rules puts it there
    for package in ("catchwater", "catchwater-probe"):
        for pattern in set(patterns(f"{package}.install")) - own:
            assert list(installed.glob(pattern)), pattern


def test_units_name_programs_that_are_installed(installed):
    for unit in (installed / "lib/systemd/system").iterdir():
        program = re.search(r"^ExecStart=(\S+)", unit.read_text(), re.M)[1]
        assert (installed / program[1:]).exists(), unit.name


def test_users_and_folders_of_units_are_made(installed):
    lib = installed / "usr/lib"
    for unit in (installed / "lib/systemd/system").iterdir():
        text = unit.read_text()
        user, state = (re.search(rf"^{key}=(\S+)$", text, re.M)[1]
                       for key in ("User", "StateDirectory"))
        assert re.search(rf"^u {user} ", (lib / f"sysusers.d/{user}.conf").read_text(), re.M)
        assert re.search(rf"^d /var/lib/{state} 0700 {user} {user}$",
                         (lib / f"tmpfiles.d/{user}.conf").read_text(), re.M)


def test_uninstall_takes_all_of_it_away(installed, tmp_path):
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True)
    make("uninstall", tmp_path)
    assert files(installed) and files(tmp_path) == set()


def test_the_packages_configuration_is_good(tmp_path):
    text = (DEBIAN / "catchwater.conf").read_text(encoding="ascii")
    config = tmp_path / "catchwater.conf"
    config.write_text(text.replace("/var/lib/catchwater", str(tmp_path)), encoding="ascii")
    done = subprocess.run([BUILD / "catchwater", "check", "--config", config],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "127.0.0.1:8420" in done.stdout
