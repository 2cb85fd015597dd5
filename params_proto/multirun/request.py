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
from params_proto.errors import SweepError, SweepWarning, combine_mistakes, short_repr
from params_proto.multirun.context import AppContext
from params_proto.multirun.options import Options
from params_proto.multirun.plan import Plan, combine_with_command_line
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


_ZIP_FORMS = "Write a list of keys, [lr,batch_size], or a list of such lists."


class SweepRequest(NamedTuple):
    """What to run.

    Args:
        arguments: the overrides of the command line, as text.
        overrides: those of `hydra.sweeper.params` and the command line, parsed.
        plan: these combined with the configured sweep.
    """

    arguments: list[str]
    overrides: Sequence[KeyValues]
    plan: Plan


def read_request(
    options: Options, arguments: Sequence[str], app: AppContext, node: Any
) -> SweepRequest:
    """Reads what to run: `node` is the sweep, in any form of `hydra.sweeper.sweep`, if any."""
    lines: list[str] = []
    if options.params:
        # As in Hydra's basic sweeper. The options are detached from their config; an interpolation
        # is left in them if a backslash escaped it.
        placed: Any = OmegaConf.merge(
            app.config, {"hydra": {"sweeper": {"params": options.params}}}
        )
        params = cast("Any", OmegaConf.to_container(placed.hydra.sweeper.params, resolve=True))
        lines = [f"{app.resolve_key(key)}={value}" for key, value in params.items()]
    arguments = list(arguments)
    overrides = read_overrides([*lines, *arguments], app.loader)
    shuffled = [override.key for override in overrides if override.shuffled]
    if shuffled and options.shard is not None:
        raise SweepError(
            "hydra.sweeper.slice needs the same order of jobs on each machine, and shuffle(...) of"
            f" {' and '.join(shuffled)} has no seed. Remove it, or shuffle in a step of the"
            " configured sweep, shuffle: {seed: 0}."
        )
    expression, targets = Expression(), tuple[Any, ...]()
    if node is not None:
        from params_proto.multirun.sources import load_configured_sweep

        cwd = Path(app.config.hydra.runtime.cwd)
        with warnings.catch_warnings():
            if app.closed_task is not None:  # unknown names are refused afterwards
                warnings.simplefilter("ignore", SweepWarning)
            sweep = load_configured_sweep(node, cwd=cwd, scope=app.scope, loader=app.loader)
        expression, targets = app.resolve_keys(sweep.expression), sweep.targets
    app.refuse_unknown([*expression.places, *[override.key for override in overrides]])
    paired = read_zip(options.zip, overrides, app.resolve_key) if options.zip else []
    plan = build_plan(app, expression, targets, overrides, paired)
    return SweepRequest(arguments, overrides, plan)


def build_plan(
    app: AppContext,
    expression: Expression,
    targets: Sequence[Any],
    overrides: Sequence[KeyValues],
    paired: Sequence[Sequence[str]] = (),
) -> Plan:
    """Combines the configured sweep, overrides and paired keys into one plan."""
    plan = combine_with_command_line(
        expression, app.targets(targets), overrides, paired, app.is_group, app.current_value
    )
    plain = [key for key in expression.places if plan.rename_keys.get(key, key) == key]
    return replace(plan, rename_keys={**plan.rename_keys, **app.spell_extra_keys(plain)})


# --- overrides in Hydra's syntax, spelled as Hydra's basic sweeper spells them


def read_overrides(
    lines: Iterable[str], config_loader: ConfigLoader | None = None
) -> list[KeyValues]:
    """The keys and values of overrides. If a key is given twice, the last one wins.

    >>> read_overrides(["lr=0.1,0.2", '+x="a"'])[1].values[0].text
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
        # As the only value of a choice, the parser returns it with its original quotes.
        try:
            raw = enumerate_sweep(read(f"{override.get_key_element()}=choice({text})"))[0]
        except SweepError:  # such as str(['a,',' b']), which the job will refuse
            return [OverrideText(text, text)]
    return [_rendering_as(text, raw)]


def verbatim(raw: object) -> Any:
    """Converts a parser's value to a Python value that renders as Hydra renders it."""
    from hydra.core.override_parser.types import Transformer

    from_hydra(raw)  # refuses values that Transformer has no text for
    return _rendering_as(Transformer.str(cast("Any", raw)), raw)


def _rendering_as(text: str, raw: object) -> Any:
    value = from_hydra(raw)
    if isinstance(raw, list):
        value = [verbatim(element) for element in cast("list[object]", raw)]
    elif isinstance(raw, dict):
        entries = cast("dict[object, object]", raw)
        value = {from_hydra(key): verbatim(element) for key, element in entries.items()}
    # Hydra's parser accepts some dict keys that cannot be rendered.
    with suppress(SweepError):
        if render(value) == text:
            return value
    return OverrideText(value if isinstance(value, str) else text, text)


# --- hydra.sweeper.zip


def read_zip(
    zips: Any, overrides: Sequence[KeyValues], resolve_key: Callable[[str], str] = str
) -> list[list[str]]:
    """The keys of the command line to pair, without keys that have a single value.

    Args:
        zips: `hydra.sweeper.zip`: a list of keys, or a list of such lists.
        overrides: those of `hydra.sweeper.params` and the command line.
        resolve_key: gives the full name of a key.

    >>> read_zip(["a", "b"], [KeyValues("a", (1, 2), True), KeyValues("+b", (3, 4), True)])
    [['a', 'b']]
    """
    fixed = {override.name for override in overrides if not override.swept}
    swept = {override.name: length(override.values) for override in overrides if override.swept}
    listed = [
        [name for name in map(resolve_key, map(strip_prefix, keys)) if name not in fixed]
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
