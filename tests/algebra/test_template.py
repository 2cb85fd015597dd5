"""The format strings of derive."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from params_proto.algebra.template import fill, keys
from params_proto.errors import SweepError, shown
from tests.strategies import Color

FILLED: dict[str, tuple[str, list[str], str]] = {
    "text": ("run", [], "run"),
    "nothing": ("", [], ""),
    "one key": ("{lr}", ["lr"], "0.001"),
    "a spec": ("{lr:.0e}", ["lr"], "1e-03"),
    "a spec with colons": ("{day:%H:%M}", ["day"], "12:30"),
    "an empty spec": ("{lr:}", ["lr"], "0.001"),
    "a path": ("{model.lr:>4}", ["model.lr"], "   3"),
    "a group": ("{db/engine}{opt@pkg}", ["db/engine", "opt@pkg"], "pgadam"),
    "an added key": ("{+new}", ["+new"], "1"),
    "a key twice": ("{n}{n}", ["n", "n"], "None" * 2),
    "braces": ("{{}}{{lr}}", [], "{}{lr}"),
    "braces about a key": ("{{{lr}}}", ["lr"], "{0.001}"),
    "a list": ("{layers}", ["layers"], "[1, 2]"),
    "an enum": ("{color}", ["color"], "Color.RED"),
    "a key like a number": ("{layers.0}", ["layers.0"], "7"),
}

CONFIG: dict[str, Any] = {
    **{"lr": 0.001, "model.lr": 3, "db/engine": "pg", "opt@pkg": "adam", "+new": 1, "n": None},
    **{"layers": [1, 2], "layers.0": 7, "color": Color.RED, "day": datetime.time(12, 30)},
}


@pytest.mark.parametrize("name", FILLED)
def test_filled(name: str) -> None:
    template, read, text = FILLED[name]

    assert keys(template) == read
    assert fill(template, CONFIG, "name") == text


@pytest.mark.parametrize(
    "template", ["{}", "{ }", "{lr!r}", "{!s}", "{lr:{n}}", "{:>3}", "{lr:>{n}}"]
)
def test_braces_hold_one_whole_key(template: str) -> None:
    message = (
        f"{template!r}: braces hold one whole key and an optional format spec,"
        " {lr} or {model.lr:.0e}."
    )
    for read in (keys, lambda text: fill(text, CONFIG, "name")):
        with pytest.raises(SweepError, match=f"^{re.escape(message)}$"):
            read(template)


@pytest.mark.parametrize("template", ["{", "}", "{lr", "lr}", "{lr}}", "{{lr}", "{lr!}", "{lr!rr}"])
def test_what_is_no_format_string(template: str) -> None:
    with pytest.raises(SweepError, match=re.escape(f"{template!r} is not a format string: ")):
        keys(template)


@pytest.mark.parametrize("template", ["{lr.__class__}", "{layers[0]}", "{0}", "{ lr }", "{lr,n}"])
def test_no_attribute_and_no_element(template: str) -> None:
    with pytest.raises(SweepError, match=r"^derive\(name=.*\): the config .* has no key "):
        fill(template, CONFIG, "name")


def test_a_key_that_a_config_has_not() -> None:
    with pytest.raises(SweepError) as error:
        fill("{bsz}", {"lr": 1, "bs": 2}, "name")
    assert str(error.value) == (
        "derive(name='{bsz}'): the config {'lr': 1, 'bs': 2} has no key bsz. Did you mean bs?"
    )


@pytest.mark.parametrize(
    ("spec", "value"),
    [(".2f", None), ("d", 0.5), (">3", [1]), ("nonsense", 1), ("e", 10**400), ("c", -1)],
    ids=["none", "not whole", "a list", "nonsense", "too large", "no character"],
)
def test_a_format_that_a_value_does_not_take(spec: str, value: Any) -> None:
    with pytest.raises(SweepError) as error:
        fill("{lr:" + spec + "}", {"lr": value}, "name")
    start = f"derive(name='{{lr:{spec}}}'): lr={shown(value)} does not take the format {spec!r}: "
    assert str(error.value).startswith(start)
