"""The command line of the lab.                                      (wiring)"""

import argparse
import json
import os
import sys
import time

from .errors import LabError, UsageError
from .lab import Lab
from .pathlab import PathLab


def main(argv):
    """Exit status: 0 well, 1 failed, 2 asked for something unknown."""
    options = _parser().parse_args(argv)
    try:
        kind = PathLab if options.paths else Lab
        lab = kind(os.environ.get("CATCHWATER_LAB_PREFIX"),
                   os.environ.get("CATCHWATER_LAB_STATE"))
        return options.run(lab, options) or 0
    except UsageError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    except (LabError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="lab", description="An anycast service in a small Internet of network namespaces.")
    parser.add_argument("--paths", action="store_true",
                        help="the laboratory of paths instead: load balancers, odd hops, "
                        "middleboxes")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name, run, text, **more):
        command = commands.add_parser(name, help=text, description=text, **more)
        command.set_defaults(run=run)
        return command

    add("up", _up, "build the lab and wait until routing has converged").add_argument(
        "--quick", action="store_true", help="links without delay")
    add("down", _down, "remove the lab, or what is left of one")
    add("truth", _truth, "the true catchment, by routing").add_argument(
        "--json", action="store_true")
    event = add("event", _event, "make something happen", epilog=_event_help(),
                formatter_class=argparse.RawDescriptionHelpFormatter)
    event.add_argument("name", metavar="NAME")
    event.add_argument("args", metavar="ARG", nargs="*")
    add("settle", _settle, "wait until routing is at rest").add_argument(
        "--timeout", type=float, default=30, metavar="SECONDS")
    execute = add("exec", _exec, "run a command inside a node",
                  usage="lab exec NODE [--user NAME] COMMAND...")
    execute.add_argument("node", metavar="NODE")
    execute.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER)
    add("nodes", _nodes, "who is there").add_argument("--json", action="store_true")
    add("config", _config, "a service block for the collector's configuration")
    add("check", _check, "ask from every vantage, compare with the truth")
    return parser


def _event_help():
    parts = []
    for title, kind in (("events", Lab), ("events in the laboratory of paths", PathLab)):
        parts.append(f"{title}:")
        parts += [f"  {name + ' ' + event.usage:24} {event.effect}"
                  for name, event in kind.EVENTS.items()]
    return "\n".join(parts)


def _up(lab, options):
    begun = time.monotonic()
    lab.up(lambda line: print(line, flush=True),
           "none" if options.quick else os.environ.get("CATCHWATER_LAB_DELAY"))
    print(f"up in {time.monotonic() - begun:.1f} s")


def _down(lab, _options):
    print("removed" if lab.down() else "there was nothing to remove")


def _truth(lab, options):
    true = lab.truth()
    if options.json:
        print(json.dumps(true, indent=1))
        return
    if options.paths:
        _print_table([("VANTAGE", "FAMILY", "BALANCE", "SITES", "PATH")] + [
            (name, family[1], it["balance"], " ".join(it["sites"]),
             " ".join(hop or "*" for hop in path))
            for name, both in true.items() for family, it in both.items()
            for path in it["paths"]])
        return
    nodes = lab.nodes()
    rows = [("VANTAGE", "AS", "IPV4", "RTT", "PATH", "IPV6", "RTT", "PATH")]
    for name, landings in true.items():
        cells = [cell for landing in landings.values() for cell in _cells(landing)]
        rows.append((name, str(nodes[name]["as"]), *cells))
    _print_table(rows)


def _cells(landing):
    if landing["site"] is None:
        return "-", "-", "-"
    rtt = "-" if landing["rtt_ms"] is None else f"{landing['rtt_ms']:.1f} ms"
    return landing["site"], rtt, " ".join(landing["path"][1:])


def _event(lab, options):
    print(json.dumps(lab.event(options.name, *options.args)))


def _settle(lab, options):
    begun = time.monotonic()
    lab.settle(options.timeout)
    print(f"at rest after {time.monotonic() - begun:.1f} s")


def _exec(lab, options):
    words, user = options.words, None
    if words[:1] == ["--user"] and len(words) > 1:
        user, words = words[1], words[2:]
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise UsageError("usage: lab exec NODE [--user NAME] COMMAND...")
    command = lab.command(options.node, *words, user=user)
    os.execvp(command[0], command)


def _nodes(lab, options):
    nodes = lab.nodes()
    if options.json:
        print(json.dumps(nodes, indent=1))
        return
    rows = [("NODE", "ROLE", "AS", "IPV4", "IPV6", "DNS", "POSITION", "NEIGHBOURS")]
    for name, node in nodes.items():
        latitude, longitude = node["position"]
        rows.append((name, node["role"], str(node["as"]), node["v4"], node["v6"],
                     node.get("server", "-"), f"{latitude},{longitude}",
                     " ".join(node["neighbours"])))
    _print_table(rows)


def _config(lab, _options):
    print(lab.service_config(), end="")


def _check(lab, _options):
    wrong = lab.check()
    for line in wrong:
        print(line)
    print(f"{len(wrong)} landings differ" if wrong else "DNS agrees with routing everywhere")
    return 1 if wrong else 0


def _print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
