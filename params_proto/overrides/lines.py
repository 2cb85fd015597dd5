"""Lines of overrides -> the keys they give values, in order, where the last one wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from params_proto._keys import bare
from params_proto.errors import Mistake, SweepError, together
from params_proto.overrides.reading import read, shuffles, values_of

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

_T = TypeVar("_T")
_Done = TypeVar("_Done")


class Given(NamedTuple):
    """A key that was given values.

    Args:
        key: as it was spelled: `+db@pkg`.
        values: what Hydra read.
        swept: whether they were given as a sweep, be it of one value.
        drawn: whether they are in a random order, or one has it in it, of this process alone.
        pinned: whether one value takes the place of a sweep before it: `lr=1,2 lr=3`.
    """

    key: str
    values: Sequence[Any]
    swept: bool = False
    drawn: bool = False
    pinned: bool = False

    @property
    def name(self) -> str:
        """What the key is about, however it is spelled; a deletion is not about the value."""
        return self.key if self.key.startswith("~") else bare(self.key)


def given(
    lines: Iterable[str],
    config_loader: ConfigLoader | None = None,
    values: Callable[[Override], Sequence[Any]] = values_of,
    *,
    once: bool = False,
) -> list[Given]:
    """The keys and values of some overrides, in their order.

    Args:
        lines: the overrides. Where a key stands twice, the last one wins, at the place of the
            first; a mapping is merged into that of `+key` or `++key`, as Hydra does.
        config_loader: Hydra's, for `glob`.
        values: takes the values of an override: a `range`, or any other sequence of them.
        once: whether `+lr=1 lr=2` is one key, too: Hydra applies the two one after the other.

    Raises:
        SweepError: a line that Hydra cannot read, or whose values cannot be enumerated; all of
            them.

    >>> [(one.key, one.values) for one in given(["lr=0.1,0.2", "+x=a", "lr=1,2"])]
    [('lr', (1, 2)), ('+x', ('a',))]
    """
    mistakes: list[Mistake] = []
    # All are read before one is enumerated: so the random numbers go to the same `shuffle`s as with
    # Hydra's basic sweeper.
    overrides = list(_done(lambda line: read(line, config_loader), lines, mistakes))
    listed = _done(lambda override: _given(override, values), overrides, mistakes)
    read_ones: dict[str, Given] = {}
    for one in listed:
        read_ones[one.key] = _over(read_ones.get(one.key), one)
    if mistakes:
        raise together(mistakes)
    return _last_ones(read_ones.values(), once)


def _over(before: Given | None, one: Given) -> Given:
    """What takes the place of what was there before."""
    replaces = before is not None and (before.swept or before.pinned)
    return one._replace(pinned=True) if replaces and not one.swept else one


def _with(before: Given | None, one: Given) -> Given:
    """The same, but for mappings under two spellings: `d={x: 1} ++d={y: 2}`, which Hydra merges."""
    if before is None or not _are_mappings(before) or not _are_mappings(one):
        return _over(before, one)
    merged = [_merged(first, last) for first in before.values for last in one.values]
    swept, drawn = before.swept or one.swept, before.drawn or one.drawn
    return one._replace(values=tuple(merged), swept=swept, drawn=drawn)


def _are_mappings(one: Given) -> bool:
    is_range = isinstance(one.values, range)
    return not is_range and all(isinstance(value, Mapping) for value in one.values)


def _merged(first: Mapping[Any, Any], last: Mapping[Any, Any]) -> dict[Any, Any]:
    """Two mappings as Hydra merges them.

    >>> _merged({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}})
    {'a': 1, 'b': {'c': 2, 'd': 3}}
    """
    both = {
        key: _merged(first[key], last[key])
        for key in last
        if isinstance(last[key], Mapping) and isinstance(first.get(key), Mapping)
    }
    return {**first, **last, **both}


def _done(
    step: Callable[[_T], _Done], inputs: Iterable[_T], mistakes: list[Mistake]
) -> Iterator[_Done]:
    """What a step makes of each input; the mistakes are noted."""
    for one in inputs:
        try:
            yield step(one)
        except SweepError as error:
            mistakes += error.mistakes


def _given(override: Override, values: Callable[[Override], Sequence[Any]]) -> Given:
    taken = values(override)
    listed = taken if isinstance(taken, range) else tuple(taken)
    # Hydra has put what is shuffled within a value into an order as it read it.
    drawn = bool(getattr(override.value(), "shuffle", False)) or shuffles(override.input_line or "")
    return Given(override.get_key_element(), listed, override.is_sweep_override(), drawn)


def _last_ones(all_of_them: Iterable[Given], once: bool) -> list[Given]:
    """One for each name that is swept, where `lr=1,2 ++lr=3` would run its jobs twice."""
    listed = list(all_of_them)
    merging = {one.name for one in listed if once or one.swept}
    merged: dict[object, Given] = {}
    for at, one in enumerate(listed):
        slot = one.name if one.name in merging else at
        before = merged.get(slot)
        one = _with(before, one)
        # `+lr=1,2 lr=3`: the key that the first one adds, with the value of the last.
        added = before is not None and one.key == one.name
        merged[slot] = one._replace(key=before.key) if before is not None and added else one
    return list(merged.values())
