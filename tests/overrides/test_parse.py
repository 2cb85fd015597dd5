"""Hydra's text -> values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from params_proto.errors import SweepError
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.parse import KeyValues, parse, read_lines, sweep_values
from tests.versions import VERSION_BASE


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2.5,a,null,true", [1, 2.5, "a", None, True]),
        ("choice(a,b)", ["a", "b"]),
        ("range(1,5)", range(1, 5)),
        ("range(5,1,-2)", range(5, 1, -2)),
        ("range(0,1,0.25)", [0.0, 0.25, 0.5, 0.75]),
        ("float(range(1,3))", [1.0, 2.0]),
        ("sort(3,1,2)", [1, 2, 3]),
        ("sort(range(3,0,-1))", range(1, 4)),
        ("tag(t,choice(a,b))", ["a", "b"]),
        ("str([1,2]),'3'", [["1", "2"], "3"]),
        ("[1,2],[3]", [[1, 2], [3]]),
        ("{a:1},{a:'2'}", [{"a": 1}, {"a": "2"}]),
        ("adam", ["adam"]),
        ("", [""]),
        (r"'\${x}',b", ["${x}", "b"]),
    ],
)
def test_a_sweep_in_hydras_syntax_is_its_values(text: str, values: object) -> None:
    read = sweep_values("key", text)
    assert repr(read) == repr(values)


def test_a_large_range_is_not_listed() -> None:
    assert len(sweep_values("seed", "range(0,1000000000000)")) == 10**12


def test_a_shuffled_sweep_is_drawn_once_and_complete() -> None:
    assert sorted(sweep_values("key", "shuffle(range(0,50))")) == list(range(50))
    assert sorted(sweep_values("key", "shuffle(3,1,2)")) == [1, 2, 3]


def test_an_interpolation_stays_one() -> None:
    live, list_ = sweep_values("key", "${seed},[a,'it ${seed}']")
    assert isinstance(live, OverrideText)
    assert live.text == "'${seed}'"
    assert type(list_[0]) is str
    assert list_[1].text == "'it ${seed}'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interval(0,1)", "interval has no values to enumerate"),
        ("glob(*)", "outside a Hydra app there are none"),
        ("range(0,inf)", "finite ends"),
        ("range(0,1e9,0.5)", "lists 2000000000 values, and at most 100,000 are listed"),
        ("shuffle(range(0,10000000))", "A range of integers, not shuffled, may be of any length"),
        ("range(0,5,0)", "a step that is not 0"),
        ("range(0.0,nan)", "finite ends"),
        ("range(5,1)", "key=range\\(5,1\\) has no values"),
        (
            "1,,2",
            r"^Hydra cannot read 'key=1,,2': extraneous input ','\. Write key=value, and text with"
            r" any of ,:=\(\)\[\]\{\} in quotes, key='a, b'\.$",
        ),
        (
            "'a",
            '^Hydra cannot read "key=\'a": a quote is not closed, or a character outside quotes',
        ),
        (
            "sort(1,a)",
            "Hydra cannot read 'key=sort.1,a.': TypeError while evaluating",
        ),
        ("f(1)", r"Unknown function 'f'; Available: bool,choice,.*tag\.$"),
        pytest.param(
            "[" * 999 + "]" * 999, "Hydra cannot read .*: it is nested too deep", id="deep"
        ),
        ("shuffle(choice(1,2)),3", r"^key=shuffle\(.*\),3: ChoiceSweep inside another value"),
        ("[1,range(1,3)]", "RangeSweep inside another value"),
        ("{a:glob(*)}", "Glob inside another value"),
    ],
)
def test_what_is_no_list_of_values_is_refused(text: str, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        sweep_values("key", text)


def test_a_glob_lists_the_options_of_its_group(tmp_path: Path) -> None:
    for name in ("pg", "mysql", "sqlite"):
        (tmp_path / "db").mkdir(exist_ok=True)
        (tmp_path / "db" / f"{name}.yaml").write_text("a: 1\n")
    with initialize_config_dir(str(tmp_path), **VERSION_BASE):
        loader = GlobalHydra.instance().config_loader()
        assert sweep_values("+db", "glob(*,exclude=pg)", loader) == ["mysql", "sqlite"]
        assert sweep_values("db@pkg", "glob([s*,p*])", loader) == ["pg", "sqlite"]
        with pytest.raises(SweepError, match="db=glob\\(x\\) has no values"):
            sweep_values("db", "glob(x)", loader)


@pytest.mark.parametrize("text", ["1,2", "range(3)", "glob(*)"])
def test_a_sweep_is_not_one_value(text: str) -> None:
    with pytest.raises(SweepError, match="is a sweep, not one value"):
        parse(text)


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["a=1", "b=2"], [KeyValues("a", (1,)), KeyValues("b", (2,))]),
        (["a=1,2", "+b=3"], [KeyValues("a", (1, 2), swept=True), KeyValues("+b", (3,))]),
        (["a=1,2", "a=3"], [KeyValues("a", (3,))]),
        (["+a=1,2", "a=3", "++a=4"], [KeyValues("++a", (4,))]),
        (["+a=1,2", "a=3"], [KeyValues("+a", (3,))]),
        (["a=1,2", "a=3", "a=4,5"], [KeyValues("a", (4, 5), swept=True)]),
        (["a=1", "++a=2"], [KeyValues("a", (1,)), KeyValues("++a", (2,))]),
        (["d={x: 1},{x: 2}", "++d=3"], [KeyValues("++d", (3,))]),
        (["a=1,2", "~a"], [KeyValues("a", (1, 2), swept=True), KeyValues("~a", (None,))]),
    ],
    ids=str,
)  # fmt: skip
def test_the_last_value_of_a_key_wins(lines: list[str], read: list[KeyValues]) -> None:
    assert read_lines(lines) == read


def test_mappings_that_hydra_would_merge_are_refused() -> None:
    with pytest.raises(SweepError, match=r"^d and \+\+d are both given mappings: put the entries"):
        read_lines(["d={x: 1},{x: 2}", "++d={y: 3}"])


@pytest.mark.parametrize(
    ("lines", "shuffled"),
    [
        (["a=shuffle(1,2)"], True),
        (["a=[1,int(shuffle([1,2]))]"], True),
        (["a='shuffle(1)',b"], False),
    ],
)
def test_a_random_order(lines: list[str], shuffled: bool) -> None:
    (one,) = read_lines(lines)
    assert one.shuffled == shuffled
