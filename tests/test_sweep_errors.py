"""The mistakes in calls of Sweep's methods: each message gives the rule, the input and a fix."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from inspect import currentframe
from pathlib import Path
from typing import Any

import hydra
import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig

from params_proto.errors import SweepError, SweepWarning
from params_proto.fields import Field, Target
from params_proto.sweep import Sweep
from tests.algebra.test_scope import Optimizer, Training
from tests.versions import VERSION_BASE


def train(
    lr: float = 0.1,
    bs: int = 32,
    optimizer: Optimizer = Optimizer.ADAM,
    layers: list[int] | None = None,
    out: Path = Path("runs"),
) -> None: ...


def accepts_all(lr: float = 0.1, **others: Any) -> None: ...


@dataclass
class Plan:
    lr: float = 0.1


def fit(seed: int = 0, plan: Plan | None = None, weights: dict[str, int] | None = None) -> None: ...


def anything(**values: Any) -> None: ...


def endless() -> list[Any]:
    holder: list[Any] = []
    holder.append(holder)
    return holder


base = Sweep().product(lr=[1, 2])

KEY_RULE = "write a name (lr), a path (model.lr) or a group (db, db/engine, db@package), with +, ++ or ~ in front to add or delete it."

# name: what is called, what the message says of the key, the value, the rule and the fix
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "zip of unequal lengths": (lambda: Sweep().zip(a=[1], b=range(2), c=np.arange(3)), "zip needs axes of one length: a has 1 values, b has 2, c has 3. Use product()"),
    # one key, one axis
    "product after product": (lambda: base.product(lr=[3]), "lr is set by product() and again by product(). A key has one axis: put all its values into one of them, or pin it with set() after both."),
    "an axis deep within": (lambda: (Sweep().set(a=1) * (base + Sweep())).product(lr=[1]), "lr is set by product() and again by product()."),
    "a row that is a sweep": (lambda: base.chain({"bs": 1}, Sweep().zip(lr=[1])), "lr is set by product() and again by chain()."),
    "an axis over a pinned key": (lambda: base.set(lr=1).zip(lr=[2]), "lr is set by set() and again by zip()."),
    "a sweep on the right": (lambda: base * Sweep().zip(lr=[1], bs=[1]), "* joins sweeps over different keys: lr is set by product() on the left and by zip() on the right. Leave one of them out, or pin lr with set()"),
    "a key with and without +": (lambda: base.set({"+lr": 1}), "set(+lr) and product(lr) name one key in two ways. Write lr in both."),
    "a key twice in a call": (lambda: Sweep().set({"lr": 1}, lr=2), "set names one key twice: lr."),
    "a key in two ways in a call": (lambda: Sweep().product({"lr": [1], "+lr": [2]}), "product names one key twice: lr and +lr."),
    "a field in two ways in a row": (lambda: Sweep(Training).chain({}, {"training.lr": 1, "lr": 2}), "chain: row 1 names one key twice: training.lr and lr."),
    # what an axis is
    "an empty axis": (lambda: Sweep().product(lr=[]), "product needs a list of values for lr, got the empty []. Write at least one value."),
    "a string": (lambda: Sweep().product(model="vit"), "product needs a list of values for model, got 'vit'. Write model=['vit'], or set(model='vit')."),
    "a number for a path": (lambda: Sweep().product({"model.lr": 0.1}), "product needs a list of values for model.lr, got 0.1. Write {'model.lr': [0.1]}, or set({'model.lr': 0.1})."),
    "a set": (lambda: Sweep().product(lr={1, 2}), "got a set, whose order differs from process to process. Write lr=sorted(...)."),
    "a mapping": (lambda: Sweep().product(model={"lr": [1]}), "got a mapping. Write its keys with dots, {'model.name': [...]}, or put whole mappings into a list."),
    "a frame": (lambda: Sweep().product(lr=pd.DataFrame({"lr": [1]})), "got a DataFrame. Write lr=df['lr'] for a column, or Sweep.from_dataframe(df) for its rows."),
    "no mapping of axes": (lambda: Sweep().product([1, 2]), "product takes keywords or one mapping, got [1, 2]. Write lr=... or {'model.lr': ...}."),  # pyright: ignore
    # keys
    "a key that is no string": (lambda: Sweep().product({1: [2]}), "product: 1 is not a Hydra key: a key is a string, not int."),  # pyright: ignore
    "a key that Hydra cannot read": (lambda: Sweep().set({"learning rate": 1}), "set: 'learning rate' is not a Hydra key: " + KEY_RULE),
    # values and fields
    "a value for a float": (lambda: Sweep(train).product(lr=[0.1, "high"]), "product: lr takes float, got 'high': 'high' is not a float. Give it a value of that type."),
    "text for an int": (lambda: Sweep(train).set(bs="32"), "set: bs takes int, got '32': '32' is not an int."),
    "no member of an enum": (lambda: Sweep(train).product(optimizer=["SGD", "lion"]), "optimizer takes Optimizer, got 'lion': 'lion' is not an Optimizer: choose ADAM, SGD."),
    "a list of lists is meant": (lambda: Sweep(train).product(layers=[[64], [32]]).exclude(layers=[64]), "exclude: layers takes list[int] | None, got 64: 64 is not a list[int]."),
    "a long value": (lambda: Sweep(train).set(lr="x" * 100), f"set: lr takes float, got '{'x' * 76}...: '{'x' * 76}... is not a float."),
    "a value that joins a target": (lambda: Sweep(train) * Sweep().product(bs=["a"]), "*: bs takes int, got 'a': 'a' is not an int."),
    "a list that holds itself": (lambda: Sweep().set(a=endless()), "set: a value of a is nested too deep, or contains itself."),
    "a value below a field": (lambda: Sweep(fit).product({"plan.lr": ["x"]}), "product: plan.lr takes float, got 'x': 'x' is not a float."),
    "a value of a dict field": (lambda: Sweep(fit).set({"++weights.a": "y"}), "set: ++weights.a takes int, got 'y': 'y' is not an int."),
    "where in a value": (lambda: Sweep(fit).set(plan={"lr": "deep"}), "'deep' is not a float (at .lr)"),
    # targets
    "an ambiguous name": (lambda: Sweep(train, accepts_all).product(lr=[0.1]), "product: lr is ambiguous: train and accepts_all have it. Sweep each by itself, Sweep(train), and join the two with *."),
    "a node and a key in it, joined": (lambda: Sweep(Training).product(lr=[0.1]) * Sweep(anything).set(training={"lr": 2}), "training and training.lr overlap: training is given a mapping, and training.lr a value in it. Put lr into the mappings of training, or write each entry with dots."),
    "no target": (lambda: Sweep(3), "3 is not a target: give a function, a @proto.cli app, a @proto.prefix class or a dataclass (the class, not an instance)."),
    # numbers
    "a negative power": (lambda: base**-2, "repeat needs how often to repeat, a positive integer, got -2."),
    "a sample of what is left": (lambda: base.exclude(lr=1).sample(2), "sample(2) asks for more configs than there are: 1. Ask for fewer, or leave the sample out."),
    "a seed that is no integer": (lambda: base.shuffle("a"), "shuffle needs an integer as its seed, got 'a'."),  # pyright: ignore
    "a sample that a pin leaves too little": (lambda: base.sample(2).set(lr=1), "sample(2) asks for more configs than there are: 1."),
    "a slice that a pin leaves too little": (lambda: Sweep().product(lr=range(5))[3:].set(lr=1), "slice [3:] asks for more configs than there are: 1. Cut the sweep after pinning its keys, not before."),
    # chain
    "chain of nothing": (lambda: Sweep().chain(), "chain needs at least one row: a mapping or a sweep."),
    "chain of a list of rows": (lambda: Sweep().chain([{"lr": 1}]), "chain takes rows that are mappings or sweeps; row 0 is [{'lr': 1}]. Write chain({'lr': 0.1}), or chain(*rows) for a list of rows."),  # pyright: ignore
    # exclude, where, derive
    "exclude of what is not there": (lambda: base.exclude(bs=1), "exclude names bs, which no step before it gives a value. Valid names: lr."),
    "exclude of no value": (lambda: base.exclude(lr=[]), "exclude needs values for lr, got the empty []."),
    "where without a function": (lambda: base.where("lr < 1"), "where needs a function of a config, got 'lr < 1'. Write where(lambda config: config['lr'] < 0.1)."),  # pyright: ignore
    "derive from a value": (lambda: base.derive(name=5), "derive needs a format string or a function of a config for name, got 5. Write name='run-{lr}', or pin it with set()."),
    "derive from what is not there": (lambda: base.derive(name="{lrs}"), "derive: name='{lrs}' reads lrs, which no step before it gives a value. Did you mean lr?"),
    "derive from an attribute": (lambda: base.derive(name="{lr.real}"), "name='{lr.real}' reads lr.real, which no step before it gives a value. Valid names: lr."),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_error_with_key_value_rule_and_cure(name: str) -> None:
    call, message = MISTAKES[name]

    with pytest.raises(SweepError) as error:
        call()
    assert message in str(error.value)
    assert "mistakes:" not in str(error.value)


# --- all mistakes of a call, in one error

SEVERAL: dict[str, tuple[Callable[[], object], list[str]]] = {
    "of keys": (lambda: base.product({"a b": [1], "lr": [2]}, bs=5), ["'a b' is not a Hydra key", "lr is set by product() and again by product()", "a list of values for bs, got 5"]),
    "of values": (lambda: Sweep(train).product(lr=["a", 0.1, True], bs=[1.5]), ["lr takes float, got 'a'", "lr takes float, got True", "bs takes int, got 1.5"]),
    "of rows": (lambda: Sweep(train).chain({"lr": "a"}, None, {"bs": "b"}), ["lr takes float, got 'a'", "row 1 is None", "bs takes int, got 'b'"]),  # pyright: ignore
    "of a sample": (lambda: base.sample("a", seed="b"), ["sample needs how many configs", "sample needs an integer as its seed, got 'b'"]),  # pyright: ignore
    "of rules": (lambda: base.derive(a="{lrr}", b=3), ["a='{lrr}' reads lrr", "for b, got 3"]),
    "of an exclusion": (lambda: base.exclude(a=1, b=2), ["exclude names a", "exclude names b"]),
    "of a join": (lambda: Sweep(train) * Sweep().product(lr=["a"]).chain({"bs": "b"}, {"bs": "c"}), ["*: lr takes float, got 'a'", "*: bs takes int, got 'b'", "*: bs takes int, got 'c'"]),
    "of keys of a join": (lambda: Sweep().set(a=1, b=1) * Sweep().product(a=[1], b=[1]), ["a is set by set() on the left", "b is set by set() on the left"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_all_mistakes_of_a_call_are_one_error(name: str) -> None:
    call, mistakes = SEVERAL[name]

    with pytest.raises(SweepError) as error:
        call()
    head, *lines = str(error.value).splitlines()
    assert head == f"{len(mistakes)} mistakes:"
    for line, mistake in zip(lines, mistakes, strict=True):
        assert line.startswith("- ")
        assert mistake in line


def test_the_mistakes_of_an_error_have_their_keys() -> None:
    with pytest.raises(SweepError) as error:
        Sweep(train).chain({"lr": "a"}, {"bs": 1}, {"bs": "b", "optimizer": 3})

    for one in (error.value, pickle.loads(pickle.dumps(error.value))):
        assert [mistake.key for mistake in one.mistakes] == ["lr", "bs", "optimizer"]
        assert [mistake.row for mistake in one.mistakes] == [0, 2, 2]
        texts = [mistake.text for mistake in one.mistakes]
        assert str(one) == "\n".join(["3 mistakes:", *[f"- {text}" for text in texts]])


# --- mistakes that only a config shows

LATE: dict[str, tuple[Sweep, str]] = {
    "a format that a value does not take": (Sweep().chain({"lr": 1}, {"lr": None}).derive(name="{lr:.2f}"), "derive(name='{lr:.2f}'): lr=None does not take the format '.2f': "),
    "a format that a value is too large for": (Sweep().set(lr=10**400).derive(name="{lr:e}"), "... does not take the format 'e': int too large to convert to float."),
    "a row without the key": (Sweep().chain({"lr": 1}, {"lrs": 1}).derive(name="{lr}"), "derive(name='{lr}'): the config {'lrs': 1} has no key lr. Did you mean lrs?"),
}  # fmt: skip


@pytest.mark.parametrize("name", LATE)
def test_a_mistake_that_a_config_shows(name: str) -> None:
    sweep, message = LATE[name]

    with pytest.raises(SweepError) as error:
        list(sweep)
    assert message in str(error.value)


# --- names that no target has

ITS = "Valid names: lr, bs, optimizer, layers, out."


def line() -> int:
    frame = currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def warned(record: pytest.WarningsRecorder) -> list[str]:
    """The messages, all of which point into this file."""
    assert {entry.filename for entry in record} <= {__file__}
    assert all(entry.category is SweepWarning for entry in record)
    return [str(entry.message) for entry in record]


def test_an_unknown_name_is_a_warning_at_the_callers_line() -> None:
    with pytest.warns(SweepWarning) as record:
        sweep = Sweep(train).product(epochs=[1, 2], lrr=[3])

    assert [entry.lineno for entry in record] == [line() - 2] * 2
    assert warned(record) == [
        f"product: train has no parameter epochs. {ITS}",
        "product: train has no parameter lrr. Did you mean lr?",
    ]
    assert list(sweep) == [{"epochs": 1, "lrr": 3}, {"epochs": 2, "lrr": 3}]


class Other:
    __proto_fields__ = Target("Other", "other", {"lr": Field("lr", float, 0.1)})


def test_a_name_that_two_targets_have_is_suggested_in_full() -> None:
    with pytest.warns(SweepWarning, match=r"lrr\. Valid names: training\.lr, size, other\.lr\.$"):
        sweep = Sweep(Training, Other).product(lrr=[1])
    assert list(sweep.product({"training.lr": [1]})) == [{"lrr": 1, "training.lr": 1.0}]


WARNING: dict[str, Callable[[], Sweep]] = {
    "zip": lambda: Sweep(train).zip(epochs=[1], bs=[1]),
    "set": lambda: Sweep(train) % {"epochs": 1},
    "chain": lambda: Sweep(train).chain({"epochs": 1}, {"epochs": 2}),
    "derive": lambda: Sweep(train).derive(epochs="1"),
    "*": lambda: Sweep(train) * (Sweep().set(epochs=1) + Sweep().set(epochs=2)),
    "+": lambda: Sweep(train) + Sweep().product(epochs=[1]),
}


@pytest.mark.parametrize("method", WARNING)
def test_a_call_warns_once_of_a_name(method: str) -> None:
    call = WARNING[method]

    with pytest.warns(SweepWarning) as record:
        sweep = call()
    assert warned(record) == [f"{method}: train has no parameter epochs. {ITS}"]
    assert record[0].lineno == call.__code__.co_firstlineno
    assert "epochs" in sweep[-1]


def hydra_app(config: Any) -> None: ...


def of_a_config(config: DictConfig) -> None: ...


@pytest.mark.parametrize("decorated", [True, False])
def test_a_hydra_app_takes_the_keys_of_its_config(decorated: bool) -> None:
    main = hydra.main(config_path=None, **VERSION_BASE)(hydra_app) if decorated else of_a_config
    sweep = Sweep(main).product(db=["my", "pg"]) * Sweep().set(config=1)

    assert list(sweep) == [{"db": "my", "config": 1}, {"db": "pg", "config": 1}]


def test_a_misspelled_field_with_its_node_warns() -> None:
    with pytest.warns(SweepWarning, match=r"Did you mean training\.lr\?"):
        Sweep(train, Training).product({"training.lrr": [1]})


SILENT: dict[str, Callable[[], Sweep]] = {
    "a path": lambda: Sweep(train).product({"model.lr": [1]}),
    "a group": lambda: Sweep(train).product({"db/engine": ["pg"]}),
    "added": lambda: Sweep(train).product({"+new": [1], "++newer": [1]}),
    "deleted": lambda: Sweep(train).set({"~lrs": None}),
    "no targets": lambda: Sweep().product(epochs=[1]).set(lrr=1),
    "a target with **kwargs": lambda: Sweep(accepts_all).product(epochs=[1]),
    "where it stands in a prefix class": lambda: Sweep(Training).product({"training.lr": [1]}),
    "joined": lambda: Sweep(train).product(bs=[1]) * Sweep(Training).product(size=[2]),
}


@pytest.mark.parametrize("name", SILENT)
def test_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SILENT[name]().size >= 0
