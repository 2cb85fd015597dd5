"""Fields as a config, and back, as a Hydra user sees them."""

# ruff: noqa: UP007, UP045 - both spellings of a union are what users write

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import cloudpickle
import pytest
from hydra import compose, initialize
from hydra.core.config_store import ConfigStore
from hypothesis import assume, given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from params_proto._values import equality_key
from params_proto.errors import SweepError
from params_proto.fields import REQUIRED, Field, Target, describe
from params_proto.fields.schema import escape, python_values, structured_config
from tests.strategies import Color, Level, Name
from tests.versions import VERSION_BASE


class Access(Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: float
    label: str


class Bounds(TypedDict):
    low: float
    high: float


@dataclass
class Optimizer:
    """A value that OmegaConf stores unchanged."""

    lr: float = 0.1
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])
    color: Color = Color.RED


@dataclass
class Adam(Optimizer):
    eps: float = 1e-8


@dataclass(frozen=True)
class Schedule:
    """A value that OmegaConf would refuse, or make read-only."""

    name: str
    steps: tuple[int, ...] = (1, 2)
    kind: Literal["cos", "linear"] = "cos"
    optimizer: Optional[Optimizer] = None
    weights: dict[str, float] = field(default_factory=dict)


@dataclass
class Tree:
    label: str = "leaf"
    children: list[Tree] = field(default_factory=list)


Steps = NewType("Steps", int)
Strategy = st.SearchStrategy[Any]
Pair = tuple[Any, Strategy]

# Every annotation with the values that a field of it holds and a config can say.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5).filter(lambda s: s != "???")
keys = st.text("abc_-. é$", min_size=1, max_size=4)
paths = st.text("ab./$", min_size=1, max_size=5).map(Path)
functions = st.sampled_from([len, math.sqrt, OmegaConf.create])
optimizers = st.builds(
    Optimizer, st.floats(), st.lists(st.floats(), max_size=3), st.sampled_from(Color)
)
schedules = st.builds(
    Schedule,
    text,
    st.lists(st.integers(), max_size=3).map(tuple),
    st.sampled_from(["cos", "linear"]),
    st.none() | optimizers,
    st.dictionaries(keys, st.floats(), max_size=2),
)
trees = st.recursive(
    st.builds(Tree, text), lambda inner: st.builds(Tree, text, st.lists(inner, max_size=2))
)
scalars: list[Pair] = [
    (int, st.integers()),
    (float, st.floats()),
    (bool, st.booleans()),
    (str, text),
    (bytes, st.binary()),
    (Path, paths),
    (Color, st.sampled_from(Color)),
    (Level, st.sampled_from(Level)),
    (Name, st.sampled_from(Name)),
    (Steps, st.integers()),
    (Annotated[float, "rate"], st.floats()),
    (Literal["1", 1, True, "adam", None], st.sampled_from(["1", 1, True, "adam", None])),
    (Literal[Color.RED, "RED "], st.sampled_from([Color.RED, "RED "])),
]
hashable = [pair for pair in scalars if pair[0] is not float]
others: list[Pair] = [
    (Point, st.builds(Point, st.floats(), text)),
    (Bounds, st.fixed_dictionaries({"low": st.floats(), "high": st.floats()})),
    (Optimizer, optimizers),
    (Schedule, schedules),
    (Tree, trees),
    (Callable[..., Any], functions),
    (type[Optimizer], st.sampled_from([Optimizer, Adam])),
    (Union[int, str], st.integers() | text),
    (float | str, st.floats() | text),
    (int | float | None, st.integers() | st.floats() | st.none()),
    (Color | int, st.sampled_from(Color) | st.integers()),
    (Optional[Schedule], st.none() | schedules),
    (int | tuple[float, ...], st.integers() | st.lists(st.floats(), max_size=3).map(tuple)),
    (list[int] | Literal["auto"], st.lists(st.integers(), max_size=3) | st.just("auto")),
    (Any, st.recursive(st.none() | st.integers() | text, lambda v: st.lists(v, max_size=3))),
]


def containers(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    def of(annotate: Any, some: Any) -> st.SearchStrategy[Pair]:
        return inner.map(lambda pair: (annotate(pair[0]), some(pair[1])))

    def lists(values: Strategy) -> Strategy:
        return st.lists(values, max_size=3)

    def dicts(values: Strategy) -> Strategy:
        return st.dictionaries(keys, values, max_size=3)

    return st.one_of(
        of(lambda a: Optional[a], lambda s: st.none() | s),
        of(lambda a: list[a], lists),
        of(lambda a: Sequence[a], lists),
        of(lambda a: tuple[a, ...], lambda s: lists(s).map(tuple)),
        of(lambda a: dict[str, a], dicts),
        of(lambda a: Mapping[str, a], dicts),
        of(lambda a: dict[Path, a], lambda s: st.dictionaries(paths, s, max_size=3)),
        of(lambda a: dict[int, a], lambda s: st.dictionaries(st.integers(), s, max_size=3)),
        of(
            lambda a: dict[Color, a],
            lambda s: st.dictionaries(st.sampled_from(Color), s, max_size=2),
        ),
        st.tuples(inner, inner).map(
            lambda pairs: (tuple[pairs[0][0], pairs[1][0]], st.tuples(pairs[0][1], pairs[1][1]))
        ),
        st.sampled_from(hashable).map(
            lambda pair: (set[pair[0]], st.sets(pair[1], max_size=3).filter(have_distinct_reprs))
        ),
        st.sampled_from(hashable).map(lambda pair: (frozenset[pair[0]], st.frozensets(pair[1]))),
    )


def have_distinct_reprs(values: Any) -> bool:
    return len(values) == len({repr(value) for value in values})


annotated = st.recursive(st.sampled_from(scalars + others), containers, max_leaves=3).flatmap(
    lambda pair: st.tuples(st.just(pair[0]), pair[1])
)


def overridden(value: Any) -> Any:
    """What a Hydra override of the value passes to OmegaConf."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, PurePath):
        return escape(str(value))
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [overridden(element) for element in value]
    if isinstance(value, dict):
        return {overridden_key(key): overridden(element) for key, element in value.items()}
    if isinstance(value, (Optimizer, Schedule, Tree)):
        return overridden(vars(value))
    if callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    return value


def overridden_key(key: Any) -> Any:
    if isinstance(key, Enum):
        return key.name
    return str(key) if isinstance(key, Path) else key


def target(annotation: Any, default: Any = REQUIRED) -> Target:
    return Target("train", "", {"x": Field("x", annotation, default)})


def config_of(described: Target) -> DictConfig:
    """The config as Hydra composes it, before overrides: closed to new keys."""
    config = structured_config(described)
    OmegaConf.set_struct(config, True)
    return config


@given(annotated, st.sampled_from([REQUIRED, None]))
def test_a_value_given_on_the_command_line_arrives_as_it_was_meant(
    pair: tuple[Any, Any], default: Any
) -> None:
    annotation, value = pair
    described = target(annotation, default)
    config = config_of(described)
    OmegaConf.update(config, "x", overridden(value), merge=True)
    assert equality_key(python_values(described, config)["x"]) == equality_key(value)


@given(st.sampled_from(scalars + others), st.data())
def test_it_arrives_in_the_place_of_another_value(pair: Pair, data: st.DataObject) -> None:
    annotation, values = pair
    default, value = data.draw(values), data.draw(values)
    described = target(annotation, default)
    config = config_of(described)
    assume(not isinstance(default, (dict, list, tuple)) or type(default) is type(value))
    OmegaConf.update(config, "x", overridden(value), merge=True)
    if isinstance(value, Schedule) and default is not None:  # a config merges dicts
        value.weights.update({k: v for k, v in default.weights.items() if k not in value.weights})
    assert equality_key(python_values(described, config)["x"]) == equality_key(value)


@given(annotated)
def test_a_default_arrives_as_it_is_through_a_pickled_config(pair: tuple[Any, Any]) -> None:
    annotation, value = pair
    described = target(annotation, value)
    config = cloudpickle.loads(cloudpickle.dumps(config_of(described)))
    arrived = python_values(described, config)["x"]
    assert equality_key(arrived) == equality_key(value)


@given(st.text("\\${}a'", max_size=8))
def test_text_with_dollars_and_backslashes_is_no_interpolation(value: str) -> None:
    assert OmegaConf.create({"x": escape(value)}).x == value


@dataclass
class Normalised:
    """A class whose constructor changes its arguments: rebuilt from its fields, it would scale twice."""

    lr: float = 1.0
    scaled: float = field(init=False)

    def __post_init__(self) -> None:
        if self.lr > 10:
            raise ValueError(f"lr={self.lr} is too high")
        self.lr = self.lr / 2
        self.scaled = self.lr * 10


def relu(x: float) -> float:
    return max(x, 0.0)


def square(x: float) -> float:
    return x * x


doubled = lambda x: x * 2  # noqa: E731  # pyright: ignore
model = object()


def train(
    seed: int,
    lr: float = 1,
    data: Path = "data",  # pyright: ignore
    color: Color = Color.RED,
    access: Access = Access.READ | Access.WRITE,
    betas: tuple[float, str] = (1, "a"),  # pyright: ignore
    kind: Literal["cos", "linear"] = "cos",
    size: float | str = "auto",
    note: str = "${seed} \\${x}",
    optimizer: Optimizer = Adam(),  # noqa: B008
    maybe: Optimizer | None = None,
    schedule: Schedule = Schedule("warm"),
    unset: Schedule = None,  # pyright: ignore
    tree: Tree = Tree(children=[Tree("a")]),  # noqa: B008
    options: dict[str, int] = {"a": 1},  # noqa: B006
    anything: Any = {"a": {"b": 1}},  # noqa: B006
    table: dict[Color, list[int]] = {Color.RED: [1]},  # noqa: B006
    activation: Callable[[float], float] = relu,
    unnamed: Callable[[float], float] = doubled,  # pyright: ignore
    unheld: Any = model,
    layers=(64, 32),
    place=Point(0.5, "a"),  # noqa: B008
    free=Optimizer(lr=0.5),  # noqa: B008
    either: Adam | Schedule = Schedule("either"),
    tags: set[str] = {"b", "a"},  # noqa: B006
    normalised: Normalised = Normalised(),  # noqa: B008
    bounds: Bounds = {"low": 0, "high": 1},  # noqa: B006
    plan: list[Optimizer] = [Adam(eps=1.0)],  # noqa: B006,B008
): ...


described_train = describe(train)


@pytest.fixture(scope="module")
def composed() -> Iterator[Callable[..., DictConfig]]:
    """Compose train's config by Hydra, with overrides."""
    store = ConfigStore.instance()
    before = dict(store.repo)
    node = structured_config(described_train)
    store.store("base_train", node)
    with initialize(**VERSION_BASE):
        yield lambda *overrides: compose("base_train", overrides=["seed=1", *overrides])
    store.repo = before


def test_without_overrides_the_function_gets_its_defaults(
    composed: Callable[..., DictConfig],
) -> None:
    values = python_values(described_train, composed())
    expected: dict[str, Any] = {name: f.default for name, f in described_train.fields.items()}
    expected |= {"seed": 1, "lr": 1.0, "data": Path("data"), "betas": (1.0, "a")}
    expected |= {"bounds": {"low": 0.0, "high": 1.0}}
    assert equality_key(values) == equality_key(expected)
    assert values["unheld"] is model
    assert values["unnamed"] is doubled


def test_changing_what_it_gets_changes_no_default(composed: Callable[..., DictConfig]) -> None:
    values = python_values(described_train, composed())
    values["options"]["a"] = 2
    values["optimizer"].betas.append(3)
    values["plan"].clear()
    again = python_values(described_train, composed())
    assert again["options"] == {"a": 1}
    assert again["optimizer"] == Adam()
    assert again["plan"] == [Adam(eps=1.0)]


OVERRIDES: list[tuple[str, Any]] = [
    ("seed='32'", 32),
    ("lr=1", 1.0),
    ("color=BLUE", Color.BLUE),
    ("betas=['1',b]", (1.0, "b")),
    ("size='1'", "1"),
    ("note='\\${b}'", "${b}"),
    ("optimizer.eps=1", Adam(eps=1.0)),
    ("optimizer={lr: 2, betas: [1]}", Adam(lr=2.0, betas=[1.0])),
    ("+maybe.lr=2", Optimizer(lr=2.0)),
    ("schedule.steps=[3]", Schedule("warm", (3,))),
    ("schedule={weights: {a: 1}}", Schedule("warm", weights={"a": 1.0})),
    ("unset={name: x}", Schedule("x")),
    ("tree.children=[{label: x, children: [{}]}]", Tree("leaf", [Tree("x", [Tree()])])),
    ("options.b=2", {"a": 1, "b": 2}),
    ("~options.a", {}),
    ("anything.a.c=2", {"a": {"b": 1, "c": 2}}),
    ("activation=math.sqrt", math.sqrt),
    ("place=[1,b]", Point(1.0, "b")),
    ("either.name=x", Schedule("x")),
    ("normalised.lr=2", Normalised(2.0)),
    ("~schedule", Schedule("warm")),
]


@pytest.mark.parametrize(("override", "expected"), OVERRIDES, ids=[o for o, _ in OVERRIDES])
def test_an_override_of_hydra_gives_a_value_of_the_annotated_type(
    override: str, expected: Any, composed: Callable[..., DictConfig]
) -> None:
    name = override.lstrip("+~").partition("=")[0].partition(".")[0]
    value = python_values(described_train, composed(override))[name]
    assert equality_key(value) == equality_key(expected)


WRONG: list[tuple[str, str]] = [
    ("kind=abc", "kind: 'abc' is not one of 'cos' | 'linear'."),
    ("betas=[x,a]", "betas[0]: 'x' is not a float."),
    ("layers=${nothing}", "layers: Interpolation key 'nothing' not found."),
    ("maybe={lrr: 1}", "maybe: Optimizer has no 'lrr'. Did you mean lr?"),
    ("tree.children=[{label: []}]", "tree.children[0].label: [] is not a str."),
    ("activation=relu", "activation: 'relu' cannot be imported as package.module.name: No module named 'relu'."),
    ("normalised.lr=11", "normalised: ValueError: lr=11.0 is too high."),
    ("optimizer.betas=???", "optimizer.betas has no value: give optimizer.betas=... (list[float])."),
    ("schedule=???", "schedule has no value: give schedule=... (Schedule)."),
    ("table={BLUE: [x]}", "table['BLUE'][0]: 'x' is not an int."),
]  # fmt: skip


@pytest.mark.parametrize(("override", "rule"), WRONG, ids=[o for o, _ in WRONG])
def test_a_wrong_value_is_reported_with_its_place_and_what_is_allowed(
    override: str, rule: str, composed: Callable[..., DictConfig]
) -> None:
    with pytest.raises(SweepError) as error:
        python_values(described_train, composed(override))
    assert str(error.value) == rule


def test_all_that_is_wrong_or_missing_is_one_error(composed: Callable[..., DictConfig]) -> None:
    config = composed("seed=???", "kind=abc", "schedule.kind=abc", "schedule.steps=[x]")
    with pytest.raises(SweepError) as error:
        python_values(described_train, config)
    assert str(error.value).splitlines() == [
        "4 mistakes:",
        "- seed has no value: give seed=... (int).",
        "- kind: 'abc' is not one of 'cos' | 'linear'.",
        "- schedule.steps[0]: 'x' is not an int.",
        "- schedule.kind: 'abc' is not one of 'cos' | 'linear'.",
    ]


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("1e3", tuple[float], (1000.0,)),
        (1, tuple[str], ("1",)),
        (None, tuple[str], None),
        ("Yes", tuple[bool], (True,)),
        ("x", tuple[bool], None),
        ("Level.HIGH", tuple[Level], (Level.HIGH,)),
        ("2", tuple[Literal[1, 2]], (2,)),
        ("1", tuple[int | str], ("1",)),
    ],
    ids=str,
)
def test_in_a_tuple_a_value_means_what_it_means_to_omegaconf_alone(
    value: Any, annotation: Any, expected: Any
) -> None:
    config = OmegaConf.create({"x": [value]})
    if expected is None:
        with pytest.raises(SweepError, match=r"x\[0\]: "):
            python_values(target(annotation), config)
    else:
        assert equality_key(python_values(target(annotation), config)["x"]) == equality_key(
            expected
        )


def test_an_open_target_gets_the_other_keys_but_for_those_of_others() -> None:
    def run(lr: float = 0.1, **options: Any): ...

    config = structured_config(describe(run))
    config.merge_with({"extra": {"a": ["${lr}"]}, "training": {"lr": 1}, 3: 4})
    values = python_values(describe(run), config, ignore={"training"})
    assert equality_key(values) == equality_key({"lr": 0.1, "extra": {"a": [0.1]}})


def test_a_dataclass_that_may_be_none_is_asked_for() -> None:
    with pytest.raises(SweepError, match="x has no value"):
        python_values(target(Optional[Optimizer]), config_of(target(Optional[Optimizer])))


def test_a_dataclass_that_omegaconf_holds_takes_the_config_of_a_subclass() -> None:
    described = target(Optimizer, Optimizer())
    config = OmegaConf.merge(config_of(described), {"x": OmegaConf.structured(Adam)})
    assert python_values(described, config)["x"] == Adam()  # pyright: ignore


def test_an_attrs_class_is_a_node_too() -> None:
    import attrs

    @attrs.frozen
    class Settings:
        lr: float = 0.1
        betas: tuple[float, ...] = attrs.field(factory=lambda: (0.9,))

    for described in (target(Settings), target(Settings, Settings())):
        config = config_of(described)
        assert python_values(described, config)["x"] == Settings()
        OmegaConf.update(config, "x.lr", 1)
        assert python_values(described, config)["x"] == Settings(1.0)
        assert type(python_values(described, config)["x"].lr) is float


@pytest.mark.parametrize(
    "default", [model, doubled, {(1, 2): 3}, {None: 3}, [3j]], ids=lambda one: type(one).__name__
)
def test_a_default_that_a_config_cannot_hold_is_shown_as_missing(default: Any) -> None:
    config = config_of(target(Any, default))
    assert OmegaConf.to_yaml(config) == "x: ???\n"
    assert python_values(target(Any, default), config)["x"] is default


REFUSED: list[tuple[Any, str]] = [
    ({"hydra": Field("hydra")}, "train: no parameter can be called hydra, which is Hydra's own key"),
    ({"x": Field("x", Literal["a"], "b")}, "train: the default of x: 'b' is not one of 'a'."),
    ({"x": Field("x", Optimizer, Optimizer(lr="a"))}, "the default of x: 'a' is not a float (at .lr)"),
    # pyright: ignore
    ({"x": Field("x", int, "a"), "y": Field("y", int, "b")}, "2 mistakes:\n- train: the default of x: 'a' is not an int.\n- train: the default of y:"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "rule"), REFUSED, ids=[r[:45] for _, r in REFUSED])
def test_what_cannot_be_a_node_is_refused(fields: dict[str, Field], rule: str) -> None:
    with pytest.raises(SweepError) as error:
        structured_config(Target("train", "", fields))
    assert str(error.value).startswith(rule) or rule in str(error.value)


def test_a_set_is_written_in_the_same_order_in_every_process() -> None:
    tags = set("hyperparams")
    config = config_of(target(set[str], tags))
    assert list(config.x) == sorted(tags)
    assert python_values(target(set[str], tags), config)["x"] == tags
