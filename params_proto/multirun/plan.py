"""The plan: the configured sweep and the command line as one expression, and its jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from sys import maxsize
from typing import TYPE_CHECKING, Any, NamedTuple

from params_proto._keys import is_overlapping, strip_prefix
from params_proto._values import length
from params_proto.algebra.expression import Expression
from params_proto.algebra.steps import Edit, Product, Set, Zip
from params_proto.analysis.rows import MAX_ROWS
from params_proto.errors import SweepError, combine_mistakes, short_repr
from params_proto.overrides.parse import KeyValues, parse
from params_proto.overrides.render import assignment, render, render_config
from params_proto.storage.yaml_file import dump_yaml

if TYPE_CHECKING:
    from params_proto.algebra.readers import ConfigFunction
    from params_proto.algebra.space import Config, Space
    from params_proto.fields import Target

Overrides = list[str]
CurrentValue = Callable[[tuple[str, ...], str], object]


class Job(NamedTuple):
    """A job of a sweep.

    Args:
        number: its index in the sweep; in a changed sweep, the number that it keeps.
        overrides: its overrides.
        directory: the directory of an earlier attempt, relative to the sweep directory.
        rerun_after: number of the last attempt if a completed job is to be rerun, else 0.
    """

    number: int
    overrides: Overrides
    directory: str | None = None
    rerun_after: int = 0


@dataclass(eq=False)
class Plan:
    """The jobs of a sweep, computed one by one when needed.

    Args:
        expression: the configured sweep combined with the keys of the command line.
        rename_keys: keys of the command line, as they are spelled there.
        targets: targets whose fields the keys may name.
        is_group: whether a key is a config group, which has no option null.
        current_value: gets the value of a key in a job's config, composed from some overrides; a
            dict replaces it.
    """

    expression: Expression
    rename_keys: Mapping[str, str]
    targets: tuple[Target, ...]
    is_group: Callable[[str], bool]
    current_value: CurrentValue | None = None

    @cached_property
    def space(self) -> Space:
        """The configs of the jobs."""
        expression = self.expression
        if expression.calls:
            expression = expression.map(Edit(function=_guard_function))
        return expression.space()

    @property
    def size(self) -> int | None:
        """How many jobs there are; None if a filter would have to check each config."""
        return None if self.expression.filters else self.space.size

    def numbers(self, shard: slice | None) -> range:
        """The numbers of the jobs, or of those in a shard."""
        return range(self.space.size)[shard or slice(None)]

    def has_more_than(self, count: int) -> bool:
        """Whether there are more jobs than this, without evaluating the further ones."""
        if self.size is not None:
            return self.size > count
        return next(islice(self.space, count, None), None) is not None

    def jobs(self, shard: slice | None = None) -> Iterator[Job]:
        """The jobs in order, numbered by their index in the whole sweep."""
        if shard is None:  # computing the size of a filter would evaluate each config
            numbers, configs = range(maxsize), self.space
        else:
            from params_proto.algebra.views import Picked

            numbers = self.numbers(shard)
            configs = Picked(self.space, numbers)
        return map(Job, numbers, map(self._overrides, configs))

    @property
    def swept(self) -> list[str]:
        """The keys that vary between jobs, without +, ++ and ~."""
        values = Counter([key for key, _ in self.expression.entries()])
        return [
            strip_prefix(key)
            for key, place in self.expression.places.items()
            # Entries do not include the values of long ranges.
            if place in ("chain", "derive") or (place != "set" and values[key] != 1)
        ]

    def _overrides(self, config: Mapping[str, Any]) -> Overrides:
        spelled: dict[str, Any] = {}
        groups: list[str] = []
        for name, value in config.items():
            key = self.rename_keys.get(name, name)
            if self.is_group(strip_prefix(key)):
                if value is None:
                    if key.startswith("+"):
                        continue  # nothing is added
                    key = f"~{strip_prefix(key)}"
                groups.append(assignment(key, value))
            spelled[key] = value
        current = partial(self._current_value, groups)
        return render_config(spelled, targets=self.targets, current_value=current)

    def _current_value(self, groups: Sequence[str], key: str, before: Sequence[str]) -> object:
        """Looks up a key in a job's config, composed with its choices of groups only."""
        assert self.current_value is not None
        near = [
            line for line in before if is_overlapping(strip_prefix(line.partition("=")[0]), key)
        ]
        return self.current_value((*groups, *near), key)


def _guard_function(config_function: ConfigFunction, place: str) -> ConfigFunction:
    """A function in a sweep, with its exceptions turned into mistakes in the sweep."""

    def guarded(config: Config) -> Any:
        try:
            return config_function.function(config)
        except SweepError:
            raise
        except Exception as error:
            raise SweepError(
                f"{place}: its function raises {type(error).__name__}: {error}, for the config"
                f" {short_repr(config)}."
            ) from error

    return config_function._replace(function=guarded)


# --- the command line over the configured sweep


def combine_with_command_line(
    configured: Expression,
    targets: tuple[Target, ...],
    overrides: Sequence[KeyValues],
    pairs: Sequence[Sequence[str]],
    is_group: Callable[[str], bool],
    current_value: CurrentValue | None = None,
) -> Plan:
    """Combines the configured sweep with the command line, which wins key by key.

    A single value is pinned, as by `set`. Several replace the key's axis, however deep it is
    nested; a zip keeps its other keys paired, a chain its rows. A new key varies fastest.

    Args:
        configured: the steps of `hydra.sweeper.sweep`.
        targets: targets whose fields the keys may name.
        overrides: those of `hydra.sweeper.params` and the command line.
        pairs: swept keys of the overrides that vary together, with equally many values.
        is_group: whether a key is a config group.
        current_value: see `Plan`.
    """
    configured_keys = {strip_prefix(key): key for key in configured.places}
    _refuse_mistakes(configured, overrides, configured_keys, is_group)
    expression = configured
    rename_keys: dict[str, str] = {}
    for block in _blocks(overrides, pairs):
        axes: dict[str, Sequence[Any]] = {}
        for spelled, values in block.axes.items():
            key = configured_keys.get(strip_prefix(spelled), spelled)
            rename_keys[key] = spelled
            axes[key] = values
        is_new = axes.keys().isdisjoint(expression.places)
        single = all(length(values) == 1 for values in axes.values())
        # A pin would be visible to steps that read whole configs; a new key must not be.
        if single and not (is_new and expression.reads_within):
            expression = expression.append(Set({key: axes[key][0] for key in axes}))
        elif is_new:
            expression = expression.append(type(block)(axes))
        else:
            expression = expression.replace_keys(axes.keys(), (type(block)(axes),))
    return Plan(expression, rename_keys, targets, is_group, current_value)


def _refuse_mistakes(
    configured: Expression,
    overrides: Sequence[KeyValues],
    configured_keys: Mapping[str, str],
    is_group: Callable[[str], bool],
) -> None:
    """Raises for keys of the command line that conflict with the sweep's, and values without text.

    `configured_keys` has the keys of the configured sweep by name.
    """
    # In Hydra the last one wins. A group does not overlap values: it is chosen before them.
    mistakes = [
        f"{override.name} cannot be given: rows of the sweep have {other} instead, which sets the"
        f" same value. Write {max(override.name, other)} in all of them."
        for override in overrides
        for other in configured_keys
        if override.name in configured_keys
        and is_overlapping(override.name, other)
        and not is_group(min(override.name, other))
        and not configured.share_config(configured_keys[override.name], configured_keys[other])
    ]
    mistakes += _deletions(overrides, configured_keys)
    for key, value in configured.entries():
        try:
            render(value)
        except SweepError as error:
            mistakes.append(f"{key}: {error}")
    if mistakes:
        raise combine_mistakes(mistakes)


def _blocks(overrides: Sequence[KeyValues], pairs: Sequence[Sequence[str]]) -> Iterator[Product]:
    """The overrides as steps, single or paired, each pair at the position of its first key."""
    named = {override.name: override for override in overrides}
    partners = {name: pair for pair in pairs for name in pair}
    done: set[str] = set()
    for override in overrides:
        if override.name not in partners:
            yield Product({override.key: override.values})
        elif override.name not in done:
            done.update(partners[override.name])
            yield Zip({named[name].key: named[name].values for name in partners[override.name]})


def _deletions(overrides: Sequence[KeyValues], configured_keys: Mapping[str, str]) -> Iterator[str]:
    """Yields a message for each swept key that is deleted: a job cannot both have it and not."""
    swept = {override.name: override.key for override in overrides if override.swept}
    swept.update({name: key for name, key in configured_keys.items() if not key.startswith("~")})
    added = set[str]()  # after the deletion, replacing the old value: `~db +db=pg,mysql`
    for override in reversed(overrides):
        name = strip_prefix(override.key)
        if override.key.startswith("+") and name not in configured_keys:
            added.add(name)
        elif override.key.startswith("~") and name in swept and name not in added:
            yield (
                f"{override.key} would delete a key that the sweep gives values, {swept[name]}."
                f" Give it one value instead, {name}=..., or take it out of the sweep."
            )


# --- batches: the jobs of one launch


@dataclass(eq=False)
class Batch:
    """Jobs that are launched together.

    Args:
        all: the jobs.
        directories: their directories by number, if known before the job runs.
    """

    all: Sequence[Job]
    directories: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def first_number(self) -> int:
        """The number of the first job, for the launcher to count from.

        A launcher gives its k-th job the number `initial_job_idx + k`, and logs it. If that is
        right it gets a plain integer, otherwise a `FirstNumber`, which knows the jobs' numbers.

        >>> first = Batch([Job(number, []) for number in (2, 10, 18)]).first_number
        >>> [first + k for k in range(3)], f"{first}"
        ([2, 10, 18], '2')
        """
        numbers = [job.number for job in self.all]
        follow_each_other = numbers == [*range(numbers[0], numbers[0] + len(numbers))]
        return numbers[0] if follow_each_other else FirstNumber(numbers)


def in_batches(jobs: Iterable[Job], size: int) -> Iterator[Batch]:
    """The jobs in batches of at most this size, computed when needed."""
    rest = iter(jobs)
    while batch := list(islice(rest, size)):
        yield Batch(batch)


class FirstNumber(int):
    """The number of a batch's first job, if the other numbers are not consecutive.

    So one of eight machines can launch its jobs 2, 10, 18, ... together.
    A launcher that counts differently gets plain integers; the job then finds its number by its
    directory.

    Args:
        numbers: the numbers of the jobs, in order.
    """

    numbers: Sequence[int]

    def __new__(cls, numbers: Sequence[int]) -> FirstNumber:
        first = super().__new__(cls, numbers[0])
        first.numbers = numbers
        return first

    def __add__(self, other: int) -> int:
        return self.numbers[other] if other < len(self.numbers) else int(self) + other

    __radd__ = __add__


# --- sweep.yaml


def saved_text(plan: Plan, omit: Collection[str] = ()) -> str:
    """The content of `sweep.yaml`, from which the same sweep runs again.

    A step that a file cannot represent, such as a function, is saved as its rows. Keys of the
    command line keep their spelling, as `++lr` may work where `lr` does not; keys in `omit` are
    left out.

    >>> from params_proto import Sweep
    >>> sweep = Sweep().product(x=[1, 2]).derive(y=lambda config: config["x"] + 1)
    >>> print(saved_text(Plan(sweep.expression, {}, (), bool)), end="")
    chain:
    - {x: 1, y: 2}
    - {x: 2, y: 3}
    """
    names = {key: plan.rename_keys.get(key, key) for key in plan.expression.places}
    saved = replace(plan, expression=plan.expression.replace_keys(omit, ())) if omit else plan
    spelled = saved.expression
    if [*names] != [*names.values()]:
        spelled = spelled.map(Edit(key=lambda key: names.get(key, key)))
    try:
        return dump_yaml(spelled.plain())
    except SweepError as error:
        if saved.has_more_than(MAX_ROWS):
            raise SweepError(
                f"{error} Such a sweep is saved config by config, and it has more than"
                f" {MAX_ROWS:,} configs."
            ) from error
    from params_proto.algebra.chains import Chain

    rows = [
        {names[key]: _as_hydra_reads(key, value) for key, value in config.items()}
        for config in saved.space
    ]
    return dump_yaml(Expression((Chain(tuple(rows)),)).plain())


def _as_hydra_reads(key: str, value: Any) -> Any:
    """A value as the jobs get it: a name for a function, a list for a tuple."""
    if isinstance(value, (str, bool, int, float, type(None))):
        return value
    try:
        return parse(render(value))
    except SweepError as error:
        raise SweepError(f"{key}: {error}") from error
