"""Debian's Chromium on a dashboard, by tests/web/drive.mjs.                  (edge)

Used by tests/unit/test_dashboard.py and tests/lab/test_dashboard.py.
"""

import json
import pathlib
import shutil
import subprocess

import pytest

WEB = pathlib.Path(__file__).resolve().parent


def chromium():
    """Its path; skips the test, saying so, where it or its driver cannot be had."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium here: apt-get install chromium")
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no npm here: apt-get install npm")
    if not (WEB / "node_modules/playwright-core").is_dir():
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                              cwd=WEB, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot fetch the browser's driver: {done.stderr[-300:]}")
    return program


class Browser:
    """tests/web/drive.mjs, told by methods of its commands' names."""

    def __init__(self, url, inside=()):
        """`inside`: words before the command, of who runs it elsewhere."""
        self.child = subprocess.Popen(  # pylint: disable=consider-using-with
            [*inside, "node", str(WEB / "drive.mjs"), chromium(), url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __getattr__(self, name):
        return lambda **words: self.tell(name, words)

    def tell(self, name, words):
        self.child.stdin.write(json.dumps({"do": name, **words}) + "\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline() or '{"error": "the browser is gone"}')
        assert not (isinstance(answer, dict) and "error" in answer), f"{name} {words}: {answer}"
        return answer

    def close(self):
        self.child.stdin.close()
        self.child.wait(60)
