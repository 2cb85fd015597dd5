"""Hydra's basic sweeper and ours on the same command lines: only their node differs."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.errors import HydraException
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from params_proto.errors import SweepError
from params_proto.multirun import request
from tests.compose.loaders import append, write
from tests.multirun.command_lines import command_lines, lines
from tests.multirun.stock import Left, assert_same, jobs_of_basic, jobs_of_ours, task
from tests.versions import HYDRA_1_3

# --- the planned batches


@pytest.fixture(scope="session")
def loader(plugins: None, tmp_path_factory: pytest.TempPathFactory) -> ConfigLoader:
    """Hydra's, for `glob`."""
    names = ("db/mysql", "db/pg", "db/engine/inno", "db/engine/isam", "model/m1", "model/s1")
    directory = write(tmp_path_factory.mktemp("conf"), dict.fromkeys(names, "x: 1\n"))
    return ConfigLoaderImpl(create_config_search_path(f"file://{directory}"))


def seeded(make_plan: Callable[[], Any]) -> Any:
    """Batches, or the error in their place, with the order of each `shuffle` fixed."""
    random.seed(0)
    try:
        return make_plan()
    # The basic sweeper's are an empty AssertionError and those of Python's numbers as well.
    except (HydraException, SweepError, AssertionError, ArithmeticError, ValueError) as error:
        return error


def differs_by_intent(overrides: Sequence[str], loader: ConfigLoader) -> bool:
    """Whether a swept key is spelled in two ways or has no values; both are in EXCEPTIONS."""
    try:
        given = [request.read_overrides([line], loader)[0] for line in overrides]
    except SweepError as error:
        return "has no values" in str(error)
    swept = {one.key.lstrip("+~") for one in given if one.swept}
    return len({one.key for one in given if one.key.lstrip("+~") in swept}) > len(swept)


def compare_batches(overrides: list[str], batch: int | None, loader: ConfigLoader) -> None:
    expected = seeded(lambda: jobs_of_basic(overrides, batch, loader))
    ours = seeded(lambda: jobs_of_ours(overrides, batch, loader))
    if isinstance(expected, Exception) or not any(expected):
        assert isinstance(ours, SweepError)
        return
    assume(sum(map(len, expected)) <= 1000)
    assume(not differs_by_intent(overrides, loader))
    assert ours == expected


def test_overrides_give_the_same_batches(loader: ConfigLoader, seed: int) -> None:
    @hypothesis.seed(seed)
    @settings(max_examples=150, database=None)
    @given(st.lists(lines, min_size=1, max_size=4), st.none() | st.integers(1, 5))
    def compare(overrides: list[str], batch: int | None) -> None:
        compare_batches(overrides, batch, loader)

    compare()


def test_each_shuffle_gets_its_random_numbers() -> None:
    overrides = [
        "a=shuffle(1,2,3)",
        "b=shuffle([1,2,3,4])",
        "c=shuffle(range(4))",
        "d=shuffle(x,y)",
    ]
    assert seeded(lambda: jobs_of_ours(overrides)) == seeded(lambda: jobs_of_basic(overrides))


# --- whole multiruns

MORE_CONFIGS = {
    "experiment/slow": "# @package _global_\ndefaults: [override /db/engine@engine: isam]\nseed: 9\n",
    "opt/a": "x: 1\n",
    "opt/none": "{}\n",
    "loader/shuffled": "shuffle: true\nslice: '0:9'\n",
    "loader/zipped": "zip: {level: 9}\nset: train\n",
}

Both = Callable[..., tuple[Left, Left]]


@pytest.fixture
def both(multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]) -> Both:
    """Runs a command line with Hydra's basic sweeper, then with ours, in the same directory."""
    write(app / "conf", MORE_CONFIGS)

    def left(sweeper: str, overrides: Sequence[str]) -> Left:
        return Left(lambda: multirun(*overrides, sweeper=sweeper, task=task), app / "out", capsys)

    return lambda *overrides: (left("basic", overrides), left("params_proto", overrides))


CASES = {
    "nothing": [],
    "glob": ["db=glob(*)", "db/engine@engine=glob(*,exclude=inno)"],
    "shuffle": ["lr=shuffle(1,2)", "seed=shuffle(range(2))", "layers=shuffle([1,2,3])"],
    "values": ["name='a b',\"c\\\"d\",1e3", "layers=[],[1,'2',[a b]]", "opts={b:{c:3}}", "+x=range(2)"],
    "delete a group": ["~db", "seed=1,2", "hydra.sweep.subdir=${hydra.job.override_dirname}"],
    "group at a package": ["db/engine@engine=isam,inno", "+model@big=large", "+db/engine@db.engine=isam,inno"],
    "group at the root, with names of steps": ["+model@_global_=small,large", "+loader=shuffled,zipped"],
    "override in a defaults list": ["+experiment=fast,slow", "lr=1,2"],
    "interpolation and target": [
        *("name=${lr},${oc.env:HOME},x-${seed}", "+x=${opts.b}", "+y='${db.port}'"),
        *("obj={_target_: builtins.list, x: 2},{x: 1}", "obj._target_=builtins.dict"),
    ],
    "spelled twice, not swept": ["+x=1", "x=2", "++x=3", "seed=1,2", "hydra.sweep.subdir=a/${hydra.job.num}-${seed}"],
    "group deleted and added again, and an optional one": ["~db/engine@engine", "+db/engine@engine=isam,inno", "opt=a,none"],
    "excluded from override_dirname": [
        *("lr=1,2", "name='a b'", "seed=3", "hydra.sweep.subdir=${hydra.job.override_dirname}"),
        "hydra.job.config.override_dirname.exclude_keys=[seed]",
    ],
    "batches": ["seed=range(5)", "hydra.sweeper.max_batch_size=2"],
    "verbose, in the job's directory": ["seed=1,2", "hydra.verbose=true", "hydra.sweeper.max_batch_size=1", "hydra.job.chdir=true"],
    "environment, no output": [
        *("seed=1,2", "+hydra.job.env_set.APP=x", "name=${oc.env:APP,y}"),
        *("hydra.output_subdir=null", "hydra/job_logging=disabled"),
    ],
    "what only jobs can resolve": [
        *("+named=a,b", "hydra.output_subdir=${named}/.hydra", "hydra.job.id=${named}"),
        *("hydra.job.name=${named}", "hydra.sweep.subdir=of-${named}"),
        "hydra.job_logging.handlers.file.filename=${hydra.runtime.output_dir}/${named}.txt",
    ],
}  # fmt: skip
if HYDRA_1_3:  # since when its basic sweeper deletes no values: see EXCEPTIONS
    CASES["deleted and added again"] = ["~home", "~obj.x", "~opts", "+opts=1,2"]
else:
    CASES["json_str"] = ["layers=json_str([1,2])", "+x=json_str(1,2)"]


@pytest.mark.filterwarnings("ignore:json_str")  # which Hydra 1.4 has, and intends to drop
@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES)
def test_each_feature(both: Both, overrides: list[str]) -> None:
    basic, ours = both(*overrides)
    assert basic.error is None
    assert_same(basic, ours)


def test_generated_command_lines(both: Both, seed: int) -> None:
    @hypothesis.seed(seed)
    @settings(max_examples=4, database=None, phases=[Phase.generate])
    @given(command_lines)
    def compare(overrides: list[str]) -> None:
        assert_same(*both(*overrides))

    compare()


# --- hydra.sweeper.params


PARAMS = {
    "the same keys, and groups": (
        "{lr: '1,2', +x: '3,4', db: 'glob(*)', +model: small, ~db/engine@engine: inno}",
        ["+x=5", "lr=6,7", "+model=large"],
    ),
    "interpolation": ("{seed: '${lr},2', name: '\\${lr}', +x: '${.name}'}", ["lr=3"]),
    "hydra's keys": ("{hydra.job.name: n, hydra/job_logging: stdout, +hydra.job.x: 1}", ["lr=1,2"]),
    "hydra's keys swept": ("{hydra.job.name: 'a,b', hydra/job_logging: 'stdout,disabled'}", []),
}  # fmt: skip
if HYDRA_1_3:  # which refuses it
    PARAMS["batches"] = ("{hydra.sweeper.max_batch_size: 1, lr: '1,2'}", ["seed=3"])


@pytest.mark.parametrize(("params", "overrides"), PARAMS.values(), ids=PARAMS)
def test_params(both: Both, app: Path, params: str, overrides: list[str]) -> None:
    append(app / "conf", f"hydra: {{sweeper: {{params: {params}}}}}\n")
    basic, ours = both(*overrides)
    assert basic.error is None
    assert_same(basic, ours)


# --- what is refused, and where the sweepers differ by intent


@pytest.mark.parametrize(
    "overrides",
    [
        *(["lr=1,,2"], ["lr"], ["lr=no(1)"], ["nolr=1,2"], ["layers.7=1"], ["+lr=1,2"]),
        *(["db=pg,nodb"], ["~nolr"], ["hydra.job.name=a,b"], ["hydra/launcher=no"]),
        *(["hydra.sweeper.max_batch_size=x"], ["+x=1,2", "x=3"], ["hydra.sweep.subdir=${lr"]),
        ["lr=1,2", "opts={a:1,z:2}"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_hydras_refusal_stays(both: Both, overrides: list[str]) -> None:
    basic, ours = both(*overrides)
    assert basic.error is not None
    assert ours.message == basic.message
    assert ours.files == {}


EXCEPTIONS = {
    # A null option leaves the group out.
    "null option": (["db=null,pg"], "Config group override must be a string or a list. Got NoneType", [["~db"], ["db=pg"]]),
    "null option added": (["+model=small,null"], "Config group override must be a string or a list. Got NoneType", [["+model=small"], []]),
    # A key that is swept is not deleted.
    "swept, then deleted": (["lr=1,2", "~lr"], [["lr=1", "~lr"], ["lr=2", "~lr"]] if HYDRA_1_3 else "Could not delete from config. The value of 'lr' is 1 and not None.", "~lr would delete a key that the sweep gives values, lr. Give it one value instead, lr=..., or take it out of the sweep."),
}  # fmt: skip
if not HYDRA_1_3:  # where the basic sweeper takes ~x for ~x=null, which deletes only a null
    EXCEPTIONS["value deleted"] = (["~home"], f"Could not delete from config. The value of 'home' is {os.environ['HOME']} and not None.", [["~home"]])  # fmt: skip
    EXCEPTIONS["null deleted"] = (["~name"], [["~name"]], [["~name"]])


@pytest.mark.parametrize(("overrides", "theirs", "expected"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception(both: Both, overrides: list[str], theirs: Any, expected: Any) -> None:
    basic, ours = both(*overrides)
    assert (str(basic.error) if basic.error else basic.batches[0]) == theirs
    assert (str(ours.error) if ours.error else ours.batches[0]) == expected
    assert ours.error is None or ours.files == {}
