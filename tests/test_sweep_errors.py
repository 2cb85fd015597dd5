"""Every mistake that a call of Sweep can make: the rule, what was given, the cure."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from inspect import currentframe
from io import StringIO
from pathlib import Path
from typing import Any

import hydra
import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig

import params_proto
from params_proto.errors import SweepError, SweepWarning
from params_proto.fields import Field, Target
from params_proto.sweep import Sweep
from tests.versions import VERSION_BASE


class Optimizer(Enum):
    ADAM = 1
    SGD = 2


def train(
    lr: float = 0.1,
    bs: int = 32,
    optimizer: Optimizer = Optimizer.ADAM,
    layers: list[int] | None = None,
    out: Path = Path("runs"),
) -> None: ...


def accepts_all(lr: float = 0.1, **others: Any) -> None: ...


class Training:
    """A class that names its fields itself, as a prefix class does."""

    __proto_fields__ = Target(
        "Training", "training", {"lr": Field("lr", float, 0.1), "size": Field("size", int, 1)}
    )


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

TWO_PLACES = (
    " A key has one axis: put all its values into one of them, or pin it with set() after both."
)
KEY_RULE = (
    "write a name (lr), a path (model.lr) or a group (db, db/engine, db@package), after +, ++ or ~"
    " where it adds or deletes."
)
BRACES = "braces hold one whole key and an optional format spec, {lr} or {model.lr:.0e}."
CHAIN_TAKES = "chain takes rows that are mappings or sweeps; "
OF_ITS_TYPE = "Give it a value of that type."

# name: what is called, the whole message
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    # the lengths of a zip
    "zip of unequal lengths": (
        lambda: Sweep().zip(lr=[1, 2, 3], bs=[4, 5]),
        "zip needs axes of one length: lr has 3 values, bs has 2."
        " Use product() to combine every pair.",
    ),
    "zip of three lengths": (
        lambda: Sweep().zip(a=[1], b=range(2), c=np.arange(3)),
        "zip needs axes of one length: a has 1 values, b has 2, c has 3."
        " Use product() to combine every pair.",
    ),
    # one key, one axis
    "product after product": (
        lambda: base.product(lr=[3]),
        "lr is set by product() twice." + TWO_PLACES,
    ),
    "zip after product": (
        lambda: base.zip(lr=[3], bs=[4]),
        "lr is set by both product() and zip()." + TWO_PLACES,
    ),
    "chain after product": (
        lambda: base.chain({"bs": 1}, {"lr": 3}),
        "lr is set by both product() and chain()." + TWO_PLACES,
    ),
    "product after chain": (
        lambda: Sweep().chain({"lr": 1}, {"bs": 1}).product(bs=[3]),
        "bs is set by both chain() and product()." + TWO_PLACES,
    ),
    "product after a zip": (
        lambda: Sweep().zip(lr=[1], bs=[2]).product(bs=[3]),
        "bs is set by both zip() and product()." + TWO_PLACES,
    ),
    "derive of an axis": (
        lambda: base.derive(lr="x"),
        "lr is set by both product() and derive()." + TWO_PLACES,
    ),
    "an axis of what is derived": (
        lambda: base.derive(name="{lr}").product(name=["a"]),
        "name is set by both derive() and product()." + TWO_PLACES,
    ),
    "an axis deep within": (
        lambda: (Sweep().set(a=1) * (base + Sweep())).product(lr=[1]),
        "lr is set by product() twice." + TWO_PLACES,
    ),
    "a mapping on the right": (
        lambda: base * {"lr": [1]},
        "lr is set by product() twice." + TWO_PLACES,
    ),
    "an axis over a pinned key": (
        lambda: Sweep().set(lr=1).product(lr=[2]),
        "lr is pinned by set() and again given values by product(). Leave one of them out; set()"
        " after product() pins over it.",
    ),
    "a row over a pinned key": (
        lambda: Sweep().set(lr=1).chain({"lr": 1}, {"lr": 2}),
        "lr is pinned by set() and again given values by chain(). Leave one of them out; set()"
        " after chain() pins over it.",
    ),
    "a pinned axis again": (
        lambda: base.set(lr=1).zip(lr=[2]),
        "lr is pinned by set() and again given values by zip(). Leave one of them out; set()"
        " after zip() pins over it.",
    ),
    "a sweep on the right": (
        lambda: base * Sweep().zip(lr=[1], bs=[1]),
        "* joins sweeps over different keys: lr is set by product() on the left and by zip() on the"
        " right. Leave one of them out, or pin lr with set() after the two are joined.",
    ),
    "two sweeps that pin": (
        lambda: Sweep().set(lr=1) * Sweep().set(lr=1),
        "* joins sweeps over different keys: lr is set by set() on the left and by set() on the"
        " right. Leave one of them out, or pin lr with set() after the two are joined.",
    ),
    "a key with and without +": (
        lambda: base.set({"+lr": 1}),
        "set(+lr) and product(lr) name one key in two ways. Write lr in both.",
    ),
    "a key named twice in a call": (
        lambda: Sweep().set({"lr": 1}, lr=2),
        "set names one key twice: lr.",
    ),
    # what an axis is
    "an empty axis": (
        lambda: Sweep().product(lr=[]),
        "product needs a list of values for lr, got the empty []. Write at least one value.",
    ),
    "an empty range": (
        lambda: Sweep().product(lr=range(3, 0)),
        "product needs a list of values for lr, got the empty range(3, 0). Write at least one"
        " value.",
    ),
    "a string": (
        lambda: Sweep().product(model="vit"),
        "product needs a list of values for model, got 'vit'. Write model=['vit'], or"
        " set(model='vit').",
    ),
    "bytes": (
        lambda: Sweep().zip(model=b"vit"),
        "zip needs a list of values for model, got b'vit'. Write model=[b'vit'], or"
        " set(model=b'vit').",
    ),
    "a number": (
        lambda: Sweep().product(lr=0.1),
        "product needs a list of values for lr, got 0.1. Write lr=[0.1], or set(lr=0.1).",
    ),
    "nothing": (
        lambda: Sweep().product(lr=None),
        "product needs a list of values for lr, got None. Write lr=[None], or set(lr=None).",
    ),
    "a set": (
        lambda: Sweep().product(lr={1, 2}),
        "product needs a list of values for lr, got a set, whose order differs from process to"
        " process. Write lr=sorted(...).",
    ),
    "a frozen set": (
        lambda: Sweep().product(lr=frozenset("ab")),
        "product needs a list of values for lr, got a set, whose order differs from process to"
        " process. Write lr=sorted(...).",
    ),
    "a mapping": (
        lambda: Sweep().product(model={"lr": [1]}),
        "product needs a list of values for model, got a mapping. Write its keys with dots,"
        " {'model.name': [...]}, or put whole mappings into a list.",
    ),
    "a frame": (
        lambda: Sweep().product(lr=pd.DataFrame({"lr": [1]})),
        "product needs a list of values for lr, got a DataFrame. Write lr=df['lr'] for a column,"
        " or Sweep.from_dataframe(df) for its rows.",
    ),
    "no mapping of axes": (
        lambda: Sweep().product([1, 2]),  # pyright: ignore
        "product takes keywords or one mapping, got [1, 2]. Write lr=... or {'model.lr': ...}.",
    ),
    "no mapping of pins": (
        lambda: Sweep().set("lr"),  # pyright: ignore
        "set takes keywords or one mapping, got 'lr'. Write lr=... or {'model.lr': ...}.",
    ),
    # keys
    "a key that is no string": (
        lambda: Sweep().product({1: [2]}),  # pyright: ignore
        "product: 1 is not a Hydra key: a key is a string, not int.",
    ),
    "a key that Hydra cannot read": (
        lambda: Sweep().set({"learning rate": 1}),
        "set: 'learning rate' is not a Hydra key: " + KEY_RULE,
    ),
    "an empty key": (
        lambda: Sweep().chain({"": 1}, {"": 2}),
        "chain: '' is not a Hydra key: " + KEY_RULE,
    ),
    # values and fields
    "a value for a float": (
        lambda: Sweep(train).product(lr=[0.1, "high"]),
        "product: lr takes float, got 'high': 'high' is not a float. " + OF_ITS_TYPE,
    ),
    "text for an int": (
        lambda: Sweep(train).set(bs="32"),
        "set: bs takes int, got '32': '32' is not an int. " + OF_ITS_TYPE,
    ),
    "a bool for an int": (
        lambda: Sweep(train).chain({"bs": 1}, {"bs": True}),
        "chain: bs takes int, got True: True is not an int. " + OF_ITS_TYPE,
    ),
    "a float for an int in a zip": (
        lambda: Sweep(train).zip(bs=[1.5]),
        "zip: bs takes int, got 1.5: 1.5 is not an int. " + OF_ITS_TYPE,
    ),
    "no member of an enum": (
        lambda: Sweep(train).product(optimizer=["SGD", "lion"]),
        "product: optimizer takes Optimizer, got 'lion': "
        "'lion' is not an Optimizer: choose ADAM, SGD. " + OF_ITS_TYPE,
    ),
    "an excluded value": (
        lambda: Sweep(train).product(lr=[1.0]).exclude(lr=["high"]),
        "exclude: lr takes float, got 'high': 'high' is not a float. " + OF_ITS_TYPE,
    ),
    "a list of lists is meant": (
        lambda: Sweep(train).product(layers=[[64], [32]]).exclude(layers=[64]),
        "exclude: layers takes list[int] | None, got 64: 64 is not a list[int]. " + OF_ITS_TYPE,
    ),
    "a long value": (
        lambda: Sweep(train).set(lr="x" * 100),
        f"set: lr takes float, got '{'x' * 76}...: '{'x' * 76}... is not a float. " + OF_ITS_TYPE,
    ),
    "a value that joins a target": (
        lambda: Sweep(train) * Sweep().product(bs=["a"]),
        "*: bs takes int, got 'a': 'a' is not an int. " + OF_ITS_TYPE,
    ),
    "a value that a target joins": (
        lambda: {"bs": ["a"]} * Sweep(train),
        "*: bs takes int, got 'a': 'a' is not an int. " + OF_ITS_TYPE,
    ),
    "a value of a summand": (
        lambda: Sweep(train) + Sweep().product(bs=["a"]),
        "+: bs takes int, got 'a': 'a' is not an int. " + OF_ITS_TYPE,
    ),
    "a value of a row that is a sweep": (
        lambda: Sweep(train).chain({"bs": 1}, Sweep().product(bs=["a"])),
        "chain: bs takes int, got 'a': 'a' is not an int. " + OF_ITS_TYPE,
    ),
    "a key of a row that is a sweep": (
        lambda: base.chain({"bs": 1}, Sweep().zip(lr=[1])),
        "lr is set by both product() and chain()." + TWO_PLACES,
    ),
    # targets
    "an ambiguous name": (
        lambda: Sweep(train, accepts_all).product(lr=[0.1]),
        "product: lr is ambiguous: train and accepts_all have it. Sweep train by itself,"
        " Sweep(train), and join the two with *; sweep accepts_all by itself, Sweep(accepts_all),"
        " and join the two with *.",
    ),
    "a key added that is there": (
        lambda: Sweep().product(lr=[1]).product({"++lr": [2]}),
        "product(++lr) and product(lr) name one key in two ways. Write lr in both.",
    ),
    "a mapping and a key in it": (
        lambda: Sweep().product(d=[{"x": 1}]).set({"d.x": 2}),
        "d and d.x overlap: d is given a mapping, and d.x a value in it. Put x into the"
        " mappings of d, or write each entry with dots.",
    ),
    "a node and a key in it, joined": (
        lambda: Sweep(Training).product(lr=[0.1]) * Sweep(anything).set(training={"lr": 2}),
        "training and training.lr overlap: training is given a mapping, and training.lr a value"
        " in it. Put lr into the mappings of training, or write each entry with dots.",
    ),
    "a buffer": (
        lambda: Sweep().product(a=bytearray(b"ab")),
        "product needs a list of values for a, got bytearray(b'ab'). Write a=[bytearray(b'ab')], or"
        " set(a=bytearray(b'ab')).",
    ),
    "an open file": (
        lambda: Sweep().product(a=StringIO("lines")),
        "product needs a list of values for a, got an open file. Write list(file) for its lines.",
    ),
    "a list that holds itself": (
        lambda: Sweep().set(a=endless()),
        "set: a value of a is nested too deep, or holds itself.",
    ),
    "a value below a field": (
        lambda: Sweep(fit).product({"plan.lr": ["x"]}),
        "product: plan.lr takes float, got 'x': 'x' is not a float. " + OF_ITS_TYPE,
    ),
    "a value of a dict field": (
        lambda: Sweep(fit).set({"++weights.a": "y"}),
        "set: ++weights.a takes int, got 'y': 'y' is not an int. " + OF_ITS_TYPE,
    ),
    "no target": (
        lambda: Sweep(3),
        "3 is not a target: give a function, a @proto.cli app, a @proto.prefix class or a"
        " dataclass, the class itself.",
    ),
    # numbers
    "repeat(0)": (
        lambda: base.repeat(0),
        "repeat needs how often to repeat, a positive integer, got 0.",
    ),
    "a negative power": (
        lambda: base**-2,
        "repeat needs how often to repeat, a positive integer, got -2.",
    ),
    "half a repetition": (
        lambda: base.repeat(1.5),  # pyright: ignore
        "repeat needs how often to repeat, a positive integer, got 1.5.",
    ),
    "repeat(True)": (
        lambda: base.repeat(True),
        "repeat needs how often to repeat, a positive integer, got True.",
    ),
    "a sample of more than there is": (
        lambda: base.sample(3),
        "sample(3) asks for more configs than there are: 2. Ask for fewer, or leave the sample"
        " out.",
    ),
    "a sample of what is left": (
        lambda: base.exclude(lr=1).sample(2),
        "sample(2) asks for more configs than there are: 1. Ask for fewer, or leave the sample"
        " out.",
    ),
    "a sample of none": (
        lambda: base.sample(0),
        "sample needs how many configs to take, a positive integer, got 0.",
    ),
    "a seed that is no integer": (
        lambda: base.shuffle("a"),  # pyright: ignore
        "shuffle needs an integer as its seed, got 'a'.",
    ),
    "a sample's seed": (
        lambda: base.sample(1, seed=None),  # pyright: ignore
        "sample needs an integer as its seed, got None.",
    ),
    "a sample that a pin leaves too little": (
        lambda: base.sample(2).set(lr=1),
        "sample(2) asks for more configs than there are: 1. Ask for fewer, or leave the sample"
        " out.",
    ),
    "a slice that a pin leaves too little": (
        lambda: Sweep().product(lr=range(5))[3:].set(lr=1),
        "slice [3:] asks for more configs than there are: 1."
        " Cut the sweep after pinning its keys, not before.",
    ),
    "a slice that a pin leaves nothing": (
        lambda: base[1:].set(lr=1),
        "slice [1:] asks for more configs than there are: 1."
        " Cut the sweep after pinning its keys, not before.",
    ),
    "a slice from the end that a pin leaves too little": (
        lambda: Sweep().product(lr=range(5))[3::-1].set(lr=1),
        "slice [3::-1] asks for more configs than there are: 1."
        " Cut the sweep after pinning its keys, not before.",
    ),
    # chain
    "chain of nothing": (
        lambda: Sweep().chain(),
        "chain needs at least one row: a mapping or a sweep.",
    ),
    "chain of a list of rows": (
        lambda: Sweep().chain([{"lr": 1}]),  # pyright: ignore
        CHAIN_TAKES + "row 0 is [{'lr': 1}]. Write chain(*rows).",
    ),
    "a row that is no mapping": (
        lambda: Sweep().chain({"lr": 1}, 5),  # pyright: ignore
        CHAIN_TAKES + "row 1 is 5. Write {'lr': 0.1}.",
    ),
    # exclude, where, derive
    "exclude of what is not there": (
        lambda: base.exclude(bs=1),
        "exclude names bs, which no step before it gives a value. Keys so far: lr.",
    ),
    "exclude before all": (
        lambda: Sweep().exclude(bs=1),
        "exclude names bs, which no step before it gives a value. Sweep it first.",
    ),
    "exclude of no value": (
        lambda: base.exclude(lr=[]),
        "exclude needs values for lr, got the empty []. Write at least one value.",
    ),
    "where without a function": (
        lambda: base.where("lr < 1"),  # pyright: ignore
        "where needs a function of a config, got 'lr < 1'."
        " Write where(lambda config: config['lr'] < 0.1).",
    ),
    "derive from a value": (
        lambda: base.derive(name=5),
        "derive needs a format string or a function of a config for name, got 5."
        " Write name='run-{lr}', or pin it with set().",
    ),
    "derive from what is not there": (
        lambda: base.derive(name="{lrs}"),
        "derive: name='{lrs}' reads lrs, which no step before it gives a value. Did you mean lr?",
    ),
    "derive from nothing": (
        lambda: Sweep().derive(name="{lr}"),
        "derive: name='{lr}' reads lr, which no step before it gives a value.",
    ),
    "derive from an attribute": (
        lambda: base.derive(name="{lr.real}"),
        "derive: name='{lr.real}' reads lr.real, which no step before it gives a value."
        " Valid names: lr.",
    ),
    "derive from an element": (
        lambda: base.derive(name="{lr[0]}"),
        "derive: name='{lr[0]}' reads lr[0], which no step before it gives a value."
        " Valid names: lr.",
    ),
    "derive with a conversion": (
        lambda: base.derive(name="{lr!r}"),
        "derive: name='{lr!r}': " + BRACES,
    ),
    "derive with empty braces": (lambda: base.derive(name="{}"), "derive: name='{}': " + BRACES),
    "derive with a key in a format": (
        lambda: base.derive(name="{lr:{lr}}"),
        "derive: name='{lr:{lr}}': " + BRACES,
    ),
    "derive with an open brace": (
        lambda: base.derive(name="{lr"),
        "derive: name='{lr' is not a format string: expected '}' before end of string. Write a key"
        " in braces, {lr} or {lr:.0e}, and {{ or }} for a brace.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_error_with_rule_and_cure(name: str) -> None:
    call, message = MISTAKES[name]

    with pytest.raises(SweepError) as error:
        call()
    assert str(error.value) == message


# --- all mistakes of a call, in one error

SEVERAL: dict[str, tuple[Callable[[], object], list[str]]] = {
    "of keys": (
        lambda: base.product({"a b": [1], "lr": [2]}, bs=5),
        [
            "product: 'a b' is not a Hydra key: " + KEY_RULE,
            "lr is set by product() twice." + TWO_PLACES,
            "product needs a list of values for bs, got 5. Write bs=[5], or set(bs=5).",
        ],
    ),
    "of values": (
        lambda: Sweep(train).product(lr=["a", 0.1, True], bs=[1.5]),
        [
            "product: lr takes float, got 'a': 'a' is not a float. " + OF_ITS_TYPE,
            "product: lr takes float, got True: True is not a float. " + OF_ITS_TYPE,
            "product: bs takes int, got 1.5: 1.5 is not an int. " + OF_ITS_TYPE,
        ],
    ),
    "of rows": (
        lambda: Sweep(train).chain({"lr": "a"}, None, {"bs": "b"}),  # pyright: ignore
        [
            "chain: lr takes float, got 'a': 'a' is not a float. " + OF_ITS_TYPE,
            CHAIN_TAKES + "row 1 is None. Write {'lr': 0.1}.",
            "chain: bs takes int, got 'b': 'b' is not an int. " + OF_ITS_TYPE,
        ],
    ),
    "of a sample": (
        lambda: base.sample("a", seed="b"),  # pyright: ignore
        [
            "sample needs how many configs to take, a positive integer, got 'a'.",
            "sample needs an integer as its seed, got 'b'.",
        ],
    ),
    "of rules": (
        lambda: base.derive(a="{lrr}", b=3),
        [
            "derive: a='{lrr}' reads lrr, which no step before it gives a value. Did you mean lr?",
            "derive needs a format string or a function of a config for b, got 3."
            " Write b='run-{lr}', or pin it with set().",
        ],
    ),
    "of an exclusion": (
        lambda: base.exclude(a=1, b=2),
        [
            "exclude names a, which no step before it gives a value. Keys so far: lr.",
            "exclude names b, which no step before it gives a value. Keys so far: lr.",
        ],
    ),
    "of a join": (
        lambda: Sweep(train) * Sweep().product(lr=["a"]).chain({"bs": "b"}, {"bs": "c"}),
        [
            "*: lr takes float, got 'a': 'a' is not a float. " + OF_ITS_TYPE,
            "*: bs takes int, got 'b': 'b' is not an int. " + OF_ITS_TYPE,
            "*: bs takes int, got 'c': 'c' is not an int. " + OF_ITS_TYPE,
        ],
    ),
    "of keys of a join": (
        lambda: Sweep().set(a=1, b=1) * Sweep().product(a=[1], b=[1]),
        [
            f"* joins sweeps over different keys: {key} is set by set() on the left and by"
            f" product() on the right. Leave one of them out, or pin {key} with set() after the two"
            " are joined."
            for key in "ab"
        ],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_all_mistakes_of_a_call_are_one_error(name: str) -> None:
    call, mistakes = SEVERAL[name]

    with pytest.raises(SweepError) as error:
        call()
    lines = [f"- {mistake}" for mistake in mistakes]
    assert str(error.value) == "\n".join([f"{len(mistakes)} mistakes:", *lines])


def test_the_mistakes_of_an_error_have_their_keys() -> None:
    with pytest.raises(SweepError) as error:
        Sweep(train).chain({"lr": "a"}, {"bs": 1}, {"bs": "b", "optimizer": 3})

    for one in (error.value, pickle.loads(pickle.dumps(error.value))):
        assert [mistake.key for mistake in one.mistakes] == ["lr", "bs", "optimizer"]
        assert [mistake.row for mistake in one.mistakes] == [0, 2, 2]
        texts = [mistake.text for mistake in one.mistakes]
        assert str(one) == "\n".join(["3 mistakes:", *[f"- {text}" for text in texts]])


def test_an_error_of_one_mistake_has_it() -> None:
    with pytest.raises(SweepError) as error:
        base.repeat(0)
    assert [(one.text, one.key) for one in error.value.mistakes] == [(str(error.value), None)]


@pytest.mark.parametrize("key", ["model.lr", "db/engine", "+x"])
def test_a_cure_is_python_for_every_key(key: str) -> None:
    with pytest.raises(SweepError) as error:
        Sweep().product({key: "vit"})
    assert f"{key}=" not in str(error.value)
    assert f"{{{key!r}: ['vit']}}" in str(error.value)


TWICE: dict[str, tuple[Callable[[], object], str]] = {
    "a pin": (lambda: Sweep(Training).set({"training.lr": 1}, lr=2), "set names one key twice: "),
    "an axis": (lambda: Sweep().product({"lr": [1], "+lr": [2]}), "product names one key twice: "),
    "an exclusion": (
        lambda: Sweep(Training).set(lr=1).exclude({"training.lr": 1}, lr=2),
        "exclude names one key twice: ",
    ),
    "in a row": (
        lambda: Sweep(Training).chain({}, {"training.lr": 1, "lr": 2}),
        "chain: row 1 names one key twice: ",
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_key_named_in_two_ways_in_a_call(name: str) -> None:
    call, message = TWICE[name]

    with pytest.raises(SweepError) as error:
        call()
    names = "lr and +lr" if name == "an axis" else "training.lr and lr"
    assert str(error.value) == f"{message}{names}."


# --- what only a config can tell

LATE: dict[str, tuple[Sweep, str]] = {
    "a format that a value does not take": (
        Sweep().chain({"lr": 1}, {"lr": None}).derive(name="{lr:.2f}"),
        "derive(name='{lr:.2f}'): lr=None does not take the format '.2f': unsupported format string"
        " passed to NoneType.__format__.",
    ),
    "a format that a value is too large for": (
        Sweep().set(lr=10**400).derive(name="{lr:e}"),
        "derive(name='{lr:e}'): lr=1" + "0" * 76 + "... does not take the format 'e': int too large"
        " to convert to float.",
    ),
    "a row without the key": (
        Sweep().chain({"lr": 1}, {"bs": 1}).derive(name="{lr}"),
        "derive(name='{lr}'): the config {'bs': 1} has no key lr. Valid names: bs.",
    ),
}


@pytest.mark.parametrize("name", LATE)
def test_a_mistake_that_a_config_shows(name: str) -> None:
    sweep, message = LATE[name]

    with pytest.raises(SweepError) as error:
        list(sweep)
    assert str(error.value) == message


# --- names that no target has

ITS = "Its parameters: lr, bs, optimizer, layers, out."


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


WARNING: dict[str, tuple[Callable[[], Sweep], list[str]]] = {
    "zip": (lambda: Sweep(train).zip(epochs=[1], bs=[1]), ["zip"]),
    "set": (lambda: Sweep(train).set(epochs=1), ["set"]),
    "chain": (lambda: Sweep(train).chain({"epochs": 1}, {"epochs": 2}), ["chain"]),
    "modulo": (lambda: Sweep(train) % {"epochs": 1}, ["set"]),
    "times a mapping": (lambda: Sweep(train) * {"epochs": [1]}, ["product"]),
    "a mapping times": (lambda: {"epochs": [1]} * Sweep(train), ["*"]),
    "times": (lambda: Sweep(train) * Sweep().product(epochs=[1]), ["*"]),
    "plus": (lambda: Sweep(train) + Sweep().product(epochs=[1]), ["+"]),
    "times a sum": (
        lambda: Sweep(train) * (Sweep().set(epochs=1) + Sweep().set(epochs=2)),
        ["*"],
    ),
    "derive": (lambda: Sweep(train).derive(epochs="1"), ["derive"]),
}


@pytest.mark.parametrize("name", WARNING)
def test_a_call_warns_once_of_a_name(name: str) -> None:
    call, methods = WARNING[name]

    with pytest.warns(SweepWarning) as record:
        sweep = call()
    assert warned(record) == [
        f"{method}: train has no parameter epochs. {ITS}" for method in methods
    ]
    assert record[0].lineno == call.__code__.co_firstlineno
    assert "epochs" in sweep[-1]


def test_each_call_warns() -> None:
    with pytest.warns(SweepWarning) as record:
        Sweep(train).product(epochs=[1]).set(epochs=2)
    assert [message.partition(":")[0] for message in warned(record)] == ["product", "set"]


def hydra_app(config: Any) -> None: ...


def of_a_config(config: DictConfig) -> None: ...


@pytest.mark.parametrize("decorated", [True, False])
def test_a_hydra_app_takes_the_keys_of_its_config(decorated: bool) -> None:
    main = hydra.main(config_path=None, **VERSION_BASE)(hydra_app) if decorated else of_a_config
    sweep = Sweep(main).product(db=["my", "pg"]) * Sweep().set(config=1)

    assert list(sweep) == [{"db": "my", "config": 1}, {"db": "pg", "config": 1}]


def test_a_name_that_none_of_several_targets_has() -> None:
    with pytest.warns(SweepWarning) as record:
        Sweep(train, Training).product(sizes=[1])
    assert [message.endswith("Did you mean size?") for message in warned(record)] == [True]
    assert "train" in warned(record)[0]
    assert "Training" in warned(record)[0]


SILENT: dict[str, Callable[[], Sweep]] = {
    "a path": lambda: Sweep(train).product({"model.lr": [1]}),
    "a group": lambda: Sweep(train).product({"db/engine": ["pg"]}),
    "a package": lambda: Sweep(train).product({"db@x": ["pg"]}),
    "added": lambda: Sweep(train).product({"+new": [1], "++newer": [1]}),
    "deleted": lambda: Sweep(train).set({"~lrs": None}),
    "its parameters": lambda: Sweep(train).product(lr=[1], bs=[1]).exclude(lr=1),
    "no targets": lambda: Sweep().product(epochs=[1]).set(lrr=1),
    "a target with **kwargs": lambda: Sweep(accepts_all).product(epochs=[1]),
    "one of them with **kwargs": lambda: Sweep(Training, accepts_all).product(epochs=[1]),
    "where it stands in a prefix class": lambda: Sweep(Training).product({"training.lr": [1]}),
    "two targets' own": lambda: Sweep(train, Training).product({"training.size": [1]}, bs=[2]),
    "joined": lambda: Sweep(train).product(bs=[1]) * Sweep(Training).product(size=[2]),
}


@pytest.mark.parametrize("name", SILENT)
def test_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SILENT[name]().size >= 0


def test_a_call_that_is_wrong_does_not_warn_as_well() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SweepError, match="is not a float"):
            Sweep(train).product(epochs=[1], lr=["a"])


def test_a_warning_turned_into_an_error_leaves_the_sweep_unmade() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SweepWarning)
        with pytest.raises(SweepWarning, match="no parameter epochs"):
            Sweep(train).product(epochs=[1])


def test_a_mistake_of_a_helper_points_at_the_helper() -> None:
    def helper() -> Sweep:
        return Sweep(train).set(epochs=1)

    with pytest.warns(SweepWarning) as record:
        helper()
    assert record[0].lineno == helper.__code__.co_firstlineno + 1


def test_a_folder_beside_the_package_whose_name_begins_like_it_is_the_users() -> None:
    file = f"{Path(params_proto.__file__).parent}_user/sweeps.py"
    code = compile("\n\nsweep = Sweep(train).product(epochs=[1])", file, "exec")
    with pytest.warns(SweepWarning) as record:
        exec(code, {"__name__": "sweeps", "Sweep": Sweep, "train": train})
    assert [(one.filename, one.lineno) for one in record] == [(file, 3)]


@dataclass
class Nested:
    depth: int


def test_where_in_a_value_a_mistake_stands() -> None:
    def fit(nested: Nested, sizes: list[int]) -> None: ...

    with pytest.raises(SweepError) as error:
        Sweep(fit).set(nested={"depth": "deep"}, sizes=[1, 2.5])
    assert str(error.value) == (
        "2 mistakes:\n"
        "- set: nested takes Nested, got {'depth': 'deep'}: 'deep' is not an int (at .depth)."
        f" {OF_ITS_TYPE}\n"
        f"- set: sizes takes list[int], got [1, 2.5]: 2.5 is not an int (at [1]). {OF_ITS_TYPE}"
    )
