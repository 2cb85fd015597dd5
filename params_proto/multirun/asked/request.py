"""What was asked for: the configured sweep, `hydra.sweeper.params` and the command line."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from omegaconf import OmegaConf

from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Edit
from params_proto.errors import SweepError, SweepWarning, together
from params_proto.multirun.asked.commandline import given, resolved_params
from params_proto.multirun.asked.configured import configured, resolved, where
from params_proto.multirun.asked.pairs import pairs
from params_proto.multirun.asked.plan import Plan, plan
from params_proto.multirun.asked.standing import Composed
from params_proto.multirun.asked.sweeps import SweepFile
from params_proto.multirun.asked.unknown import added, refuse_unknown
from params_proto.multirun.host import AppContext
from params_proto.multirun.options import Options
from params_proto.overrides.lines import Given
from params_proto.sweep import Sweep


@dataclass(eq=False)
class SweepRequest:
    """A configured sweep, and what was given from outside.

    Args:
        host: the app.
        arguments: the overrides of the command line.
        sweep: the configured one.
        outside: the overrides of `hydra.sweeper.params` and the command line.
        paired: keys among these that vary together.
    """

    host: AppContext
    arguments: list[str]
    sweep: Sweep
    outside: Sequence[Given]
    paired: Sequence[Sequence[str]]

    @cached_property
    def plan(self) -> Plan:
        """All of it as one expression.

        Raises:
            SweepError: the deletion of a key that is swept, or a value that no override can say.
        """
        return self._planned(self.outside)

    def without(self, keys: Collection[str]) -> Plan:
        """The plan for a file, without some of the keys from outside."""
        kept = [_deletion(one) for one in self.outside if one.key not in keys]
        return self.plan if kept == list(self.outside) else self._planned(kept)

    def _planned(self, outside: Sequence[Given]) -> Plan:
        fields = self.host.fields or Scope.of(self.sweep.targets).targets
        composed = Composed(self.host.compose)
        made = plan(self.sweep, fields, outside, self.paired, self.host.is_group, composed)
        if self.host.handed is None or self.host.task is None:
            return made
        # Python's names need no +, as the loop over the sweep has none.
        keys = [key for key in self.sweep.expression.places if made.spelling.get(key, key) == key]
        adding = added(self.host.task, keys, self.host.is_group)
        return replace(made, spelling={**made.spelling, **adding})


def asked_before(file: SweepFile, arguments: Sequence[str], host: AppContext) -> SweepRequest:
    """Reads what was asked for when a sweep began.

    Args:
        file: its file.
        arguments: overrides of the command line that are not in there.
        host: the app.

    Raises:
        SweepError: the file is no sweep, or has what the app does not have any more.
    """
    return asked(Options(), arguments, host, file)


def asked(
    options: Options, arguments: Sequence[str], host: AppContext, file: SweepFile | None = None
) -> SweepRequest:
    """Reads what was asked for.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        file: of a sweep that runs in place of the configured one.

    Raises:
        SweepError: something in it that cannot be read, or that a proto app does not have.
    """
    params = {
        host.in_full(key): value
        for key, value in resolved_params(options.params, host.config).items()
    }
    arguments = lines_in_full(arguments, host)
    lines = [*[f"{key}={value}" for key, value in params.items()], *arguments]
    outside = given(lines, host.loader)
    if options.part is not None:
        _refuse_drawn(outside)
    node: Any = file if file is not None else host.handed
    if node is None:
        node = resolved(host.config)
    closed = host.task if host.task is not None and host.task.closed else None
    with _silent_about_names() if closed is not None else nullcontext():
        sweep = configured(
            node, cwd=host.cwd, scope=host.scope, loader=host.loader, selects=host.selects
        )
    sweep = in_full(sweep, host)
    if closed is not None:
        places: dict[str, list[str]] = {
            where(node): list(sweep.expression.places),
            "hydra.sweeper.params": [one.key for one in outside if one.key in params],
            "the command line": [one.key for one in outside if one.key not in params],
        }
        refuse_unknown(closed, places, host.is_group)
    zips = OmegaConf.to_container(options.zip) if OmegaConf.is_config(options.zip) else options.zip
    return SweepRequest(host, arguments, sweep, outside, pairs(zips, outside, host.in_full))


def lines_in_full(lines: Sequence[str], host: AppContext) -> list[str]:
    """Overrides with the node of each field that they give by its plain name."""
    keys = [line.partition("=")[0] for line in lines]
    return [host.in_full(key) + line[len(key) :] for key, line in zip(keys, lines, strict=True)]


def in_full(sweep: Sweep, host: AppContext) -> Sweep:
    """A sweep that Python defines without the app's prefix classes, its keys named as the app does.

    Raises:
        SweepError: a name that several classes have, or that a function in the sweep may read.
    """
    keys = sweep.expression.places
    names = {key: name for key in keys if (name := host.in_full(key)) != key}
    twice = [key for key in names if names[key] in keys]
    mistakes = [f"{key} and {names[key]} are one parameter: give it once." for key in twice]
    if names and sweep.expression.calls:
        told = ", ".join(f"{key} as {name}" for key, name in names.items())
        mistakes.append(f"the sweep has functions that read configs: name {told} in it.")
    if mistakes:
        raise together(mistakes)
    if not names:
        return sweep
    renamed = sweep.expression.map(Edit(key=lambda key: names.get(key, key)))
    return Sweep.from_expression(renamed, *sweep.targets)


def _refuse_drawn(outside: Sequence[Given]) -> None:
    """No part of what each process would put into another order."""
    drawn = [one.key for one in outside if one.drawn]
    if drawn:
        raise SweepError(
            f"hydra.sweeper.slice needs one order of the jobs, and shuffle(...) of {drawn[0]} draws"
            " another one on each machine. Leave it out, or shuffle by a step of the configured"
            " sweep, shuffle: {seed: 0}."
        )


@contextmanager
def _silent_about_names() -> Generator[None, None, None]:
    """Without the warnings of names that no target has, where these are refused afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SweepWarning)
        yield


def _deletion(one: Given) -> Given:
    """A deletion as a file has it, `{~db: null}`."""
    null = one.key.startswith("~") and one.values == ("null",)
    return one._replace(values=(None,)) if null else one
