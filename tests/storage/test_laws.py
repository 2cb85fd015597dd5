"""Stored sweeps read back as the same expression, configs and types."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import enum
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from params_proto import Sweep, proto
from tests.recipes import Recipe, exactly
from tests.strategies import METHODS, TEXTS, nested, recipes, scalars

# What a scalar of YAML, JSON or CSV could be taken for.
LOOKALIKES = [
    *TEXTS,
    *("yes", "No", "on", "off", "y", "~", "null", "Null", "NULL", "None", "True", "TRUE", "nan"),
    *("0o17", "017", "0x1F", "1_000", "12:30:45", "1:30", "1e5", "1E5", "1.", ".5", "+1", "-0"),
    *(".inf", "-.INF", ".nan", "NaN", "Infinity", "-Infinity", "2024-01-01", "=", "<<", "a,b"),
    *(" lead", "trail ", "a: b", "a #b", "- a", "-", "?", "[1]", "{a: 1}", '"a"', "'a'", "@a"),
    *("!tuple", "&a", "*a", "%a", "|", ">", "a\nb", "a\r\nb", "\t", "\x00", "\x07", "\x7f", "`"),
    *("\x85", "\u2028", "\ufeffa", "🦜", "\U0010ffff", "word " * 60, "a" * 300, "...", "---"),
    *('a"b', "a'b", "\\n", "a;b", "=1+1", "range(1,5)", "glob(*)", "#", "1,2", " ", "\n", "\r"),
]
texts = st.one_of(st.sampled_from(LOOKALIKES), st.text())
leaves = st.one_of(scalars, texts, st.integers(2**63 - 1, 2**64))
json_values = st.recursive(
    st.one_of(leaves, st.sampled_from(["\ud800", "a\udfff\n", "🦜\ud83e"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)
yaml_keys = st.one_of(st.none(), st.booleans(), st.integers(), texts, st.tuples(st.integers()))
yaml_values = st.recursive(
    st.one_of(
        leaves,
        nested,
        st.binary(max_size=4),
        st.sampled_from([Path("runs/1"), Path(), Path("a b"), Path("1"), Path("é"), Path("#")]),
        st.sets(st.one_of(texts, st.integers()), max_size=2),
        st.frozensets(st.tuples(st.booleans(), texts), max_size=2),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(yaml_keys, inner, max_size=2),
    ),
    max_leaves=4,
)
STORED = [method for method in METHODS if method != "where"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def types_and_all(sweep: Sweep) -> list[Any]:
    return [exactly(config) for config in sweep]


@given(recipe=recipes(values=yaml_values, methods=STORED, callables=False))
def test_yaml_gives_the_expression_back(recipe: Recipe, folder: Path) -> None:
    sweep = recipe.sweep()
    sweep.save(folder / "sweep.yaml")
    again = Sweep.load(folder / "sweep.yaml")

    assert again == sweep
    assert types_and_all(again) == types_and_all(sweep)
    assert [list(config) for config in again] == [list(config) for config in sweep]


@pytest.mark.parametrize("text", LOOKALIKES, ids=ascii)
def test_yaml_keeps_a_text_that_looks_like_something_else(text: str, folder: Path) -> None:
    sweep = Sweep().product(a=[text, [text], {text: text}, {text}]).set(b=text).chain({"c": text})
    sweep.save(folder / "sweep.yaml")

    assert types_and_all(Sweep.load(folder / "sweep.yaml")) == types_and_all(sweep)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@given(recipe=recipes(values=json_values))
def test_rows_give_the_configs_back(suffix: str, recipe: Recipe, folder: Path) -> None:
    sweep = recipe.sweep()
    sweep.save(folder / f"sweep{suffix}")
    again = Sweep.load(folder / f"sweep{suffix}")

    assert types_and_all(again) == types_and_all(sweep)


@given(recipe=recipes(values=st.one_of(json_values, yaml_values)))
@example(recipe=Recipe())
def test_a_frame_gives_the_configs_back(recipe: Recipe) -> None:
    sweep = recipe.sweep()
    df = sweep.to_dataframe()
    again = Sweep.from_dataframe(df)

    assert types_and_all(again) == types_and_all(sweep)
    assert len(df) == len(sweep)
    assert list(df.columns) == list(dict.fromkeys(key for config in sweep for key in config))
    assert types_and_all(Sweep.from_dataframe(again.to_dataframe())) == types_and_all(sweep)


# --- with targets


class Optimizer(enum.Enum):
    ADAM = 1
    yes = "no"


@dataclass
class Model:
    lr: float = 0.1
    sizes: tuple[int, ...] = ()
    optimizer: Optimizer = Optimizer.ADAM
    by_name: dict[str, Optimizer] | None = None
    out: Path = Path("runs")


@proto.prefix
class Training:
    lr: float = 0.1
    bs: int = 1


@proto.prefix
class Other:
    lr: float = 0.1


def train(seed: int = 0, layers: list[Path] | None = None) -> None: ...


@pytest.mark.parametrize(
    ("sweep", "targets"),
    [
        pytest.param(Sweep(Model).product(lr=[1, 0.1], sizes=[[1, 2], ()], optimizer=list(Optimizer), by_name=[{"a": Optimizer.yes}, None], out=["a", Path("b")]), (Model,), id="dataclass"),
        pytest.param(Sweep(train).product(seed=range(1000)) * Sweep(Model).zip(lr=[1, 2], sizes=[(), (1,)]), (train, Model), id="two targets"),
        pytest.param(Sweep(train).chain({"seed": 1}, Sweep(train).product(layers=[["a"], [Path("b")]])), (train,), id="chain with a sweep"),
        pytest.param(Sweep(Training).product(lr=[1.0]).set(bs=2), (Training,), id="a node"),
        pytest.param(Sweep(train).product(seed=[1]) * Sweep(Training).zip(lr=[1.0], bs=[2]), (train, Training), id="a node beside a function"),
        pytest.param(Sweep(Training).product(lr=[1.0]).shuffle() + Sweep(Other).product(lr=[2.0]), (Training, Other), id="one node after the other"),
    ],
)  # fmt: skip
def test_yaml_gives_a_sweep_over_targets_back(
    sweep: Sweep, targets: tuple[Any, ...], tmp_path: Path
) -> None:
    sweep.save(tmp_path / "sweep.yaml")
    again = Sweep.load(tmp_path / "sweep.yaml", *targets)

    assert again == sweep
    assert types_and_all(again) == types_and_all(sweep)
    assert list(again.overrides()) == list(sweep.overrides())
    assert (again.targets, again.prefix) == (sweep.targets, sweep.prefix)


def test_without_its_target_an_enum_is_its_name(tmp_path: Path) -> None:
    Sweep(Model).product(optimizer=list(Optimizer)).save(tmp_path / "sweep.yaml")

    assert (tmp_path / "sweep.yaml").read_text() == 'product: {optimizer: [ADAM, "yes"]}\n'
    assert list(Sweep.load(tmp_path / "sweep.yaml")) == [
        {"optimizer": "ADAM"},
        {"optimizer": "yes"},
    ]
