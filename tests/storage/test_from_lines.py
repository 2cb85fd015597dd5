"""Sweep.from_overrides gives the jobs of Hydra's command line."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from params_proto import Sweep, SweepError, SweepWarning, proto
from params_proto._keys import key_error, strip_prefix
from params_proto.overrides.render import OverrideText
from tests.compose.loaders import write
from tests.multirun.command_lines import lines
from tests.multirun.stock import jobs_of_basic
from tests.recipes import exactly


def train(lr: float = 0.1, name: str = "", tags: list[str] = [], seed: int = 0) -> None: ...  # noqa: B006


@pytest.mark.parametrize(
    ("overrides", "sweep"),
    [
        ([], Sweep()),
        (["lr=1,2", "bs=3,4"], Sweep().product(lr=[1, 2], bs=[3, 4])),
        (["seed=7", "lr=1,2", "name=a b"], Sweep().set(seed=7).product(lr=[1, 2]).set(name="a b")),
        (["lr=choice(1)", "seed=range(0,1000000000000)"], Sweep().product(lr=[1], seed=range(10**12))),
        (["lr=1,2", "bs=1,2", "++lr=3"], Sweep().set({"++lr": 3}).product(bs=[1, 2])),
        (["+lr=1", "lr=2,3"], Sweep().product({"+lr": [2, 3]})),
        (["+lr=1", "lr=2"], Sweep().set({"+lr": 2})),
        (["~db", "+db@a=x,y", "~opts.a=1"], Sweep().set({"~db": None}).product({"+db@a": ["x", "y"]}).set({"~opts.a": 1})),
        (["x=[1,'2'],{a: null}", "y="], Sweep().product(x=[[1, "2"], {"a": None}]).set(y="")),
    ],
    ids=str,
)  # fmt: skip
def test_a_swept_line_is_an_axis_and_any_other_a_pin(overrides: list[str], sweep: Sweep) -> None:
    read = Sweep.from_overrides(overrides)

    assert list(read[:9]) == list(sweep[:9])
    assert exactly(list(read[:9])) == exactly(list(sweep[:9]))
    assert read == sweep or overrides[:2] == ["lr=1,2", "bs=3,4"]  # written in one call


def as_read(jobs: list[list[str]]) -> list[list[tuple[str, object]]]:
    parser = OverridesParser.create()
    return [
        [(line.get_key_element(), repr(line.value())) for line in parser.parse_overrides(job)]
        for job in jobs
    ]


def test_the_jobs_are_those_of_the_basic_sweeper(seed: int) -> None:
    @hypothesis.seed(seed)
    @settings(max_examples=80, database=None)
    @given(st.lists(lines, max_size=4))
    def compare(overrides: list[str]) -> None:
        compare_jobs(overrides)

    compare()


def compare_jobs(overrides: list[str]) -> None:
    # Hydra's basic sweeper runs str(1,2) as 1,2: here the cast counts. Of text in a function,
    # choice('null'), it forgets the quotes.
    assume(not any("str(" in line or "shuffle(" in line for line in overrides))
    assume(not any("(" in line and ("'" in line or '"' in line) for line in overrides))
    keys = [line.partition("=")[0] for line in overrides]
    assume(not any(map(key_error, keys)))
    assume(len({strip_prefix(key) for key in keys}) == len(set(keys)))
    try:
        (jobs_of_hydra,) = jobs_of_basic(overrides, None)
    except (HydraException, ValueError):  # the latter of a range whose step is 0
        with pytest.raises(SweepError):
            Sweep.from_overrides(overrides)
        return
    assume(len(jobs_of_hydra) <= 500)
    try:
        expected = as_read(jobs_of_hydra)
    except HydraException:  # ${oc.decode:'[1, 2]'}, whose text Hydra spells as it cannot read it
        reject()
    try:
        jobs = list(Sweep.from_overrides(overrides).overrides())
    except SweepError as error:
        # No value at all is refused; some keys of a dict that Hydra reads, and ???, which is a
        # missing value to it, are none that a Sweep can hold and say again.
        assume("has no values" not in str(error))
        assume("dict key" not in str(error))
        assume("'???'" not in str(error))
        # A mapping and a value in it: see tests/algebra/test_overlap.py.
        assume("overlap: " not in str(error))
        raise
    assert as_read(jobs) == expected


def test_an_interpolation_is_resolved_in_the_job() -> None:
    sweep = Sweep.from_overrides(["name=${seed},'run-${seed}'", "seed=1"], train)

    assert [type(config["name"]) for config in sweep] == [OverrideText, OverrideText]
    assert list(sweep.overrides()) == [
        ["name='${seed}'", "seed=1"],
        ["name='run-${seed}'", "seed=1"],
    ]


def test_the_values_go_into_the_fields_of_the_targets() -> None:
    sweep = Sweep.from_overrides(["lr=1,'2'", "name=3", "tags=[1,a]"], train)

    assert sweep == Sweep(train).product(lr=[1.0, 2.0]).set(name="3", tags=["1", "a"])
    with pytest.warns(SweepWarning, match="train has no parameter lrr. Did you mean lr?") as caught:
        Sweep.from_overrides(["lrr=1,2"], train)
    assert caught[0].filename == __file__


def test_keys_are_read_as_on_the_command_line() -> None:
    @proto.prefix("of_lines")
    class OfLines:
        seed: int = 0
        lr: float = 0.1

    sweep = Sweep.from_overrides(["seed=1,2", "of_lines.seed=3"], train, OfLines)
    assert next(iter(sweep)) == {"seed": 1, "of_lines.seed": 3}
    assert next(Sweep.from_overrides(["lr=1,2"], OfLines).overrides()) == ["of_lines.lr=1.0"]


def test_a_glob_needs_the_configs(tmp_path: Path) -> None:
    write(tmp_path, {"model/small": "", "model/large": ""})

    sweep = Sweep.from_overrides(["model=glob(*)"], config_dir=tmp_path)
    assert sweep == Sweep().product(model=["large", "small"])
    with pytest.raises(
        SweepError,
        match=r"^model=glob\(\*\): glob lists .* config_dir=conf, or --config-dir conf in a command\.$",
    ):
        Sweep.from_overrides(["model=glob(*)"])
    with pytest.raises(SweepError, match=r"^model=glob\(x\) has no values"):
        Sweep.from_overrides(["model=glob(x)"], config_dir=tmp_path)
    with pytest.raises(
        SweepError,
        match=r"^mode=glob\(\*\) has no values: no option of the config group mode matches",
    ):
        Sweep.from_overrides(["mode=glob(*)"], config_dir=tmp_path)


def test_an_order_is_drawn_once() -> None:
    sweep = Sweep.from_overrides(["seed=shuffle(range(50))"])
    assert list(sweep) == list(sweep)
    assert sorted(config["seed"] for config in sweep) == list(range(50))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["lr=interval(0,1)", "bs=1,2", "x"], "2 mistakes:\n- Hydra cannot read 'x': missing EQUAL at '<EOF>'. Write key=value, and text with any of ,:=()[]{} in quotes, key='a, b'.\n- lr=interval(0,1): an interval has no values to enumerate. Write them, or a range with a step."),
        (["seed=1,x", "lr=a"], "2 mistakes:\n- product: seed takes int, got 'x': 'x' is not an int. Give it a value of that type.\n- set: lr takes float, got 'a': 'a' is not a float. Give it a value of that type."),
        (["lr=1,2", "~lr"], "~lr would delete a key that another line gives a value. Leave out one of them."),
        (["~seed", "seed=1,2"], "~seed would delete a key that another line gives a value. Leave out one of them."),
        (["=1"], "set: '' is not a Hydra key: write a name (lr), a path (model.lr) or a group (db, db/engine, db@package), with +, ++ or ~ in front to add or delete it."),
        ("lr=1,2", "from_overrides takes a list of lines of text, ['lr=0.1,0.01', 'seed=1'], got 'lr=1,2'."),
    ],
    ids=str,
)  # fmt: skip
def test_all_mistakes_are_reported(given: Any, message: str) -> None:
    with pytest.raises(SweepError) as caught:
        Sweep.from_overrides(given, train)
    assert str(caught.value) == message
