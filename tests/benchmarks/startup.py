"""The cost of the plugin for an app that runs once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from tests.benchmarks.processes import Cost, Pairs, in_turns, run
from tests.benchmarks.table import Row, Table

APP = Path(__file__).parent / "apps/trivial/app.py"

# Runs an app, and first takes away what Hydra would find the plugin in.
_WITHOUT = """
import runpy, sys
from pathlib import Path
plugin = "hydra_plugins/params_proto_sweeper"
hidden = sys.argv.pop(1) == "without"
sys.path[:] = [each for each in sys.path if not (hidden and (Path(each) / plugin).is_dir())]
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def once(pairs: int) -> Iterator[Row]:
    """Runs without `-m`: with the plugin in the environment, and with its sweeper chosen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        basic, ours = "hydra/sweeper=basic", "hydra/sweeper=params_proto"

        def app(plugin: str, *overrides: str) -> Cost:
            return run(["-c", _WITHOUT, plugin, APP, "hydra.run.dir=run", *overrides], folder)

        _refuse_a_plugin_that_is_found(partial(app, "without", ours))
        with_it = partial(app, "with")
        yield _row(
            "a run, plugin installed / not installed",
            in_turns(short_runs(pairs), partial(app, "without"), with_it),
        )
        yield _row(
            "a run, hydra/sweeper=params_proto / basic",
            in_turns(short_runs(pairs), partial(with_it, basic), partial(with_it, ours)),
        )


def single(pairs: int) -> Iterator[Row]:
    """A multirun of one job."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        number = count()  # of the sweep directory: each run has a new one

        def command(sweeper: str) -> list[str | Path]:
            chosen = f"hydra/sweeper={sweeper}", f"hydra.sweep.dir=sweep/{next(number)}"
            return [APP, "-m", *chosen, "seed=1"]

        def app(sweeper: str) -> Cost:
            return run(command(sweeper), folder)

        app("params_proto")  # what is imported is compiled first
        yield _row(
            "a multirun of one job, params_proto / basic",
            in_turns(short_runs(pairs), partial(app, "basic"), partial(app, "params_proto")),
        )


def _refuse_a_plugin_that_is_found(run_with_it: partial[Cost]) -> None:
    try:
        run_with_it()
    except RuntimeError:
        return
    raise AssertionError("the plugin is found where it should be hidden")


def short_runs(pairs: int) -> int:
    """Short runs, which need more repetitions."""
    return 4 * pairs + 1


def _row(what: str, both: Pairs) -> Row:
    """The second run of each pair compared with the first."""
    more = median(b.wall - a.wall for a, b in zip(both.first, both.second, strict=True))
    first, second = both.wall()
    return (
        what,
        f"{first * 1000:.0f} ms",
        f"{second * 1000:.0f} ms",
        f"{more * 1000:+.0f} ms",
        f"{1 / both.wall_ratio():.3f}x",
        f"{1 / both.cpu_ratio():.3f}x",
    )


TABLE = Table(
    "One job",
    ("what", "without", "with", "more", "time", "CPU time"),
    {"run": once, "single": single},
)
