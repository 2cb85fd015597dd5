"""Types of decorated functions and classes. Not run: `make typecheck` reads this file."""

from __future__ import annotations

from typing import Any, assert_type

from params_proto import proto


@proto.cli
def train(lr: float = 0.001, *, epochs: int = 10) -> dict[str, float]:
    """Some doc."""
    return {"loss": lr * epochs}


@proto.cli(config_path="conf", config_name="train")
def required(name: str, seed: int = 0) -> str:
    return f"{name}-{seed}"


# a call has the function's own signature, and what it returns
assert_type(train(lr=0.1, epochs=3), dict[str, float])
assert_type(train(0.1), dict[str, float])
assert_type(train(), dict[str, float])
assert_type(required("a", seed=1), str)
assert_type(required(), str)  # runs the app, on whose command line the name is
train("0.1")  # pyright: ignore[reportArgumentType]
train(0.1, 3)  # pyright: ignore[reportCallIssue]
train(lrr=0.1)  # pyright: ignore[reportCallIssue]
required(seed=1)  # pyright: ignore[reportCallIssue]
proto.cli(config_pth="conf")  # pyright: ignore[reportCallIssue]

# an app has `run` besides, its name and the function itself
assert_type(train.run(), None)
assert_type(train.run(["lr=0.1"]), None)
assert_type(train.__name__, str)
assert_type(train.__wrapped__(lr=0.1), dict[str, float])
train.rum()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


@proto.prefix
class Training:
    lr: float = 0.001
    layers: tuple[int, ...] = ()

    @classmethod
    def steps(cls, epochs: int) -> int:
        return epochs * len(cls.layers)


@proto.prefix("optim")
class Optimizer:
    name: str = "adam"


# a prefix class stays the class that it is
assert_type(Training, type[Training])
assert_type(Training.lr, float)
assert_type(Training.layers, tuple[int, ...])
assert_type(Training.steps(3), int)
assert_type(Optimizer.name, str)
Training.lr = 0.1
Training.lr = "0.1"  # pyright: ignore[reportAttributeAccessIssue]
print(Training.lrr)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]

# `bind` is a context manager, and a decorator that keeps the signature
with proto.bind(Training, lr=0.1), proto.bind(**{"optim.name": "sgd"}):
    assert_type(Training.lr, float)


@proto.bind(Training, lr=0.1)
def bound(x: int) -> str:
    return str(x)


assert_type(bound(1), str)
bound("1")  # pyright: ignore[reportArgumentType]

anything: Any = None
proto.bind(anything)
