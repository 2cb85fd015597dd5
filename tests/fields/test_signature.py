"""What can be a target: functions, classes and dataclasses."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import copy
import functools
import pickle
import typing
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import pytest
import typing_extensions

from params_proto.errors import SweepError
from params_proto.fields import REQUIRED, describe
from params_proto.fields.signature import resolve_annotation, type_text, unwrap
from tests.strategies import Color

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTheChecker

T = TypeVar("T")


def train(lr: float, seed=1, *, data: Path = Path("data"), path: OnlyForTheChecker | None = None):
    """A function with every kind of parameter."""


def open_to_all(lr: float = 0.1, **extra: int): ...


@dataclass
class Base:
    lr: float = 0.1
    layers: list[int] = field(default_factory=lambda: [64, 32])
    derived: int = field(default=0, init=False)


@dataclass
class Adam(Base):
    _: KW_ONLY
    eps: float
    lr: int = 1  # pyright: ignore[reportIncompatibleVariableOverride]


@dataclass
class Search:
    keywords: int = 3  # as a functools.partial has them


@dataclass
class Box(Generic[T]):
    content: T


class Model:
    def __init__(self, width: int, depth: int = 2) -> None: ...

    def fit(self, epochs: int) -> None: ...


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Plain:
    lr: float = 0.1


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def fields_of(obj: Any) -> dict[str, tuple[Any, Any]]:
    return {name: (unwrap(f.annotation), f.default) for name, f in describe(obj).fields.items()}


TARGETS: list[tuple[Any, str, dict[str, tuple[Any, Any]]]] = [
    (train, "train", {"lr": (float, REQUIRED), "seed": (Any, 1), "data": (Path, Path("data")), "path": (Any, None)}),
    (open_to_all, "open_to_all", {"lr": (float, 0.1)}),
    (decorated(open_to_all), "open_to_all", {"lr": (float, 0.1)}),
    (functools.partial(open_to_all, lr=0.5), "open_to_all", {"lr": (float, 0.5)}),
    (Model, "Model", {"width": (int, REQUIRED), "depth": (int, 2)}),
    (Model(1).fit, "fit", {"epochs": (int, REQUIRED)}),
    (Base, "Base", {"lr": (float, 0.1), "layers": (list[int], [64, 32])}),
    (functools.partial(Base, lr=1), "Base", {"lr": (float, 1), "layers": (list[int], [64, 32])}),
    (Adam, "Adam", {"lr": (int, 1), "layers": (list[int], [64, 32]), "eps": (float, REQUIRED)}),
    (Search, "Search", {"keywords": (int, 3)}),
    (Box, "Box", {"content": (Any, REQUIRED)}),
    (Point, "Point", {"x": (float, REQUIRED), "y": (float, 0.0)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "name", "fields"), TARGETS, ids=[f"{n}-{type(t).__name__}" for t, n, _ in TARGETS]
)
def test_a_target_has_its_parameters(
    target: Any, name: str, fields: dict[str, tuple[Any, Any]]
) -> None:
    assert fields_of(target) == fields
    assert describe(target).name == name
    assert describe(target).node == ""


@pytest.mark.parametrize(
    ("target", "expected"),
    [(train, False), (open_to_all, True), (Base, False), (decorated(open_to_all), True)],
    ids=["fixed", "kwargs", "dataclass", "wrapped"],
)
def test_a_target_that_takes_any_name_is_open(target: Any, expected: bool) -> None:
    assert describe(target).open is expected


def test_a_decorated_function_is_read_in_the_names_of_its_own_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere.py").write_text(
        "from __future__ import annotations\n"
        "from decimal import Decimal as Money\n"
        "def pay(amount: Money): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from decimal import Decimal

    import elsewhere  # pyright: ignore[reportMissingImports]

    assert fields_of(decorated(elsewhere.pay)) == {"amount": (Decimal, REQUIRED)}


def by_position(lr: float, /, *rest: int): ...


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        (3, "3 is not a target: give a function, a @proto.cli app"),
        ("train", "'train' is not a target: give a function"),
        ({"lr": [1]}, r"\{'lr': \[1\]\} is not a target: give a function"),
        (Base(), r"Base\(.*\) is not a target: give .* a dataclass \(the class, not an"),
        (Plain, "Plain is not a target: .* Decorate it with @proto.prefix or @dataclass"),
        (int, "The parameters of <class 'int'> cannot be read"),
        (by_position, "2 mistakes:\n- .* lr by position only.*\n- .* takes rest"),
    ],
    ids=["int", "str", "dict", "object", "class", "builtin", "positions"],
)
def test_what_has_no_named_parameters_is_no_target(target: Any, rule: str) -> None:
    with pytest.raises(SweepError, match=rule):
        describe(target)


def test_a_target_can_be_pickled_copied_and_hashed() -> None:
    target = describe(train)
    assert pickle.loads(pickle.dumps(target)) == target
    assert copy.deepcopy(target).fields["lr"].default is REQUIRED
    assert hash(target) == hash(describe(train))
    assert repr(target.fields["lr"].default) == "REQUIRED"


TEXTS: list[tuple[Any, str]] = [
    (int, "int"),
    ("list[Unknown]", "Any"),
    ("typing.Optional[Box[int]]", "Box[int] | None"),
    ("Callable[[int], float]", "Callable[[int], float]"),
    ("typing.Literal['a', Color.RED, 1]", "'a' | Color.RED | 1"),
    ("typing.Annotated[float, 'rate'] | None", "float | None"),
    ("typing_extensions.TypeAliasType('Rate', float)", "float"),
    ("typing_extensions.TypeAliasType('Rates', list[T], type_params=(T,))[int]", "list[Any]"),
    (list["Color"], "list[Color]"),  # quoted inside
]


@pytest.mark.parametrize(("annotation", "text"), TEXTS, ids=[str(a) for a, _ in TEXTS])
def test_an_annotation_is_shown_as_it_is_written(annotation: Any, text: str) -> None:
    names = {**globals(), "typing": typing, "typing_extensions": typing_extensions}
    assert type_text(resolve_annotation(annotation, names)) == text
