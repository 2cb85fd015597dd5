"""The command line: which command, with which arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from params_proto.analysis.ranking import DIRECTIONS
from params_proto.closed_pipe import until_closed
from params_proto.errors import SweepError

_EXAMPLES = """\
examples:
  params-proto show sweep.yaml
  params-proto show train.py:grid --head 5
  params-proto results multirun/2026-11-24/10-00-00 --sort accuracy
  params-proto results runs/a runs/b --csv > all.csv
  params-proto best runs/a --metric loss --over seed
  params-proto failures runs/a
  params-proto report runs/a --metric accuracy
  params-proto schema > sweep.schema.json
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: those of the command line; by default this process's.

    Returns:
        The exit status: 1 where something is wrong with what was asked for.
    """
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


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="params-proto",
        description="Look at sweeps, and at what came out of them.",
        epilog=_EXAMPLES,
        formatter_class=raw,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(home: str, name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        made.set_defaults(command=(home, name))
        return made

    show = command("show", "show", "what a sweep runs; nothing is started, and nothing expanded")
    show.add_argument("sweep", help="a file, sweep.yaml, or a Sweep in Python, train.py:grid")
    show.add_argument("--head", type=_count, default=5, metavar="N", help="how many configs (5)")
    show.add_argument("--config-dir", metavar="DIR", help="where a glob(*) finds config groups")

    results = command("results", "results", "what came out of sweeps, a row for each job")
    results.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    results.add_argument("--sort", metavar="METRIC", help="the best first, by this")
    _direction(results)
    form = results.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv")
    form.add_argument(
        "--json", dest="form", action="store_const", const="json", help="a line a job"
    )

    best = command("results", "best", "the command that runs the best job of a sweep again, alone")
    best.add_argument("directory", type=Path, metavar="DIR")
    best.add_argument("--metric", help="by this; not needed where the jobs return a number")
    _direction(best)
    _over(best, "rank means over this key, such as seed; may be given several times")

    failures = command("results", "failures", "the jobs that failed, with what they raised")
    failures.add_argument("directory", type=Path, metavar="DIR")

    report = command("report", "report", "a sweep as a page with figures, DIR/report.html")
    report.add_argument("directory", type=Path, metavar="DIR")
    report.add_argument("--output", type=Path, metavar="FILE", help="in place of DIR/report.html")
    report.add_argument("--metric", help="by which the best is chosen; the page can choose another")
    _direction(report)
    _over(report, "a key that tells repeats apart, also several times (those called seed)")
    command("show", "schema", "the JSON schema of sweep files, for an editor")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of configs: give 0 or more")
    return number


def _direction(command: argparse.ArgumentParser) -> None:
    usual = "what is better (maximize for acc, auc, f1 and the like, otherwise minimize)"
    command.add_argument("--direction", choices=DIRECTIONS, help=usual)


def _over(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--over", action="append", metavar="KEY", help=text)
