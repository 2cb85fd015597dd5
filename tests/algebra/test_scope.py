"""What a sweep over functions and classes accepts, and the result of joining two."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import copy
import functools
import pickle
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from params_proto.errors import SweepError
from params_proto.fields import Field, Target
from params_proto.sweep import Sweep
from tests.recipes import exactly


class Optimizer(Enum):
    ADAM = 1
    SGD = 2


def train(
    lr: float = 0.1,
    steps: int = 1,
    seed: int | None = None,
    optimizer: Optimizer = Optimizer.ADAM,
    out: Path = Path("runs"),
    sizes: tuple[int, ...] = (),
    mode: Literal["fast", "slow"] = "fast",
    anything: Any = None,
    unannotated=None,
) -> None: ...


@dataclass
class Config:
    lr: float = 0.1
    tags: list[str] = field(default_factory=list)


class Training:
    """Like a prefix class: it defines its own fields and its node."""

    __proto_fields__ = Target(
        "Training", "training", {"lr": Field("lr", float, 0.1), "size": Field("size", int, 1)}
    )


class Model:
    __proto_fields__ = Target("Model", "model", {"size": Field("size", int, 1)})


def main(seed: int = 1, lr: float = 0.1) -> None: ...


def evaluate(split: str = "test") -> None: ...


class Trainer:
    def __call__(self, lr: float = 0.1) -> None: ...


TARGETS: dict[str, Any] = {
    "a function": train,
    "a partial function": functools.partial(train, steps=3),
    "a dataclass": Config,
    "a prefix class": Training,
    "a callable object": Trainer(),
}


@pytest.mark.parametrize("name", TARGETS)
def test_values_become_those_of_its_fields(name: str) -> None:
    target = TARGETS[name]

    for sweep in (
        Sweep(target).product(lr=[1, 0.5]),
        Sweep(target).zip(lr=[1, 0.5]),
        Sweep(target).chain({"lr": 1}, {"lr": 0.5}),
        Sweep(target) * {"lr": [1, 0.5]},
        Sweep(target) * Sweep().product(lr=[1, 0.5]),
        Sweep().product(lr=[1, 0.5]) * Sweep(target),
        Sweep(target).chain(Sweep().product(lr=[1, 0.5])),
    ):
        assert exactly(list(sweep)) == exactly([{"lr": 1.0}, {"lr": 0.5}])
        assert sweep.targets == (target,)
    assert exactly((Sweep(target) % {"lr": 1})[0]) == exactly({"lr": 1.0})
    assert exactly((Sweep(target) + Sweep().set(lr=1))[1]) == exactly({"lr": 1.0})
    with pytest.raises(SweepError, match=r"lr takes float, got 'a'"):
        Sweep(target).set(lr="a")


CONVERTED: dict[str, tuple[str, Any, Any]] = {
    "int to float": ("lr", 1, 1.0),
    "name to enum": ("optimizer", "SGD", Optimizer.SGD),
    "enum": ("optimizer", Optimizer.SGD, Optimizer.SGD),
    "text to path": ("out", "a/b", Path("a/b")),
    "list to tuple": ("sizes", [1, 2], (1, 2)),
    "none where it may be": ("seed", None, None),
    "a choice": ("mode", "slow", "slow"),
    "anything": ("anything", {"a": [1]}, {"a": [1]}),
    "what has no annotation": ("unannotated", "1", "1"),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_a_value_that_loses_nothing_is_converted(name: str) -> None:
    key, given, held = CONVERTED[name]

    for sweep in (
        Sweep(train).product({key: [given]}),
        Sweep(train).set({key: given}),
        Sweep(train).chain({key: given}),
    ):
        assert exactly(sweep[0][key]) == exactly(held)
        assert {key: held} in sweep


def test_a_value_given_to_a_derived_key_is_not_computed() -> None:
    def fail(config: object) -> None:
        raise AssertionError(config)

    assert list(Sweep().product(lr=[1, 2]).derive(decay=fail).set(decay=3)) == [
        {"lr": 1, "decay": 3},
        {"lr": 2, "decay": 3},
    ]


def test_a_derived_value_is_converted_too() -> None:
    sweep = Sweep(train).product(steps=[1, 2])

    assert exactly(sweep.derive(lr=lambda config: config["steps"])[1]["lr"]) == exactly(2.0)
    assert exactly(sweep.derive(out="runs/{steps}")[1]["out"]) == exactly(Path("runs/2"))
    with pytest.raises(SweepError, match="lr takes float, got 'x1'"):
        list(sweep.derive(lr="x{steps}"))


def test_an_excluded_value_is_converted_when_a_target_joins() -> None:
    excluding = Sweep().product(out=["a", "b"]).exclude(out="a")

    assert list(excluding * Sweep(train)) == list(Sweep(train) * excluding) == [{"out": Path("b")}]


@pytest.mark.parametrize(
    "annotation",
    [int, int | None, Annotated[int, "a seed"], Any],
    ids=["int", "optional", "annotated", "any"],
)
def test_a_range_of_ints_stays_one(annotation: Any) -> None:
    class Seeded:
        __proto_fields__ = Target("Seeded", "", {"seed": Field("seed", annotation, None)})

    sweep = Sweep(Seeded).product(seed=range(1000))
    assert sweep[-1] == {"seed": 999}
    assert "range(0, 1000)" in repr(sweep)  # listed out, it would show its numbers


# --- names


def test_a_prefix_class_is_swept_by_its_own_names() -> None:
    sweep = Sweep(Training).product(lr=[1, 2], size=[3])

    assert list(sweep) == [{"lr": 1.0, "size": 3}, {"lr": 2.0, "size": 3}]
    assert sweep.prefix == "training"
    assert list(sweep.overrides()) == [
        ["training.lr=1.0", "training.size=3"],
        ["training.lr=2.0", "training.size=3"],
    ]


def test_a_plain_name_that_only_one_has_is_resolved() -> None:
    sweep = Sweep(evaluate, Training).product(lr=[1], split=["a"]).exclude(lr=2).set(size=3)

    assert exactly(sweep[0]) == exactly({"training.lr": 1.0, "split": "a", "training.size": 3})
    for rule in ("{training.lr}", "{lr}"):
        assert sweep.derive({"run.name": rule})[0]["run.name"] == "1.0"
    rows = Sweep(evaluate, Training).chain({"lr": 1}, {"training.lr": 2, "size": 3})
    assert list(rows) == [{"training.lr": 1.0}, {"training.lr": 2.0, "training.size": 3}]


def test_a_function_is_told_the_name_that_a_plain_one_has() -> None:
    sweep = Sweep(evaluate, Training).product(lr=[1, 2])

    for reading in (
        sweep.where(lambda config: config["lr"] > 1),
        sweep.derive({"run.name": lambda config: config["lr"]}),
    ):
        with pytest.raises(
            KeyError, match=r"lr is named training\.lr in the configs of this sweep"
        ):
            list(reading)
    with pytest.raises(KeyError, match=r"^'size'$"):
        list(sweep.where(lambda config: config["size"]))


def test_a_root_with_kwargs_has_every_name() -> None:
    def anything(**values: Any) -> None: ...

    sweep = Sweep(anything, Training).product({"lr": [1], "training.lr": [2]})
    assert list(sweep) == [{"lr": 1, "training.lr": 2.0}]


def test_an_ambiguous_name_shows_every_full_name() -> None:
    fix = r"Training and Model have it\. Write training\.size or model\.size\.$"
    with pytest.raises(SweepError, match=rf"^set: size is ambiguous: {fix}"):
        Sweep(main, Training, Model).set(size=1)


def test_the_name_of_a_root_that_a_prefix_class_has_as_well() -> None:
    both = [{"lr": 1.0, "training.lr": 2.0}]

    assert list(Sweep(main, Training).product({"lr": [1], "training.lr": [2]})) == both
    assert list(Sweep(Training, main).set(lr=1).zip({"training.lr": [2]})) == both
    assert list(Sweep(main).product(lr=[1]) * Sweep(Training).product(lr=[2])) == both


# --- two sweeps made one


def test_a_product_of_two_targets_is_over_both() -> None:
    sweep = Sweep(main).product(seed=[1, 2]) * Sweep(Training).product(size=[3, 4])

    assert list(sweep) == [
        {"seed": 1, "training.size": 3},
        {"seed": 1, "training.size": 4},
        {"seed": 2, "training.size": 3},
        {"seed": 2, "training.size": 4},
    ]
    assert sweep.targets == (main, Training)
    assert sweep.prefix == ""
    assert sweep.keys == ("seed", "training.size")


def test_one_target_stays_one() -> None:
    sweep = Sweep(Training).product(lr=[1]) * Sweep(Training).product(size=[2])

    assert list(sweep) == [{"lr": 1.0, "size": 2}]
    assert sweep.prefix == "training"
    assert sweep == Sweep(Training).product(lr=[1], size=[2])
    assert (sweep + sweep).prefix == "training"
    assert sweep.chain({}, Sweep(Training).set()).targets == (Training,)


def test_a_sweep_without_targets_is_told_apart_among_several() -> None:
    both = Sweep(evaluate, Training)

    assert exactly(list(both * Sweep().product(lr=[1]))) == exactly([{"training.lr": 1.0}])
    with pytest.raises(SweepError, match=r"size is ambiguous: Training and Model have it"):
        _ = Sweep(Training, Model) * Sweep().product(size=[1])


def test_templates_and_exclusions_are_renamed_with_their_keys() -> None:
    reading = Sweep().product(lr=[1, 2]).exclude(lr=1).derive({"run.name": "{lr}"}).shuffle()

    assert list(Sweep(evaluate, Training) * reading) == [{"training.lr": 2.0, "run.name": "2.0"}]


def test_a_sweep_with_a_function_that_reads_plain_keys_cannot_be_renamed() -> None:
    reading = Sweep().product(lr=[1], size=[2]).where(lambda config: config["lr"] == 1)

    with pytest.raises(SweepError) as error:
        _ = reading * Sweep(evaluate, Training)
    assert str(error.value) == (
        "*: the sweep has functions that read configs: write lr as training.lr, size as"
        " training.size in it."
    )
    assert list(reading * Sweep(Training)) == [{"lr": 1.0, "size": 2}]


def test_set_after_a_join_reaches_either_side() -> None:
    sweep = Sweep(main).product(seed=[1, 2]) * Sweep(Training).product(size=[3, 4], lr=[1])

    assert list(sweep.set(size=5)) == [
        {"seed": 1, "training.size": 5, "training.lr": 1.0},
        {"seed": 2, "training.size": 5, "training.lr": 1.0},
    ]
    assert list(sweep.set({"training.size": 5}).set(seed=0)) == [
        {"seed": 0, "training.size": 5, "training.lr": 1.0}
    ]


def test_what_a_prefix_sweep_reads_are_its_own_names() -> None:
    inner = Sweep(Training).product(lr=[1, 2]).where(lambda config: config["lr"] > 1)
    inner = inner.derive(size=lambda config: len(config))

    assert list(Sweep(main).product(seed=[1]) * inner) == [
        {"seed": 1, "training.lr": 2.0, "training.size": 1}
    ]


def test_an_axis_of_a_joined_target_is_taken() -> None:
    sweep = Sweep(main).product(seed=[1]) * Sweep(Training).product(size=[3])

    with pytest.raises(SweepError, match=r"training\.size is set by product\(\) and again by"):
        sweep.product(size=[4])
    with pytest.raises(SweepError, match=r"training\.size is set by product\(\) on the left"):
        _ = sweep * Sweep(Training).product(size=[4])


def test_keys_that_are_no_plain_names_stay_as_they_are() -> None:
    keys = {"+new": 1, "db/engine": "pg", "opt@pkg": "adam", "other.key": 2, "~gone": None}
    alone = Sweep(Training).set(keys).set(lr=1)
    joined = alone * Sweep(main).set(seed=1)

    assert next(alone.overrides())[-1] == "training.lr=1.0"
    assert [*joined.overrides()] == [[*next(alone.overrides()), "seed=1"]]
    assert list(joined) == [{**keys, "training.lr": 1.0, "seed": 1}]


# --- equality, copies and reprs

GLOBALS = globals()

REPRS: dict[str, Sweep] = {
    "Sweep(train).product(lr=[1.0, 2.0])": Sweep(train).product(lr=[1, 2]),
    "Sweep(Training).set(lr=1.0)": Sweep(Training).set({"training.lr": 1}),
    "Sweep(main, Training).product({'seed': [1], 'training.lr': [1.0, 2.0]})": Sweep(main).product(seed=[1]) * Sweep(Training).product(lr=[1, 2]),
    "Sweep(main, Training).product({'seed': [1], 'training.size': [1]}).set(seed=2)": (Sweep(main).product(seed=[1]) * Sweep(Training).product(size=[1])).set(seed=2),
    "(Sweep(main, Training).product(seed=[1])"
    " * Sweep().product({'training.size': [1]}).shuffle(seed=0)).set(seed=2)": (Sweep(main).product(seed=[1]) * Sweep(Training).product(size=[1]).shuffle()).set(seed=2),
    "Sweep(main, Training).product(seed=[1])"
    " + Sweep(main, Training).product({'training.lr': [1.0]})": Sweep(main).product(seed=[1]) + Sweep(Training).product(lr=[1]),
}  # fmt: skip


JOINED: dict[str, Sweep] = {
    **REPRS,
    "prefix first": Sweep(Training).product(size=[1]) * Sweep(main).product(seed=[1, 2]),
    "sum, prefix first": Sweep(Training).product(size=[1]) + Sweep(main).product(seed=[1, 2]),
    "three": Sweep(main).set(seed=1) * Sweep(Training).set(size=2) * Sweep(Model).set(size=3),
    "a sum in a product": Sweep(main) * (Sweep(Training).set(size=2) + Sweep(Model).set(size=3)),
}


@pytest.mark.parametrize("name", JOINED)
def test_copies_and_the_repr_keep_the_targets(name: str) -> None:
    sweep = JOINED[name]

    assert name not in REPRS or repr(sweep) == name
    for again in (
        copy.deepcopy(sweep),
        pickle.loads(pickle.dumps(sweep)),
        eval(repr(sweep), dict(GLOBALS)),
    ):
        assert again == sweep
        assert list(again) == list(sweep)
        assert again.targets == sweep.targets
        assert again.prefix == sweep.prefix
        assert repr(again) == repr(sweep)


def test_two_names_of_one_parameter_are_refused() -> None:
    both = Sweep().product({"lr": [1], "training.lr": [2]})
    with pytest.raises(
        SweepError, match=r"^\*: lr and training\.lr are one parameter: give it once"
    ):
        Sweep(Training) * both


def test_a_derived_value_of_a_sweep_without_targets_goes_into_the_field() -> None:
    joined = Sweep(Training).set(size=1) * Sweep().derive(lr=lambda config: 2)
    assert exactly(joined[0]) == exactly({"size": 1, "lr": 2.0})


@dataclass
class Plan:
    lr: float = 0.1
    tries: dict[str, float] = field(default_factory=dict[str, float])


def fit(plan: Plan | None = None, either: int | Plan = 0) -> None: ...


def test_a_value_below_a_field_is_converted() -> None:
    sweep = Sweep(fit).set({"plan.lr": 1, "plan.tries.a": 2, "plan.none": "x", "either.lr": 3})
    assert exactly(sweep[0]) == exactly(
        {"plan.lr": 1.0, "plan.tries.a": 2.0, "plan.none": "x", "either.lr": 3}
    )
