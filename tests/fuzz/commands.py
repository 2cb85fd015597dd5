"""Command lines: swept keys, the sweeper's options and a configured sweep, as a dry run takes them.

Hydra composes the config of the multirun once, not for each input: what is tried is all that the
sweeper does before it launches jobs, their composition and their directories included.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.errors import HydraException
from hypothesis import strategies as st
from omegaconf.errors import OmegaConfBaseException

from params_proto.multirun import JobRunner, Options, ResumeTarget, reserve_directory, run
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.plan import in_batches
from params_proto.multirun.sweep_dir import open_sweep
from params_proto.multirun.validation import Validation
from tests.fuzz.app import NO_LAUNCHER, multirun
from tests.fuzz.promises import Kind
from tests.fuzz.texts import RANGES, SNIPPETS, mostly, mutated
from tests.multirun.command_lines import command_lines

_FEW = 3  # jobs that are composed
_DIRECTORIES = [
    "hydra.sweep.subdir=${hydra.job.num}", "hydra.sweep.subdir=${hydra.job.override_dirname}",
    "hydra.sweep.subdir=${name}", "hydra.sweep.subdir=../${name}",
    "hydra.sweep.subdir=a/${opts.a}", "hydra.job.chdir=true", "hydra.job.name=n",
]  # fmt: skip
_KEYS = ["name", "++x", "lr", "seed", "layers", "opts.a", "++opts.b", "+model", "db", "home", "~lr"]
_VALUES = ["a,b", "1,2", "1", "[1,2],[3]", "{a:1}", "../x,y", "a/b,c", "range(0,3)", "null,a", "pg"]
_lines = st.builds("{}={}".format, mostly(_KEYS), mostly([*_VALUES, *RANGES]))
_line = st.one_of(*[_lines] * 4, mutated(_lines))
_arguments = st.one_of(*[st.lists(_line, min_size=1, max_size=2)] * 4, command_lines)

_ODD = [*SNIPPETS, 0, -1, 1.5, True, None, 10**4000, float("nan"), ["lr"], [["lr"]], {}]
# A text with a colon names a module, which is executed.
_NO_MODULES = [one for one in _ODD if not (isinstance(one, str) and ":" in one)]
_OPTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "params": st.dictionaries(mostly(_KEYS), mostly([*_VALUES, *RANGES]), max_size=2),
    "zip": st.sampled_from([["name", "x"], ["lr", "seed"], [["lr", "seed"], ["name"]]]),
    "slice": mostly(["0:1", "::2", "-1:", "1::3", ":0"]),
    "max_batch_size": st.integers(0, 3),
    "max_failures": st.integers(0, 2),
    "timeout": st.sampled_from([1, 0.5]),
    "dry_run": st.sampled_from([True, "json"]),
}
_option = st.one_of(
    *[st.tuples(st.just(name), given) for name, given in _OPTIONS.items()],
    # The others have a type in the sweeper's config, which Hydra checks.
    st.tuples(st.sampled_from(["zip", "slice", "dry_run"]), st.sampled_from(_ODD)),
)
_value: st.SearchStrategy[Any] = st.one_of(
    *[st.sampled_from([1, 0.5, "a", None, True, [1], {"a": 1}, "x y", "1"])] * 4,
    st.sampled_from([*SNIPPETS, 10**4000]),
)
_axes = st.dictionaries(mostly(_KEYS), st.lists(_value, min_size=1, max_size=2), max_size=2)
_sweeps: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries({"product": _axes}),
    st.fixed_dictionaries(
        {"zip": _axes, "set": st.dictionaries(mostly(_KEYS), _value, max_size=1)}
    ),
    st.fixed_dictionaries({"chain": st.lists(st.dictionaries(mostly(_KEYS), _value, max_size=2))}),
    st.sampled_from(_NO_MODULES),
)
_commands = st.tuples(
    _arguments,
    st.one_of(st.just([]), st.lists(_option, max_size=2)),
    _sweeps,
    st.one_of(st.just([]), st.just([]), st.sampled_from(_DIRECTORIES).map(lambda one: [one])),
    st.sampled_from(["begin", "begin", "begin", "begin", "jobs", "jobs", "dry"]),
)


def _call(given: Any, directory: Path) -> None:
    arguments, options, sweep, of_hydra, how = given
    app = multirun(directory, of_hydra, sweep)
    with reported_by_hydra():
        parsed = Options(**{"dry_run": True, **dict(options)})
        reserve_directory(app.config, contextlib.ExitStack())
        target = ResumeTarget(app.config)
        sweep_run = open_sweep(parsed, arguments, app.context, target)
        directories = sweep_run.directories()
        jobs = (state.job for state in sweep_run.states(directories))
        # A dry run of more jobs looks at a hundred of them.
        more = sweep_run.request.plan.has_more_than(_FEW)
        if how != "begin":
            batches = in_batches(islice(jobs, _FEW), parsed.batch_size)
            list(Validation(app.context, directories).validate(batches, ahead=True))
    if how == "dry" and not more:
        with contextlib.redirect_stdout(io.StringIO()):
            runner = JobRunner(app.context.task_function)
            run(parsed, arguments, app.context, NO_LAUNCHER, runner, target)


KIND = Kind("commands", _commands, _call, (HydraException, OmegaConfBaseException))
