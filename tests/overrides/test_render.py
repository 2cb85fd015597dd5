"""Values and keys -> Hydra's overrides, read back by Hydra itself."""

from __future__ import annotations

import copy
import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.fields import Field, Target
from params_proto.overrides.parse import parse
from params_proto.overrides.render import OverrideText, assignment, render, render_config
from tests.strategies import Level
from tests.versions import VERSION_BASE


class Color(enum.Enum):
    RED = 1
    null = 2


class Bits(enum.Flag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: int
    y: float


@dataclass
class Layer:
    width: int
    note: str = "a: b"
    area: int = field(init=False, default=0)


LOOKALIKES = [
    *("1", "-1", "+1", "1_000", "01", "1.", ".5", "1e3", "1E-5", "-1e+3", "inf", "-Inf", "NaN"),
    *("null", "NULL", "~", "true", "False", "yes", "", " ", " a", "a ", "a b", "a,b", "a=b", "a:b"),
    *("[a]", "{a:1}", "(a)", "f(x)", "range(1,3)", "glob(*)", "???x", "'", '"', "''", "it's"),
    *("\\", "\\\\", "a\\", "\\'", "'\\", "\\\\'", 'a\\"', "\\n", "\n", "\t", "\r", "a\n", "\0"),
    *("${x}", "\\${x}", "\\\\${x}", "${", "$", "$${x}", "${oc.env:HOME}", "${x}\\", "'${x}'", "}"),
    *("$x", "a/b.c-d_e", "/tmp/x", "./x", "../x", "-x", "é", "日本", "\u2028", "#a", "%", "@"),
    *("~/x", "*", "a|b", "a;b", "&", "!", "a.b", "nan-1", "inf.", "e5", "_", "-", "--x", "1-1"),
]  # fmt: skip
texts = st.sampled_from(LOOKALIKES) | st.text(alphabet="a'\"\\${}:,[] =1\n", max_size=8) | st.text()
texts = texts.filter(lambda text: text != "???")
numbers = st.integers() | st.integers(10**30, 10**40) | st.floats() | st.floats(width=16)
scalars = st.none() | st.booleans() | numbers | texts
# What Hydra's grammar can say as the key of a dict.
dict_keys = st.text(alphabet="ab_/-.$%*@?|()[]{}:=, \t\\", min_size=1, max_size=5) | st.integers()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(dict_keys, inner, max_size=3),
    max_leaves=8,
)


def exactly(value: Any) -> str:
    """A text that is the same for values that are equal and have the same types throughout."""
    return repr(value)


def as_hydra_holds_it(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(as_hydra_holds_it(element) for element in value)
    if isinstance(value, (list, tuple)):
        return [as_hydra_holds_it(element) for element in value]
    if isinstance(value, dict):
        return {as_hydra_holds_it(k): as_hydra_holds_it(v) for k, v in value.items()}
    if isinstance(value, enum.Enum):
        return value.name
    return str(value) if isinstance(value, Path) else value


@given(values)
@settings(max_examples=200)
def test_what_is_rendered_parses_to_the_same_value(value: Any) -> None:
    assert exactly(parse(render(value))) == exactly(value)


@pytest.fixture(scope="module", autouse=True)
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    Plugins.instance()
    before = copy.deepcopy(Singleton.get_state())
    with initialize_config_dir(str(tmp_path_factory.mktemp("conf")), **VERSION_BASE):
        yield
    Singleton.set_state(before)


def composed(overrides: list[str]) -> Any:
    return OmegaConf.to_object(compose(overrides=overrides))


@given(st.lists(values, max_size=20))
@settings(max_examples=10)
@example(LOOKALIKES)
@example([5e-324, -0.0, float("nan"), float("-inf"), 1.7976931348623157e308, 10**400, -1, True])
def test_a_config_gets_the_same_value(values: list[Any]) -> None:
    config = composed([assignment(f"+v{i}", value) for i, value in enumerate(values)])
    assert exactly(list(config.values())) == exactly(values)


@pytest.mark.parametrize(
    "value",
    [
        *((1, ("a", 2.0)), Point(1, 2.0), {3, 1, 2}, frozenset({"b", "a"}), {}, [], ()),
        *(Color.null, {Color.RED: [Level.LOW]}, [Path("a/b.txt"), Path("/data/my set")]),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_other_types_arrive_as_what_hydra_can_hold(value: Any) -> None:
    expected = as_hydra_holds_it(value)
    assert exactly(parse(render(value))) == exactly(expected)
    assert exactly(composed([assignment("+v", value)])["v"]) == exactly(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (1e-5, "1e-05"),
        ("resnet18", "resnet18"),
        ("a b", "'a b'"),
        ("1", "'1'"),
        ([1, "a"], "[1,a]"),
        ({"a b": {1: None}}, r"{a\ b:{1:null}}"),
        (Layer(3), "{width:3,note:'a: b'}"),
        (composed, f"{__name__}.composed"),
        (len, "builtins.len"),
        (OverrideText("a", '"a"'), '"a"'),
        ([OverrideText("${x}", "${x}")], "[${x}]"),
    ],
    ids=lambda part: getattr(part, "__name__", None) or repr(part),
)
def test_the_spelling_is_hydras_own(value: Any, text: str) -> None:
    assert render(value) == text


NOT_SAID = " cannot be written in an override"
NO_QUOTES = f"{NOT_SAID}: Hydra's grammar has no quotes for keys"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("???", "'\\?\\?\\?' cannot be given to Hydra"),
        (b"ab", r"b'ab' \(bytes\) cannot be written in an override"),
        (object(), rf"<object object at .*> \(object\){NOT_SAID}: sweep over a name"),
        (lambda: 0, rf"<lambda> .* \(function\){NOT_SAID}: sweep over a name"),
        ({"": 1}, f"dict key ''{NO_QUOTES}"),
        ({"1": 1}, f"dict key '1'{NO_QUOTES}"),
        ({"null": 1}, f"dict key 'null'{NO_QUOTES}"),
        ({"é": 1}, f"dict key 'é'{NO_QUOTES}"),
        ({"it's": 1}, f'dict key "it\'s"{NO_QUOTES}'),
        ({None: 1}, f"dict key None{NOT_SAID}: use a string or a number"),
        (Bits(0), rf"\(Bits\){NOT_SAID}: sweep over a name"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_the_grammar_cannot_say_is_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        render(value)


@given(st.text(max_size=4) | st.sampled_from([*LOOKALIKES, "1_0", "+inf", "0.0", "a.b", "a b"]))
def test_a_dict_key_is_said_or_refused_never_changed(key: str) -> None:
    value = {key: 0}
    try:
        text = render(value)
    except SweepError:
        return
    assert exactly(parse(text)) == exactly(value)


def test_keys_are_spelled_as_given() -> None:
    config = {"lr": 0.1, "+new.x": "a", "++y": 1, "~z": None, "~w": 3, "db@pkg": "pg", "a.0": []}
    assert render_config(config) == [
        *("lr=0.1", "+new.x=a", "++y=1", "~z", "~w=3", "db@pkg=pg", "a.0=[]")
    ]


def test_what_cannot_be_said_is_named_by_its_key() -> None:
    with pytest.raises(SweepError, match=r"training\.blob: b'x' \(bytes\) cannot be written"):
        render_config({"training.blob": b"x"})


def test_an_entry_that_no_override_can_delete_is_refused() -> None:
    options = Field("opts", dict[str, int], {"a b": 1, "c": 2})
    target = Target("Train", "train", {"opts": options})
    with pytest.raises(SweepError, match=r"train\.opts: Hydra would keep the entry 'a b'"):
        render_config({"train.opts": {"c": 1}}, targets=[target])
    assert render_config({"train.opts": {"a b": 3}}, targets=[target]) == [
        "~train.opts.c",
        r"++train.opts={a\ b:3}",
    ]
