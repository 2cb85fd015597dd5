"""How many equal jobs come before one, as can be seen from the steps of a sweep alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from params_proto._keys import bare, overlap
from params_proto._values import length
from params_proto.algebra.expression import Cross, Expression
from params_proto.algebra.steps import Chain, Derive, Product, Repeat, Set, Step, Zip
from params_proto.errors import SweepError
from params_proto.overrides.identity import canonical
from params_proto.overrides.parse import parse
from params_proto.overrides.render import render

_KNOWN = (Product, Zip, Chain, Set, Repeat, Derive, Cross)
_ROWS = 100_000  # of a chain, above which the first job would wait for seconds

Spelled = Callable[[str, Any], "str | None"]
"""How a job's override spells a key with a value; None where it has none."""


def occurrence_of(
    expression: Expression,
    spelled: Spelled = lambda key, _: key,
    selecting: Collection[str] = (),
) -> Callable[[int], int] | None:
    """What says of a job, by its index, how many equal ones come before it.

    Args:
        expression: of the sweep.
        spelled: its keys in the jobs.
        selecting: the keys that say which sweep it is, and nothing about a job.

    Returns:
        None where that takes a look at the jobs.

    >>> from params_proto import Sweep
    >>> grid = Sweep().product(lr=[0.1, 0.2]).repeat(3).product(seed=range(10**12))
    >>> occurrence = occurrence_of(grid.expression)
    >>> [occurrence(at * 10**12 + 7) for at in range(6)]
    [0, 1, 2, 0, 1, 2]
    """
    steps = [*_steps(expression)]
    # The others make jobs in a way that their own arguments do not tell.
    known = all(isinstance(step, _KNOWN) for step in steps)
    if not known or _pins_over(expression) or _respells(expression):
        return None
    names = _Names(spelled, selecting)
    try:
        factors = [*names.factors(expression)]
    except (SweepError, _TooManyError):  # of a value that cannot be said, its job will tell
        return None
    derives = any(isinstance(step, Derive) for step in steps)
    if derives and not all(type(one) in (_Factor, _Repeated) for one in factors):
        return None  # of values that are equal, 1 and 1.0, it may make others that are not

    def occurrence(index: int) -> int:
        before, weight = 0, 1
        for factor in reversed(factors):
            index, at = divmod(index, factor.size)
            before += factor.before(at) * weight
            weight *= factor.equal(at)
        return before

    return occurrence


class _TooManyError(Exception):
    """More rows than are to be gone through before the first job."""


@dataclass(eq=False)
class _Factor:
    """What multiplies the jobs, all different.

    Args:
        size: by how many.
    """

    size: int

    def before(self, at: int) -> int:
        """How many of them come before one, by its index, that are equal to it."""
        return 0

    def equal(self, at: int) -> int:
        """How many are equal to it in all, itself included."""
        return 1


class _Repeated(_Factor):
    def before(self, at: int) -> int:
        return at

    def equal(self, at: int) -> int:
        return self.size


class _Alike(_Repeated):
    """Values that make no difference."""


class _Listed(_Factor):
    def __init__(self, names: Sequence[Hashable]) -> None:
        super().__init__(len(names))
        self._names = names
        self._equal = Counter[Hashable]()
        self._before: list[int] = []
        for name in names:
            self._before.append(self._equal[name])
            self._equal[name] += 1

    def before(self, at: int) -> int:
        return self._before[at]

    def equal(self, at: int) -> int:
        return self._equal[self._names[at]]


def _listed(names: Sequence[Hashable]) -> _Factor:
    return _Factor(len(names)) if len(set(names)) == len(names) else _Listed(names)


def _steps(expression: Expression) -> Iterator[Step]:
    """Its steps, and those within them."""
    for step in expression.steps:
        yield step
        if isinstance(step, Cross):
            yield from _steps(step.inner)


def _pins_over(expression: Expression) -> bool:
    """Whether a step pins a key that another one has given values, which then make no difference.

    That goes by the whole path, as of a node and of a key in it.
    """
    given = [*_given(expression)]
    pins = [key for key, place in given if place == "set"]
    others = [key for key, place in given if place != "set"]
    return any(overlap(pin, other) for pin in pins for other in others)


def _respells(expression: Expression) -> bool:
    """Whether two spellings are one key, `lr` and `+lr`, of which a job may have either."""
    spellings = set(expression.places)
    return len(set(map(bare, spellings))) < len(spellings)


def _given(expression: Expression) -> Iterator[tuple[str, str]]:
    """Every key of each of its steps, and what gives it values."""
    for step in expression.steps:
        inner = _given(step.inner) if isinstance(step, Cross) else step.places.items()
        yield from ((bare(key), place) for key, place in inner)


@dataclass(frozen=True)
class _Names:
    """Tells which values of keys make equal jobs, by a name that these have in common."""

    spelled: Spelled
    selecting: Collection[str]

    def factors(self, expression: Expression) -> Iterator[_Factor]:
        for step in expression.steps:
            if isinstance(step, Repeat):
                yield _Repeated(step.times)
            elif isinstance(step, Zip):
                yield self._zipped(step.axes)
            elif isinstance(step, Product):
                for key, values in step.axes.items():
                    yield self._zipped({key: values})
            elif isinstance(step, Chain):
                if len(step.rows) > _ROWS:
                    raise _TooManyError
                yield _listed([self._name(row) for row in step.rows])
            elif isinstance(step, Cross):
                yield from self.factors(step.inner)

    def _zipped(self, columns: Mapping[str, Sequence[Any]]) -> _Factor:
        size = length(next(iter(columns.values())))
        # What a deletion expects to find makes no difference.
        told = {key: values for key, values in columns.items() if not self._deletes(key)}
        if not told:
            return _Alike(size)
        # Numbers that differ make rows that do; a long range is not to be gone through.
        if any(isinstance(values, range) for values in told.values()):
            return _Factor(size)
        rows = zip(*told.values(), strict=True)
        return _listed([self._name(dict(zip(told, row, strict=True))) for row in rows])

    def _deletes(self, key: str) -> bool:
        return (self.spelled(key, "") or "").startswith("~")

    def _name(self, row: Mapping[str, Any]) -> Hashable:
        """That of a row: what it has by the keys that its jobs' overrides have."""
        named: dict[str, Hashable] = {}
        for key, value in row.items():
            spelled = self.spelled(key, value)
            if spelled is None or spelled in self.selecting:
                continue
            if spelled.startswith("~"):
                named[f"~{bare(spelled)}"] = None
            else:
                named[bare(spelled)] = _value_name(value)
        return frozenset(named.items())


def _value_name(value: Any) -> Hashable:
    if not _is_plain(value):
        value = parse(render(value))
    # A text of Python's is told from the texts of other values by the tuple.
    fits = type(value) in (int, str) or (type(value) is float and isfinite(value))
    return value if fits else (canonical(value),)


def _is_plain(value: Any) -> bool:
    """Whether a job gets a value as it is here, as can be told without Hydra's parser."""
    if type(value) is str:
        return "$" not in value and "\\" not in value
    if type(value) is list:
        return all(map(_is_plain, cast("list[Any]", value)))
    if type(value) is dict:
        entries = cast("dict[Any, Any]", value).items()
        return all(type(key) is str and _is_plain(of) for key, of in entries)
    return type(value) in (int, float, bool, type(None))
