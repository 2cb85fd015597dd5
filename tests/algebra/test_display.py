"""A sweep's text as an expression and as a table."""

from __future__ import annotations

import math
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
    "Sweep().product(a=[0, 1])": Sweep().product(a=np.arange(2)),
    "Sweep().chain({'a': 1}, {}, {'+b': [2]})": Sweep().chain({"a": 1}, {}, {"+b": [2]}),
    "Sweep().set(a=None, b={'x': (1,)})": Sweep().set(a=None, b={"x": (1,)}),
    "Sweep().product(a=[1, 2]).exclude(a=[1])": a.exclude(a=1),
    "Sweep().product(a=[[1], 2]).exclude(a=[[1]])": Sweep().product(a=[[1], 2]).exclude(a=[[1]]),
    "Sweep().product(a=[1, 2]).derive(b='{a}', c=keeps_most)": a.derive(b="{a}", c=keeps_most),
    "Sweep().product(a=[1, 2]).shuffle(seed=0)": a.shuffle(),
    "Sweep().product(a=[1, 2]).sample(1, seed=7)": a.sample(1, seed=7),
    "Sweep().product(a=[1, 2])[1:]": a[1:],
    "Sweep().product(a=[1, 2]) + Sweep().product(b=[3])": a + b,
    "(Sweep().product(a=[1, 2]) + Sweep().product(b=[3])).repeat(2)": (a + b) ** 2,
    "Sweep().product(a=[1, 2]) * Sweep().product(b=[3]).shuffle(seed=0)": a * b.shuffle(),
    "Sweep().product(a=[1, 2]) * (Sweep().product(b=[3]) + Sweep())": a * (b + Sweep()),
    "(Sweep().product(a=[1, 2]) * Sweep().product(b=[3]).shuffle(seed=0))[:1]": (a * b.shuffle())[
        :1
    ],
    "Sweep().set(a=[Color.RED, Level.LOW])": Sweep().set(a=[Color.RED, Level.LOW]),
    "Sweep().set(a={Color.RED})": Sweep().set(a={Color.RED}),
    "Sweep().set(a=set())": Sweep().set(a=set[int]()),
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
    assert "25" in repr(Sweep().product(a=[*range(50)]))


def test_many_rows_are_cut_as_a_long_axis_is() -> None:
    sweep = Sweep().chain(*({"a": number} for number in range(10_000)))

    assert len(repr(sweep)) < 1000


# --- in a notebook


def table(sweep: Any) -> str:
    return sweep._repr_html_()


def test_a_table_has_the_keys_and_values_of_every_config() -> None:
    text = table(Sweep().chain({"a": 1.5}, {"b": "<b>"}))

    assert text.startswith("<table")
    for part in ("<th>a</th>", "<th>b</th>", "<td>1.5</td>", "<td>&lt;b&gt;</td>", "&lt;NA&gt;"):
        assert part in text
    assert text.endswith("</table><p>2 configs</p>")
    assert table(Sweep()).endswith("<p>1 config</p>")
    assert table(a.exclude(a=[1, 2])).endswith("<p>0 configs</p>")


@pytest.mark.parametrize(("size", "shown"), [(50, 50), (51, 50), (10**12, 50)])
def test_a_long_table_shows_its_ends(size: int, shown: int) -> None:
    text = table(Sweep().product(a=range(size), b=[1]))

    assert text.count("<tr>") == shown
    for number in (0, 24, size - 25, size - 1):
        assert f"<th>{number}</th>\n      <td>{number}</td>" in text
    assert text.endswith(f"<p>{size:,} configs</p>")


def test_a_message_shows_what_cannot_show_itself() -> None:
    with pytest.raises(SweepError, match=r"got a value of type int\."):
        Sweep().repeat(-(10**5000))
