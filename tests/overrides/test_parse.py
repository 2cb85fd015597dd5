"""Hydra's text -> values."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import pytest

from params_proto.errors import SweepError
from params_proto.overrides.parse import parse, read_lines, sweep_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2.5,a,null,true", [1, 2.5, "a", None, True]),
        ("choice(a,b)", ["a", "b"]),
        ("range(1,5)", range(1, 5)),
        ("range(0,1,0.25)", [0.0, 0.25, 0.5, 0.75]),
        ("float(range(1,3))", [1.0, 2.0]),
        ("sort(range(3,0,-1))", range(1, 4)),
        ("tag(t,choice(a,b))", ["a", "b"]),
        ("str([1,2]),'3'", [["1", "2"], "3"]),
        ("{a:1},{a:'2'}", [{"a": 1}, {"a": "2"}]),
        ("adam", ["adam"]),
        ("", [""]),
        (r"'\${x}',b", ["${x}", "b"]),
    ],
)
def test_a_sweep_in_hydras_syntax_is_its_values(text: str, values: object) -> None:
    read = sweep_values("key", text)
    assert repr(read) == repr(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interval(0,1)", "interval has no values to enumerate"),
        ("glob(*)", "outside a Hydra app there are none"),
        ("range(0,inf)", "finite ends"),
        pytest.param(f"range(0,{10**400})", "finite ends", id="huge"),
        ("range(0,1e9,0.5)", "lists 2000000000 values, and at most 100,000 are listed"),
        ("shuffle(range(0,10000000))", "A range of integers, not shuffled, may be of any length"),
        ("range(0,5,0)", "a step that is not 0"),
        ("range(5,1)", "key=range\\(5,1\\) has no values"),
        ("1,,2", r"^Hydra cannot read 'key=1,,2': extraneous input ','\. Write key=value, and text with any of ,:=\(\)\[\]\{\} in quotes, key='a, b'\.$"),
        ("'a", '^Hydra cannot read "key=\'a": a quote is not closed, or a character outside quotes'),
        ("sort(1,a)", "Hydra cannot read 'key=sort.1,a.': TypeError while evaluating"),
        ("f(1)", r"Unknown function 'f'; Available: bool,choice,.*tag\. Write key=value"),
        pytest.param("[" * 999 + "]" * 999, "Hydra cannot read .* recursion depth", id="deep"),
        ("[1,range(1,3)]", "RangeSweep inside another value"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_values_is_refused(text: str, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        sweep_values("key", text)


@pytest.mark.parametrize("text", ["1,2", "range(3)", "glob(*)"])
def test_a_sweep_is_not_one_value(text: str) -> None:
    with pytest.raises(SweepError, match="is a sweep, not one value"):
        parse(text)


def test_mappings_that_hydra_would_merge_are_refused() -> None:
    with pytest.raises(SweepError, match=r"^d and \+\+d are both given mappings: put the entries"):
        read_lines(["d={x: 1},{x: 2}", "++d={y: 3}"])
