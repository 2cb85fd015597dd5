"""What to run: the configured sweep and the command line as one expression, and its jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from sys import maxsize
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import bare, overlap
from params_proto._values import length
from params_proto.algebra.expression import Expression
from params_proto.algebra.steps import Chain, Edit, Product, Reader, Set, Zip
from params_proto.algebra.views import Picked
from params_proto.errors import SweepError, shown, together
from params_proto.multirun.jobs import Job, Overrides
from params_proto.overrides.parse import KeyValues, parse
from params_proto.overrides.render import (
    CurrentValue,
    Fields,
    assignment,
    render,
    render_config,
)
from params_proto.storage.yaml_file import text_of

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from params_proto.algebra.space import Config, Space
    from params_proto.fields import Target

_MOST_ROWS = 1_000_000  # configs that are written to sweep.yaml one by one


@dataclass(eq=False)
class Plan:
    """The jobs of a sweep, computed one by one when they are needed.

    Args:
        expression: the configured sweep, with the keys of the command line in their places.
        rename_keys: keys that the command line gives, as they are spelled there.
        targets: whose fields the keys may be.
        is_group: whether a key is a config group, which has no option null.
        current_values: looks up what the jobs' configs have at a key, where a dict is to replace
            it.
    """

    expression: Expression
    rename_keys: Mapping[str, str]
    targets: tuple[Target, ...]
    is_group: Callable[[str], bool]
    current_values: CurrentValues | None = None

    @cached_property
    def space(self) -> Space:
        """The configs of the jobs."""
        return self.expression.map(Edit(function=_guarded)).space()

    @property
    def size(self) -> int | None:
        """How many jobs there are; None where a filter would have to look at each."""
        return None if self.expression.filters else self.space.size

    def exceeds(self, most: int, shard: slice | None = None) -> bool:
        """Whether there are more jobs than that, without a look at those beyond."""
        if shard is not None:
            return length(range(self.space.size)[shard]) > most
        if self.size is not None:
            return self.size > most
        return next(islice(self.space, most, None), None) is not None

    def jobs(self, shard: slice | None = None) -> Iterator[Job]:
        """The jobs in order, numbered by their index in the whole sweep.

        Raises:
            SweepError: a value that Hydra's grammar cannot represent, by its key.
        """
        if shard is None:  # a filter's size would take a pass over all that it filters
            numbers, configs = range(maxsize), self.space
        else:
            numbers = range(self.space.size)[shard]
            configs = Picked(self.space, numbers)
        return map(Job, numbers, map(self._overrides, configs))

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
        return [key for key in keys if key not in self._last] + self._last

    @cached_property
    def _last(self) -> list[str]:
        """Keys that are pinned over those of other rows, above or below them: the last one wins."""
        pinned: dict[str, None] = {}
        for at, step in enumerate(self.expression.steps):
            if isinstance(step, Set):
                before = Expression(self.expression.steps[:at])
                pinned.update(dict.fromkeys(_over_others(step.pins, before, self.is_group)))
        return list(pinned)

    def _overrides(self, config: Mapping[str, Any]) -> Overrides:
        spelled: dict[str, Any] = {}
        groups: list[str] = []
        if self._last:
            config = {key: config[key] for key in self.order if key in config}
        for name, value in config.items():
            key = self.rename_keys.get(name, name)
            if self.is_group(bare(key)):
                if value is None and key.startswith("+"):
                    continue  # nothing is added
                if value is None and not key.startswith("~"):
                    key = f"~{key}"
                _refuse_no_option(key, value)
                groups.append(assignment(key, value))
            spelled[key] = value
        values = self.current_values
        current = None if values is None else values.of_job(groups)
        return render_config(spelled, targets=self.targets, current_value=current)


def _refuse_no_option(key: str, value: object) -> None:
    """Refuses a value that cannot choose options of a group; a dict Hydra would merge into it."""
    text = shown(value)
    is_one = isinstance(value, (bool, int, float))
    is_deleted_dict = key.startswith("~") and isinstance(value, Mapping)
    options = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    if is_one or is_deleted_dict or not all(isinstance(option, str) for option in options):
        cure = f"it in quotes, '{text}'" if is_one else "their names, [a,b]"
        raise SweepError(
            f"{key}={text}: {bare(key)} is a config group, whose options are text. Write {cure}."
        )


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


# --- the command line over the configured sweep


def plan(
    configured: Expression,
    targets: tuple[Target, ...],
    given: Sequence[KeyValues],
    pairs: Sequence[Sequence[str]],
    is_group: Callable[[str], bool],
    current_values: CurrentValues | None = None,
) -> Plan:
    """The configured sweep times the command line, which wins key by key.

    Args:
        configured: the steps of `hydra.sweeper.sweep`.
        targets: whose fields the keys may be.
        given: `hydra.sweeper.params` and the command line.
        pairs: swept keys among the given ones that vary together, with equally many values.
        is_group: whether a key is a config group.
        current_values: looks up what the jobs' configs have.

    Raises:
        SweepError: a swept key is deleted, or Hydra's grammar cannot represent a value.
    """
    expression = configured
    inside = {bare(key): key for key in expression.places}
    _refuse_deletions(given, inside)
    refuse_unsayable(expression)
    rename_keys: dict[str, str] = {}
    for block in _blocks(given, pairs):
        axes: dict[str, Sequence[Any]] = {}
        for spelled, values in block.axes.items():
            key = inside.get(bare(spelled), spelled)
            rename_keys[key] = spelled
            axes[key] = values
        last = bool(_over_others(axes, expression, is_group))
        expression = _override(expression, type(block)(axes), last=last)
    return Plan(expression, rename_keys, targets, is_group, current_values)


def _override(expression: Expression, block: Product, *, last: bool) -> Expression:
    """The expression with some keys given values by the command line.

    A single value is pinned, as `set` pins. Several take the place of the key's axis, however deep
    it is nested; a zip keeps its other keys paired, a chain its rows. A new key varies fastest.

    Args:
        expression: what is configured.
        block: one key with its values, or a zip of several, spelled as in the expression.
        last: whether several values come after all other keys, because another row has a key above
            or below: in Hydra the last one wins.
    """
    is_new = block.axes.keys().isdisjoint(expression.places)
    # A new key is not for the steps that read whole configs, as it would be if it were pinned.
    single = all(length(values) == 1 for values in block.axes.values())
    if single and not (is_new and expression.reads_within):
        return expression.then(Set({key: values[0] for key, values in block.axes.items()}))
    if is_new:
        return expression.then(block)
    if last:
        return expression.replaced(block.axes.keys(), ()).then(block)
    return expression.replaced(block.axes.keys(), (block,))


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
            overlap(name, other)
            and not is_group(min(name, other))
            and name in names
            and not expression.share_config(names[name], names[other])
            for name in [bare(key)]
            for other in names.keys() - {name}
        )
    ]


def _refuse_deletions(given: Sequence[KeyValues], inside: Mapping[str, str]) -> None:
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


def _blocks(given: Sequence[KeyValues], pairs: Sequence[Sequence[str]]) -> Iterator[Product]:
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
    """Finds, before any job runs, the values that no override can represent.

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


# --- what a config has at a key, before the job gives it a value


class CurrentValues:
    """Looks up keys in composed configs, before a job's own override is applied.

    Args:
        compose: composes a job's config from its overrides.
    """

    def __init__(self, compose: Callable[[tuple[str, ...]], DictConfig]) -> None:
        self._composed = lru_cache(maxsize=64)(compose)

    def of_job(self, groups: Sequence[str]) -> CurrentValue:
        """Looks up keys for a job that chooses some options of groups."""

        def current_value(key: str, before: Sequence[str]) -> object:
            near = [line for line in before if overlap(bare(line.partition("=")[0]), key)]
            node: Any = self._composed((*groups, *near))
            for part in key.split("."):
                if not _has(node, part):
                    return None
                node = node[part]
            return _plain(node)

        return current_value


def _has(node: Any, key: str) -> bool:
    """Whether a config has a value there; an interpolated one is Hydra's to replace."""
    from omegaconf import OmegaConf

    return OmegaConf.is_dict(node) and key in node and not OmegaConf.is_interpolation(node, key)


def _plain(node: Any) -> object:
    from omegaconf import OmegaConf

    if OmegaConf.is_list(node):
        return []
    if not OmegaConf.is_dict(node):
        return node
    # Nothing would be merged into a value that is missing or interpolated.
    entries = {key: _plain(node[key]) if _has(node, key) else "" for key in node}
    kind = OmegaConf.get_type(node)
    return entries if kind is None or issubclass(kind, dict) else Fields(entries)


# --- sweep.yaml


def saved_text(plan: Plan) -> str:
    """The content of `sweep.yaml`, from which the same sweep runs again.

    A step that a file cannot represent, with a function in it, is written as the rows that it gave.
    Keys of the command line are spelled as there: `++lr` does what `lr` may not.

    >>> from params_proto import Sweep
    >>> sweep = Sweep().product(x=[1, 2]).derive(y=lambda config: config["x"] + 1)
    >>> print(saved_text(Plan(sweep.expression, {}, (), bool)), end="")
    chain:
    - {x: 1, y: 2}
    - {x: 2, y: 3}
    """

    def spelled(key: str) -> str:
        return plan.rename_keys.get(key, key)

    try:
        return text_of(plan.expression.map(Edit(key=spelled)).plain())
    except SweepError as error:
        if plan.exceeds(_MOST_ROWS):
            raise SweepError(
                f"{error} Such a sweep is saved config by config, and it has more than"
                f" {_MOST_ROWS:,} configs."
            ) from error
    rows = [
        {spelled(key): _as_hydra_reads(key, value) for key, value in config.items()}
        for config in plan.space
    ]
    return text_of(Expression((Chain(tuple(rows)),)).plain())


def _as_hydra_reads(key: str, value: Any) -> Any:
    """What the jobs get: a name for a function, a list for a tuple."""
    try:
        return (
            value
            if isinstance(value, (str, bool, int, float, type(None)))
            else parse(render(value))
        )
    except SweepError as error:
        raise SweepError(f"{key}: {error}") from error
