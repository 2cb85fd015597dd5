"""cli, prefix and bind in Python code that never starts Hydra."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import shutil
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import cloudpickle
import pytest

from params_proto import SweepError, proto
from params_proto.app import current
from params_proto.app.registry import classes, functions, nodes
from params_proto.fields import REQUIRED, describe

T = TypeVar("T")
APPS = Path(__file__).parent / "apps"


@dataclasses.dataclass
class Optimizer:
    name: str = "adam"
    momentum: float = 0.0


@proto.cli
def train(lr: float = 0.001, batch_size: int = 32, *, optimizer: Optimizer = Optimizer()):  # noqa: B008
    """Trains.

    >>> train(lr=0.5)
    (0.5, 32, 'adam')
    """
    return lr, batch_size, optimizer.name


@proto.cli
def evaluate(split: str = "test", **options: Any):
    return split, options


@proto.prefix
class Training:
    """How to train."""

    lr: float = 0.001
    layers: tuple[int, ...] = (64,)
    seed: int
    optimizer: Optimizer = Optimizer(momentum=0.5)

    unit = "s"
    count: ClassVar[int] = 0
    _cache: dict[str, int] = {}  # noqa: RUF012

    @classmethod
    def doubled(cls) -> float:
        return 2 * cls.lr

    @staticmethod
    def constant() -> int:
        return 7


@proto.prefix("data")
class Dataset:
    split: str = "train"
    size: int = 10


@proto.cli
def main(seed: int = 42):
    return seed, Training.lr, Training.layers, Dataset.size


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """A process that knows only this module's functions and classes, with nothing assigned."""
    before = dict(functions), dict(classes)
    for registry in (functions, classes):
        for key, thing in list(registry.items()):
            if thing.__module__ != __name__ or "<locals>" in thing.__qualname__:
                del registry[key]
    yield
    for registry, things in zip((functions, classes), before, strict=True):
        registry.clear()
        registry.update(things)
    current.process.__init__()


# A decorated function


def test_a_function_keeps_what_makes_it_up():
    assert train.__name__ == "train"
    assert train.__qualname__ == "train"
    assert train.__module__ == __name__
    assert train.__doc__ is not None
    assert train.__doc__.startswith("Trains.")
    assert isinstance(train.__wrapped__, types.FunctionType)
    assert train.__wrapped__(1.0) == (1.0, 32, "adam")
    assert list(inspect.signature(train).parameters) == ["lr", "batch_size", "optimizer"]
    assert inspect.getsource(train).startswith("@proto.cli")
    assert repr(main) == "<proto.cli function main(seed: 'int' = 42)>"


@pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
@pytest.mark.parametrize("thing", [train, Training], ids=["function", "class"])
def test_what_a_module_has_is_pickled_by_name(pickler: Any, thing: Any):
    assert pickle.loads(pickler.dumps(thing)) is thing
    assert copy.deepcopy(thing) is thing


def plain(x: int = 1):
    return x


def test_a_script_and_its_children_pickle_its_functions(tmp_path: Any, python: Any):
    shutil.copy(APPS / "pickled.py", tmp_path)

    done = python("pickled.py", "hydra.run.dir=out")

    assert done.stdout.splitlines() == [
        "0.5 0.001",
        str([True] * 2),
        "False 0.25 train train",
        "train train.__wrapped__",
    ]


class Plain:
    def method(self): ...

    @staticmethod
    def static(): ...


async def coroutine(): ...
async def async_generator():
    yield


def generator():
    yield


def positional(x, /): ...
def many(*xs): ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: 0, "<lambda> is something else: write a function"),
        (Plain.method, r"Plain\.method is something else: write a function"),
        (coroutine, r"coroutine is async or .* asyncio\.run\(coroutine"),
        (Plain, r"Plain is something else: .* @proto\.prefix"),
        ("conf", "'conf' is something else: write a function"),
        (positional, "positional takes x by position only"),
        (many, "many takes xs by position only"),
    ],
    ids=["lambda", "method", "async", "class", "text", "positional", "star args"],
)
def test_what_no_config_can_call_is_refused(function: Any, message: str):
    with pytest.raises(SweepError, match=message):
        proto.cli(function)


# A prefix class


def test_fields_are_read_and_set():
    assert Training.lr == 0.001
    assert Dataset.split == "train"

    Training.lr = 1  # an int goes into a float

    assert Training.lr == 1.0
    assert type(Training.lr) is float
    assert Training.doubled() == 2.0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ('Training.lr = "x"', SweepError, r"training\.lr='x': 'x' is not a float"),
        ("Training.lrr = 1", AttributeError, "Training has no field lrr. Did you mean lr"),
        ("Training.sede", AttributeError, "Training has no field sede. Did you mean seed"),
        ("Training._private", AttributeError, "type object 'Training' has no attribute"),
        ("Training.seed", AttributeError, r"Training\.seed is required .* training\.seed="),
        ("Training()", TypeError, r"no instances: .*Training\.lr,.*proto\.bind\(Training"),
    ],
)
def test_mistakes_with_a_class(change: str, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        exec(change)

    assert Training.lr == 0.001


def test_a_class_keeps_what_is_no_field():
    assert list(describe(Training).fields) == ["lr", "layers", "seed", "optimizer"]
    assert describe(Training).fields["seed"].default is REQUIRED
    assert (Training.unit, Training.count, Training.constant()) == ("s", 0, 7)
    assert Training.__doc__ == "How to train."
    assert {"lr", "unit", "doubled"} <= set(dir(Training))

    Training.unit, Training.count, Training._cache = "m", 1, {"a": 1}
    try:
        assert (Training.unit, Training.count, Training._cache) == ("m", 1, {"a": 1})
    finally:
        Training.unit, Training.count, Training._cache = "s", 0, {}
    with pytest.raises(AttributeError):
        del Training.nothing


def test_a_subclass_is_a_node_of_its_own():
    class Base:
        base: int = 1

    class Fine(Training, Base):
        lr = 0.01
        steps: int = 5

        @classmethod
        def doubled(cls) -> float:
            return super().doubled() + 1

        @property
        def layers(self): ...

    assert describe(Fine).node == "fine"
    assert list(describe(Fine).fields) == ["base", "lr", "seed", "optimizer", "steps"]
    assert describe(Fine).fields["lr"].annotation is float
    Fine.lr = 0.5
    assert (Fine.lr, Training.lr) == (0.5, 0.001)
    assert Fine.doubled() == 2.0
    assert Fine.unit == "s"
    with proto.bind(Training, lr=7.0):
        assert Fine.lr == 0.5


def test_generics_dataclasses_and_slots():
    @proto.prefix
    @dataclasses.dataclass(slots=True)
    class JobStore(Generic[T]):
        ids: list[int] = dataclasses.field(default_factory=lambda: [1])
        name: str = dataclasses.field(default="a")
        size: int = dataclasses.field(metadata={"unit": "MB"}, kw_only=True)
        loss: Callable[..., Any] = staticmethod(plain)  # noqa: RUF009

    assert (JobStore.ids, JobStore.name, JobStore.loss) == ([1], "a", plain)
    assert describe(JobStore).fields["size"].default is REQUIRED


class Meta(type): ...


class Pair(NamedTuple):
    x: int
    y: float = 2.0


@pytest.mark.parametrize(
    ("cls", "node", "message"),
    [
        (plain, None, "proto.prefix decorates a plain class"),
        (types.new_class("E", (), {"metaclass": Meta}), None, "E'> is not: put the fields into"),
        (Pair, None, "Pair'> is not: put the fields .* without a metaclass or NamedTuple"),
        (Plain, "hydra", "cannot be the node 'hydra'"),
        (Plain, "lambda", "cannot be the node 'lambda'"),
        (type("Größe", (), {}), None, "cannot be the node 'größe'"),
    ],
    ids=lambda value: str(getattr(value, "__name__", value)),
)
def test_what_cannot_be_a_node_is_refused(cls: Any, node: str | None, message: str):
    with pytest.raises(SweepError, match=message):
        proto.prefix(node)(cls)


def define(default: float) -> Any:
    @proto.prefix
    class Redefined:
        lr: float = default

    return Redefined


def test_a_redefined_class_replaces_the_old_one():
    old = define(0.1)
    old.lr = 0.5
    new = define(0.2)

    assert new.lr == 0.2
    assert nodes()["redefined"] is new


def test_two_classes_with_one_node_are_an_error_that_names_both():
    def other() -> Any:
        @proto.prefix
        class Redefined:
            lr: float = 0.3

        return Redefined

    define(0.1)
    other()
    with pytest.raises(
        SweepError, match=r"\.define.*Redefined and .*\.other.*Redefined are both .*'redefined'"
    ):
        nodes()


# bind, and calls that give values to several


def test_bind_gives_values_until_the_block_ends():
    with proto.bind(Training, lr=1, layers=[1, 2], seed=3):
        assert (Training.lr, Training.layers, Training.seed) == (1.0, (1, 2), 3)
        with proto.bind(Training, lr=2.0):
            assert (Training.lr, Training.seed) == (2.0, 3)
            Training.seed = 4
            assert main() == (42, 2.0, (1, 2), 10)
        assert (Training.lr, Training.seed) == (1.0, 3)
    assert Training.lr == 0.001


def test_bind_gives_a_function_values():
    with proto.bind(train, lr=0.5, **{"optimizer.name": "sgd"}):
        assert train() == (0.5, 32, "sgd")
        assert train(batch_size=1) == (0.5, 1, "sgd")
        assert train(0.1) == (0.1, 32, "sgd")
        assert train(0.1, 8, optimizer=Optimizer("x")) == (0.1, 8, "x")
    assert train() == (0.001, 32, "adam")
    assert train(0.5, batch_size=8) == (0.5, 8, "adam")


def test_bind_takes_any_name_of_an_open_function():
    with proto.bind(evaluate, anything=[1], **{"data.size": 3}):
        assert evaluate(other=2) == ("test", {"anything": [1], "other": 2})
        assert Dataset.size == 3


@pytest.mark.parametrize(
    "config",
    [{"training.lr": 0.5, "data.size": 3}, {"layers": [3], "size": 3}],
    ids=["with nodes", "plain"],
)
def test_bind_and_a_call_find_who_has_a_name(config: dict[str, Any]):
    expected = (1, config.get("training.lr", 0.001), tuple(config.get("layers", (64,))), 3)

    for bound in (proto.bind(**config), proto.bind(main, **config)):
        with bound:
            assert main(seed=1) == expected
    assert main(**{"seed": 1, **config}) == expected
    assert main() == (42, 0.001, (64,), 10)


def test_a_plain_name_is_a_functions_before_a_classs():
    with proto.bind(split="all"):
        assert evaluate() == ("all", {})
        assert Dataset.split == "train"


def test_a_plain_name_that_several_classes_have():
    @proto.prefix
    class Other:
        size: int = 1

    with pytest.raises(
        SweepError,
        match=r"size is ambiguous: .*Dataset and .*Other have it\. Write data\.size or other\.size",
    ):
        proto.bind(size=1)
    assert Other.size == 1


@pytest.mark.parametrize("function", [coroutine, generator, async_generator])
def test_bind_decorates_nothing_that_outlives_its_call(function: Callable[..., Any]):
    with pytest.raises(SweepError, match=f"cannot decorate {function.__name__}"):
        proto.bind(Training, lr=0.5)(function)


def test_a_path_leads_into_a_value():
    with proto.bind(Training, **{"optimizer.momentum": 1, "training.optimizer.name": "sgd"}):
        assert Training.optimizer == Optimizer("sgd", 1.0)
    assert Training.optimizer == Optimizer("adam", 0.5)

    @proto.cli
    def nested(options: dict[str, Any] = {"a": {"b": 1}, "c": 2}):  # noqa: B006
        return options

    assert nested(**{"options.a.b": 3}) == {"a": {"b": 3}, "c": 2}
    assert nested(**{"options.new": 3}) == {"a": {"b": 1}, "c": 2, "new": 3}
    assert nested() == {"a": {"b": 1}, "c": 2}


@pytest.mark.parametrize(
    ("target", "config", "message"),
    [
        (Training, {"lrr": 1}, "Training has no parameter lrr. Did you mean lr"),
        (None, {"sise": 1}, "No function or prefix class has .* sise. Did you mean size"),
        (None, {"data.sise": 1}, r"has a parameter data\.sise. Did you mean data\.size"),
        (Training, {"lr": "x"}, r"training\.lr='x': 'x' is not a float"),
        (train, {"lr": "x", "rl": 1}, "2 mistakes:\n- lr='x': .*\n- train has no parameter rl"),
        (train, {"optimizer.nam": 1}, "optimizer: Optimizer has no 'nam'. Did you mean name"),
        (train, {"lr.x": 1}, "lr has nothing inside it to set: it is 0.001. Give a whole value"),
        (Training, {"seed.x": 1}, r"training\.seed has nothing inside .* it is REQUIRED"),
        (plain, {"x": 1}, r"proto\.bind takes a @proto\.cli function or a .* class, not <fun"),
    ],
    ids=lambda value: str(getattr(value, "__name__", value)),
)
def test_mistakes_of_a_bind_come_before_the_block(
    target: Any, config: dict[str, Any], message: str
):
    with pytest.raises(SweepError, match=message):
        proto.bind(target, **config)


# What a call gives the body


@proto.cli
def typed(
    rate: float = 0.5,
    widths: tuple[int, ...] = (1,),
    mode: str = "fast",
    *,
    sizes: Sequence[int] = (1,),
    free: Any = None,
    unknown: NoSuchName = 3,  # type: ignore  # noqa: F821
    **others: Any,
):
    return rate, widths, mode, sizes, free, unknown, others


def test_a_call_converts_its_arguments_as_a_sweep_does():
    rate, layers, mode, sizes, *rest = typed(1, [2, 3], sizes=(4, 5), unknown="x", other=[1])

    assert (rate, type(rate), layers, mode, sizes) == (1.0, float, (2, 3), "fast", [4, 5])
    assert rest == [None, "x", {"other": [1]}]
    assert typed(rate=2, **{"data.size": 1})[0] == 2.0


def test_what_is_of_its_type_reaches_the_body_as_it_is():
    sizes, free, other = [1, 2], [object()], {1}

    found = typed(sizes=sizes, free=free, other=other)

    assert found[3] is sizes
    assert found[4] is free
    assert found[6]["other"] is other


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((), {"rate": "x"}, "rate='x': 'x' is not a float"),
        (("x",), {}, "rate='x': 'x' is not a float"),
        ((0.5, 3), {"mode": 1}, "2 mistakes:\n- widths=3: .*\n- mode=1: 1 is not a str"),
    ],
    ids=["by name", "by position", "several"],
)
def test_a_value_of_another_type_is_a_mistake_of_the_call(
    arguments: tuple[Any, ...], named: dict[str, Any], message: str
):
    with pytest.raises(SweepError, match=message):
        typed(*arguments, **named)


def test_arguments_that_do_not_fit_the_signature_are_pythons_to_refuse():
    with pytest.raises(TypeError, match="multiple values for argument 'lr'"):
        train(0.1, lr=0.2)
    with pytest.raises(TypeError, match="takes from 0 to 2 positional arguments"):
        train(0.1, 2, Optimizer(), 4)  # type: ignore


def test_a_parameter_can_be_called_self():
    @proto.cli
    def odd(self: int = 1, argv: int = 2, target: int = 3, function: int = 4):
        return self, argv, target, function

    values = {"self": 5, "argv": 6, "target": 7, "function": 8}
    assert odd(**values) == (5, 6, 7, 8)
    with proto.bind(odd, **values):
        assert odd() == (5, 6, 7, 8)


def test_a_parameter_given_twice_is_an_error_that_names_both():
    twice = {"data.size": 1, "size": 2}
    message = r"data\.size and size are one parameter"

    with pytest.raises(SweepError, match=message):
        proto.bind(**twice)
    with pytest.raises(SweepError, match=message):
        main(**twice)
    with proto.bind(Training, **{"optimizer.name": "sgd", "optimizer.momentum": 1}):
        assert Training.optimizer == Optimizer("sgd", 1.0)
