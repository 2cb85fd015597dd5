"""What to run: one expression of everything that was asked for, and its jobs one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from sys import maxsize
from typing import TYPE_CHECKING, Any, cast

from params_proto.algebra.expression import Expression
from params_proto.algebra.steps import Edit, Product, Reader, Set, Zip
from params_proto.algebra.views import Picked
from params_proto.errors import SweepError, shown, together
from params_proto.keys import bare, related
from params_proto.multirun.asked.precedence import override
from params_proto.overrides.lines import Given
from params_proto.overrides.rendering import assignment, render_config

if TYPE_CHECKING:
    from params_proto.algebra.space import Config, Space
    from params_proto.fields import Target
    from params_proto.multirun.asked.standing import Composed
    from params_proto.sweep import Sweep

Overrides = list[str]


@dataclass(eq=False)
class Plan:
    """The jobs of a sweep, which are computed when they are asked for.

    Args:
        expression: the configured sweep with what was given from outside in its place.
        spelling: keys that were given from outside, as they were spelled there.
        targets: whose fields the keys may be.
        is_group: whether a key is a config group, which has no option null.
        composed: what stands in the jobs' configs, for the values that are to take its place.
    """

    expression: Expression
    spelling: Mapping[str, str]
    targets: tuple[Target, ...]
    is_group: Callable[[str], bool]
    composed: Composed | None = None

    @cached_property
    def space(self) -> Space:
        """The configs behind the jobs."""
        return self.expression.map(Edit(function=_guarded)).space()

    @property
    def size(self) -> int | None:
        """How many jobs there are; None where a filter would have to look at each."""
        return None if self.expression.filters else self.space.size

    def jobs(self) -> Iterator[Overrides]:
        """Each job as Hydra overrides, in order.

        Raises:
            SweepError: a value that Hydra's grammar cannot say, by its key.
        """
        return map(self._job, self.space)

    def exceeds(self, most: int, part: slice | None = None) -> bool:
        """Whether there are more jobs than that, found without a look at those beyond.

        Args:
            most: a number of jobs.
            part: which of the jobs count; None for all.
        """
        configs, _ = self._part(part)
        return next(islice(configs, most, None), None) is not None

    def numbered(self, part: slice | None = None) -> Iterator[tuple[int, Overrides]]:
        """The jobs with their numbers, the indices in the whole sweep, each when it is asked for.

        Args:
            part: which of them; None for all.

        Raises:
            SweepError: a value that Hydra's grammar cannot say, by its key.
        """
        configs, numbers = self._part(part)
        # In this order: the numbers of a whole sweep, which is not counted, have no end.
        return (
            (number, job) for job, number in zip(map(self._job, configs), numbers, strict=False)
        )

    @property
    def swept(self) -> list[str]:
        """The keys that do not have one value in all jobs, without +, ++ and ~."""
        values = Counter([key for key, _ in self.expression.entries()])
        return [
            bare(key)
            for key, place in self.expression.places.items()
            # The values of a long range are not among the entries.
            if place in ("chain", "derive") or (place != "set" and values[key] != 1)
        ]

    @property
    def groups(self) -> set[str]:
        """The config groups that jobs choose options of, whatever their packages."""
        return {key.partition("@")[0] for key in map(bare, self.order) if self.is_group(key)}

    @cached_property
    def order(self) -> list[str]:
        """The keys in the order of a job's overrides."""
        keys = list(self.expression.places)
        return [key for key in keys if key not in self._last] + list(self._last)

    @cached_property
    def _last(self) -> list[str]:
        """Keys that are pinned over those of other rows, above or below them: the last one wins."""
        pinned: dict[str, None] = {}
        for at, step in enumerate(self.expression.steps):
            if isinstance(step, Set):
                before = Expression(self.expression.steps[:at])
                pinned.update(dict.fromkeys(_over_others(step.pins, before, self.is_group)))
        return list(pinned)

    def _part(self, part: slice | None) -> tuple[Iterator[Mapping[str, Any]], range]:
        """The configs of a part, and their numbers."""
        if part is None:  # a filter's size would take a pass over all that it filters
            return iter(self.space), range(maxsize)
        numbers = range(self.space.size)[part]
        return iter(Picked(self.space, numbers)), numbers

    def spelled(self, key: str, value: Any) -> str | None:
        """A key as the override spells it that gives it a value; None where there is none."""
        key = self.spelling.get(key, key)
        if value is not None or key.startswith("~") or not self.is_group(bare(key)):
            return key
        return None if key.startswith("+") else f"~{key}"  # nothing is left out of what is added

    def _job(self, config: Mapping[str, Any]) -> Overrides:
        spelled: dict[str, Any] = {}
        if self._last:
            config = {key: config[key] for key in self.order if key in config}
        for name, value in config.items():
            key = self.spelled(name, value)
            if key is None:
                continue
            spelled[key] = value
            if _is_no_option(key, value) and self.is_group(bare(key)):
                is_one = isinstance(value, (bool, int, float))
                it = f"it in quotes, '{shown(value)}'" if is_one else "their names, [a,b]"
                raise SweepError(
                    f"{key}={shown(value)}: {bare(key)} is a config group, whose options are"
                    f" text. Write {it}."
                )
        if self.composed is None:
            return render_config(spelled, targets=self.targets)
        groups = [
            assignment(key, value) for key, value in spelled.items() if self.is_group(bare(key))
        ]
        standing = self.composed.of_job(groups)
        return render_config(spelled, targets=self.targets, standing=standing)


def _guarded(reader: Reader, place: str) -> Reader:
    """A function in a sweep, whose failures are mistakes in the sweep."""

    def called(config: Config) -> Any:
        try:
            return reader.function(config)
        except SweepError:
            raise
        except Exception as error:
            raise SweepError(
                f"{place}: its function raises {type(error).__name__}: {error}, for the config"
                f" {shown(config)}."
            ) from error

    return reader._replace(function=called)


def _is_no_option(key: str, value: object) -> bool:
    """Whether a value cannot choose options of a group, where Hydra would merge a dict into it."""
    if isinstance(value, (list, tuple)):
        return not all(isinstance(one, str) for one in cast("Sequence[object]", value))
    return isinstance(value, (bool, int, float, Mapping if key.startswith("~") else bool))


def plan(
    configured: Sweep,
    targets: tuple[Target, ...],
    given: Sequence[Given],
    pairs: Sequence[Sequence[str]],
    is_group: Callable[[str], bool],
    composed: Composed | None = None,
) -> Plan:
    """The configured sweep times what was given from outside, which wins key by key.

    Args:
        configured: the sweep of `hydra.sweeper.sweep`.
        targets: its targets.
        given: `hydra.sweeper.params` and the command line.
        pairs: swept keys among the given ones that vary together, of equally many values.
        is_group: whether a key is a config group.
        composed: what stands in the jobs' configs.

    Raises:
        SweepError: the deletion of a key that is swept, or a value that Hydra's grammar cannot say.
    """
    expression = configured.expression
    inside = {bare(key): key for key in expression.places}
    _refuse_deletions(given, inside)
    refuse_unsayable(expression)
    spelling: dict[str, str] = {}
    for block in _blocks(given, pairs):
        axes: dict[str, Sequence[Any]] = {}
        for spelled, values in block.axes.items():
            key = inside.get(bare(spelled), spelled)
            spelling[key] = spelled
            axes[key] = values
        block = type(block)(axes)
        last = bool(_over_others(axes, expression, is_group))
        expression = override(expression, block, last=last)
    return Plan(expression, spelling, targets, is_group, composed)


def _over_others(
    keys: Iterable[str], expression: Expression, is_group: Callable[[str], bool]
) -> list[str]:
    """Those of some keys that another row has above or below them: `[{d: {x: 1}}, {d.x: 2}]`.

    A config group is above nothing: Hydra chooses its option before it sets any value.
    """
    names = {bare(key): key for key in expression.places}
    return [
        key
        for key in keys
        if any(
            related(name, other)
            and not is_group(min(name, other))
            and name in names
            and not expression.share_config(names[name], names[other])
            for name in [bare(key)]
            for other in names.keys() - {name}
        )
    ]


def _refuse_deletions(given: Sequence[Given], inside: Mapping[str, str]) -> None:
    """No key is deleted that has several values: which one would the job be without?"""
    swept = {one.name: one.key for one in given if one.swept}
    swept.update({name: key for name, key in inside.items() if not key.startswith("~")})
    added = set[str]()  # after the deletion, in the place of what was there: `~db +db=pg,mysql`
    for one in reversed(given):
        name = bare(one.key)
        if one.key.startswith("+") and name not in inside:
            added.add(name)
        elif one.key.startswith("~") and name in swept and name not in added:
            raise SweepError(
                f"{one.key} would delete a key that the sweep gives values, {swept[name]}."
                f" Give it one value instead, {name}=..., or take it out of the sweep."
            )


def _blocks(given: Sequence[Given], pairs: Sequence[Sequence[str]]) -> Iterator[Product]:
    """The given keys, one by one or paired, each at the place of its first key."""
    named = {one.name: one for one in given}
    partners = {bare(key): [bare(other) for other in pair] for pair in pairs for key in pair}
    done: set[str] = set()
    for one in given:
        if one.name not in partners:
            yield Product({one.key: one.values})
        elif one.name not in done:
            done.update(partners[one.name])
            paired = [named[name] for name in partners[one.name]]
            yield Zip({other.key: other.values for other in paired})


def refuse_unsayable(expression: Expression) -> None:
    """Finds, before any job runs, what no override can say.

    Raises:
        SweepError: values that Hydra's grammar cannot say, by their keys.

    >>> refuse_unsayable(Expression((Set({"name": "net", "size": (1, 2)}),)))
    """
    mistakes: dict[str, None] = {}
    for key, value in expression.entries():
        try:
            render_config({key: value})
        except SweepError as error:
            mistakes[str(error)] = None
    if mistakes:
        raise together(list(mistakes))
