"""Each line of the threat model and of the faults in schema/README.md names tests
that are there."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL, FAULTS = (
    (ROOT / "schema/README.md").read_text(encoding="utf-8")
    .split(f"\n## {name}\n")[1].split("\n## ")[0] for name in ("Threat model", "Faults"))
LINES = [line for line in (MODEL + FAULTS).splitlines()
         if line.startswith("| ") and "| test |" not in line]


def test_there_is_a_line_for_each_party():
    assert len(re.findall(r"^\*\*.+\*\*", MODEL, re.M)) >= 6
    assert len(LINES) >= 40


@pytest.mark.parametrize("line", LINES)
def test_a_test_stands_behind_the_line(line):
    tests = re.findall(r"`([^`]+)`", line.rsplit(" | ", 1)[1])
    assert tests
    for test in tests:
        file, _, name = test.partition(": ")
        path = ROOT / "tests" / file
        assert path.is_file(), test
        if name:   # written, and a function; C has a list of those that run
            text = path.read_text(encoding="utf-8")
            assert len(re.findall(rf"\b{name}\b", text)) >= (2 if path.suffix == ".c" else 1), test
