"""Completion in bash, zsh and fish, asked of the shells themselves.

A shell that is not installed is skipped.  CATCHWATER_BUILD, else build/, has the
programs.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
SCRIPTS = ROOT / "tools/completion"

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _catchwater
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C "$argv[2]"'
# compadd tells what it is given, in place of the line editor that is not there.
ZSH = """
autoload -U is-at-least
_describe() { local name; for name in ${(P)4}; do print -r -- ${name%%:*}; done }
_files() { ls -d -- $words[CURRENT]*; }
compadd() { shift; print -rl -- "$@"; }
script=$1; shift
words=("$@"); CURRENT=$#
source "$script"
"""


def bash(*words):
    return run(["bash", "--norc", "-c", BASH, "bash", SCRIPTS / "catchwater.bash", *words])


def fish(*words):
    return run(["fish", "--no-config", "-c", FISH, SCRIPTS / "catchwater.fish", " ".join(words)])


def zsh(*words):
    told = run(["zsh", "-f", "-c", ZSH, "zsh", SCRIPTS / "_catchwater", *words])
    return [word for word in told if word.startswith(words[-1])]


def run(command):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    env = {**os.environ, "PATH": f"{BUILD.resolve()}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.stderr == ""
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


SHELLS = [bash, zsh, fish]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered(shell):
    assert shell("catchwater", "catc") == ["catchment"]
    assert shell("catchwater-probe", "meas") == ["measure"]


@pytest.mark.parametrize("shell", SHELLS)
def test_options_of_a_command_are_offered(shell):
    assert sorted(shell("catchwater", "sites", "--c")) == ["--check", "--config", "--csv"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_words_that_an_option_takes_are_offered(shell):
    assert sorted(shell("catchwater", "history", "--kind", "")) == ["dns", "ping"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_is_offered_where_one_is_wanted(shell):
    assert shell("catchwater", "sites", "--db", "LICEN") == ["LICENSE"]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_option_that_takes_anything_offers_nothing(shell):
    assert shell("catchwater", "catchment", "--service", "LICEN") in ([], [""])
