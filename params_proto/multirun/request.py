"""What to run: the configured sweep, `hydra.sweeper.params` and the command line."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from omegaconf import OmegaConf

from params_proto._keys import strip_prefix
from params_proto._values import length
from params_proto.algebra.expression import Expression
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Edit
from params_proto.errors import SweepError, SweepWarning, combine_mistakes, short_repr
from params_proto.multirun.context import AppContext, sweep_of
from params_proto.multirun.options import Options
from params_proto.multirun.plan import Plan, plan
from params_proto.overrides.parse import (
    KeyValues,
    enumerate_sweep,
    from_hydra,
    override_values,
    read,
    read_lines,
)
from params_proto.overrides.render import OverrideText, render

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

    from params_proto.app.task import Task

_ZIP_FORMS = "Write a list of keys, [lr,batch_size], or a list of such lists."


class SweepRequest(NamedTuple):
    """What to run.

    Args:
        arguments: the overrides of the command line.
        outside: the overrides of `hydra.sweeper.params` and the command line.
        plan: these combined with the configured sweep.
    """

    arguments: list[str]
    outside: Sequence[KeyValues]
    plan: Plan


def read_request(
    options: Options, arguments: Sequence[str], host: AppContext, saved: Path | None = None
) -> SweepRequest:
    """Reads what to run; a `saved` sweep file replaces the configured sweep."""
    params: dict[str, Any] = {}
    if options.params:
        # As in Hydra's basic sweeper. The options are detached from their config, and contain an
        # interpolation if it was escaped by a backslash.
        placed: Any = OmegaConf.merge(
            host.config, {"hydra": {"sweeper": {"params": options.params}}}
        )
        params = cast("Any", OmegaConf.to_container(placed.hydra.sweeper.params, resolve=True))
        params = {host.in_full(key): value for key, value in params.items()}
    arguments = list(arguments)
    outside = given([*[f"{key}={value}" for key, value in params.items()], *arguments], host.loader)
    drawn = [one.key for one in outside if one.shuffled]
    if drawn and options.shard is not None:
        raise SweepError(
            "hydra.sweeper.slice needs the same order of jobs on each machine, and shuffle(...) of"
            f" {' and '.join(drawn)} has no seed. Remove it, or shuffle in a step of the configured"
            " sweep, shuffle: {seed: 0}."
        )
    node: Any = host.launched if saved is None else str(saved.absolute())
    if node is None:
        node = host.config.hydra.sweeper.sweep
    closed = host.task if host.task is not None and host.task.closed else None
    expression, targets = Expression(), tuple[Any, ...]()
    if node is not None:
        from params_proto.multirun.sources import configured

        cwd = Path(host.config.hydra.runtime.cwd)
        with warnings.catch_warnings():
            if closed is not None:  # unknown names are refused afterwards
                warnings.simplefilter("ignore", SweepWarning)
            sweep = configured(node, cwd=cwd, scope=host.scope, loader=host.loader)
        expression, targets = in_full(sweep.expression, host), sweep.targets
    if closed is not None:
        _refuse_unknown(closed, [*expression.places, *(one.key for one in outside)], host.is_group)
    paired = pairs(options.zip, outside, host.in_full) if options.zip else []
    made = planned(host, expression, targets, outside, paired)
    return SweepRequest(arguments, outside, made)


def planned(
    host: AppContext,
    expression: Expression,
    targets: Sequence[Any],
    outside: Sequence[KeyValues],
    paired: Sequence[Sequence[str]] = (),
) -> Plan:
    """Combines the configured sweep, overrides and paired keys into one plan."""
    task = host.task
    fields = Scope.of(tuple(targets)).targets if task is None else tuple(task.targets)
    made = plan(expression, fields, outside, paired, host.is_group, host.compose)
    if host.launched is None or task is None or not task.root.open:
        return made
    # Keys for a function's `**kwargs` need no + in Python, as in a loop over the sweep. They get
    # ++, because the app's own configs may have the key.
    known = {*task.root.fields, *task.nodes}
    added = {
        key: f"++{key}"
        for key in expression.places
        if made.rename_keys.get(key, key) == key
        and key.replace(".", "").isidentifier()
        and not host.is_group(key)
        and key.partition(".")[0] not in known
    }
    return replace(made, rename_keys={**made.rename_keys, **added})


def in_full(expression: Expression, host: AppContext) -> Expression:
    """Renames the keys of a sweep from Python to the app's full names."""
    keys = expression.places
    names = {key: name for key in keys if (name := host.in_full(key)) != key}
    if not names:
        return expression
    twice = [key for key in names if names[key] in keys]
    mistakes = [f"{key} and {names[key]} are one parameter: give it once." for key in twice]
    if expression.calls:
        renamed = ", ".join(f"{key} as {name}" for key, name in names.items())
        mistakes.append(f"the sweep has functions that read configs: name {renamed} in it.")
    if mistakes:
        raise combine_mistakes(mistakes)
    return expression.map(Edit(key=lambda key: names.get(key, key)))


# --- names that a proto app has


def _refuse_unknown(task: Task, keys: Iterable[str], is_group: Callable[[str], bool]) -> None:
    """Raises for keys that a proto app does not have."""
    mistakes = [
        mistake
        for key in keys
        if not is_group(strip_prefix(key))
        and (mistake := task.unknown(key.lstrip("+"))) is not None
    ]
    if mistakes:
        raise combine_mistakes(mistakes)


# --- overrides in Hydra's syntax, spelled as Hydra's basic sweeper spells them


def given(lines: Iterable[str], config_loader: ConfigLoader | None = None) -> list[KeyValues]:
    """The keys and values of overrides. If a key is given twice, the last one wins.

    >>> given(["lr=0.1,0.2", '+x="a"'])[1].values[0].text
    '"a"'
    """
    return read_lines(lines, config_loader, _as_spelled)


def _as_spelled(override: Override) -> Sequence[Any]:
    if override.is_sweep_override():
        return override_values(override, verbatim)
    raw: Any = override.value()
    from_hydra(raw)  # refuses values that Hydra has no text for
    text = override.get_value_element_as_str()
    if isinstance(raw, (list, dict)):
        # As a choice of one, the parser returns the value with its original quotes.
        try:
            raw = enumerate_sweep(read(f"{override.get_key_element()}=choice({text})"))[0]
        except SweepError:  # such as str(['a,',' b']), which the job will refuse
            return [OverrideText(text, text)]
    return [verbatim(raw, text)]


def verbatim(raw: object, text: str | None = None) -> Any:
    """Converts a parser's value to a Python value that renders as Hydra renders it."""
    from hydra.core.override_parser.types import Transformer

    value = from_hydra(raw)  # refuses values that Transformer has no text for
    if text is None:
        text = Transformer.str(cast("Any", raw))
    if isinstance(raw, list):
        value = [verbatim(element) for element in cast("list[object]", raw)]
    elif isinstance(raw, dict):
        entries = cast("dict[object, object]", raw)
        value = {from_hydra(key): verbatim(element) for key, element in entries.items()}
    # Hydra reads keys of a dict that have no text of their own.
    with suppress(SweepError):
        if render(value) == text:
            return value
    return OverrideText(value if isinstance(value, str) else text, text)


# --- hydra.sweeper.zip


def pairs(
    zips: Any, given: Sequence[KeyValues], in_full: Callable[[str], str] = str
) -> list[list[str]]:
    """The keys of the command line that vary together, by pair, without keys that have one value.

    Args:
        zips: `hydra.sweeper.zip`: a list of keys, or a list of such lists.
        given: the keys of `hydra.sweeper.params` and the command line.
        in_full: gives the full name of a key.

    >>> pairs(["a", "b"], [KeyValues("a", (1, 2), True), KeyValues("+b", (3, 4), True)])
    [['a', 'b']]
    """
    fixed = {one.name for one in given if not one.swept}
    swept = {one.name: length(one.values) for one in given if one.swept}
    listed = [
        [name for name in map(in_full, map(strip_prefix, keys)) if name not in fixed]
        for keys in _listed(zips)
    ]
    times = Counter(chain.from_iterable(listed))
    mistakes = [
        f"{name} is in hydra.sweeper.zip twice: write it once." for name in times if times[name] > 1
    ]
    mistakes += [
        f"hydra.sweeper.zip pairs {name}, which is not swept on the command line or in"
        f" hydra.sweeper.params. Sweep it there, {name}=1,2, or write a zip step in the configured"
        " sweep."
        for name in times
        if name not in swept
    ]
    for names in listed:
        lengths = {name: swept[name] for name in names if name in swept}
        if len({*lengths.values()}) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            mistakes.append(
                f"hydra.sweeper.zip needs keys with equally many values: {counts}."
                " Leave the keys out of it to combine every pair."
            )
    if mistakes:
        raise combine_mistakes(mistakes)
    return listed


def _listed(zips: Any) -> list[list[str]]:
    """The lists of keys that vary together."""
    plain: Any = OmegaConf.to_container(OmegaConf.create([zips]))
    nested = plain[0] if type(plain[0]) is list and list in map(type, plain[0]) else plain
    if not all(type(keys) is list and {*map(type, keys)} <= {str} for keys in nested):
        raise SweepError(
            f"hydra.sweeper.zip={short_repr(plain[0])} is not a list of keys. {_ZIP_FORMS}"
        )
    return list(filter(None, nested))


# --- the overrides that only say which sweep runs: `+sweep=ablation`


def sweep_selectors(host: AppContext, outside: Sequence[KeyValues]) -> list[str]:
    """The keys of fixed group choices that change nothing but the sweep.

    They are left out of `sweep.yaml`, which contains the sweep itself.
    """
    fixed = [one for one in outside if not one.swept]

    def composed(without: KeyValues | None = None) -> DictConfig:
        kept = [one for one in fixed if one is not without]
        (job,) = plan(Expression(), (), kept, (), host.is_group).jobs()
        # Overrides that change steps of a sweep cannot be composed without it.
        return host.compose_whichever_sweep(job.overrides, as_chosen=True)

    def rest(config: DictConfig) -> Any:
        """A config without the sweep, and without what Hydra notes of the overrides."""
        whole = cast("Any", OmegaConf.to_container(config))
        del whole["hydra"]["overrides"], whole["hydra"]["runtime"]["choices"]
        del whole["hydra"]["job"]["override_dirname"]
        whole["hydra"]["sweeper"].pop("sweep", None)
        return whole

    selectors: list[str] = []
    for choice in fixed:
        if choice.key.startswith("~") or not host.is_group(choice.name):
            continue
        try:
            whole, without = composed(), composed(choice)
        except Exception:  # something else depends on this choice or a swept one
            continue
        # A config that reads which options were chosen differs without the choice.
        if (
            sweep_of(whole) != sweep_of(without)
            and rest(whole) == rest(without)
            and "runtime.choices" not in str(rest(whole))
        ):
            selectors.append(choice.key)
    return selectors
