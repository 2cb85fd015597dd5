"""What --help says about a parameter: its comment or docstring."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import pytest

from params_proto.app.help import describe_help


# As people write who align their comments:
# fmt: off
def beside(
    lr: float = 0.1,  # learning rate
    bs: int = 32,     # batch size,
                      # on one device
    quiet: int = 0,
    beta: float = 0., # decay
                      # rate
    # of the mean
    mean: float = 0.,
    momentum: float = 0.9,  #: of the optimizer
    # a path
    # to the data
    data: str = "data",
    plain: int = 0,
    layers: tuple[int, ...] = (
        64,  # inside the value
        32,
    ),  # units of each layer
    *,
    two: int = 1, lines: int = 2,  # nobody's
    named: Any = None,  # type: ignore
    marked: Any = None,  # what it is  # pragma: no cover
    # ---------
    ruled: int = 0,
    hashed: str = "#no comment",
) -> None:  # not the last one's
    """Do it.

    Args:
        lr: the docstring's word, which the comment's goes before
        plain: from the docstring
        two (int, optional): one
            of two
    """
    layer = ()  # not a parameter's
    print(layer)


# fmt: on


def many_on_one_line(lr=0.1, bs=2):  # what it does
    ...


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@wrapped
def decorated(
    lr: float = 0.1,  # learning rate
): ...


class Base:
    """A class.

    Attributes:
        inherited: from the base's docstring
        lr: from the base
    """

    inherited: int = 1
    seed: int = 0  # the base's seed


class Training(Base):
    lr: float = 0.1  # learning rate
    # a heading, not a field's

    bs: int = 32
    """Batch size,
    on one device."""

    # above
    data: str = "data"
    plain: int = 0
    unannotated = 3  # without annotation
    layers: tuple[int, ...] = (
        64,
        32,
    )  # units

    def method(
        self,
        plain: int,  # not the field's
    ) -> None:
        """:param seed: not the field's"""


@dataclass
class Options:
    """Options.

    Parameters
    ----------
    lr : float
        Learning rate.
    """

    lr: float = 0.1
    names: list[str] = field(default_factory=list)  # of runs


BESIDE = {
    "lr": "learning rate",
    "bs": "batch size,",
    "beta": "decay",
    "mean": "of the mean",
    "momentum": "of the optimizer",
    "data": "a path to the data",
    "layers": "units of each layer",
    "marked": "what it is",
    "plain": "from the docstring",
    "two": "one of two",
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (beside, BESIDE),
        (many_on_one_line, {}),
        (decorated, {"lr": "learning rate"}),
        (Training, {"inherited": "from the base's docstring", "seed": "the base's seed", "lr": "learning rate", "bs": "Batch size, on one device.", "data": "above", "unannotated": "without annotation", "layers": "units"}),
        (Options, {"lr": "Learning rate.", "names": "of runs"}),
        (len, {}),
        (int, {}),
    ],
    ids=lambda value: getattr(value, "__name__", "") or type(value).__name__,
)  # fmt: skip
def test_a_parameter_is_described_by_its_comment(target: Any, expected: dict[str, str]) -> None:
    assert describe_help(target) == expected


DOCSTRINGS: dict[str, tuple[str, dict[str, str]]] = {
    "google": (
        """Train.

        Args:
            lr (float, optional): learning
                rate: in 1/step

                More, in a paragraph of its own.
            **kwargs: the rest
            bs:
                on the next line
            empty:

        Returns:
            loss: no parameter
        """,
        {"lr": "learning rate: in 1/step", "kwargs": "the rest", "bs": "on the next line"},
    ),
    "numpy": (
        """Train.

        Parameters
        ----------
        lr : float, optional
            Learning
            rate.
        a, b
            Both.
        """,
        {"lr": "Learning rate.", "a": "Both.", "b": "Both."},
    ),
    "sphinx": (
        """Train.

        :param lr: learning
            rate
        :return: no parameter
        """,
        {"lr": "learning rate"},
    ),
    "malformed": ("Train.\n\n:param", {}),
}


@pytest.mark.parametrize(("docstring", "expected"), DOCSTRINGS.values(), ids=DOCSTRINGS)
def test_a_docstring_is_read_in_the_ways_people_write_it(
    docstring: str, expected: dict[str, str]
) -> None:
    def train(**parameters: Any) -> None: ...

    train.__doc__ = docstring
    assert describe_help(train) == expected
