"""How a sweep is written down, as an expression and as a table."""

from __future__ import annotations

import functools
import math
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from params_proto.errors import SweepError
from params_proto.sweep import Sweep
from tests.strategies import Color, Layer, Level, Point, keeps_most

a = Sweep().product(a=[1, 2])
b = Sweep().product(b=[3])

WRITTEN: dict[str, Sweep] = {
    "Sweep()": Sweep(),
    "Sweep().product(lr=[0.1, 1e-05])": Sweep().product(lr=[0.1, 1e-5]),
    "Sweep().product({'model.lr': [1], 'bs': [2]})": Sweep().product({"model.lr": [1]}, bs=[2]),
    "Sweep().product({'class': [1]})": Sweep().product({"class": [1]}),
    "Sweep().product(a=range(0, 10, 2))": Sweep().product(a=range(0, 10, 2)),
    "Sweep().product(a=[0, 1])": Sweep().product(a=np.arange(2)),
    "Sweep().zip(a=[1, 2], b=['x', 'y'])": Sweep().zip(a=(1, 2), b=list("xy")),
    "Sweep().chain({'a': 1}, {}, {'+b': [2]})": Sweep().chain({"a": 1}, {}, {"+b": [2]}),
    "Sweep().set(a=None, b={'x': (1,)})": Sweep().set(a=None, b={"x": (1,)}),
    "Sweep().product(a=[1, 2]).repeat(3)": a**3,
    "Sweep().product(a=[1, 2]).exclude(a=1)": a.exclude(a=1),
    "Sweep().product(a=[1, 2]).exclude(a=[1, 2])": a.exclude(a=[1, 2]),
    "Sweep().product(a=[[1], 2]).exclude(a=[[1]])": Sweep().product(a=[[1], 2]).exclude(a=[[1]]),
    "Sweep().product(a=[1, 2]).where(keeps_most)": a.where(keeps_most),
    "Sweep().product(a=[1, 2]).derive(b='{a}', c=keeps_most)": a.derive(b="{a}", c=keeps_most),
    "Sweep().product(a=[1, 2]).derive({'x.y': '{a}'})": a.derive({"x.y": "{a}"}),
    "Sweep().product(a=[1, 2]).shuffle(seed=0)": a.shuffle(),
    "Sweep().product(a=[1, 2]).sample(1, seed=7)": a.sample(1, seed=7),
    "Sweep().product(a=[1, 2])[1:]": a[1:],
    "Sweep().product(a=[1, 2])[:1]": a[:1],
    "Sweep().product(a=[1, 2])[::-1]": a[::-1],
    "Sweep().product(a=[1, 2])[:0]": a[:0],
    "Sweep().product(a=[1, 2], b=[3])": a * b,
    "Sweep().product(a=[1, 2]) + Sweep().product(b=[3])": a + b,
    "Sweep() + Sweep() + Sweep()": Sweep() + Sweep() + Sweep(),
    "(Sweep().product(a=[1, 2]) + Sweep().product(b=[3])).repeat(2)": (a + b) ** 2,
    "Sweep().product(a=[1, 2]) * Sweep().product(b=[3]).shuffle(seed=0)": a * b.shuffle(),
    "Sweep().product(a=[1, 2]) * (Sweep().product(b=[3]) + Sweep())": a * (b + Sweep()),
    "(Sweep().product(a=[1, 2]) * Sweep().product(b=[3]).shuffle(seed=0))[:1]": (a * b.shuffle())[
        :1
    ],
    "Sweep().set(a=[Color.RED, Level.LOW])": Sweep().set(a=[Color.RED, Level.LOW]),
    "Sweep().set(a={Color.RED})": Sweep().set(a={Color.RED}),
    "Sweep().set(a=frozenset({Color.RED}))": Sweep().set(a=frozenset({Color.RED})),
    "Sweep().set(a=set())": Sweep().set(a=set[int]()),
    "Sweep().set(a=PurePosixPath('x'))": Sweep().set(a=PurePosixPath("x")),
    "Sweep().set(a=Point(x=1.0, y=0), b=Layer(sizes=[1], name=''))": (
        Sweep().set(a=Point(1.0), b=Layer([1]))
    ),
    "Sweep().set(a=keeps_most, b=Layer)": Sweep().set(a=keeps_most, b=Layer),
    "Sweep().set(a=inf, b=-inf)": Sweep().set(a=math.inf, b=-math.inf),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_sweep_is_written_as_the_expression_that_makes_it(text: str) -> None:
    sweep = WRITTEN[text]

    assert repr(sweep) == text
    assert eval(text, {**globals(), "inf": math.inf}) == sweep


def test_a_long_axis_shows_its_ends() -> None:
    sweep = Sweep().product(a=[float(number) for number in range(51)])

    assert repr(sweep) == "Sweep().product(a=[0.0, 1.0, 2.0, ..., 50.0])"
    assert "49" in repr(Sweep().product(a=[*range(50)]))


def test_many_rows_are_cut_as_a_long_axis_is() -> None:
    sweep = Sweep().chain(*({"a": number} for number in range(10_000)))

    assert len(repr(sweep)) < 1000


def test_what_has_no_name_shows_itself() -> None:
    text = repr(a.where(functools.partial(keeps_most)).where(lambda config: True))

    assert "functools.partial(" in text
    assert "<lambda>" in text


# --- in a notebook


def table(sweep: Any) -> str:
    return sweep._repr_html_()


def test_a_table_of_all() -> None:
    assert table(Sweep().product(a=[1, "<b>"], b=[Color.RED])) == (
        "<table><thead><tr><th></th><th>a</th><th>b</th></tr></thead><tbody>"
        "<tr><th>0</th><td>1</td><td>Color.RED</td></tr>"
        "<tr><th>1</th><td>&#x27;&lt;b&gt;&#x27;</td><td>Color.RED</td></tr>"
        "</tbody></table><p>2 configs</p>"
    )


def test_a_table_of_one_and_of_none() -> None:
    assert table(Sweep()).endswith("<tbody><tr><th>0</th></tr></tbody></table><p>1 config</p>")
    assert table(a.exclude(a=[1, 2])).endswith("<tbody></tbody></table><p>0 configs</p>")


def test_a_missing_key_is_an_empty_cell() -> None:
    text = table(Sweep().chain({"a": 1}, {"b": 2}))

    assert "<tr><th>0</th><td>1</td><td></td></tr>" in text
    assert "<tr><th>1</th><td></td><td>2</td></tr>" in text


@pytest.mark.parametrize(("size", "rows"), [(10, 10), (11, 10), (1000, 10)])
def test_a_long_table_shows_its_ends(size: int, rows: int) -> None:
    text = table(Sweep().product(a=range(size)))

    assert text.count("<tr>") == rows + 1  # and its head
    assert f"<tr><th>{size - 1}</th><td>{size - 1}</td></tr>" in text
    assert text.endswith(f"<p>{size:,} configs</p>")
    assert ("…" in text) is (size > 10)


def test_a_huge_table() -> None:
    text = table(Sweep().product(a=range(10**12), b=range(10**12)))

    assert text.endswith("<p>1,000,000,000,000,000,000,000,000 configs</p>")
    assert "<td>999999999999</td>" in text


def test_an_integer_of_more_digits_than_python_writes() -> None:
    sweep = Sweep().set(a=10**5000)
    assert eval(repr(sweep), {"Sweep": Sweep}) == sweep


def test_a_message_shows_what_cannot_show_itself() -> None:
    with pytest.raises(SweepError, match=r"got a value of type int\."):
        Sweep().repeat(-(10**5000))
