"""The arguments of Sweep's methods: checked together, taken as values of their own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from params_proto import steps
from params_proto.annotations import type_text
from params_proto.axis_values import axis_values, is_array, shown
from params_proto.errors import SweepError, SweepWarning, did_you_mean, together
from params_proto.fields import Field, convert
from params_proto.keys import bare, key_error
from params_proto.scope import Scope
from params_proto.steps import Axis, Config
from params_proto.template import keys as template_keys
from params_proto.values import native

_HERE = __file__.removesuffix("arguments.py")


class Call:
    """One call of a method of Sweep, which gathers every mistake before it raises.

    Args:
        method: the name of the method, for messages.
        scope: what the sweep's keys mean.
        before: the expression that the call adds a step to.
        mistakes: where to gather the mistakes, if several calls are to raise as one.
    """

    def __init__(
        self,
        method: str,
        scope: Scope,
        before: steps.Expression,
        mistakes: list[str] | None = None,
    ) -> None:
        self.method = method
        self._scope = scope
        self._places = {bare(key): (key, place) for key, place in before.places.items()}
        self._mistakes: list[str] = [] if mistakes is None else mistakes
        self._warnings: dict[str, None] = {}
        self._known: dict[object, tuple[str, Field | None] | None] = {}

    def wrong(self, mistake: str) -> None:
        """Notes a mistake."""
        self._mistakes.append(mistake)

    def done(self) -> None:
        """Ends the reading of the arguments.

        Raises:
            SweepError: the mistakes, all of them.
        """
        if self._mistakes:
            raise together(self._mistakes)
        self.warn()

    def warn(self) -> None:
        """Warns of the names that no target has, at the line of the user's call."""
        for warning in self._warnings:
            warnings.warn(f"{self.method}: {warning}", SweepWarning, stacklevel=_callers_level())

    def axes(self, given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> tuple[Axis, ...]:
        """The axes of a product or a zip."""
        axes: list[Axis] = []
        for raw, values in self._entries(given, named):
            key, field = self._key(raw)
            if key is None or not self._free(key):
                continue
            self._places[bare(key)] = (key, self.method)
            try:
                listed = axis_values(key, values)
            except ValueError as error:
                self.wrong(f"{self.method} needs a list of values for {key}, got {error}")
            else:
                axes.append(Axis(key, self._values(key, field, listed)))
        return tuple(axes)

    def row(self, given: object, number: int) -> Config:
        """A row of a chain."""
        if not isinstance(given, Mapping):
            cure = "Write chain(*rows)." if type(given) in (list, tuple) else "Write {'lr': 0.1}."
            self.wrong(
                f"chain takes rows that are mappings or sweeps; row {number} is"
                f" {shown(given)}. {cure}"
            )
            return {}
        config: Config = {}
        for raw, value in cast("Mapping[Any, Any]", given).items():
            key, field = self._key(raw)
            if key is not None and self._free(key):
                if key in config:
                    self.wrong(f"chain: row {number} names {key} twice.")
                config[key] = self._value(key, field, value)
        return config

    def pins(self, given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> Config:
        """The values of a set."""
        pins: Config = {}
        for raw, value in self._entries(given, named):
            key, field = self._key(raw)
            if key is not None and self._spelled(key):
                pins[key] = self._value(key, field, value)
                self._places[bare(key)] = (key, self.method)
        return pins

    def options(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any], known: Iterable[str]
    ) -> dict[str, tuple[Any, ...]]:
        """The values that an exclude drops, by key."""
        match: dict[str, tuple[Any, ...]] = {}
        for raw, value in self._entries(given, named):
            key, field = self._key(raw)
            if key is None:
                continue
            if key not in known:
                names = ", ".join(known)
                self.wrong(
                    f"{self.method} names {key}, which no step before it gives a value."
                    + (f" Keys so far: {names}." if names else " Sweep it first.")
                )
                continue
            many = type(value) in (list, range) or is_array(value)
            listed: list[Any] = list(value) if many else [value]
            if not listed:
                self.wrong(f"{self.method} needs values for {key}, got an empty list.")
            match[key] = tuple([self._value(key, field, option) for option in listed])
        return match

    def rules(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any], known: Iterable[str]
    ) -> dict[str, Any]:
        """What computes the keys of a derive: a rule reads the known keys and those before it."""
        rules: dict[str, Any] = {}
        for raw, rule in self._entries(given, named):
            key, _ = self._key(raw, warn=False)
            if key is None or not self._free(key):
                continue
            if isinstance(rule, str):
                self._template(key, rule, [*known, *rules])
            elif not callable(rule):
                self.wrong(
                    f"{self.method} needs a format string or a function of a config for {key}, got"
                    f" {shown(rule)}. Write {key}='run-{{lr}}', or pin it with set()."
                )
            rules[key] = rule
            self._places[bare(key)] = (key, self.method)
        return rules

    def _template(self, key: str, template: str, known: list[str]) -> None:
        try:
            read = template_keys(template)
        except SweepError as error:
            self.wrong(f"{self.method}: {key}={error}")
            return
        for name in read:
            if name not in known:
                self.wrong(
                    f"{self.method}: {key}={template!r} reads {name}, which no step before it gives"
                    f" a value.{did_you_mean(name, known)}"
                )

    def positive(self, value: object, what: str) -> int:
        """A count of at least 1."""
        number = native(value)
        if type(number) is not int or number < 1:
            self.wrong(f"{self.method} needs {what}, a positive integer, got {shown(value)}.")
            return 1
        return number

    def seed(self, value: object) -> int:
        """The seed of an order."""
        number = native(value)
        if type(number) is not int:
            self.wrong(f"{self.method} needs an integer as its seed, got {shown(value)}.")
            return 0
        return number

    def _entries(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any]
    ) -> list[tuple[Any, Any]]:
        if given is None:
            return list(named.items())
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            self.wrong(
                f"{self.method} takes keywords or one mapping, got {shown(given)}."
                " Write lr=... or {'model.lr': ...}."
            )
            return []
        for key in given.keys() & named.keys():
            self.wrong(f"{self.method} names {key} twice: in the mapping and as a keyword.")
        return [*given.items(), *named.items()]

    def _key(
        self, raw: object, *, warn: bool = True
    ) -> tuple[str, Field | None] | tuple[None, None]:
        """A key's full name and field, or nothing and a mistake noted."""
        if raw not in self._known:
            self._known[raw] = self._resolved(raw, warn)
        return self._known[raw] or (None, None)

    def _resolved(self, raw: object, warn: bool) -> tuple[str, Field | None] | None:
        unfit = key_error(raw)
        if unfit is not None:
            self.wrong(f"{self.method}: {unfit}")
            return None
        key = cast("str", raw)
        try:
            resolved = self._scope.resolve(key)
        except ValueError as error:
            self.wrong(f"{self.method}: {error}")
            return None
        warning = self._scope.missing(key) if warn and resolved[1] is None else None
        if warning:
            self._warnings[warning] = None
        return resolved

    def _free(self, key: str) -> bool:
        """Whether a key has no value yet; a mistake is noted where it has one."""
        spelled, place = self._places.get(bare(key), (key, ""))
        if not place:
            return True
        shown = key if key == spelled else f"{spelled} and {key}"
        if place == "set":
            self.wrong(
                f"{shown} is pinned by set() and again given values by {self.method}(). Leave one"
                f" of them out; set() after {self.method}() pins over it."
            )
        else:
            self.wrong(
                f"{shown} stands in two places: {place}() and {self.method}(). A key has one axis:"
                " put all its values into one of them, or pin it with set() after both."
            )
        return False

    def _spelled(self, key: str) -> bool:
        """Whether a key is spelled as before; a mistake is noted where it is not."""
        spelled, place = self._places.get(bare(key), (key, ""))
        if spelled != key:
            self.wrong(
                f"{self.method}({key}) and {place}({spelled}) name one key in two ways."
                f" Write {spelled} in both."
            )
        return spelled == key

    def _values(self, key: str, field: Field | None, values: Sequence[Any]) -> Sequence[Any]:
        if isinstance(values, range) and (field is None or field.annotation in (int, Any)):
            return values
        return tuple([self._value(key, field, value) for value in values])

    def _value(self, key: str, field: Field | None, value: Any) -> Any:
        """A value as its field holds it."""
        taken = native(value)
        if field is None or type(taken) is field.annotation:
            return taken
        try:
            return convert(taken, field.annotation, field.default)
        except ValueError as error:
            self.wrong(
                f"{self.method}: {key} takes {type_text(field.annotation)}, got {shown(taken)}:"
                f" {error}. Give it a value of that type."
            )
            return taken


def _callers_level() -> int:
    """The `stacklevel` at which `warnings.warn` points at the first line outside this package."""
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        level += 1
    return level
