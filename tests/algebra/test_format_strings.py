"""The format strings of derive."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from params_proto.errors import SweepError, short_repr
from params_proto.sweep import Sweep
from tests.strategies import Color

CONFIG: dict[str, Any] = {
    **{"lr": 0.001, "model.lr": 3, "db/engine": "pg", "opt@pkg": "adam", "+new": 1, "n": None},
    **{"layers": [1, 2], "layers.0": 7, "color": Color.RED, "day": datetime.time(12, 30)},
}

FILLED: dict[str, tuple[str, str]] = {
    "text": ("run", "run"),
    "nothing": ("", ""),
    "a spec": ("{lr:.0e}", "1e-03"),
    "a spec with colons": ("{day:%H:%M}", "12:30"),
    "a path": ("{model.lr:>4}", "   3"),
    "a group": ("{db/engine}{opt@pkg}", "pgadam"),
    "an added key": ("{+new}", "1"),
    "braces": ("{{}}{{lr}}", "{}{lr}"),
    "braces about a key": ("{{{lr}}}", "{0.001}"),
    "a list": ("{layers}", "[1, 2]"),
    "an enum": ("{color}", "Color.RED"),
    "a key like a number": ("{layers.0}", "7"),
}


@pytest.mark.parametrize("name", FILLED)
def test_filled(name: str) -> None:
    template, text = FILLED[name]

    assert Sweep().set(CONFIG).derive(name=template)[0]["name"] == text


@pytest.mark.parametrize("template", ["{}", "{lr!r}", "{!s}", "{lr:{n}}", "{:>3}"])
def test_braces_hold_one_whole_key(template: str) -> None:
    with pytest.raises(SweepError, match="braces hold one whole key and an optional format spec"):
        Sweep().set(CONFIG).derive(name=template)


@pytest.mark.parametrize("template", ["{", "}", "{lr}}", "{{lr}", "{lr!}", "{lr!rr}"])
def test_what_is_no_format_string(template: str) -> None:
    with pytest.raises(SweepError, match="is not a format string: "):
        Sweep().set(CONFIG).derive(name=template)


@pytest.mark.parametrize("template", ["{lr.__class__}", "{layers[0]}", "{0}", "{ lr }", "{lr,n}"])
def test_no_attribute_and_no_element(template: str) -> None:
    with pytest.raises(SweepError, match="which no step before it gives a value"):
        Sweep().set(CONFIG).derive(name=template)


@pytest.mark.parametrize(
    ("spec", "value"),
    [("d", 0.5), (">3", [1]), ("nonsense", 1), ("c", -1)],
    ids=["not whole", "a list", "nonsense", "no character"],
)
def test_a_format_that_a_value_does_not_take(spec: str, value: Any) -> None:
    with pytest.raises(SweepError) as error:
        list(Sweep().set(lr=value).derive(name="{lr:" + spec + "}"))
    start = (
        f"derive(name='{{lr:{spec}}}'): lr={short_repr(value)} does not take the format {spec!r}: "
    )
    assert str(error.value).startswith(start)
