"""Axes: the rows that one step of a sweep adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from params_proto.space.node import Config, Space, same
from params_proto.values import is_atomic


@dataclass(eq=False)
class Rows(Space):
    """An axis of one or more keys, in which every row has them all.

    Args:
        names: the keys; with none, the axis is `count` empty configs: a repetition.
        columns: for each key its `count` values: a tuple, or a `range`, which is never listed out.
        count: the number of rows, at least 1.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]
    count: int

    def _keys(self) -> tuple[str, ...]:
        return self.names

    def _mutable(self) -> frozenset[str]:
        return mutable_keys(
            (key, value)
            for key, column in zip(self.names, self.columns, strict=True)
            if not isinstance(column, range)
            for value in column
        )

    def _size(self) -> int:
        return self.count

    def put(self, config: Config, index: int) -> Config:
        for key, column in zip(self.names, self.columns, strict=True):
            config[key] = column[index]
        return config

    def fill(self, templates: list[Config], index: int) -> None:
        """Writes row `index` into every template."""
        for key, column in zip(self.names, self.columns, strict=True):
            value = column[index]
            for template in templates:
                template[key] = value

    def spread(self, templates: list[Config], start: int, each: int) -> None:
        """Writes the rows from `start` on into the templates, each row into `each` in a row."""
        for key, column in zip(self.names, self.columns, strict=True):
            values: Iterable[Any] = column[start : start + len(templates) // each]
            if each > 1:
                values = chain.from_iterable(map(repeat, values, repeat(each)))
            for template, value in zip(templates, values, strict=False):
                template[key] = value

    def occurrences(self, config: Mapping[str, Any]) -> int:
        return super().occurrences(config) if self.names else self.count * (not config)

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        if set(config) != set(self.names):
            return
        if not self.names:
            yield from range(self.count)
            return
        pairs = [
            (column, config[key]) for key, column in zip(self.names, self.columns, strict=True)
        ]
        for index in indices(*pairs[0]):
            if all(same(column[index], value) for column, value in pairs[1:]):
                yield index


def indices(column: Sequence[Any], value: Any) -> Iterator[int]:
    """The indices at which `value` stands in `column`."""
    if isinstance(column, range):
        number = _whole(value)  # for what is no int, `in` would walk the range
        if number is not None and number in column:
            yield (number - column.start) // column.step
        return
    index = -1
    while True:
        try:
            index = column.index(value, index + 1)
        except ValueError:
            return
        yield index


def _whole(value: Any) -> int | None:
    """The integer that `value` equals, if it equals one."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if same(number, value) else None


@dataclass(eq=False)
class Ragged(Space):
    """An axis of rows whose keys differ from row to row."""

    rows: tuple[Config, ...]

    def _keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(self.rows)))

    def _mutable(self) -> frozenset[str]:
        return mutable_keys(chain.from_iterable(row.items() for row in self.rows))

    def _size(self) -> int:
        return len(self.rows)

    def put(self, config: Config, index: int) -> Config:
        config.update(self.rows[index])
        return config

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        return (index for index, row in enumerate(self.rows) if row == config)


def axis(rows: Sequence[Config]) -> Space:
    """The axis of these rows, at least one.

    >>> axis([{"lr": 1, "bs": 2}, {"lr": 3, "bs": 4}])
    Rows(names=('lr', 'bs'), columns=((1, 3), (2, 4)), count=2)
    """
    names = tuple(rows[0])
    if any(tuple(row) != names for row in rows):
        return Ragged(tuple(rows))
    return Rows(names, tuple([tuple([row[name] for row in rows]) for name in names]), len(rows))


def mutable_keys(pairs: Iterable[tuple[str, Any]]) -> frozenset[str]:
    """The keys that stand beside a value which a receiver could change."""
    return frozenset(key for key, value in pairs if not is_atomic(value))
