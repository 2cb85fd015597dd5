"""The command line of `params-proto`: its subcommands and their arguments."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from params_proto._files import until_closed
from params_proto.errors import SweepError
from params_proto.records.manifest import DIRECTIONS

_EXAMPLES = """\
examples:
  params-proto show sweep.yaml
  params-proto show train.py:grid --head 5
  params-proto results multirun/2026-11-24/10-00-00 --sort accuracy
  params-proto results runs/a runs/b --csv > all.csv
  params-proto best runs/a --metric loss --over seed
  params-proto failures runs/a
  params-proto report runs/a --metric accuracy
  params-proto work runs/a --workers 2
  params-proto watch runs/a
  params-proto stop runs/a
  params-proto schema > sweep.schema.json
"""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DIRECTION = "which is better (default: maximize for acc, auc, f1 and the like, otherwise minimize)"
_MEANS = "rank by means over this key, such as seed; may be given several times"
_REPEATS = "key that distinguishes repeats (default: seed); may be given several times"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status, 1 for a mistake in a sweep or its directory."""
    options = vars(_parser().parse_args(arguments))
    home, name = options.pop("command")
    run: Callable[..., str] = getattr(import_module(f"params_proto.cli.{home}"), name)
    try:
        with until_closed():
            print(run(**options))  # noqa: T201
    except SweepError as error:
        print(f"params-proto: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _seconds(text: str) -> float:
    """A duration in seconds: a number of seconds, or one with the unit s, m, h or d.

    >>> _seconds("90m"), _seconds("30")
    (5400.0, 30.0)
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration, such as 90m, 8h or 30")
    return float(found[1]) * _UNITS[found[2]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="params-proto",
        description="Inspect sweeps and their results, and run their jobs with workers.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(home: str, name: str, text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        subparser.set_defaults(command=(home, name))
        return subparser

    show = command("show", "show", "the jobs of a sweep, without running or expanding it")
    show.add_argument("sweep", help="a file, sweep.yaml, or a Sweep in Python, train.py:grid")
    show.add_argument("--head", type=int, default=5, metavar="N", help="how many configs (5)")
    show.add_argument("--config-dir", metavar="DIR", help="where a glob(*) finds config groups")

    results = command("results", "results", "the results of sweeps, one row per job")
    results.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    results.add_argument("--sort", metavar="METRIC", help="metric that ranks the jobs, best first")
    results.add_argument("--direction", choices=DIRECTIONS, help=_DIRECTION)
    form = results.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="as CSV")
    form.add_argument(
        "--json", dest="form", action="store_const", const="json", help="a JSON object for each job"
    )

    best = command("results", "best", "the command that reruns the best job of a sweep")
    failures = command("results", "failures", "the failed jobs, with their tracebacks")
    report = command("report", "report", "a sweep as an HTML page with figures, DIR/report.html")
    for subparser in (best, failures, report):
        subparser.add_argument("directory", type=Path, metavar="DIR")
    report.add_argument("--output", type=Path, metavar="FILE", help="write this file instead")
    for subparser, metric, over in (
        (best, "metric that ranks the jobs; not needed if they return a number", _MEANS),
        (report, "metric that the page shows first", _REPEATS),
    ):
        subparser.add_argument("--metric", help=metric)
        subparser.add_argument("--direction", choices=DIRECTIONS, help=_DIRECTION)
        subparser.add_argument("--over", action="append", metavar="KEY", help=over)
    work = command("workers", "work", "add workers to a sweep")
    work.add_argument("directory", type=Path, metavar="DIR")
    work.add_argument("--workers", type=int, metavar="N", help="how many workers (1)")
    work.add_argument("--gpus", help="a worker for each GPU: auto, a number, or [0,1]")
    work.add_argument(
        "--jobs-per-gpu", type=int, default=1, metavar="N", help="workers per GPU (1)"
    )
    work.add_argument(
        "--time-limit",
        type=_seconds,
        metavar="TIME",
        help="stop after: 90m, 8h, or a number of seconds",
    )
    work.add_argument(
        "--rerun", metavar="STATUS", help="also rerun jobs with these statuses: failed,crashed"
    )
    watch = command("workers", "watch", "the progress of a sweep, until it ends")
    watch.add_argument("directory", type=Path, metavar="DIR")
    stop = command("workers", "stop", "stop a sweep: its workers start no more jobs")
    stop.add_argument("directory", type=Path, metavar="DIR")
    stop.add_argument("--now", action="store_true", help="end the running jobs as well")
    command("show", "schema", "the JSON schema of sweep files, for an editor")
    return parser
