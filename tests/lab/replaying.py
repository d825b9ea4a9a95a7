"""The promise of `catchwater replay`, kept by any collector of a lab test."""

import contextlib
import sqlite3
import subprocess


def replay_is_identical(world):
    """Both outputs must be the same bytes.  `world` has a collector at work,
    so a copy of its database at one moment is looked at."""
    copy = f"{world.folder}/replayed.db"
    with contextlib.closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True)) as live, \
            contextlib.closing(sqlite3.connect(copy)) as target:
        live.backup(target)
    told = _run(world, "events", "--db", copy, "--since", "2000-01-01T00:00:00Z", "--json")
    again = _run(world, "replay", "--config", world.config, "--db", copy, "--json")
    assert again.stderr == "", again.stderr
    assert told.stdout == again.stdout
    return told.stdout


def _run(world, *words):
    done = subprocess.run([f"{world.programs}/catchwater", *words], capture_output=True,
                          text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done
