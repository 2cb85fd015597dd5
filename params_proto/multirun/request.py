"""What a user asks for: the configured sweep, `hydra.sweeper.params` and the command line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto._keys import bare
from params_proto._values import length
from params_proto.algebra.expression import Expression
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Edit
from params_proto.errors import SweepError, SweepWarning, shown, together
from params_proto.multirun.context import AppContext, sweep_of
from params_proto.multirun.errors import first_ten
from params_proto.multirun.options import Options
from params_proto.multirun.plan import CurrentValues, Plan, plan
from params_proto.multirun.sources import (
    ConfiguredSweep,
    SavedSweep,
    configured,
    place_of,
    resolved,
)
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.parse import (
    KeyValues,
    enumerate_sweep,
    from_hydra,
    group_exists,
    read,
    read_lines,
    values_of,
)
from params_proto.overrides.render import render

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

    from params_proto.app.task import Task

_ZIP_FORMS = "Write a list of keys, [lr,batch_size], or a list of such lists."


@dataclass(eq=False)
class SweepRequest:
    """A configured sweep, and the command line.

    Args:
        host: the app.
        arguments: the overrides of the command line.
        sweep: the configured one.
        outside: the overrides of `hydra.sweeper.params` and the command line.
        paired: keys among these that vary together.
    """

    host: AppContext
    arguments: list[str]
    sweep: ConfiguredSweep
    outside: Sequence[KeyValues]
    paired: Sequence[Sequence[str]]

    @cached_property
    def plan(self) -> Plan:
        """All of it as one expression.

        Raises:
            SweepError: a swept key is deleted, or no override can represent a value.
        """
        return self._planned(self.outside)

    def without(self, keys: Collection[str]) -> Plan:
        """The plan for a file, without some of the keys from outside."""
        kept = [_deletion(one) for one in self.outside if one.key not in keys]
        return self.plan if kept == list(self.outside) else self._planned(kept)

    def _planned(self, outside: Sequence[KeyValues]) -> Plan:
        host, (expression, targets) = self.host, self.sweep
        fields = host.fields or Scope.of(targets).targets
        values = CurrentValues(host.compose)
        made = plan(expression, fields, outside, self.paired, host.is_group, values)
        if host.launched is None or host.task is None:
            return made
        # Python's names need no +, as the loop over the sweep has none.
        keys = [key for key in expression.places if made.rename_keys.get(key, key) == key]
        return replace(
            made, rename_keys={**made.rename_keys, **_added(host.task, keys, host.is_group)}
        )


def read_request(
    options: Options, arguments: Sequence[str], host: AppContext, file: SavedSweep | None = None
) -> SweepRequest:
    """Reads what is to run.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        file: of a sweep that runs in place of the configured one.

    Raises:
        SweepError: something that cannot be read, or that a proto app does not have.
    """
    params = {
        host.in_full(key): value
        for key, value in resolved_params(options.params, host.config).items()
    }
    arguments = lines_in_full(arguments, host)
    lines = [*[f"{key}={value}" for key, value in params.items()], *arguments]
    outside = given(lines, host.loader)
    if options.shard is not None:
        _refuse_drawn(outside)
    node: Any = file if file is not None else host.launched
    if node is None:
        node = resolved(host.config)
    closed = host.task if host.task is not None and host.task.closed else None
    with warnings.catch_warnings() if closed is not None else nullcontext():
        if closed is not None:  # which refuses unknown names afterwards
            warnings.simplefilter("ignore", SweepWarning)
        sweep = configured(
            node, cwd=host.cwd, scope=host.scope, loader=host.loader, selects=host.selects
        )
    sweep = in_full(sweep, host)
    if closed is not None:
        places: dict[str, list[str]] = {
            place_of(node): list(sweep.expression.places),
            "hydra.sweeper.params": [one.key for one in outside if one.key in params],
            "the command line": [one.key for one in outside if one.key not in params],
        }
        _refuse_unknown(closed, places, host.is_group)
    zips = OmegaConf.to_container(options.zip) if OmegaConf.is_config(options.zip) else options.zip
    return SweepRequest(host, arguments, sweep, outside, pairs(zips, outside, host.in_full))


def lines_in_full(lines: Sequence[str], host: AppContext) -> list[str]:
    """Overrides with the node of each field that they give by its plain name."""
    keys = [line.partition("=")[0] for line in lines]
    return [host.in_full(key) + line[len(key) :] for key, line in zip(keys, lines, strict=True)]


def in_full(sweep: ConfiguredSweep, host: AppContext) -> ConfiguredSweep:
    """A sweep that Python defines without the app's prefix classes, its keys named as the app does.

    Raises:
        SweepError: a name that several classes have, or that a function in the sweep may read.
    """
    keys = sweep.expression.places
    names = {key: name for key in keys if (name := host.in_full(key)) != key}
    if not names:
        return sweep
    twice = [key for key in names if names[key] in keys]
    mistakes = [f"{key} and {names[key]} are one parameter: give it once." for key in twice]
    if sweep.expression.calls:
        renamed = ", ".join(f"{key} as {name}" for key, name in names.items())
        mistakes.append(f"the sweep has functions that read configs: name {renamed} in it.")
    if mistakes:
        raise together(mistakes)
    rename_keys = Edit(key=lambda key: names.get(key, key))
    return sweep._replace(expression=sweep.expression.map(rename_keys))


def _refuse_drawn(outside: Sequence[KeyValues]) -> None:
    """No shard of what each process would put into another order."""
    drawn = [one.key for one in outside if one.shuffled]
    if drawn:
        raise SweepError(
            f"hydra.sweeper.slice needs one order of the jobs, and shuffle(...) of {drawn[0]} draws"
            " another one on each machine. Leave it out, or shuffle by a step of the configured"
            " sweep, shuffle: {seed: 0}."
        )


def _deletion(one: KeyValues) -> KeyValues:
    """A deletion as a file has it, `{~db: null}`."""
    null = one.key.startswith("~") and one.values == ("null",)
    return one._replace(values=(None,)) if null else one


# --- names that a proto app has


def _refuse_unknown(
    task: Task, places: Mapping[str, Iterable[str]], is_group: Callable[[str], bool]
) -> None:
    """Refuses the names that nothing in a proto app has, by the place that gives them."""
    mistakes: dict[str, None] = {}
    for place, keys in places.items():
        for key in keys:
            # Hydra says what is not there to be deleted.
            if not key.startswith("~") and _is_value(bare(key), is_group):
                mistake = task.unknown(bare(key))
                if mistake is not None:
                    mistakes[f"{place}: {mistake}"] = None
    if mistakes:
        raise first_ten(list(mistakes))


def _added(task: Task, keys: Iterable[str], is_group: Callable[[str], bool]) -> dict[str, str]:
    """The keys that a function takes by its `**kwargs`, and how an override adds them."""
    if not task.root.open:
        return {}
    known = {*task.root.fields, *task.nodes}
    # By ++, as the app's own configs may have one.
    return {
        key: f"++{key}"
        for key in keys
        if _is_value(key, is_group) and key.partition(".")[0] not in known
    }


def _is_value(key: str, is_group: Callable[[str], bool]) -> bool:
    """Whether a key is that of a value in the task's config."""
    named = key.replace(".", "").isidentifier() and key.partition(".")[0] != "hydra"
    return named and not is_group(key)


# --- overrides in Hydra's syntax, spelled as Hydra's basic sweeper spells them


def resolved_params(params: Any, config: DictConfig) -> dict[str, str]:
    r"""`hydra.sweeper.params`, resolved as for Hydra's basic sweeper.

    Args:
        params: what reached the sweeper, detached from its config; it has an interpolation where
            there was one behind a backslash.
        config: the composed config of the multirun, in which it was.

    >>> from omegaconf import OmegaConf
    >>> composed = OmegaConf.create({"seed": 7, "hydra": {"sweeper": {"params": None}}})
    >>> resolved_params({"lr": "${seed},2"}, composed), resolved_params(None, composed)
    ({'lr': '7,2'}, {})
    """
    if not params:
        return {}
    placed: Any = OmegaConf.merge(config, {"hydra": {"sweeper": {"params": params}}})
    node: Any = placed.hydra.sweeper.params
    return {} if node is None else cast("Any", OmegaConf.to_container(node, resolve=True))


def given(lines: Iterable[str], config_loader: ConfigLoader | None = None) -> list[KeyValues]:
    """The keys and values of some overrides. Where a key is given twice, the last one wins.

    Args:
        lines: the overrides.
        config_loader: Hydra's, for `glob`.

    Raises:
        SweepError: what Hydra cannot read, or what cannot be enumerated.

    >>> given(["lr=0.1,0.2", '+x="a"'])[1].values[0].text
    '"a"'
    """
    return read_lines(lines, config_loader, _as_spelled)


def _as_spelled(override: Override) -> Sequence[Any]:
    if not override.is_sweep_override():
        return [_fixed(override.get_key_element(), override)]
    return values_of(override, verbatim)


def _fixed(key: str, override: Override) -> Any:
    """The one value of an override that sweeps nothing."""
    value: object = override.value()
    plain = from_hydra(value)  # which refuses what Hydra has no text for
    text = override.get_value_element_as_str()
    if override.is_delete() and value is None:
        return None if _deletes_a_value(override) else OverrideText(text, text)
    if isinstance(value, (list, dict)):
        # A choice of one: so the parser gives the value with the quotes that it was written with.
        try:
            value = verbatim(enumerate_sweep(read(f"{key}=choice({text})"))[0])
        except SweepError:  # str(['a,',' b']), whose text is for the job to refuse
            return OverrideText(text, text)
        return _spelled(value, text)
    return _spelled(plain, text)


def _deletes_a_value(override: Override) -> bool:
    """Whether it is `~x`, and not to be spelled ~x=null, as Hydra's basic sweeper does.

    For Hydra 1.4 that deletes a value only if it is null, and a config group as ever.
    """
    from params_proto.overrides.parse import is_hydra_1_3

    if override.value_type is not None or is_hydra_1_3():
        return False
    loader = override.config_loader
    return loader is None or not group_exists(loader, override.key_or_group)


def verbatim(raw: object) -> Any:
    """A value as Hydra's parser gives it -> a Python value that renders as Hydra renders it."""
    from hydra.core.override_parser.types import Transformer

    plain = from_hydra(raw)  # which refuses what Transformer has no text for
    text = Transformer.str(cast("Any", raw))
    if isinstance(raw, list):
        value: Any = [verbatim(element) for element in cast("list[object]", raw)]
    elif isinstance(raw, dict):
        entries = cast("dict[object, object]", raw)
        value = {from_hydra(key): verbatim(element) for key, element in entries.items()}
    else:
        value = plain
    return _spelled(value, text)


def _spelled(value: Any, text: str) -> Any:
    try:
        if render(value) == text:
            return value
    except SweepError:  # the key of a dict that Hydra reads, but that has no text of its own
        pass
    return OverrideText(value if isinstance(value, str) else text, text)


# --- hydra.sweeper.zip


def pairs(
    zips: Any, given: Sequence[KeyValues], in_full: Callable[[str], str] = str
) -> list[list[str]]:
    """The keys of the command line that vary together, pair by pair.

    Args:
        zips: `hydra.sweeper.zip`: a list of keys, a list of such lists, or None.
        given: the keys of `hydra.sweeper.params` and the command line.
        in_full: names a key as they do.

    Returns:
        Each pair without the keys that were later given one value.

    Raises:
        SweepError: keys that are not swept there, are in two pairs, or have another number of
            values than their partners; all of these.

    >>> pairs(["a", "b"], [KeyValues("a", (1, 2), True), KeyValues("+b", (3, 4), True)])
    [['a', 'b']]
    """
    pinned = {one.name for one in given if one.pinned}
    named = [[in_full(name) for name in pair] for pair in _listed(zips)]
    listed = [[name for name in pair if name not in pinned] for pair in named]
    swept = {one.name: length(one.values) for one in given if one.swept}
    mistakes: list[str] = []
    seen: set[str] = set()
    for pair in listed:
        for name in pair:
            if name in seen:
                mistakes.append(f"{name} is in hydra.sweeper.zip twice: write it once.")
            elif name not in swept:
                mistakes.append(
                    f"hydra.sweeper.zip pairs {name}, which is not swept on the command line or in"
                    f" hydra.sweeper.params. Sweep it there, {name}=1,2, or write a zip step in the"
                    " configured sweep."
                )
            seen.add(name)
        lengths = {name: swept[name] for name in pair if name in swept}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            mistakes.append(
                f"hydra.sweeper.zip needs keys with equally many values: {counts}."
                " Leave the keys out of it to combine every pair."
            )
    if mistakes:
        raise together(mistakes)
    return listed


def _listed(zips: Any) -> list[list[str]]:
    if zips is None:
        return []
    if isinstance(zips, list):
        keys = cast("list[object]", zips)
        if all(isinstance(key, str) for key in keys):
            return [[bare(str(key)) for key in keys]] if keys else []
        if all(isinstance(pair, list) for pair in keys):
            return [names for pair in keys for names in _listed(pair)]
    raise SweepError(
        f"hydra.sweeper.zip={shown(cast('object', zips))} is not a list of keys. {_ZIP_FORMS}"
    )


# --- the overrides that only say which sweep runs: `+sweep=ablation`


def sweep_selectors(host: AppContext, outside: Sequence[KeyValues]) -> list[str]:
    """The keys of fixed choices of groups that change nothing but the sweep.

    They are left out of `sweep.yaml`, which holds the sweep itself.
    """
    fixed = [one for one in outside if not one.swept]
    return [
        one.key
        for one in fixed
        if not one.key.startswith("~")
        and host.is_group(one.name)
        and _only_selects(host, one, fixed)
    ]


def _only_selects(host: AppContext, choice: KeyValues, fixed: Sequence[KeyValues]) -> bool:
    try:
        whole = _composed(host, fixed)
        without = _composed(host, [one for one in fixed if one is not choice])
    except Exception:  # something else needs this choice, or a swept one, or what it keeps away
        return False
    if sweep_of(without) == sweep_of(whole):
        return False
    config = _but_the_sweep(whole)
    # A config that asks which options were chosen is another one without the choice.
    return _but_the_sweep(without) == config and "runtime.choices" not in str(config)


def _composed(host: AppContext, fixed: Sequence[KeyValues]) -> DictConfig:
    (job,) = plan(Expression(), (), fixed, (), host.is_group).jobs()
    # Overrides that change steps of a sweep cannot be composed without it.
    return host.compose_whichever_sweep(job.overrides, as_chosen=True)


def _but_the_sweep(config: DictConfig) -> Any:
    """A config without the sweep, and without what Hydra notes of the overrides."""
    whole = cast("Any", OmegaConf.to_container(config))
    del whole["hydra"]["overrides"], whole["hydra"]["runtime"]["choices"]
    del whole["hydra"]["job"]["override_dirname"]
    whole["hydra"]["sweeper"].pop("sweep", None)
    return whole
