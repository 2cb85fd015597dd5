"""The command line over a configured sweep, as `combine_with_command_line` does it."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto import Sweep, proto
from params_proto.errors import SweepError
from params_proto.multirun import request
from params_proto.multirun.plan import combine_with_command_line


def jobs(sweep: Sweep, *overrides: str, pairs: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    given = request.read_overrides(overrides)
    plan = combine_with_command_line(sweep.expression, (), given, pairs, lambda key: key == "db")
    return [" ".join(job.overrides) for job in plan.jobs()]


GRID = Sweep().product(a=[1, 2], b=[3, 4])
ZIP = Sweep().zip(a=[1, 2], b=[3, 4], c=[5, 6])


@proto.prefix
class T:
    lr: int = 0
    bs: int = 0


PREFIXED = Sweep(T).product(lr=[1, 2], bs=[3])


@pytest.mark.parametrize(
    ("sweep", "overrides", "expected"),
    [
        # a new key multiplies, fastest
        (Sweep(), [], [""]),
        (Sweep(), ["x=1,2", "y=3", "z=4,5"], ["x=1 y=3 z=4", "x=1 y=3 z=5", "x=2 y=3 z=4", "x=2 y=3 z=5"]),
        (GRID.sample(1), ["x=5"], [*(f"{job} x=5" for job in jobs(GRID.sample(1)))]),
        # one value is pinned
        # a new one is nothing to the steps that look at whole configs
        (GRID.where(lambda c: "x" not in c), ["a=1", "x=9"], ["a=1 b=3 x=9", "a=1 b=4 x=9"]),
        (GRID.derive(n=lambda c: len(c)), ["x=9"], [f"a={a} b={b} n=2 x=9" for a in (1, 2) for b in (3, 4)]),
        ((Sweep().product(c=[0]) * GRID.derive(n=lambda c: len(c))), ["x=9"], [f"c=0 a={a} b={b} n=2 x=9" for a in (1, 2) for b in (3, 4)]),
        ((Sweep().product(a=[1]) + Sweep().product(a=[2]).derive(n=lambda c: len(c))), ["x=9"], ["a=1 x=9", "a=2 n=1 x=9"]),
        (GRID.derive(n="{a}{b}"), ["a=9"], ["a=9 b=3 n='93'", "a=9 b=4 n='94'"]),
        (GRID.exclude(a=9, b=3), ["a=9"], ["a=9 b=4"]),
        # several take the place of the axis
        (GRID.repeat(2), ["a=range(7,8)"], ["a=7 b=3", "a=7 b=3", "a=7 b=4", "a=7 b=4"]),
        (ZIP, ["a=7,8", "c=1", "b=1"], ["a=7 b=1 c=1", "a=8 b=1 c=1"]),
        (GRID.set(c=1), ["c=7,8", "a=1"], [f"a=1 b={b} c={c}" for b in (3, 4) for c in (7, 8)]),
        (GRID.derive(n="{a}"), ["n=x,y", "b=1"], ["a=1 b=1 n=x", "a=1 b=1 n=y", "a=2 b=1 n=x", "a=2 b=1 n=y"]),
        (GRID.exclude(a=7, b=3), ["a=7,8"], ["a=7 b=4", "a=8 b=3", "a=8 b=4"]),
        # a pin that earlier steps look at stands first
        (GRID.where(lambda c: c.get("s") == 8).set(s=8), ["s=8,9", "a=1"], ["s=8 a=1 b=3", "s=8 a=1 b=4"]),
        # however deep
        (GRID * Sweep().product(c=[1]).exclude(c=2), ["c=5,6", "a=1", "b=3"], ["a=1 b=3 c=5", "a=1 b=3 c=6"]),
        (Sweep().product(a=[1]) + Sweep().product(b=[2]), ["a=8,9"], ["a=8", "a=9", "b=2 a=8", "b=2 a=9"]),
        (PREFIXED, ["t.lr=7,8"], ["t.lr=7 t.bs=3", "t.lr=8 t.bs=3"]),
        (PREFIXED, ["lr=7"], ["t.lr=1 t.bs=3 lr=7", "t.lr=2 t.bs=3 lr=7"]),
        (PREFIXED.product({"+x": [1], "u.v": [2]}), ["x=7,8", "t.lr=1"], ["t.lr=1 t.bs=3 x=7 u.v=2", "t.lr=1 t.bs=3 x=8 u.v=2"]),
        # spelled as outside
        (Sweep().product({"+a": [1, 2]}), ["a=7,8"], ["a=7", "a=8"]),
        (Sweep().product({"db@x": ["pg"]}), ["+db@x=a,b"], ["+db@x=a", "+db@x=b"]),
        (Sweep().set({"~db": None}), ["db=pg"], ["db=pg"]),
        # a group has no option null
        (Sweep().product(db=["pg", None]), [], ["db=pg", "~db"]),
        (Sweep(), ["db=null,pg", "x=null"], ["~db x=null", "db=pg x=null"]),
        (Sweep().product({"+db": ["pg", None]}), [], ["+db=pg", ""]),
        (Sweep(), ["~b=0", "+b=1,2"], ["~b=0 +b=1", "~b=0 +b=2"]),
    ],
)  # fmt: skip
def test_the_command_line_wins_and_keeps_the_place(
    sweep: Sweep, overrides: list[str], expected: list[str]
) -> None:
    assert jobs(sweep, *overrides) == expected


@pytest.mark.parametrize(
    ("sweep", "overrides", "pair", "expected"),
    [
        (Sweep(), ["a=1,2", "x=0", "b=3,4"], "ab", ["a=1 b=3 x=0", "a=2 b=4 x=0"]),
        (Sweep(), ["x=1,2", "b=3,4", "a=5,6"], "ab", ["x=1 a=5 b=3", "x=1 a=6 b=4", "x=2 a=5 b=3", "x=2 a=6 b=4"]),
        (GRID, ["b=7,8", "c=9,0"], "bc", ["a=1 b=7 c=9", "a=1 b=8 c=0", "a=2 b=7 c=9", "a=2 b=8 c=0"]),
        (ZIP, ["b=7,8", "c=9,0"], "bc", ["a=1 b=7 c=9", "a=1 b=8 c=0", "a=2 b=7 c=9", "a=2 b=8 c=0"]),
    ],
)  # fmt: skip
def test_pairs_stand_at_the_place_of_the_first_key(
    sweep: Sweep, overrides: list[str], pair: str, expected: list[str]
) -> None:
    assert jobs(sweep, *overrides, pairs=(tuple(pair),)) == expected


def test_a_pair_across_a_node_and_the_root() -> None:
    both = PREFIXED + Sweep(T).product({"t.bs": [1]})
    assert jobs(both, "t.lr=7,8", "x=9,0", pairs=(("t.lr", "x"),)) == [
        *("t.lr=7 x=9 t.bs=3", "t.lr=8 x=0 t.bs=3", "t.bs=1 t.lr=7 x=9", "t.bs=1 t.lr=8 x=0"),
    ]


@pytest.mark.parametrize(
    ("sweep", "overrides", "message"),
    [
        (GRID, ["~a"], "~a would delete a key that the sweep gives values, a. Give it one value"),
        (Sweep(), ["~a", "a=1,2"], "~a would delete a key"),
        (GRID, ["~a", "+a=1,2"], "~a would delete a key"),
        (Sweep(), ["++a=1,2", "~a"], "~a would delete a key"),
        (Sweep(), ["+db=pg,my", "~db"], r"gives values, \+db"),
        (Sweep().set({"+a": 1}), ["~a=1"], r"gives values, \+a"),
        (PREFIXED, ["~t.lr"], r"~t\.lr would delete a key .*Give it one value instead, t\.lr="),
        (Sweep().product(a=["???", 1, b"x"]), [], r"(?s)2 mistakes:.*a: the string '\?\?\?'.*a: b'x'"),
        (GRID * Sweep().zip(c=["???"]).shuffle(), [], r"c: the string '\?\?\?' cannot be given"),
        (GRID.set(a="x") + Sweep().chain({"a": {"": 1}}), [], r"a: the dict key '' cannot be written"),
        (GRID.sample(3), ["a=1"], r"sample\(3\) asks for more configs than there are: 2"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(sweep: Sweep, overrides: list[str], message: str) -> None:
    with pytest.raises(SweepError, match=message):
        jobs(sweep, *overrides)


KEYS = "abcd"
lists = st.lists(st.integers(0, 3), min_size=1, max_size=3)


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Sweeps over some of a, b, c, d."""
    sweep = Sweep()
    free = list(KEYS)
    for kind in draw(
        st.lists(st.sampled_from(["product", "zip", "chain", "set", "cross"]), max_size=3)
    ):
        if not free:
            break
        keys = [free.pop() for _ in range(draw(st.integers(1, len(free))))]
        if kind == "product":
            sweep = sweep.product({key: draw(lists) for key in keys})
        elif kind == "zip":
            sweep = sweep.zip({key: [draw(st.integers(0, 3)) for _ in "12"] for key in keys})
        elif kind == "set":
            sweep = sweep.set({key: draw(st.integers(0, 3)) for key in keys})
        elif kind == "chain":
            rows = draw(
                st.lists(st.lists(st.sampled_from(keys), unique=True), min_size=1, max_size=3)
            )
            sweep = sweep.chain(*[{key: draw(st.integers(0, 3)) for key in row} for row in rows])
        else:
            sweep = sweep * (Sweep().product({key: draw(lists) for key in keys}).shuffle(1))
    return sweep


@given(
    sweeps(),
    st.dictionaries(
        st.sampled_from(KEYS),
        st.lists(st.integers(4, 9), min_size=1, max_size=3, unique=True),
        max_size=3,
    ),
)
@settings(max_examples=150)
def test_every_job_has_each_value_from_outside_and_the_rest_is_as_configured(
    sweep: Sweep, outside: dict[str, list[int]]
) -> None:
    """A law: the jobs are those of the sweep with the keys pinned, for every combination."""
    overrides = [f"{key}={','.join(map(str, values))}" for key, values in outside.items()]
    plan = combine_with_command_line(
        sweep.expression, (), request.read_overrides(overrides), (), lambda key: False
    )
    expected: list[dict[str, Any]] = []
    for pins in Sweep().product(outside):
        expected += list(sweep.set(pins))
    as_set = lambda configs: sorted(sorted(config.items()) for config in configs)  # noqa: E731
    assert as_set(plan.space) == as_set(expected)
